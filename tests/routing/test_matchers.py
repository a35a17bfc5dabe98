"""Which requests a matcher is for."""

import re
from types import SimpleNamespace

import pytest

from waterspout.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from waterspout.routing import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    Matcher,
    PathMatches,
)


def request(path="/", host="example.com", **headers):
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    line = RequestStartLine("GET", path, "HTTP/1.1")
    return HTTPServerRequest(start_line=line, headers=fields, host=host)


def test_any():
    assert AnyMatches().match(request()) == {}
    assert AnyMatches().reverse() is None


def test_a_matcher_has_to_be_derived_from():
    with pytest.raises(NotImplementedError):
        Matcher().match(request())


@pytest.mark.parametrize(
    ("pattern", "host", "is_match"),
    [
        ("example.com", "example.com", True),
        ("example.com", "EXAMPLE.com:8080", True),
        ("example.com", "example.com.evil", False),
        ("example.com", "www.example.com", False),
        (r"(www\.)?example\.com$", "www.example.com", True),
        ("a.org|b.org", "b.org", True),
        ("a.org|b.org", "a.org.evil", False),
        (".*", "anything", True),
        (re.compile("example"), "example.com", True),
    ],
)
def test_hosts(pattern, host, is_match):
    assert HostMatches(pattern).match(request(host=host)) == ({} if is_match else None)


def test_the_default_host():
    application = SimpleNamespace(default_host="a.org")
    matcher = DefaultHostMatches(application, re.compile("a.org$"))
    assert matcher.match(request(host="10.0.0.1")) == {}
    assert matcher.match(request(X_Real_Ip="10.0.0.2")) is None
    application.default_host = "b.org"
    assert matcher.match(request()) is None
    application.default_host = None
    assert matcher.match(request()) is None


def test_paths():
    assert PathMatches("/a").match(request("/a?b")) == {}
    assert PathMatches("/a").match(request("/ab")) is None
    found = PathMatches("/(.*)/(x)?").match(request("/a%20b/"))
    assert found == {"path_args": [b"a b", None], "path_kwargs": {}}
    found = PathMatches("/(?P<n>.*)/(?P<m>x)?").match(request("/%C3%A9+/"))
    assert found == {"path_args": [], "path_kwargs": {"n": "é+".encode(), "m": None}}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: PathMatches("/("), ValueError, r"rule '/\(': no regular expression: missing \)"),
        (lambda: PathMatches(5), TypeError, "rule 5: a pattern is text or a compiled expression"),  # type: ignore[arg-type]
        (lambda: HostMatches("*"), ValueError, r"host '\*': no regular expression: "),
        (
            lambda: PathMatches("/(a)/(?P<b>c)"),
            ValueError,
            r"rule '/\(a\)/\(\?P<b>c\)\$': either all groups have names or none has",
        ),
    ],
)
def test_a_wrong_pattern_is_told(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_repr():
    assert repr(PathMatches("/a")) == "PathMatches('/a$')"
    assert repr(HostMatches("a")) == "HostMatches('a$')"
    assert repr(DefaultHostMatches(None, re.compile("a"))) == "DefaultHostMatches('a')"
