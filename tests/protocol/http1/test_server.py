"""The server's side: requests in, responses out, one exchange after the other."""

from collections.abc import Callable

import pytest
from tests.protocol.http1.transcript import byte_by_byte, cut, read_requests

from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.http1 import Limits, RequestHead, ServerConnection, Signal
from waterspout.protocol.http1.states import CLOSED, COMPLETE, HEAD, SWITCHED

LIMITS = Limits()


def request(
    method: str = "GET", *fields: bytes, version: str = "1.1", body: bytes = b"", target: str = "/"
) -> bytes:
    line = f"{method} {target} HTTP/{version}".encode()
    return b"\r\n".join([line, b"Host: a", *fields, b"", b""]) + body


def serving(raw: bytes = b"", *, is_read: bool = True) -> ServerConnection:
    """Return a connection that has told a request, to its end unless ``is_read`` is False."""
    connection = ServerConnection(LIMITS)
    connection.receive_data(raw or request())
    assert isinstance(connection.next_event(), RequestHead)
    if is_read:
        while connection.next_event() is not Signal.PAUSED:
            pass
    return connection


# Requests


def test_requests_sent_ahead_are_served_one_by_one():
    raws = [
        request(target="/1"),
        request("POST", b"Content-Length: 5", body=b"hello", target="/2"),
        request(
            "PUT", b"Transfer-Encoding: chunked", body=b"2\r\nab\r\n0\r\nT: u\r\n\r\n", target="/3"
        ),
        b"\r\n" + request("DELETE", target="/4"),
        request("POST", b"Content-Length: 0", b"Connection: close", target="/5"),
    ]
    stream = b"".join(raws)
    expected: list[tuple[str, str, list]] = [
        ("GET", "/1", [("end", None)]),
        ("POST", "/2", [("body", b"hello"), ("end", None)]),
        ("PUT", "/3", [("body", b"ab"), ("end", (("T", "u"),))]),
        ("DELETE", "/4", [("end", None)]),
        ("POST", "/5", [("end", None), ("close",)]),
    ]
    for fragments in (
        [stream],
        byte_by_byte(stream),
        *[cut(stream, [at]) for at in range(len(stream))],
    ):
        transcript = read_requests([*fragments, request(target="/never")])
        for method, target, rest in expected:
            assert transcript[0][:3] == ("request", method, target)
            assert transcript[1 : 1 + len(rest)] == rest
            del transcript[: 1 + len(rest)]
        assert transcript == []


def test_the_next_request_waits_for_the_answer():
    connection = serving(request(target="/1") + request(target="/2"))
    for _ in range(3):
        assert connection.next_event() is Signal.PAUSED
    with pytest.raises(LocalProtocolError, match="not over"):
        connection.start_next_cycle()
    connection.send_response(200, None, b"", 5)
    assert connection.next_event() is Signal.PAUSED
    with pytest.raises(LocalProtocolError, match="not over"):
        connection.start_next_cycle()
    connection.send_data(b"hello")
    connection.send_end()
    assert connection.next_event() is Signal.PAUSED
    assert connection.head is not None
    assert connection.head.target == "/1"
    connection.start_next_cycle()
    assert connection.head is None
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    assert head.target == "/2"
    assert connection.head is head


def test_the_end_of_the_connection_between_requests():
    connection = serving()
    connection.receive_eof()
    assert connection.next_event() is Signal.PAUSED
    connection.respond(200, None, b"", b"")
    connection.start_next_cycle()
    assert connection.next_event() is Signal.CLOSED
    assert connection.reading == CLOSED


def test_an_empty_line_behind_the_last_request():
    assert read_requests([request(), b"\r\n"])[-1] == ("closed",)
    assert read_requests([request() + b"\r\n"])[-1] == ("closed",)
    assert read_requests(byte_by_byte(request() + b"\r\n"))[-1] == ("closed",)
    assert read_requests([b"\r\n"]) == [("closed",)]
    assert read_requests([b"\r\n\r\n"]) == [("error", 400)]


def test_is_request_complete():
    connection = ServerConnection(LIMITS)
    assert connection.is_request_complete
    connection.receive_data(request("POST", b"Content-Length: 5"))
    assert not connection.is_request_complete
    connection.next_event()
    assert not connection.is_request_complete
    connection.receive_data(b"hello")
    connection.next_event()
    connection.next_event()
    assert connection.is_request_complete


# Keeping the connection


