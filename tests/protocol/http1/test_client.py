"""The client's side: requests out, responses in."""

import http

import pytest
from tests.protocol.http1.transcript import byte_by_byte, cut, read_response

from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.http1 import ClientConnection, EncodedRequest, Limits, ResponseHead, Signal
from waterspout.protocol.http1.states import COMPLETE, FAILED, HEAD, SWITCHED

LIMITS = Limits()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def asking(
    method: str = "GET", fields: bytes = b"Host: a\r\n", length: int = 0
) -> ClientConnection:
    connection = ClientConnection(LIMITS)
    connection.send_request(EncodedRequest(method, "/", fields, length))
    return connection


def told(connection: ClientConnection) -> list:
    events = []
    while True:
        events.append(connection.next_event())
        if events[-1] in (Signal.NEED_DATA, Signal.PAUSED, Signal.CLOSED):
            return events


# Requests


@pytest.mark.parametrize(
    ("method", "length", "framing"),
    [
        ("GET", 0, b""),
        ("DELETE", 0, b""),
        ("POST", 0, b"Content-Length: 0\r\n"),
        ("PUT", 0, b"Content-Length: 0\r\n"),
        ("PATCH", 0, b"Content-Length: 0\r\n"),
        ("POST", 5, b"Content-Length: 5\r\n"),
        ("GET", 5, b"Content-Length: 5\r\n"),
        ("POST", -1, b"Transfer-Encoding: chunked\r\n"),
        (http.HTTPMethod.POST, 0, b"Content-Length: 0\r\n"),
    ],
)
def test_requests(method, length, framing):
    connection = ClientConnection(LIMITS)
    sent = connection.send_request(EncodedRequest(method, "/a", b"Host: a\r\n", length))
    assert sent == b"%b /a HTTP/1.1\r\nHost: a\r\n%b\r\n" % (method.encode(), framing)
    if length > 0:
        assert connection.send_data(b"hello") == b"hello"
    elif length < 0:
        assert connection.send_data(b"hello") == b"5\r\nhello\r\n"
    else:
        with pytest.raises(LocalProtocolError, match="no body"):
            connection.send_data(b"hello")
    assert connection.send_end() == (b"0\r\n\r\n" if length < 0 else b"")
    assert connection.writing == COMPLETE


def test_one_request_at_a_time():
    connection = asking()
    with pytest.raises(LocalProtocolError):
        connection.send_request(EncodedRequest("GET", "/", b"", 0))
    connection.receive_data(OK)
    told(connection)
    with pytest.raises(LocalProtocolError):
        connection.send_request(EncodedRequest("GET", "/", b"", 0))


# Responses


