"""Escapes and links beside Tornado's.

Where the two differ on purpose, a test of its own says so.
"""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from waterspout import escape

theirs = pytest.importorskip("tornado.escape", reason="Tornado is not installed")

TEXTS = st.text(st.sampled_from("ab &<>\"'%+;=/#\\\t\n\x00é\u20ac")) | st.text()


def outcome(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """Return what a function gave, or the kind of its error."""
    try:
        return function(*arguments, **keywords)
    except (ValueError, TypeError, AssertionError) as error:
        return ValueError if isinstance(error, ValueError) else TypeError


@given(TEXTS)
@example("NaN")
def test_text(text):
    for name in ("xhtml_escape", "xhtml_unescape", "url_escape", "url_unescape", "json_encode"):
        ours, other = getattr(escape, name), getattr(theirs, name)
        assert ours(text) == other(text), name
        if name != "json_encode":
            assert outcome(ours, text.encode("utf-8", "replace")) == outcome(
                other, text.encode("utf-8", "replace")
            ), name
    for name in ("utf8", "to_unicode", "native_str", "to_basestring"):
        assert getattr(escape, name)(text) == getattr(theirs, name)(text)
    assert escape.url_escape(text, plus=False) == theirs.url_escape(text, plus=False)
    assert escape.url_unescape(text, plus=False) == theirs.url_unescape(text, plus=False)
    assert escape.url_unescape(text, encoding=None) == theirs.url_unescape(text, encoding=None)
    assert escape.squeeze(text) == theirs.squeeze(text)
    # As they are written: NaN, which both take, is not equal to itself.
    assert repr(outcome(escape.json_decode, text)) == repr(outcome(theirs.json_decode, text))


@given(st.text(st.sampled_from("ab=&%+41é")), st.booleans(), st.booleans())
def test_queries(query, keep_blank_values, strict_parsing):
    arguments = (query.encode("latin-1"), keep_blank_values, strict_parsing)
    assert outcome(escape.parse_qs_bytes, *arguments) == outcome(theirs.parse_qs_bytes, *arguments)


@pytest.mark.parametrize("value", [1, [b"a", ("b", b"c")], {b"a": {"b": b"c"}}, b"\xff"])
def test_values_of_other_kinds(value):
    for name in ("utf8", "to_unicode", "recursive_unicode", "xhtml_escape", "json_decode"):
        ours, other = getattr(escape, name), getattr(theirs, name)
        assert outcome(ours, value) == outcome(other, value), name


@pytest.mark.parametrize("keywords", [
    {},
    {"shorten": True},
    {"require_protocol": True},
    {"extra_params": ' class="link"  '},
    {"extra_params": lambda url: f"data-length={len(url)}", "shorten": True},
    {"permitted_protocols": ["ftp", "mailto"]},
])  # fmt: skip
@pytest.mark.parametrize("text", [
    "hello http://world.com/!",
    "hello http://world.com/with?param=true&stuff=yes",
    "http://url.com/w(aren't)",
    "http://url.com/wi(th) http://url.com/a,(b) (http://url.com/) http://a(b)c(d",
    "http://url.com/with(many)parens(in)it.",
    "<foo>http://url.com/</foo> \"http://url.com/\" 'http://url.com/'",
    "www.external-link.com/?foo=bar&amp;baz=x",
    "www.external-link.com and www.internal-link.com/blogs extra, ftp://www.a.com/",
    "http://foo.com/blah_blah_(wikipedia)#cite-1, http://foo.com/unicode_(✪)_in_parens",
    "http://✪df.ws/1234 http://➡.ws/䨹 www.c.ws/䨹",
    "mailto:gwb@example.com <tag>http://example.com</tag> :// www. _www.a.com xhttp://a.com",
    "http://a.com/-_~\\/| http://u:p@a.com:80/;x=1#top. http://a.com/%20%",
    "http://www.example.com/a/very/long/path?with=query",
    "http://example.com/averylongsegmentnamehere/x www.example.com/path.html?foo=bar&baz=quux1",
    "http://" + "averylonghostname." * 4 + "org/ http://example.com/12345678901",
    "javascript:alert(1) javascript://www.example.com/%0aalert(1)",
    b"http://example.com/\xc3\xa9",
])  # fmt: skip
def test_links(text, keywords):
    assert escape.linkify(text, **keywords) == theirs.linkify(text, **keywords)


@pytest.mark.parametrize(
    "text",
    [
        "HTTP://example.com",  # a scheme is the same in any case (RFC 3986 section 3.1)
        "WWW.example.com",
        "http:/example.com",  # a browser takes it for a path on the page's own site
        "http://",  # no host
        "http://a.com\x00b",  # a control character ends a URL
    ],
)
def test_links_that_differ(text):
    assert escape.linkify(text) != theirs.linkify(text)