@pytest.mark.parametrize(
    ("version", "fields", "is_kept", "field"),
    [
        ("1.1", [], True, None),
        ("1.1", [b"Connection: keep-alive"], True, None),
        ("1.1", [b"Connection: close"], False, b"close"),
        ("1.1", [b"Connection: keep-alive, close"], False, b"close"),
        ("1.0", [], False, b"close"),
        ("1.0", [b"Connection: keep-alive"], True, b"keep-alive"),
        ("1.0", [b"Connection: Keep-Alive"], True, b"keep-alive"),
        ("1.0", [b"Connection: keep-alive, close"], False, b"close"),
        ("1.0", [b"Connection: close"], False, b"close"),
    ],
)
def test_keep_alive(version, fields, is_kept, field):
    connection = serving(request("GET", *fields, version=version))
    assert connection.keep_alive is is_kept
    sent = connection.respond(200, None, b"", b"")
    assert (b"Connection: %b\r\n" % field in sent) if field else (b"Connection" not in sent)
    if is_kept:
        connection.start_next_cycle()
        assert connection.next_event() is Signal.NEED_DATA
    else:
        with pytest.raises(LocalProtocolError, match="to be closed"):
            connection.start_next_cycle()


def test_once_it_has_fallen_keep_alive_stays_so():
    connection = ServerConnection(LIMITS)
    connection.keep_alive = False
    connection.receive_data(request("GET", b"Connection: keep-alive"))
    connection.next_event()
    assert not connection.keep_alive
    assert b"Connection: close\r\n" in connection.respond(200, None, b"", b"")


def test_an_answer_before_the_end_of_the_body_closes():
    connection = serving(request("POST", b"Content-Length: 5", body=b"hel"), is_read=False)
    assert b"Connection: close\r\n" in connection.respond(200, None, b"", b"")
    assert not connection.keep_alive
    connection.receive_data(b"lo" + request())
    assert connection.next_event() == b"hello"
    assert connection.next_event() is Signal.END_OF_MESSAGE
    assert connection.next_event() is Signal.PAUSED
    with pytest.raises(LocalProtocolError, match="to be closed"):
        connection.start_next_cycle()


# Responses