@pytest.mark.parametrize(
    ("method", "head", "body", "left"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", b"hello", b"XX"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", b"", b"helloXX"),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n", b"hello", b"XX"),
        ("GET", b"HTTP/1.1 200 OK\r\n", b"helloXX", b""),
        ("GET", b"HTTP/1.0 200 OK\r\n", b"helloXX", b""),
        ("POST", b"HTTP/1.1 500 Oh\r\n", b"helloXX", b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\n", b"", b"helloXX"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", b"", b"helloXX"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", b"", b"helloXX"),
        ("GET", b"HTTP/1.1 204 No Content\r\n", b"", b"helloXX"),
        ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n", b"", b"helloXX"),
        ("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n", b"", b"helloXX"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n", b"", b"helloXX"),
        ("GET", b"HTTP/1.1 205 Reset\r\nContent-Length: 5\r\n", b"hello", b"XX"),
        ("CONNECT", b"HTTP/1.1 407 No\r\nContent-Length: 5\r\n", b"hello", b"XX"),
    ],
)
def test_framing(method, head, body, left):
    raw = head + b"\r\nhelloXX"
    for fragments in ([raw], byte_by_byte(raw), *[cut(raw, [at]) for at in range(len(raw))]):
        transcript = read_response(fragments, method)
        assert transcript[0][0] == "response"
        assert transcript[1:] == [
            *([("body", body)] if body else []),
            ("end", None),
            ("left", left),
        ]


@pytest.mark.parametrize(
    ("method", "head", "is_kept"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", True),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n", True),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n", False),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: a, Close\r\n", False),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n", False),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_reuse(method, head, is_kept):
    connection = asking(method)
    assert not connection.can_be_reused()
    connection.receive_data(head + b"\r\nhello")
    events = told(connection)
    assert isinstance(events[0], ResponseHead)
    assert events[1:] == [b"hello", Signal.END_OF_MESSAGE, Signal.PAUSED]
    assert connection.can_be_reused() is is_kept
    if not is_kept:
        with pytest.raises(LocalProtocolError, match="cannot be used again"):
            connection.start_next_cycle()
        return
    connection.start_next_cycle()
    assert connection.next_event() is Signal.NEED_DATA
    connection.send_request(EncodedRequest("GET", "/2", b"", 0))
    assert connection.head is None
    connection.receive_data(OK)
    assert told(connection)[1:] == [b"hello", Signal.END_OF_MESSAGE, Signal.PAUSED]


def test_what_comes_beyond_a_response_is_never_the_next_one():
    connection = asking()
    connection.receive_data(OK + OK)
    told(connection)
    assert connection.has_unread_data()
    assert not connection.can_be_reused()
    with pytest.raises(LocalProtocolError, match="cannot be used again"):
        connection.start_next_cycle()


@pytest.mark.parametrize("data", [OK, b"\r\n", b"H", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_what_comes_before_a_request_is_never_its_response(data):
    connection = asking()
    connection.receive_data(OK)
    told(connection)
    connection.start_next_cycle()
    connection.receive_data(data)
    with pytest.raises(LocalProtocolError, match="not waiting for a request"):
        connection.send_request(EncodedRequest("GET", "/", b"", 0))
    with pytest.raises(RemoteProtocolError, match="not asked for"):
        connection.next_event()
    assert connection.reading == FAILED
    with pytest.raises(LocalProtocolError, match="not waiting for a request"):
        connection.send_request(EncodedRequest("GET", "/", b"", 0))


def test_the_end_of_an_idle_connection():
    connection = asking()
    connection.receive_data(OK)
    told(connection)
    connection.start_next_cycle()
    connection.receive_eof()
    with pytest.raises(LocalProtocolError, match="not waiting for a request"):
        connection.send_request(EncodedRequest("GET", "/", b"", 0))
    assert connection.next_event() is Signal.CLOSED
    with pytest.raises(LocalProtocolError, match="not waiting for a request"):
        connection.send_request(EncodedRequest("GET", "/", b"", 0))


def test_the_end_of_the_connection_right_behind_a_response():
    connection = asking()
    connection.receive_data(OK)
    connection.receive_eof()
    assert told(connection)[1:] == [b"hello", Signal.END_OF_MESSAGE, Signal.PAUSED]
    assert not connection.can_be_reused()


def test_a_response_before_the_end_of_the_request():
    connection = asking("POST", length=10)
    connection.send_data(b"hello")
    connection.receive_data(OK)
    assert told(connection)[1:] == [b"hello", Signal.END_OF_MESSAGE, Signal.PAUSED]
    assert not connection.can_be_reused()
    connection.send_data(b"world")
    connection.send_end()
    assert connection.can_be_reused()


# Interim responses


def interim(status: int = 103) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: 5\r\nLink: a\r\n\r\n" % status


@pytest.mark.parametrize("status", [100, 102, 103, 199])
def test_interim_responses_come_before_the_final_one(status):
    raw = interim(status) * 3 + OK
    for fragments in ([raw], byte_by_byte(raw)):
        transcript = read_response(fragments)
        assert [entry[1] for entry in transcript[:4]] == [status] * 3 + [200]
        assert transcript[4:] == [("body", b"hello"), ("end", None), ("left", b"")]


@pytest.mark.parametrize("most", [0, 1, 10])
def test_bound_of_interim_responses(most):
    limits = Limits(max_interim_responses=most)
    for count in (most - 1, most, most + 1):
        raw = interim() * max(count, 0) + OK
        for fragments in ([raw], byte_by_byte(raw)):
            transcript = read_response(fragments, limits=limits)
            assert (transcript[-1] == ("error", 400)) is (count > most)


def test_the_bound_is_that_of_one_exchange():
    connection = asking()
    for _ in range(3):
        connection.receive_data(interim() * 10 + OK)
        events = told(connection)
        assert len(events) == 14
        assert connection.head is events[10]
        connection.start_next_cycle()
        connection.send_request(EncodedRequest("GET", "/", b"", 0))


def test_an_interim_response_is_not_the_head():
    connection = asking()
    connection.receive_data(interim())
    head = connection.next_event()
    assert isinstance(head, ResponseHead)
    assert connection.head is None
    assert connection.reading == HEAD


# Other protocols


@pytest.mark.parametrize("fields", [b"Upgrade: x\r\n", b"Host: a\r\nuPGRADE:x\r\n"])
def test_a_switch_that_was_asked_for(fields):
    connection = asking(fields=fields)
    connection.receive_data(
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\nother"
    )
    head = connection.next_event()
    assert isinstance(head, ResponseHead)
    assert head.status == 101
    assert connection.reading == SWITCHED
    assert connection.next_event() is Signal.PAUSED
    assert connection.take_unread_data() == b"other"
    assert not connection.can_be_reused()


@pytest.mark.parametrize("fields", [b"", b"Host: a\r\n", b"X-Upgrade: x\r\n", b"A: upgrade: x\r\n"])
def test_a_switch_that_was_not_asked_for(fields):
    connection = asking(fields=fields)
    connection.receive_data(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n")
    with pytest.raises(RemoteProtocolError, match="not asked for"):
        connection.next_event()


@pytest.mark.parametrize("status", [200, 299])
@pytest.mark.parametrize(
    "field", [b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_a_tunnel(status, field):
    raw = b"HTTP/1.1 %d Established\r\n%b\r\nother" % (status, field)
    for fragments in ([raw], byte_by_byte(raw)):
        transcript = read_response(fragments, "CONNECT")
        assert transcript[0][:2] == ("response", status)
        assert transcript[1:] == [("left", b"other")]


# The end of the connection


def test_the_end_of_the_connection_ends_a_body_without_framing():
    connection = asking()
    connection.receive_data(b"HTTP/1.1 200 OK\r\n\r\nhel")
    assert told(connection)[1:] == [b"hel", Signal.NEED_DATA]
    connection.receive_data(b"lo")
    connection.receive_eof()
    assert told(connection) == [b"lo", Signal.END_OF_MESSAGE, Signal.PAUSED]
    assert not connection.can_be_reused()


def test_the_end_of_the_connection_before_the_response():
    connection = asking()
    connection.receive_eof()
    with pytest.raises(RemoteProtocolError, match="before a response"):
        connection.next_event()
    assert connection.reading == FAILED


@pytest.mark.parametrize(
    ("fields", "is_kept"),
    [
        (b"Host: a\r\nConnection: close\r\n", False),
        (b"CONNECTION: a , Close\r\n", False),
        (b"Connection: keep-alive\r\nConnection: close\r\n", False),
        (b"Connection: keep-alive\r\n", True),
        (b"Connection: closed\r\nCookie: close\r\nX: connection: close\r\n", True),
    ],
)
def test_no_request_follows_one_that_said_close(fields, is_kept):
    connection = asking(fields=fields)
    connection.receive_data(OK)
    told(connection)
    assert connection.can_be_reused() is is_kept
