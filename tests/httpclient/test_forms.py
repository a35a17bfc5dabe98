"""Bodies that are made of values: JSON and forms."""

import io
import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.httpclient.test_bodies import at, sent

from waterspout.httpclient import HTTPRequest
from waterspout.httpclient.bodies.forms import encode_form, encode_json, encode_multipart
from waterspout.httpclient.bodies.source import Source
from waterspout.httputil import HTTPFile, parse_body_arguments


@pytest.mark.parametrize(
    ("value", "json"),
    [
        ({"a": [1, 2.5, None, True], "ü": "\n"}, '{"a":[1,2.5,null,true],"ü":"\\n"}'),
        ([], "[]"),
        (0, "0"),
        ("", '""'),
        (False, "false"),
    ],
)
def test_json(value, json):
    assert encode_json(value) == json.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_what_json_has_no_word_for(value):
    with pytest.raises((TypeError, ValueError)):
        HTTPRequest("http://x/", json=value)


@pytest.mark.parametrize(
    ("form", "encoded"),
    [
        ({}, b""),
        ({"a": "b"}, b"a=b"),
        ({"a": "b", "c": ""}, b"a=b&c="),
        ([("a", "1"), ("b", "2"), ("a", "3")], b"a=1&b=2&a=3"),
        ({"a": ["1", "2"], "b": ()}, b"a=1&a=2"),
        ({"a b": "c&d=e+f"}, b"a+b=c%26d%3De%2Bf"),
        ({"ü": "\r\n"}, b"%C3%BC=%0D%0A"),
        ({"*-._~": "a"}, b"*-._%7E=a"),
        (
            {"n": 1, "f": 1.5, "t": True, "x": False, "b": b"\xff"},
            b"n=1&f=1.5&t=true&x=false&b=%FF",
        ),
    ],
)
def test_a_form(form, encoded):
    assert encode_form(form) == encoded


@given(st.lists(st.tuples(st.text(), st.text())))
def test_a_form_means_what_it_was_given(pairs):
    assert parse_qsl(encode_form(pairs).decode(), keep_blank_values=True) == pairs


@pytest.mark.parametrize("form", ["a=b", 5, [("a",)], ["ab"], {"a": None}, {"a": {"b": "c"}}])
def test_what_is_no_form(form):
    with pytest.raises(TypeError, match="form"):
        HTTPRequest("http://x/", form=form)


def parsed(content_type: str, body: bytes | Source) -> tuple[dict, dict]:
    """Return the fields and the files that the server finds."""
    fields: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    whole = sent(body) if isinstance(body, Source) else body
    assert not isinstance(body, Source) or body.length in (-1, len(whole))
    parse_body_arguments(content_type, whole, fields, files)
    return fields, files


def test_a_form_with_files():
    fields, files = parsed(
        *encode_multipart(
            {"a": ["1", "2"], "ü": "ü"},
            [
                ("bytes", b"one"),
                ("file", at(8)),
                ("named", ("n.txt", "text")),
                ("typed", ("t.bin", [b"x", b"y"], "a/b; c=d")),
                ("image", ("x.png", b"")),
                ("field", (None, b"no file")),
                ("bytes", b"two"),
            ],
        )
    )
    assert fields == {"a": [b"1", b"2"], "ü": ["ü".encode()], "field": [b"no file"]}
    assert {
        name: [(file.filename, file.body, file.content_type) for file in found]
        for name, found in files.items()
    } == {
        "bytes": [
            ("bytes", b"one", "application/octet-stream"),
            ("bytes", b"two", "application/octet-stream"),
        ],
        "file": [("file", b"89", "application/octet-stream")],
        "named": [("n.txt", b"text", "text/plain")],
        "typed": [("t.bin", b"xy", "a/b; c=d")],
        "image": [("x.png", b"", "image/png")],
    }


def test_a_file_brings_its_name(tmp_path):
    path = tmp_path / "a file.json"
    path.write_bytes(b"{}")
    with path.open("rb") as file:
        content_type, body = encode_multipart(None, {"f": file})
        assert isinstance(body, Source)
        assert body.length == len(sent(body))
        _, files = parsed(content_type, body)
    assert (files["f"][0].filename, files["f"][0].content_type) == (
        "a file.json",
        "application/json",
    )


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ('a"b', b"a%22b"),
        ("a\r\nb", b"a%0D%0Ab"),
        ("a\nb", b"a%0D%0Ab"),
        ("a\rb", b"a%0D%0Ab"),
        ("a\\b;c=d%22", b"a\\b;c=d%22"),
        ("ü", "ü".encode()),
    ],
)
def test_names_are_escaped_as_browsers_do(name, escaped):
    for form, files in (({name: "x"}, []), (None, {name: (None, b"x")})):
        _, body = encode_multipart(form, files)
        assert isinstance(body, bytes)
        assert b'form-data; name="%b"\r\n' % escaped in body


@pytest.mark.parametrize(
    ("filename", "escaped"), [('a"b', b"a%22b"), ("a\r\nb", b"a%0D%0Ab"), ("a\nb", b"a%0Ab")]
)
def test_filenames_are_escaped_as_browsers_do(filename, escaped):
    _, body = encode_multipart(None, {"f": (filename, b"x")})
    assert isinstance(body, bytes)
    assert b'; filename="%b"\r\n' % escaped in body


@given(st.text(), st.text(), st.binary())
def test_nothing_leads_out_of_its_part(name, filename, content):
    _, body = encode_multipart({name: content}, {name: (filename, content, "a/b")})
    assert isinstance(body, bytes)
    found = re.match(rb"--(\S+)\r\n", body)
    assert found is not None
    parts = body.split(b"--" + found[1])
    assert len(parts) == 4
    assert [part.count(b"\r\n", 0, part.index(b"\r\n\r\n")) for part in parts[1:3]] == [1, 2]
    assert all(part.endswith(b"\r\n\r\n" + content + b"\r\n") for part in parts[1:3])


def test_each_form_has_a_boundary_of_its_own():
    assert encode_multipart(None, {"a": b""})[0] != encode_multipart(None, {"a": b""})[0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": ("x",)}, "filename, content"),
        ({"a": ("x", b"", "a/b", {})}, "filename, content"),
        ({"a": ("x", b"", "a/b\r\nX: y")}, "no content type"),
        ({"a": 5}, "body must be"),
        ({"a": io.StringIO("x")}, "binary mode"),
        ("x", "files must be"),
        ([b"x"], "files must be"),
    ],
)
def test_what_is_no_file(files, message):
    with pytest.raises((TypeError, ValueError), match=message):
        HTTPRequest("http://x/", files=files)


def test_of_a_request():
    headers = {"A": "b"}
    request = HTTPRequest("http://x/", method="POST", json={}, headers=headers)
    assert request.body == b"{}"
    assert dict(request.headers) == {"A": "b", "Content-Type": "application/json"}
    assert headers == {"A": "b"}
    request = HTTPRequest("http://x/", json={}, headers={"content-type": "application/x+json"})
    assert request.headers["Content-Type"] == "application/x+json"


@pytest.mark.parametrize(
    "arguments",
    [
        {"json": 1, "form": {}},
        {"json": 1, "files": {}},
        {"json": 1, "body": b""},
        {"form": {}, "body": [b""]},
        {"files": {}, "headers": {"Content-Type": "multipart/form-data"}},
    ],
)
def test_what_is_too_much(arguments):
    with pytest.raises(ValueError, match=r"two bodies|itself"):
        HTTPRequest("http://x/", **arguments)
