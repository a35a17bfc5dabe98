"""Routing tables, reversal and host patterns, beside Tornado's."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import waterspout.routing
import waterspout.web
from waterspout.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

tornado_routing: Any = pytest.importorskip("tornado.routing")
tornado_web: Any = pytest.importorskip("tornado.web")
tornado_httputil: Any = pytest.importorskip("tornado.httputil")

# What both understand alike; tests/routing says where we differ.
PATTERNS = ["/", "/a", "/a/b", "/a/(.*)", "/(a|b)", "/([^/]+)", "/(?P<n>.)", "/a$", "(.*)", "/a.c"]
HOST_PATTERNS = ["a.org", r"(www\.)?a\.org", ".*", "b.org$", r"^a\.org$"]
PATHS = ["/", "/a", "/b", "/a/b", "/a/", "/aa", "/a/%C3%A9+%20", "/abc", "/a.c"]
HOSTS = ["a.org", "www.a.org", "b.org", "A.org:80", "c.org", "a.org.evil"]


def requests(path, host, **fields):
    line = ("GET", path, "HTTP/1.1")
    ours = HTTPServerRequest(
        start_line=RequestStartLine(*line), headers=HTTPHeaders(fields), host=host
    )
    theirs = tornado_httputil.HTTPServerRequest(
        start_line=tornado_httputil.RequestStartLine(*line),
        headers=tornado_httputil.HTTPHeaders({"Host": host, **fields}),
        connection=type("Connection", (), {"context": None})(),
    )
    return ours, theirs


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("path", PATHS)
def test_paths(pattern, path):
    ours, theirs = requests(path, "a.org")
    assert waterspout.routing.PathMatches(pattern).match(ours) == tornado_routing.PathMatches(
        pattern
    ).match(theirs)


@pytest.mark.parametrize("pattern", HOST_PATTERNS)
@pytest.mark.parametrize("host", HOSTS)
def test_hosts(pattern, host):
    ours, theirs = requests("/", host)
    assert waterspout.routing.HostMatches(pattern).match(ours) == tornado_routing.HostMatches(
        pattern
    ).match(theirs)


@pytest.mark.parametrize("pattern", HOST_PATTERNS)
@pytest.mark.parametrize("default_host", [None, "a.org", "b.org"])
@pytest.mark.parametrize("fields", [{}, {"X-Real-Ip": "10.0.0.1"}])
def test_the_default_host(pattern, default_host, fields):
    if default_host is None:
        pytest.skip("Tornado makes no such matcher")
    application = type("Application", (), {"default_host": default_host})()
    ours, theirs = requests("/", "c.org", **fields)
    regex = re.compile(pattern)
    found = waterspout.routing.DefaultHostMatches(application, regex).match(ours)
    assert found == tornado_routing.DefaultHostMatches(application, regex).match(theirs)


@pytest.mark.parametrize(
    ("pattern", "args"),
    [
        ("/a", ()),
        ("^/a$", ()),
        ("/a/(.*)", ("x y/é?&%+",)),
        ("/a/([0-9]+)/b", (3,)),
        ("/(?P<n>.*)/(?P<m>.*)", (b"q", "")),
        ("/foo.html", ()),
        (r"/foo\.html", ()),
        (r"/a\-b", ()),
        ("/a/(.*)", (None,)),
        (re.compile("/abc/(.*)"), ("x",)),
    ],
)
def test_reversal(pattern, args):
    ours = waterspout.routing.PathMatches(pattern).reverse(*args)
    assert ours == tornado_routing.PathMatches(pattern).reverse(*args)


@pytest.mark.parametrize("pattern", [r"/\d+", "/(?:a|b)", "/(?i:a)/(b)"])
def test_what_is_not_reversed(pattern):
    for module in (waterspout.routing, tornado_routing):
        with pytest.raises(ValueError, match=r"."):
            module.PathMatches(pattern).reverse("a")


TABLES = st.lists(
    st.tuples(
        st.sampled_from(PATTERNS) | st.sampled_from(HOST_PATTERNS).map(lambda pattern: (pattern,)),
        st.none() | st.lists(st.sampled_from(PATTERNS), max_size=3),
    ),
    max_size=5,
)


def found(web, routing, table, hosts, request):
    """Return which rule of a table takes a request, and with what arguments."""
    calls = []

    class Application(web.Application):  # type: ignore[misc, name-defined]
        def get_handler_delegate(self, request, target_class, *args, **kwargs):
            calls.append((target_class.__name__, args, kwargs))
            return super().get_handler_delegate(request, target_class, *args, **kwargs)

    def handler(name):
        return type(name, (web.RequestHandler,), {})

    rules = []
    for index, (pattern, below) in enumerate(table):
        matcher = routing.HostMatches(*pattern) if isinstance(pattern, tuple) else pattern
        target = handler(f"H{index}")
        if below is not None:
            target = [(path, handler(f"H{index}-{place}")) for place, path in enumerate(below)]
        rules.append((matcher, target))
    application = Application(rules, default_host="a.org")
    for index, (pattern, paths) in enumerate(hosts):
        names = [(path, handler(f"host{index}-{place}")) for place, path in enumerate(paths)]
        application.add_handlers(pattern, names)
    application.find_handler(request)
    [(name, _, kwargs)] = calls
    if name == "ErrorHandler":
        return name
    return name, {key: value for key, value in kwargs.items() if value}


@given(
    TABLES,
    st.lists(
        st.tuples(st.sampled_from(HOST_PATTERNS), st.lists(st.sampled_from(PATTERNS), max_size=3)),
        max_size=3,
    ),
    st.sampled_from(PATHS),
    st.sampled_from(HOSTS),
)
def test_tables(table, hosts, path, host):
    ours, theirs = requests(path, host)
    assert found(waterspout.web, waterspout.routing, table, hosts, ours) == found(
        tornado_web, tornado_routing, table, hosts, theirs
    )
