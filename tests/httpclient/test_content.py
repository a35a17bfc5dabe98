"""What a body says: its text, and its JSON."""

import codecs
import encodings
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httpclient import HTTPRequest, HTTPResponse, content
from waterspout.httpclient.content import decoder_for, json_of, text_of


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"", None, ""),
        (b"abc", None, "abc"),
        ("ü".encode(), None, "ü"),
        ("ü".encode(), "text/plain", "ü"),
        ("ü".encode(), "text/plain; charset=utf-8", "ü"),
        ("ü".encode(), 'text/plain; charset="UTF-8"', "ü"),
        ("ü".encode("latin-1"), "text/plain; Charset=ISO-8859-1", "ü"),
        ("ж".encode("koi8-r"), "text/html; charset=koi8-r; x=y", "ж"),
        ("ü".encode("latin-1"), None, "\ufffd"),
        (b"\xff\xfea\x00", None, "a"),
        (b"\xfe\xff\x00a", "text/plain; charset=utf-8", "a"),
        (codecs.BOM_UTF8 + b"a", "text/plain; charset=latin-1", "a"),
        ("a".encode("utf-16-le"), "text/plain; charset=utf-16le", "a"),
        ("ü".encode(), "text/plain; charset=nonsense", "ü"),
        ("ü".encode(), "text/plain; charset=", "ü"),
        ("ü".encode(), "text/plain; charset=utf-8; charset=latin-1", "ü"),
        ("ü".encode(), "text/plain; charset=a\0b", "ü"),
        # What decodes, but is no charset.
        (b"a+AGI-", "text/plain; charset=utf-7", "a+AGI-"),
        (b"\\x41", "text/plain; charset=unicode_escape", "\\x41"),
        (b"\\u0041", "text/plain; charset=raw_unicode_escape", "\\u0041"),
        (b"xn--bcher-kva", "text/plain; charset=idna", "xn--bcher-kva"),
        (b"bcher-kva", "text/plain; charset=punycode", "bcher-kva"),
        (b"abc", "text/plain; charset=undefined", "abc"),
        (b"6162", "text/plain; charset=hex", "6162"),
        (b"nop", "text/plain; charset=rot13", "nop"),
    ],
)
def test_text(body, content_type, text):
    assert text_of(body, content_type) == text
    decoder = decoder_for(body, content_type)
    pieces = [decoder.decode(bytes([byte])) for byte in body]
    assert "".join(pieces) + decoder.decode(b"", True) == text


@given(st.binary(max_size=50), st.text(st.characters(max_codepoint=255), max_size=30))
def test_whatever_comes_is_some_text(body, content_type):
    assert isinstance(text_of(body, content_type), str)
    assert isinstance(text_of(body, f"text/plain; charset={content_type}"), str)


def test_names_of_charsets_are_not_kept_without_end(monkeypatch):
    monkeypatch.setattr(content, "_others", set())
    monkeypatch.setattr(encodings, "_cache", dict(encodings._cache))
    before = len(encodings._cache)
    assert text_of(b"abc", f"text/plain; charset={'x' * 60_000}") == "abc"
    assert len(encodings._cache) == before
    for number in range(1100):
        assert text_of(b"abc", f"text/plain; charset=no-such-{number}") == "abc"
        assert text_of(b"\xe4", f"text/plain; charset=latin{'-' * (number % 30)}1") == "\xe4"
    assert before + 900 < len(encodings._cache) <= before + 1010
    for charset in ("ISO-8859-2", "iso_8859-2:1987", "latin2"):
        assert text_of(b"\xa1", f'text/plain; charset="{charset}"') == "\u0104"


def test_of_a_response():
    response = HTTPResponse(HTTPRequest("http://x/"), 200)
    assert response.text == ""
    assert response.trailers == {}
    assert response.informational == []


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json(charset):
    assert json_of(json.dumps({"a": ["ü", 1]}).encode(charset), "http://x/") == {"a": ["ü", 1]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is no JSON"),
        (b"<html>", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_no_json(body, message):
    with pytest.raises(ValueError, match=f"from http://x/ {message}"):
        json_of(body, "http://x/")
