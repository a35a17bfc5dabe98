"""Which handler a path belongs to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.routing import PathRouter, URLSpec


class A:
    pass


class B:
    pass


class C:
    pass


def found(rules, path):
    route = PathRouter(rules).find(path)
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
    rules = [(r"/(?P<number>\d+)(/(?P<rest>.*))?", A)]
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
    router = PathRouter([("/a", A, {"x": 1}), URLSpec("/b", B, {"y": 2}, name="b")])
    a, b = router.find("/a"), router.find("/b")
    assert a is not None
    assert b is not None
    assert (a.handler_class, a.settings) == (A, {"x": 1})
    assert (b.handler_class, b.settings) == (B, {"y": 2})
    assert router.specs[1].name == "b"


def test_a_compiled_pattern_is_taken_as_it_is():
    rules = [(re.compile("/a"), A), (re.compile("/B$", re.IGNORECASE), B)]
    assert found(rules, "/a/and/more") == (A, (), {})
    assert found(rules, "/b") == (B, (), {})
    assert found([(re.compile("/a b$", re.VERBOSE), A)], "/ab") == (A, (), {})
    assert found([(re.compile("/a b$", re.VERBOSE), A)], "/a b") is None


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (("/a",), TypeError, r"no rule: \('/a',\) \(expected \(pattern, handler"),
        (("/a", A, {}, "name", 5), TypeError, "no rule: "),
        ("/a", TypeError, "no rule: '/a'"),
        (None, TypeError, "no rule: None"),
        (("/(", A), ValueError, r"rule '/\(': no regular expression: missing \)"),
        ((5, A), TypeError, "rule 5: a pattern is text or a compiled expression"),
        (("/a", None), TypeError, r"rule '/a\$': None is no handler class"),
        (("/a", lambda: None), TypeError, r"rule '/a\$': <function .*> is no handler class"),
        (("/a", A, [1]), TypeError, r"rule '/a\$': \[1\] are no keyword arguments"),
        (("/a", A, {1: 2}), TypeError, r"rule '/a\$': \{1: 2\} are no keyword arguments"),
    ],
)
def test_what_is_no_rule_is_told(rule, error, message):
    with pytest.raises(error, match=message):
        PathRouter([rule])


def test_repr():
    assert repr(URLSpec("/a", A)) == "URLSpec('/a$', A)"


PATTERNS = st.sampled_from(
    ["/", "/a", "/a/b", "/a/.*", "/(a|b)", "/[^/]+", "/.", "/a$", ".*", "/a|/b", "/aa"]
)
PATHS = st.sampled_from(["/", "/a", "/b", "/a/b", "/a/", "/aa", "/c", "/a$", ""])


@given(st.lists(PATTERNS, max_size=8), PATHS)
def test_it_finds_what_one_rule_after_the_other_would(patterns, path):
    classes = [type(f"H{index}", (), {}) for index in range(len(patterns))]
    rules = list(zip(patterns, classes, strict=True))
    expected = next((cls for pattern, cls in rules if re.fullmatch(pattern, path)), None)
    route = PathRouter(rules).find(path)
    assert (route and route.handler_class) is expected
