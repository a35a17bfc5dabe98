"""Start lines as named tuples."""

import pytest

from waterspout.httputil import (
    HTTPInputError,
    RequestStartLine,
    ResponseStartLine,
    parse_request_start_line,
    parse_response_start_line,
    responses,
)


def test_a_request_line():
    line = parse_request_start_line("GET /foo?a=b HTTP/1.1")
    assert line == RequestStartLine(method="GET", path="/foo?a=b", version="HTTP/1.1")
    assert parse_request_start_line("M-SEARCH * HTTP/1.0").method == "M-SEARCH"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "GET",
        "GET /",
        "GET  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET /a b HTTP/1.1",
        "G(T / HTTP/1.1",
        "GÉT / HTTP/1.1",
        "GET / HTTP/2.0",
        "GET / HTTP/1.",
        "GET / HTTP/1.10",
        "GET / HTTP/1.\u0661",
        "GET / http/1.1",
        "GET\t/\tHTTP/1.1",
        "GET /\x00 HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET / HTTP/1.1\r\n",
    ],
)
def test_what_is_no_request_line(line):
    with pytest.raises(HTTPInputError):
        parse_request_start_line(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("HTTP/1.1 200 OK", ("HTTP/1.1", 200, "OK")),
        ("HTTP/1.0 404 Not Found", ("HTTP/1.0", 404, "Not Found")),
        ("HTTP/1.1 200 ", ("HTTP/1.1", 200, "")),
        ("HTTP/1.1 200", ("HTTP/1.1", 200, "")),
        ("HTTP/1.1 599 É", ("HTTP/1.1", 599, "É")),
    ],
)
def test_a_status_line(line, expected):
    assert parse_response_start_line(line) == ResponseStartLine(*expected)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 2\u0660\u0660 OK",
        "HTTP/1.1  200 OK",
        "HTTP/2 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1 200 O\x00K",
        "HTTP/1.1 200 OK\r\n",
    ],
)
def test_what_is_no_status_line(line):
    with pytest.raises(HTTPInputError):
        parse_response_start_line(line)


def test_reason_phrases():
    assert (responses[200], responses[404]) == ("OK", "Not Found")
    assert 499 not in responses
