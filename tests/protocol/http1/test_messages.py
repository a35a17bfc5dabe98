"""Heads as values: what they find, and when they make objects."""

import pytest

from waterspout.protocol.http1 import Limits, RequestHead, ResponseHead, Signal
from waterspout.protocol.http1.parser import RequestParser, ResponseParser

REQUEST = (
    b"GET /a?b HTTP/1.1\r\n"
    b"Host: a\r\n"
    b"X-Empty:\r\n"
    b"X-Spaces: \t b \t\r\n"
    b"Cookie: c=d\r\n"
    b"cOOKIE: e=f\r\n"
    b"Cookie-2: g\r\n"
    b"\r\n"
)


@pytest.fixture
def head():
    found = RequestParser(Limits()).parse(REQUEST, 0)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"host", b"a"),
        (b"x-empty", b""),
        (b"x-spaces", b"b"),
        (b"cookie", b"c=d"),
        (b"cookie-2", b"g"),
        (b"cookie-", None),
        (b"cooki", None),
        (b"Cookie", None),
        (b"get /a?b http/1.1\r\nhost", None),
        (b"x" * 1000, None),
        (b"", None),
        (b":", None),
    ],
)
def test_find(head, name, value):
    assert head.find(name) == value


def test_find_agrees_with_the_mapping(head):
    for name in head.headers:
        value = head.find(name.lower().encode())
        assert value is not None
        assert value.decode() == head.headers.get_list(name)[0]


def test_find_all(head):
    assert head.find_all(b"cookie") == [b"c=d", b"e=f"]
    assert head.find_all(b"cookie-2") == [b"g"]
    assert head.find_all(b"x-empty") == [b""]
    assert head.find_all(b"cooki") == []


def test_headers_are_made_once(head):
    assert head.headers is head.headers
    assert list(head.headers.get_all()) == [
        ("Host", "a"),
        ("X-Empty", ""),
        ("X-Spaces", "b"),
        ("Cookie", "c=d"),
        ("Cookie", "e=f"),
        ("Cookie-2", "g"),
    ]


def test_offsets_are_into_the_data(head):
    assert head.data[: head.lines[0]] == b"GET /a?b HTTP/1.1\r\n"
    assert head.data[head.lines[0] : head.lines[1]] == b"Host: a\r\n"
    assert head.data[head.lines[-1] : head.end] == b"\r\n"
    assert len(head.lines) == 7


def test_a_head_behind_another_one():
    parser = RequestParser(Limits())
    head = parser.parse(REQUEST + REQUEST + b"rest", len(REQUEST))
    assert head is not None
    assert head.end == 2 * len(REQUEST)
    assert head.find(b"cookie") == b"c=d"
    assert head.headers["X-Spaces"] == "b"


def test_repr(head):
    assert repr(head) == "<RequestHead GET /a?b HTTP/1.1>"
    response = ResponseParser(Limits()).parse(b"HTTP/1.0 404 Not Found\r\n\r\n", 0)
    assert repr(response) == "<ResponseHead HTTP/1.0 404 Not Found>"


@pytest.mark.parametrize("kind", [RequestHead, ResponseHead])
def test_a_head_of_nothing(kind):
    head = kind(b"")
    assert head.find(b"a") is None
    assert head.find_all(b"a") == []
    assert len(head.headers) == 0
    assert head.version == "HTTP/1.1"
    assert head.content_length == -1


def test_signals_are_told_apart_by_identity():
    assert Signal("need data") is Signal.NEED_DATA
    assert len({member.value for member in Signal}) == len(Signal)
