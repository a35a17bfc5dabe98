"""The small functions of httputil, and requests made by hand, beside Tornado's."""

import datetime
import time
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import waterspout.httputil

tornado_httputil = pytest.importorskip("tornado.httputil", reason="tornado is not installed")

PAIR = (waterspout.httputil, tornado_httputil)


def told(httputil: Any, name: str, *args: Any) -> Any:
    """Return what a function gives, or "refused" where it raises an error that tells so."""
    try:
        given = getattr(httputil, name)(*args)
    except (httputil.HTTPInputError, TypeError, ValueError):
        return "refused"
    return tuple(given) if isinstance(given, tuple) else given


def alike(name: str, *args: Any) -> None:
    ours, theirs = [told(httputil, name, *args) for httputil in PAIR]
    assert ours == theirs


@pytest.mark.parametrize(
    "url",
    [
        "http://a/b?c=d",
        "http://a/b;p?q",
        "http://a/b?a=%20+x&&=3",
        "?",
        "http://a?x=1#f",
        "http://a",
        "a?b=c;d=e",
        "//h/p",
        "http://[::1]/?a",
        "http://a/?a=b&a=b",
        "http://a/?a=%FF",
        "mailto:x@y",
    ],
)
@pytest.mark.parametrize(
    "args",
    [
        None,
        {},
        {"a": "b", "c": ""},
        [("x", "é"), ("y", "+&")],
        (("a", "b"),),
        {"a": 1},
        {"a": b"\xff"},
        [("a", "b", "c")],
        "ab",
        [1],
    ],
)
def test_url_concat(url, args):
    alike("url_concat", url, args)


@pytest.mark.parametrize(
    "netloc", ["a", "a:", "a:80", "a:x", "[::1]", "[::1]:80", ":80", "a:+8", "a:0"]
)
def test_split_host_and_port(netloc):
    alike("split_host_and_port", netloc)


@given(st.text("GETgé/ HP.120\x00\n\t(", max_size=16))
def test_any_request_line(line):
    alike("parse_request_start_line", line)


@given(
    st.sampled_from(["GET", "get", "M-SEARCH", "G@T", "(", "", "é"]),
    st.sampled_from(["/", "*", "http://a/", "/é", "/a?b", "", "/\x00", "/\x7f", "/ b"]),
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/1.", "http/1.1", ""]),
    st.sampled_from(["", "\r\n", "\n", " "]),
)
def test_request_lines(method, path, version, end):
    alike("parse_request_start_line", f"{method} {path} {version}{end}")


@given(
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2", "", "http/1.1"]),
    st.sampled_from(["200", "099", "999", "20", "2000", "+20", "", " 200"]),
    st.sampled_from(["OK", "Not Found", "é", "\x00", "a\tb", "a\r\n"]),
)
def test_status_lines(version, code, reason):
    alike("parse_response_start_line", f"{version} {code} {reason}")


@pytest.mark.parametrize(
    "moment",
    [
        0,
        1.5,
        -1,
        10**10,
        True,
        time.gmtime(0),
        tuple(time.gmtime(10**9)),
        datetime.datetime(2013, 1, 27),
        datetime.datetime(2013, 1, 27, tzinfo=datetime.UTC),
        "x",
        None,
        [1],
        datetime.date(2013, 1, 27),
    ],
)
def test_format_timestamp(moment):
    alike("format_timestamp", moment)


@given(st.dictionaries(st.text(), st.lists(st.text(), max_size=3), max_size=3))
def test_qs_to_qsl(query):
    ours, theirs = [list(httputil.qs_to_qsl(query)) for httputil in PAIR]
    assert ours == theirs


@given(st.one_of(st.text(), st.binary()), st.one_of(st.text(), st.binary()))
def test_encode_username_password(username, password):
    alike("encode_username_password", username, password)


# Requests made by hand

ATTRIBUTES = [
    "method",
    "uri",
    "path",
    "query",
    "version",
    "body",
    "host",
    "host_name",
    "protocol",
    "remote_ip",
    "arguments",
    "query_arguments",
    "body_arguments",
    "files",
    "connection",
    "server_connection",
]


def described(httputil: Any, *args: Any, **kwargs: Any) -> Any:
    """Return everything that a request tells, or "refused"."""
    kwargs["headers"] = httputil.HTTPHeaders(kwargs.pop("fields", {}))
    if "line" in kwargs:
        kwargs["start_line"] = httputil.RequestStartLine(*kwargs.pop("line"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            request = httputil.HTTPServerRequest(*args, **kwargs)
        found = {name: getattr(request, name) for name in ATTRIBUTES}
    except httputil.HTTPInputError:
        return "refused"
    assert abs(request._start_time - time.time()) < 60
    assert 0 <= request.request_time() < 60
    return found, repr(request), request.full_url(), request.cookies.output()


class Context:
    remote_ip = "192.0.2.1"
    protocol = "https"


class Connection:
    context = Context()


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        (("GET", "/a?b=c&b=&d"), {}),
        ((), {"method": "PUT", "uri": "/", "version": "HTTP/1.1", "fields": {"Host": "A:80"}}),
        (("GET", "/"), {"fields": {"Host": "[::1]:8080"}}),
        (("GET", "/"), {"fields": {"Host": "a"}, "host": "b:1"}),
        (("GET", "/"), {"fields": {"Host": ""}}),
        (("GET", "/"), {"fields": {"Host": "a,b"}}),
        (("GET", "/"), {"fields": {"Host": "a b"}}),
        (("GET", "/"), {"fields": {"Host": "a/b"}}),
        (("GET", "/"), {"fields": {"Cookie": "a=b; c=d"}}),
        (("GET", "/"), {"connection": Connection()}),
        (("GET", "/"), {"connection": object(), "server_connection": "x"}),
        (("POST", "/?a"), {"body": b"x", "files": {}}),
        (("GET", "/?" + "a&" * 1000), {}),
        (("GET", "//a//b?//"), {}),
        ((), {"line": ("POST", "/x", "HTTP/1.1"), "fields": {"Host": "h"}}),
        (("GET", "/y"), {"line": ("POST", "/x", "HTTP/1.1"), "fields": {"Host": "h"}}),
    ],
)
def test_requests_by_hand(args, kwargs):
    ours, theirs = [described(httputil, *args, **dict(kwargs)) for httputil in PAIR]
    assert ours == theirs