@pytest.mark.parametrize(
    ("method", "version", "status", "length", "framing", "body"),
    [
        ("GET", "1.1", 200, 5, b"Content-Length: 5\r\n", b"hello"),
        ("GET", "1.1", 200, 0, b"Content-Length: 0\r\n", b""),
        ("GET", "1.1", 200, -1, b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
        ("GET", "1.1", 404, 5, b"Content-Length: 5\r\n", b"hello"),
        ("GET", "1.0", 200, 5, b"Content-Length: 5\r\nConnection: close\r\n", b"hello"),
        ("GET", "1.0", 200, -1, b"Connection: close\r\n", b"hello"),
        ("HEAD", "1.1", 200, 5, b"Content-Length: 5\r\n", None),
        ("HEAD", "1.1", 200, 0, b"Content-Length: 0\r\n", None),
        ("HEAD", "1.1", 200, -1, b"Transfer-Encoding: chunked\r\n", None),
        ("HEAD", "1.0", 200, -1, b"Connection: close\r\n", None),
        ("HEAD", "1.1", 304, 5, b"", None),
        ("head", "1.1", 200, 5, b"Content-Length: 5\r\n", b"hello"),
        ("GET", "1.1", 204, 0, b"", None),
        ("GET", "1.1", 204, 5, b"", None),
        ("GET", "1.1", 204, -1, b"", None),
        ("GET", "1.1", 304, 5, b"", None),
        ("GET", "1.1", 304, -1, b"", None),
        ("GET", "1.0", 304, -1, b"Connection: close\r\n", None),
        ("POST", "1.1", 205, 0, b"Content-Length: 0\r\n", None),
        ("POST", "1.1", 205, 5, b"Content-Length: 0\r\n", None),
        ("GET", "1.1", 205, -1, b"Content-Length: 0\r\n", None),
    ],
)
def test_framing(method, version, status, length, framing, body):
    connection = serving(request(method, version=version))
    sent = connection.send_response(status, "X", b"A: b\r\n", length)
    assert sent == b"HTTP/1.1 %d X\r\nA: b\r\n%b\r\n" % (status, framing)
    if body is None:
        assert connection.writing == COMPLETE
        with pytest.raises(LocalProtocolError, match="no body"):
            connection.send_data(b"hello")
        assert connection.send_end() == b""
    else:
        data = b"hello" if body else b""
        assert connection.send_data(data) + connection.send_end() == body
        if b"close" not in framing:
            assert connection.writing == COMPLETE
    is_kept = b"close" not in framing
    assert connection.keep_alive is is_kept
    if is_kept:
        connection.start_next_cycle()
        assert connection.writing == HEAD


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", [200, 204, 205, 304, 404, 500])
@pytest.mark.parametrize("body", [b"", b"hello"])
def test_respond_is_all_in_one(method, status, body):
    one, two = serving(request(method)), serving(request(method))
    sent = two.send_response(status, None, b"A: b\r\n", len(body))
    if two.writing != COMPLETE:
        sent += two.send_data(body) + two.send_end()
    assert one.respond(status, None, b"A: b\r\n", body) == sent
    assert one.writing == two.writing == COMPLETE


def test_the_method_of_the_request_before_has_no_say():
    # A request that cannot be parsed is not a HEAD because the one before it was.
    connection = serving(request("HEAD"))
    connection.respond(200, None, b"", b"hello")
    connection.start_next_cycle()
    connection.receive_data(b"?\r\n\r\n")
    with pytest.raises(RemoteProtocolError):
        connection.next_event()
    assert connection.respond(400, None, b"", b"no").endswith(b"\r\n\r\nno")


def test_the_version_of_the_request_before_has_no_say():
    connection = serving(request("GET", b"Connection: keep-alive", version="1.0"))
    connection.respond(200, None, b"", b"hello")
    connection.start_next_cycle()
    connection.receive_data(request("GET"))
    connection.next_event()
    connection.next_event()
    assert connection.send_interim(103) == b"HTTP/1.1 103 Early Hints\r\n\r\n"
    assert b"chunked" in connection.send_response(200, None, b"", -1)


@pytest.mark.parametrize("status", [100, 101, 103, 199])
def test_a_final_response_is_not_interim(status):
    connection = serving()
    with pytest.raises(LocalProtocolError, match="from 200"):
        connection.send_response(status, None, b"", 0)
    assert connection.writing == HEAD


def test_one_response_for_one_request():
    connection = serving()
    connection.respond(200, None, b"", b"")
    calls: list[Callable[[], object]] = [
        lambda: connection.respond(200, None, b"", b""),
        lambda: connection.send_response(200, None, b"", 5),
        lambda: connection.send_interim(103),
        lambda: connection.send_continue(),
        lambda: connection.send_switch(b""),
    ]
    for call in calls:
        with pytest.raises(LocalProtocolError):
            call()
    connection.start_next_cycle()


@pytest.mark.parametrize("status", [200, 299])
def test_a_2xx_to_connect_has_no_framing_and_is_the_last(status):
    connection = serving(request("CONNECT", target="b:443") + request())
    sent = connection.send_response(status, "X", b"", 5)
    assert sent == b"HTTP/1.1 %d X\r\nConnection: close\r\n\r\n" % status
    assert connection.send_data(b"hello") == b"hello"
    assert connection.send_end() == b""
    with pytest.raises(LocalProtocolError, match="to be closed"):
        connection.start_next_cycle()


def test_a_refusal_of_connect_is_a_response_like_others():
    connection = serving(request("CONNECT", target="b:443"))
    assert connection.respond(405, None, b"", b"no").endswith(b"Content-Length: 2\r\n\r\nno")
    connection.start_next_cycle()


# Interim responses


def test_interim_responses():
    connection = serving()
    assert (
        connection.send_interim(103, b"Link: a\r\n")
        == b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    )
    assert connection.send_interim(102) == b"HTTP/1.1 102 Processing\r\n\r\n"
    assert connection.send_interim(199) == b"HTTP/1.1 199 Unknown\r\n\r\n"
    assert connection.respond(200, None, b"", b"")


@pytest.mark.parametrize("status", [0, 99, 101, 200, 404])
def test_an_interim_response_has_an_interim_status(status):
    with pytest.raises(LocalProtocolError):
        serving().send_interim(status)


def test_http10_knows_no_interim_response():
    connection = serving(request("GET", version="1.0"))
    assert connection.send_interim(103) == b""
    assert connection.send_continue() == b""
    assert connection.respond(200, None, b"", b"")


# 100-continue


EXPECT = b"Expect: 100-continue"


def test_continue():
    connection = serving(request("POST", EXPECT, b"Content-Length: 5"), is_read=False)
    assert connection.must_continue
    assert connection.next_event() is Signal.NEED_DATA
    assert connection.must_continue
    assert connection.send_continue() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert not connection.must_continue
    connection.receive_data(b"hello")
    assert connection.next_event() == b"hello"
    assert connection.next_event() is Signal.END_OF_MESSAGE
    sent = connection.respond(200, None, b"", b"")
    assert b"Connection" not in sent
    connection.start_next_cycle()


def test_a_final_answer_in_place_of_continue_closes():
    connection = serving(request("POST", EXPECT, b"Content-Length: 5"), is_read=False)
    sent = connection.respond(401, None, b"", b"")
    assert b"Connection: close\r\n" in sent
    assert not connection.must_continue
    assert not connection.keep_alive


@pytest.mark.parametrize(
    ("raw", "must"),
    [
        (request("POST", EXPECT, b"Content-Length: 5"), True),
        (request("POST", EXPECT, b"Transfer-Encoding: chunked"), True),
        (request("POST", b"Content-Length: 5"), False),
        # There is no body to wait for.
        (request("POST", EXPECT, b"Content-Length: 0"), False),
        (request("GET", EXPECT), False),
        # It comes already.
        (request("POST", EXPECT, b"Content-Length: 5", body=b"h"), False),
        (request("POST", EXPECT, b"Content-Length: 5", body=b"hello"), False),
        (request("POST", EXPECT, b"Transfer-Encoding: chunked", body=b"5"), False),
        (request("POST", EXPECT, b"Transfer-Encoding: chunked", body=b"5\r\n"), False),
        # RFC 9110 section 10.1.1: HTTP/1.0 has no expectations.
        (request("POST", EXPECT, b"Content-Length: 5", version="1.0"), False),
        # It will be refused.
        (request("POST", EXPECT, b"Content-Length: 999999999"), False),
    ],
)
def test_must_continue(raw, must):
    connection = serving(raw, is_read=False)
    assert connection.must_continue is must


def test_must_continue_ends_when_the_body_comes():
    connection = serving(request("POST", EXPECT, b"Transfer-Encoding: chunked"), is_read=False)
    assert connection.next_event() is Signal.NEED_DATA
    assert connection.must_continue
    connection.receive_data(b"5\r\n")
    assert connection.next_event() is Signal.NEED_DATA
    assert not connection.must_continue
    connection = serving(request("POST", EXPECT, b"Content-Length: 5"), is_read=False)
    connection.receive_data(b"h")
    assert connection.next_event() == b"h"
    assert not connection.must_continue


def test_nobody_waits_before_the_first_request():
    connection = ServerConnection(LIMITS)
    assert not connection.must_continue
    connection.receive_data(request("POST", EXPECT, b"Content-Length: 5"))
    assert not connection.must_continue


# Other protocols


UPGRADE = [b"Connection: Upgrade", b"Upgrade: x"]


def test_switch():
    connection = serving(request("GET", *UPGRADE) + b"other protocol")
    assert connection.head is not None
    assert connection.head.has_upgrade
    sent = connection.send_switch(b"Upgrade: x\r\n")
    assert sent == b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
    assert connection.reading == connection.writing == SWITCHED
    assert connection.next_event() is Signal.PAUSED
    assert connection.take_unread_data() == b"other protocol"
    for call in (
        lambda: connection.start_next_cycle(),
        lambda: connection.respond(200, None, b"", b""),
        lambda: connection.send_data(b"x"),
    ):
        with pytest.raises(LocalProtocolError):
            call()


@pytest.mark.parametrize(
    "connection",
    [
        ServerConnection(LIMITS),
        serving(request("GET", *UPGRADE, version="1.0")),
        serving(request("POST", *UPGRADE, b"Content-Length: 5"), is_read=False),
    ],
)
def test_switch_has_its_time(connection):
    states = connection.reading, connection.writing
    with pytest.raises(LocalProtocolError, match="101 answers"):
        connection.send_switch(b"")
    assert (connection.reading, connection.writing) == states


def test_a_body_may_be_written_by_other_means():
    connection = serving()
    assert connection.body_left == 0
    connection.send_response(200, None, b"", 10)
    connection.send_data(b"123")
    assert connection.body_left == 7
    connection.count_data(6)
    with pytest.raises(LocalProtocolError, match="2 bytes were written, of 1 to come"):
        connection.count_data(2)
    with pytest.raises(LocalProtocolError, match="shorter than its Content-Length by 1"):
        connection.send_end()
    connection.count_data(1)
    assert connection.send_end() == b""
    connection.start_next_cycle()
    assert connection.body_left == 0


def test_a_chunked_body_may_not():
    connection = serving()
    connection.send_response(200, None, b"", -1)
    assert connection.body_left == 0
    with pytest.raises(LocalProtocolError):
        connection.count_data(1)


@pytest.mark.parametrize("cut_at", [1, 3, 40])
@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"", b""),
        (b"GET /a HTT", b"GET /a HTT"),
        (b"\r\nGET /a HTTP/1.1\r\nHost: a\r\n", b"GET /a HTTP/1.1"),
        (b"nonsense\nmore", b"nonsense"),
        (b"GET /" + b"a" * 3000, b"GET /" + b"a" * 1019),
    ],
)
def test_the_line_that_was_not_read(raw, line, cut_at):
    engine = ServerConnection(Limits())
    for piece in cut(raw, range(cut_at, len(raw), cut_at)):
        engine.receive_data(piece)
    assert engine.unread_line == line
    try:
        engine.next_event()
    except RemoteProtocolError:
        pass  # what is refused is still what has come
    assert engine.unread_line == line
