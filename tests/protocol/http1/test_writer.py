"""What goes out: start lines and chunks, and what must never be in them."""

import http
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol.errors import HTTPInputError, HTTPOutputError, LocalProtocolError
from waterspout.protocol.grammar import FIELD_VALUE, TARGET, TOKEN
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1 import ClientConnection, EncodedRequest, Limits, ServerConnection
from waterspout.protocol.http1.writer import (
    FINAL_CHUNK,
    check_method,
    check_reason,
    check_target,
    content_length_field,
    encode_chunk,
    final_chunk,
    reason_phrase,
    request_line,
    split_framing,
    status_line,
)

LIMITS = Limits()
INJECTIONS = ["\r\nSet-Cookie: a=b", "\n", "\r", "\x00", " \r\n\r\n<html>", "\x0b", "\x7f"]


class Text(str):
    """Formats itself as something else than what is checked."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return "x\r\nSet-Cookie: a=b"


def test_request_line():
    assert request_line("GET", "/a?b") == b"GET /a?b HTTP/1.1\r\n"
    assert request_line(http.HTTPMethod.POST, "*") == b"POST * HTTP/1.1\r\n"
    assert request_line(Text("GET"), Text("/")) == b"GET / HTTP/1.1\r\n"


@pytest.mark.parametrize("injection", [*INJECTIONS, " ", "\t", "\u00e9", "\u212a", "\ud800"])
def test_nothing_breaks_out_of_a_request_line(injection):
    connection = ClientConnection(LIMITS)
    for method, target in ((f"GET{injection}", "/"), ("GET", f"/{injection}"), ("GET", injection)):
        calls: list[Callable[[], object]] = [
            lambda: request_line(method, target),  # noqa: B023 - it is called here
            lambda: connection.send_request(EncodedRequest(method, target, b"", 0)),  # noqa: B023
        ]
        for call in calls:
            with pytest.raises(ValueError, match=r"method|target"):
                call()
    # Nothing was sent, so a good request may be.
    assert connection.send_request(EncodedRequest("GET", "/", b"", 0))


@pytest.mark.parametrize("method", ["", "G T", "G:T", "(GET)", "GET/"])
def test_a_method_is_a_token(method):
    with pytest.raises(ValueError, match="invalid method"):
        check_method(method)


@pytest.mark.parametrize("target", ["", "/a b", "/#a", "/\u00fc"])
def test_a_target_is_visible_ascii(target):
    with pytest.raises(ValueError, match="request target"):
        check_target(target)


def test_each_character_alone():
    for code in range(0x180):
        text = chr(code)
        for check, table in (
            (check_method, TOKEN),
            (check_target, TARGET),
            (check_reason, FIELD_VALUE),
        ):
            is_good = code < 0x100 and bool(table[code])
            if is_good:
                check(f"a{text}b")
            else:
                with pytest.raises(ValueError, match=r"method|target|reason"):
                    check(f"a{text}b")


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_request_line_has_three_parts_and_one_end(method, target):
    try:
        line = request_line(method, target)
    except ValueError:
        return
    assert line == f"{method} {target} HTTP/1.1\r\n".encode("ascii")
    assert line.count(b" ") == 2
    assert line.split(b" ")[0] == method.encode()


def test_status_line():
    assert status_line(200) == b"HTTP/1.1 200 OK\r\n"
    assert status_line(200, "OK") == b"HTTP/1.1 200 OK\r\n"
    assert status_line(200, "Fine") == b"HTTP/1.1 200 Fine\r\n"
    assert status_line(200, "") == b"HTTP/1.1 200 \r\n"
    assert status_line(200, "\xe9") == b"HTTP/1.1 200 \xe9\r\n"
    assert status_line(200, Text("Fine")) == b"HTTP/1.1 200 Fine\r\n"
    assert status_line(http.HTTPStatus.NOT_FOUND) == b"HTTP/1.1 404 Not Found\r\n"
    assert status_line(http.HTTPStatus.NOT_FOUND, "No") == b"HTTP/1.1 404 No\r\n"
    assert status_line(599) == b"HTTP/1.1 599 Unknown\r\n"
    assert status_line(999) == b"HTTP/1.1 999 Unknown\r\n"


def test_every_usual_status_has_its_phrase():
    for status in http.HTTPStatus:
        assert reason_phrase(status) == status.phrase
        assert status_line(status.value) == f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    assert reason_phrase(299) == "Unknown"


@pytest.mark.parametrize("status", [-1, 0, 99, 1000, 20000])
def test_a_status_has_three_digits(status):
    connection = ServerConnection(LIMITS)
    calls: list[Callable[[], object]] = [
        lambda: status_line(status),
        lambda: status_line(status, "OK"),
        lambda: connection.send_response(status, None, b"", 0),
        lambda: connection.respond(status, "OK", b"", b""),
    ]
    for call in calls:
        with pytest.raises(LocalProtocolError):
            call()
    assert connection.respond(200, None, b"", b"")


@pytest.mark.parametrize("injection", [*INJECTIONS, "\u20ac"])
def test_nothing_breaks_out_of_a_status_line(injection):
    connection = ServerConnection(LIMITS)
    for call in (
        lambda: check_reason(f"OK{injection}"),
        lambda: status_line(200, f"OK{injection}"),
        lambda: status_line(299, injection),
        lambda: connection.send_response(200, f"OK{injection}", b"", 0),
        lambda: connection.respond(200, f"OK{injection}", b"", b""),
    ):
        with pytest.raises(ValueError, match="a reason phrase must"):
            call()
    assert connection.respond(200, None, b"", b"")


def test_content_length_field():
    assert content_length_field(0) == b"Content-Length: 0\r\n"
    assert content_length_field(2**62) == b"Content-Length: 4611686018427387904\r\n"


@given(st.binary(min_size=1, max_size=300))
def test_encode_chunk(data):
    size, _, rest = encode_chunk(data).partition(b"\r\n")
    assert int(size, 16) == len(data)
    assert rest == data + b"\r\n"


def test_final_chunk():
    assert FINAL_CHUNK == b"0\r\n\r\n"
    trailers = HTTPHeaders({"x": "1"})
    trailers.add("x", "2")
    assert final_chunk(trailers) == b"0\r\nX: 1\r\nX: 2\r\n\r\n"
    assert final_chunk(HTTPHeaders()) == FINAL_CHUNK


@pytest.mark.parametrize(
    "name", ["Content-Length", "transfer-encoding", "HOST", "trailer", "connection"]
)
def test_a_trailer_that_frames_or_routes_is_refused(name):
    for trailers in (HTTPHeaders({name: "a"}), {name: "a"}):
        with pytest.raises(LocalProtocolError, match="cannot be sent as a trailer"):
            final_chunk(trailers)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["a\r\nb", "\x00"])
def test_nothing_breaks_out_of_a_trailer(value):
    with pytest.raises(HTTPInputError):
        final_chunk({"x": value})  # type: ignore[arg-type]


# The framing that a program has set


@pytest.mark.parametrize(
    ("headers", "fields", "length", "has_close"),
    [
        ({}, b"", -1, False),
        ({"A": "b"}, b"A: b\r\n", -1, False),
        ({"A": "b", "content-length": "5"}, b"A: b\r\n", 5, False),
        ({"Transfer-Encoding": "Chunked"}, b"", -1, False),
        ({"Connection": "close"}, b"", -1, True),
        ({"Connection": "a, CLOSE ,b"}, b"", -1, True),
        ({"Connection": "keep-alive", "Keep-Alive": "timeout=5"}, b"", -1, False),
    ],
)
def test_split_framing(headers, fields, length, has_close):
    mapping = HTTPHeaders(headers)
    framing = split_framing(mapping)
    assert (framing.fields, framing.length, framing.has_close) == (fields, length, has_close)
    assert dict(mapping) == dict(HTTPHeaders(headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "+5"},
        {"Content-Length": "5, 5"},
        {"Content-Length": "-1"},
        {"Content-Length": ""},
        {"Transfer-Encoding": "gzip"},
        {"Transfer-Encoding": "gzip, chunked"},
        {"Transfer-Encoding": ""},
        {"Transfer-Encoding": "chunked", "Content-Length": "5"},
    ],
)
def test_split_framing_refuses_what_cannot_be(headers):
    with pytest.raises(LocalProtocolError):
        split_framing(HTTPHeaders(headers))


def test_two_lengths_cannot_be():
    headers = HTTPHeaders()
    headers.add("Content-Length", "5")
    headers.add("Content-Length", "6")
    with pytest.raises(HTTPOutputError):
        split_framing(headers)
