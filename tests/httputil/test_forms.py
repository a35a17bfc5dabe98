"""The fields of a form in a request body."""

import tracemalloc
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.escape import parse_qs_bytes
from waterspout.httputil import (
    HTTPHeaders,
    HTTPInputError,
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    parse_body_arguments,
    set_parse_body_config,
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
    with pytest.raises(HTTPInputError, match="more than 1 fields"):
        parse_query("a&b", ParseBodyConfig(urlencoded=ParseUrlEncodedConfig(max_arguments=1)))


class Text(str):
    """Text that is a little more than text, as a template's or a URL's is."""


@given(st.text("ab=&+%2C3é\xff;/ \n", max_size=20))
def test_a_query_is_what_python_takes_it_for(query):
    expected = parse_qs_bytes(query, keep_blank_values=True)
    assert parse_query(query) == parse_query(Text(query)) == expected
    assert parse_query(query.encode("latin-1")) == expected


@pytest.mark.parametrize("query", ["a=€", "a=%41€", "€%41=a"])
def test_a_query_is_bytes(query):
    with pytest.raises(HTTPInputError, match="encode what is beyond Latin-1"):
        parse_query(query)


def test_many_fields_take_linear_time():
    config = ParseBodyConfig(urlencoded=ParseUrlEncodedConfig(max_arguments=10**9))
    assert parse_query(b"&" * 5_000_000, config) == {}
    assert len(parse_query(b"a&" * 500_000, config)["a"]) == 500_000
    assert len(parse_query("a=" + "%41" * 1_000_000)["a"][0]) == 1_000_000


MULTIPART = "multipart/form-data; boundary=B"
PART = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


@pytest.mark.parametrize(
    "content_type",
    [
        MULTIPART,
        'multipart/form-data; boundary="B"',
        "Multipart/Form-Data ;charset=utf-8 ; Boundary=B;",
    ],
)
def test_a_form_with_files(content_type):
    assert parsed(PART + b"--B--", content_type) == {"a": [b"1"]}


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("multipart/form-data", "the boundary"),
        ("multipart/form-data; boundary=", "malformed parameter"),
        ('multipart/form-data; boundary=""', "the boundary"),
        ("multipart/form-data; boundary=é", "the boundary"),
        ("multipart/form-data; boundary=\udc80", "must begin with its boundary"),
        ("multipart/form-data; boundary=" + "B" * 71, "the boundary"),
        ("multipart/form-data; boundary=B; boundary=B", "comes twice"),
        ("multipart/form-data; boundary=B C", "malformed parameter"),
    ],
)
def test_boundaries_that_are_refused(content_type, message):
    with pytest.raises(HTTPInputError, match=message):
        parsed(PART + b"--B--", content_type)


@pytest.mark.parametrize("content_type", ["multipart/mixed; boundary=B", "multipart/form-datax"])
def test_multipart_of_another_kind_adds_nothing(content_type):
    assert parsed(PART + b"--B--", content_type) == {}


def test_a_form_with_files_that_is_encoded_is_refused():
    with pytest.raises(HTTPInputError, match="Content-Encoding"):
        parsed(PART + b"--B--", MULTIPART, HTTPHeaders({"Content-Encoding": "br"}))


def test_bounds_of_one_call_and_of_the_process():
    one_part = ParseBodyConfig(
        multipart=ParseMultipartConfig(max_parts=1),
        urlencoded=ParseUrlEncodedConfig(max_arguments=1),
    )
    for body, content_type in ((PART * 2 + b"--B--", MULTIPART), (b"a=1&a=1", FORM)):
        with pytest.raises(HTTPInputError, match="more than 1 "):
            parsed(body, content_type, config=one_part)
        assert parsed(body, content_type) == {"a": [b"1", b"1"]}
        set_parse_body_config(one_part)
        try:
            with pytest.raises(HTTPInputError, match="more than 1 "):
                parsed(body, content_type)
            with pytest.raises(HTTPInputError, match="more than 1 "):
                parse_query("a&a")
            assert parsed(body, content_type, config=ParseBodyConfig())
        finally:
            set_parse_body_config(ParseBodyConfig())


def test_bounds_are_a_configuration():
    with pytest.raises(TypeError, match="ParseBodyConfig, not None"):
        set_parse_body_config(None)  # type: ignore[arg-type]


@given(st.text(alphabet="%+aF0g&=\xff", max_size=40))
def test_values_are_unquoted_as_urllib_does(text):
    text = text.replace("&", "")
    expected = unquote_to_bytes(text.replace("+", " ").encode("latin-1"))
    assert parse_query(f"a={text}").get("a") == [expected]
    assert parse_query(f"a={text}".encode("latin-1")).get("a") == [expected]


@pytest.mark.parametrize("piece", [b"%", b"%41", b"%41a", b"%%4", b"%4"])
def test_a_body_of_escapes_takes_little_more_than_its_size(piece):
    """Not an object for each of them: a form of 100 MB could take 10 GB."""
    body = b"a=" + piece * (40_000 // len(piece))
    tracemalloc.start()
    try:
        parse_query(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(body) + 10_000
