"""The fast way through an application's rules finds what one rule after the other would."""

import re

from hypothesis import given
from hypothesis import strategies as st

from waterspout.httputil import HTTPServerRequest, RequestStartLine
from waterspout.routing import (
    AnyMatches,
    HostMatches,
    Matcher,
    PathMatches,
    Rule,
    RuleRouter,
    URLSpec,
)
from waterspout.web import Application, RequestHandler


class A(RequestHandler):
    pass


class B(RequestHandler):
    pass


class C(RequestHandler):
    pass


def request(path="/", host="example.com"):
    made = HTTPServerRequest(start_line=RequestStartLine("GET", "/", "HTTP/1.1"), host=host)
    made.path = path
    return made


def found(rules, path="/", host="example.com"):
    application = rules if isinstance(rules, Application) else Application(rules)
    route = application.route_table.find(request(path, host))
    return route and (route.handler_class, route.args, route.kwargs)


def test_the_whole_path_must_match():
    rules = [("/a", A), ("/b/", B)]
    assert found(rules, "/a") == (A, (), {})
    assert found(rules, "/b/") == (B, (), {})
    for path in ("/", "/a/", "/b", "/aa", "/ab", "", "/a?b", "/A"):
        assert found(rules, path) is None


def test_the_whole_path_must_match_each_alternative():
    rules = [("/a|/b", A), (r"/c\$", B)]
    assert found(rules, "/a") == (A, (), {})
    assert found(rules, "/b") == (A, (), {})
    assert found(rules, "/c$") == (B, (), {})
    for path in ("/ab", "/a/b", "/xb", "/c", "/c$d"):
        assert found(rules, path) is None


def test_a_dollar_at_the_end_changes_nothing():
    assert found([("/a$", A)], "/a") == (A, (), {})
    assert found([("/a$", A)], "/ab") is None
    assert found([("/(.*)$", A)], "/ab") == (A, (b"ab",), {})


def test_groups_by_position():
    rules = [(r"/(\d+)/([^/]*)", A), (r"/b/(x)?", B)]
    assert found(rules, "/12/ab") == (A, (b"12", b"ab"), {})
    assert found(rules, "/12/") == (A, (b"12", b""), {})
    assert found(rules, "/b/") == (B, (None,), {})


def test_groups_by_name():
    rules = [(r"/(?P<number>\d+)(?:/(?P<rest>.*))?", A)]
    assert found(rules, "/12/ab") == (A, (), {"number": b"12", "rest": b"ab"})
    assert found(rules, "/12") == (A, (), {"number": b"12", "rest": None})


def test_groups_are_unquoted_to_bytes():
    rules = [(r"/(.*)", A)]
    assert found(rules, "/%C3%A9%2Fa+b%20%zz") == (A, ("é/a+b %zz".encode(),), {})
    assert found(rules, "/%E9") == (A, (b"\xe9",), {})


def test_the_first_rule_wins():
    for rules in (
        [("/a", A), ("/a", B), ("/.*", C)],
        [("/a", A), ("/.*", C), ("/a", B)],
        [("/(?:a)", A), ("/a", B)],
        [("/x.*", C), ("/a", A), ("/.", B)],
    ):
        assert found(rules, "/a") == (A, (), {})
    assert found([("/.*", C), ("/a", A)], "/a") == (C, (), {})


def test_kwargs_are_for_the_handler():
    table = Application([("/a", A, {"x": 1}), URLSpec("/b", B, {"y": 2}), ("/c.*", C)]).route_table
    for path, settings in {"/a": {"x": 1}, "/b": {"y": 2}, "/cd": {}}.items():
        route = table.find(request(path))
        assert route is not None
        assert route.settings == settings


def test_a_compiled_pattern_is_taken_as_it_is():
    rules = [(re.compile("/a"), A), (re.compile("/B$", re.IGNORECASE), B)]
    assert found(rules, "/a/and/more") == (A, (), {})
    assert found(rules, "/b") == (B, (), {})
    assert found([(re.compile("/a b$", re.VERBOSE), A)], "/ab") == (A, (), {})
    assert found([(re.compile("/a b$", re.VERBOSE), A)], "/a b") is None


def test_rules_for_hosts():
    application = Application([("/a", A), (HostMatches("b.org"), [("/b", B)]), ("/b", A)])
    application.add_handlers(r"c\.org", [("/a", C)])
    assert found(application, "/a", "b.org") == (A, (), {})
    assert found(application, "/b", "b.org:80") == (B, (), {})
    assert found(application, "/b", "a.org") == (A, (), {})
    assert found(application, "/a", "C.org") == (C, (), {})
    assert found(application, "/b", "c.org") == (A, (), {})


