"""Cookies beside Tornado's reader and the standard library's writer, which Tornado sends."""

from http.cookies import CookieError, SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httputil import parse_cookie
from waterspout.httputil.cookies import encode_cookie, is_cookie_name

httputil = pytest.importorskip("tornado.httputil", reason="Tornado is not installed")

COOKIES = st.text(
    st.sampled_from('aAb=;, "\\013457\n\t\x00\x1c\x85\xa0\xe9\u2028\u20ac'), max_size=30
)
SENDABLE = st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f")


@given(COOKIES | st.text())
def test_the_same_field_holds_the_same(cookie):
    ours, theirs = parse_cookie(cookie), httputil.parse_cookie(cookie)
    assert list(ours.items()) == list(theirs.items())


@given(st.text(SENDABLE))
def test_the_same_value_is_sent_the_same_way(value):
    theirs = SimpleCookie()
    theirs["a"] = value
    for name, setting in (("path", "/x"), ("max-age", 5), ("secure", True), ("httponly", True)):
        theirs["a"][name] = setting
    sent = encode_cookie("a", value, {"path": "/x", "max_age": 5, "secure": True, "httponly": True})
    assert sent == theirs["a"].OutputString()


@given(st.text(max_size=3) | st.sampled_from(["path", "Max-Age", "comment", "a:b", "a/b", "a=b"]))
def test_the_same_names(name):
    theirs = SimpleCookie()
    try:
        theirs[name] = "x"
    except CookieError:
        assert not is_cookie_name(name)
    else:
        assert is_cookie_name(name) or name.lower() == "partitioned"
