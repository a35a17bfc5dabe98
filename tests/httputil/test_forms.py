"""The fields of a form in a request body."""

import pytest

from waterspout.httputil import (
    HTTPHeaders,
    HTTPInputError,
    ParseBodyConfig,
    ParseUrlEncodedConfig,
    parse_body_arguments,
)
from waterspout.httputil.forms import parse_query

FORM = "application/x-www-form-urlencoded"


def parsed(body, content_type=FORM, headers=None, config=None):
    arguments: dict[str, list[bytes]] = {}
    parse_body_arguments(content_type, body, arguments, {}, headers, config=config)
    return arguments


@pytest.mark.parametrize(
    "content_type", [FORM, FORM + "; charset=utf-8", FORM.upper(), f" {FORM} ;x"]
)
def test_a_form(content_type):
    assert parsed(b"a=1&b=%C3%A9+c&a=2&d=", content_type) == {
        "a": [b"1", b"2"],
        "b": [b"\xc3\xa9 c"],
        "d": [b""],
    }


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", FORM + "x"])
def test_a_body_of_another_type_adds_nothing(content_type):
    assert parsed(b"a=1", content_type) == {}


def test_it_adds_to_what_is_there():
    arguments = {"a": [b"0"]}
    parse_body_arguments(FORM, b"a=1", arguments, {})
    assert arguments == {"a": [b"0", b"1"]}


def test_the_number_of_arguments_is_bounded():
    assert len(parsed(b"a&" * 999 + b"a")["a"]) == 1000
    with pytest.raises(HTTPInputError, match="more than 1000 fields"):
        parsed(b"a&" * 1000 + b"a")
    config = ParseBodyConfig(urlencoded=ParseUrlEncodedConfig(max_arguments=2))
    assert parsed(b"a&b", config=config) == {"a": [b""], "b": [b""]}
    with pytest.raises(HTTPInputError, match="more than 2 fields"):
        parsed(b"a&b&c", config=config)


def test_the_bound_holds_before_anything_is_split():
    with pytest.raises(HTTPInputError):
        parsed(b"&" * 5_000_000)


def test_a_form_that_is_encoded_is_refused():
    headers = HTTPHeaders({"Content-Encoding": "gzip"})
    with pytest.raises(HTTPInputError, match="Content-Encoding"):
        parsed(b"a=1", headers=headers)
    assert parsed(b"a=1", "text/plain", headers=headers) == {}
    assert parsed(b"a=1", headers=HTTPHeaders()) == {"a": [b"1"]}


def test_bytes_of_any_kind_are_kept():
    assert parsed(b"a=\xff\x00%FF%00") == {"a": [b"\xff\x00\xff\x00"]}


def test_parse_query():
    assert parse_query("a=1&a=&b") == {"a": [b"1", b""], "b": [b""]}
    with pytest.raises(HTTPInputError):
        parse_query("a&b", 1)
