"""Text and its escapes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.escape import (
    json_decode,
    json_encode,
    native_str,
    parse_qs_bytes,
    recursive_unicode,
    squeeze,
    to_basestring,
    to_unicode,
    url_escape,
    url_unescape,
    utf8,
    xhtml_escape,
    xhtml_unescape,
)


def test_utf8():
    assert utf8("é") == b"\xc3\xa9"
    assert utf8(b"\xff") == b"\xff"
    assert utf8(None) is None
    with pytest.raises(TypeError, match="expected str, bytes or None, got int"):
        utf8(1)  # type: ignore[call-overload]


@pytest.mark.parametrize("decode", [to_unicode, native_str, to_basestring])
def test_to_unicode(decode):
    assert decode(b"\xc3\xa9") == "é"
    assert decode("é") == "é"
    assert decode(None) is None
    with pytest.raises(TypeError, match="expected str, bytes or None, got list"):
        decode([])
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff")


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        ("<foo>", "&lt;foo&gt;"),
        (b"<foo>", "&lt;foo&gt;"),
        ("<>&\"'", "&lt;&gt;&amp;&quot;&#x27;"),
        ("&amp;", "&amp;amp;"),
        ("<é>", "&lt;é&gt;"),
        ("", ""),
    ],
)
def test_xhtml_escape(plain, escaped):
    assert xhtml_escape(plain) == escaped
    assert xhtml_unescape(escaped) == to_unicode(plain)


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        ("foo&#32;bar", "foo bar"),
        ("foo&#x20;bar", "foo bar"),
        ("foo&#X20;bar", "foo bar"),
        ("foo&nbsp;bar", "foo\xa0bar"),
        ("&lt;&eacute;", "<é"),
        ("&#;&#xyz;&unknown;", "&#;&#xyz;&unknown;"),
        (b"&amp;", "&"),
    ],
)
def test_xhtml_unescape(escaped, plain):
    assert xhtml_unescape(escaped) == plain


@given(st.text())
def test_what_is_escaped_holds_no_markup_and_comes_back(text):
    escaped = xhtml_escape(text)
    assert not set(escaped) & set("<>\"'")
    if "\r" not in text and "\x00" not in text:
        assert xhtml_unescape(escaped) == text


@pytest.mark.parametrize(
    ("plain", "for_query", "for_path"),
    [
        ("é", "%C3%A9", "%C3%A9"),
        (b"\xe9", "%E9", "%E9"),
        ("a b+c/d&e=f", "a+b%2Bc%2Fd%26e%3Df", "a%20b%2Bc/d%26e%3Df"),
        ("", "", ""),
    ],
)
def test_url_escape(plain, for_query, for_path):
    assert url_escape(plain) == for_query
    assert url_escape(plain, plus=False) == for_path


def test_url_unescape():
    assert url_unescape("%C3%A9+a") == "é a"
    assert url_unescape(b"%C3%A9+a", plus=False) == "é+a"
    assert url_unescape("%E9", encoding="latin-1") == "é"
    assert url_unescape("%E9+a%2B", encoding=None) == b"\xe9 a+"
    assert url_unescape(b"%E9+a", encoding=None, plus=False) == b"\xe9+a"
    assert url_unescape("%E9") == "\ufffd"
    assert url_unescape("%zz%") == "%zz%"


@given(st.text())
def test_urls_come_back(text):
    assert url_unescape(url_escape(text)) == text
    assert url_unescape(url_escape(text, plus=False), plus=False) == text


@given(st.binary())
def test_bytes_in_urls_come_back(data):
    assert url_unescape(url_escape(data), encoding=None) == data


def test_json_is_safe_inside_a_script():
    assert json_encode({"a": "</script>"}) == '{"a": "<\\/script>"}'
    assert json.loads(json_encode("</script>")) == "</script>"


def test_json_decode():
    assert json_decode('"é"') == "é"
    assert json_decode('"é"'.encode()) == "é"
    assert json_decode('{"a": [1, null]}') == {"a": [1, None]}
    for wrong in ("", "{", "nan?"):
        with pytest.raises(ValueError, match="Expecting"):
            json_decode(wrong)


def test_squeeze():
    assert squeeze("  a \t\r\n b\x00c  ") == "a b c"
    assert squeeze("") == ""


def test_parse_qs_bytes():
    assert parse_qs_bytes("a=1&b=2&a=3") == {"a": [b"1", b"3"], "b": [b"2"]}
    assert parse_qs_bytes(b"a=%C3%A9&%C3%A9=+%2B") == {"a": [b"\xc3\xa9"], "\xc3\xa9": [b" +"]}
    assert parse_qs_bytes(b"a=\xe9") == {"a": [b"\xe9"]}
    assert parse_qs_bytes("a=&b") == {}
    assert parse_qs_bytes("a=&b", keep_blank_values=True) == {"a": [b""], "b": [b""]}
    assert parse_qs_bytes("a=1;b=2") == {"a": [b"1;b=2"]}
    assert parse_qs_bytes("") == {}
    with pytest.raises(ValueError, match="bad query field"):
        parse_qs_bytes("a", strict_parsing=True)


def test_the_number_of_fields_is_bounded_before_they_are_split():
    assert len(parse_qs_bytes("&".join(f"a{i}=1" for i in range(10)), max_num_fields=10)) == 10
    with pytest.raises(ValueError, match="fields"):
        parse_qs_bytes("a=1&" * 11, max_num_fields=10)


def test_recursive_unicode():
    found = recursive_unicode({b"a": [b"b", (b"c", 1)], "d": {b"e": None}})
    assert found == {"a": ["b", ("c", 1)], "d": {"e": None}}