class Odd(Matcher):
    def match(self, request):
        if request.path == "/odd":
            return {"path_args": [b"x", "y"], "path_kwargs": {"z": b"w"}}
        return None


def test_a_matcher_of_ones_own():
    assert found([Rule(Odd(), A)], "/odd") == (A, (b"x", "y"), {"z": b"w"})
    assert found([Rule(Odd(), A), ("/a", B)], "/a") == (B, (), {})


def test_a_nested_list_that_finds_nothing_is_left():
    rules = [("/a.*", [("/ab", A), ("/a(.)", B)]), ("/ac", C), ("/add", C)]
    assert found(rules, "/ab") == (A, (), {})
    assert found(rules, "/ac") == (B, (b"c",), {})
    assert found(rules, "/add") == (C, (), {})
    assert found(rules, "/abc") is None


def test_rules_may_change():
    application = Application([("/a", A)])
    rules = application.wildcard_router.rules
    assert found(application, "/b") is None
    application.wildcard_router.add_rules([("/b", B)])
    assert found(application, "/b") == (B, (), {})
    rules.insert(0, Rule(PathMatches("/b"), C))
    assert found(application, "/b") == (C, (), {})
    rules[0] = Rule(PathMatches("/(.)"), C)
    assert found(application, "/a") == (C, (b"a",), {})
    del rules[0]
    assert found(application, "/b") == (B, (), {})
    rules.reverse()
    rules.pop(0)
    assert found(application, "/b") is None
    rules += [Rule(PathMatches("/b"), C)]
    assert found(application, "/b") == (C, (), {})
    rules.clear()
    assert found(application, "/a") is None
    application.wildcard_router.rules = [Rule(PathMatches("/a"), B)]
    assert found(application, "/a") == (B, (), {})
    nested = Application([(AnyMatches(), [("/a", A)]), ("/x", B)])
    assert found(nested, "/b") is None
    nested.wildcard_router.rules[0].target.add_rules([("/b", B)])
    assert found(nested, "/b") == (B, (), {})


def test_what_is_no_handler_is_a_delegate():
    inner = Application([("/b", B)])
    plain = RuleRouter([("/p", lambda request: None)])
    table = Application([("/b", inner), (HostMatches("x"), inner.wildcard_router), ("/p", plain)])
    for path, host in [("/b", "a"), ("/b", "x"), ("/p", "a")]:
        route = table.route_table.find(request(path, host))
        assert route is not None
        assert route.handler_class is None
        assert route.delegate is not None
    assert found(table, "/c") is None


PATTERNS = st.sampled_from(
    ["/", "/a", "/a/b", "/a/.*", "/(a|b)", "/[^/]+", "/.", "/a$", ".*", "/a|/b", "/aa"]
)
PATHS = st.sampled_from(["/", "/a", "/b", "/a/b", "/a/", "/aa", "/c", "/a$", ""])
HOSTS = st.sampled_from(["a.org", "b.org"])
MATCHERS = st.one_of(
    PATTERNS,
    PATTERNS.map(PathMatches),
    st.sampled_from(["a.org", ".*", r"[ab]\.org", "c.org"]).map(HostMatches),
    st.just(AnyMatches()),
)
TREES = st.recursive(
    st.none(), lambda below: st.lists(st.tuples(MATCHERS, below), max_size=5), max_leaves=12
)


@given(st.lists(PATTERNS, max_size=8), PATHS)
def test_it_finds_what_one_pattern_after_the_other_would(patterns, path):
    classes = [type(f"H{index}", (RequestHandler,), {}) for index in range(len(patterns))]
    rules = list(zip(patterns, classes, strict=True))
    expected = next((cls for pattern, cls in rules if re.fullmatch(pattern, path)), None)
    route = found(rules, path)
    assert (route and route[0]) is expected


class Recording(Application):
    """Tells what the slow way finds."""

    def get_handler_delegate(self, request, target_class, target_kwargs=None, *args, **kwargs):
        return target_class


@given(st.lists(st.tuples(MATCHERS, TREES), max_size=6), PATHS, HOSTS)
def test_it_finds_what_the_router_finds(tree, path, host):
    def rules_of(tree):
        if tree is None:
            return type("Handler", (RequestHandler,), {})
        return [(matcher, rules_of(below)) for matcher, below in tree]

    rules = rules_of(tree)
    application = Recording(rules)
    expected = application.default_router.find_handler(request(path, host))
    table = Application(rules).route_table
    route = table.find(request(path, host))
    assert (route and route.handler_class) is expected
