"""What both sides share: the buffer, bodies in and out, chunks, trailers and turns."""

import os
import tracemalloc

import pytest
from tests.protocol.http1.transcript import (
    byte_by_byte,
    cut,
    read_requests,
    read_response,
)

from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1 import (
    ClientConnection,
    Limits,
    RequestHead,
    ServerConnection,
    Signal,
)
from waterspout.protocol.http1.client import EncodedRequest
from waterspout.protocol.http1.connection import Connection
from waterspout.protocol.http1.states import COMPLETE, FAILED, HEAD

LIMITS = Limits()
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def told(connection: Connection) -> list:
    """Return the events up to NEED_DATA or PAUSED, which is the last one."""
    events = []
    while True:
        events.append(connection.next_event())
        if events[-1] in (Signal.NEED_DATA, Signal.PAUSED, Signal.CLOSED):
            return events


def server(raw: bytes, limits: Limits = LIMITS) -> ServerConnection:
    """Return a connection that has got ``raw`` and has told the head."""
    connection = ServerConnection(limits)
    connection.receive_data(raw)
    assert isinstance(connection.next_event(), RequestHead)
    return connection


# The buffer


def test_nothing_was_received():
    connection = ServerConnection(LIMITS)
    assert connection.next_event() is Signal.NEED_DATA
    assert not connection.has_unread_data()
    connection.receive_data(b"")
    assert connection.next_event() is Signal.NEED_DATA
    connection.receive_eof()
    assert connection.next_event() is Signal.CLOSED
    assert connection.next_event() is Signal.CLOSED


def test_empty_data_changes_nothing():
    raw = post(b"hello")
    fragments = [piece for byte in byte_by_byte(raw) for piece in (b"", byte, b"")]
    assert read_requests(fragments) == read_requests([raw])


def take(connection: Connection, data: bytes) -> None:
    connection.receive_data(data)
    connection.next_event()


@pytest.mark.parametrize("wrong", [None, 5, "text"])
def test_data_is_bytes(wrong):
    for connection in (ServerConnection(LIMITS), ClientConnection(LIMITS)):
        with pytest.raises((TypeError, RemoteProtocolError)):
            take(connection, wrong)


def test_unread_data():
    connection = server(post(b"hello") + b"GET")
    assert connection.has_unread_data()
    assert told(connection) == [b"hello", Signal.END_OF_MESSAGE, Signal.PAUSED]
    connection.receive_data(b" /")
    assert connection.has_unread_data()
    assert connection.take_unread_data() == b"GET /"
    assert not connection.has_unread_data()
    assert connection.take_unread_data() == b""
    connection.receive_data(b"more")
    assert connection.take_unread_data() == b"more"


def test_what_was_sent_ahead_waits():
    connection = server(post(b"one"))
    told(connection)
    for piece in byte_by_byte(post(b"two") + post(b"three")):
        connection.receive_data(piece)
        assert connection.next_event() is Signal.PAUSED
    for body in (b"two", b"three"):
        connection.respond(200, None, b"", b"")
        connection.start_next_cycle()
        assert connection.writing == HEAD
        events = told(connection)
        assert isinstance(events[0], RequestHead)
        assert events[1:] == [body, Signal.END_OF_MESSAGE, Signal.PAUSED]


def test_a_failed_connection_keeps_nothing_of_what_comes():
    connection = ServerConnection(LIMITS)
    connection.receive_data(b"?" * 10)
    with pytest.raises(RemoteProtocolError):
        connection.next_event()
    for _ in range(100):
        connection.receive_data(b"x" * 1000)
    assert len(connection.take_unread_data()) <= 1010


# Bodies in


@pytest.mark.parametrize(
    "body", [b"", b"h", b"hello", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 9999]
)
def test_body_of_known_length(body):
    raw = post(body)
    for fragments in ([raw], byte_by_byte(raw), cut(raw, [len(raw) - len(body)])):
        transcript = read_requests(fragments)
        assert transcript[1:] == [*([("body", body)] if body else []), ("end", None), ("closed",)]


def test_a_body_comes_as_it_arrives():
    connection = server(post(b"helloworld")[:-7])
    assert told(connection) == [b"hel", Signal.NEED_DATA]
    connection.receive_data(b"lo")
    connection.receive_data(b"wor")
    assert told(connection) == [b"lowor", Signal.NEED_DATA]
    connection.receive_data(b"ldGET")
    assert told(connection) == [b"ld", Signal.END_OF_MESSAGE, Signal.PAUSED]


def test_a_piece_that_is_whole_is_not_copied():
    connection = server(post(b"x" * 10)[:-10])
    data = b"y" * 10
    connection.receive_data(data)
    assert connection.next_event() is data


@pytest.mark.parametrize("most", [0, 1, 5, 1000])
def test_bound_of_a_body_of_known_length(most):
    limits = Limits(max_body_size=most)
    for size in (most - 1, most, most + 1, most + 1000):
        if size < 0:
            continue
        raw = post(b"x" * size)
        for fragments in ([raw], byte_by_byte(raw), [raw[: len(raw) - size]]):
            transcript = read_requests(fragments, limits, has_eof=False)
            assert transcript[0][0] == "request"
            if size > most:
                assert transcript[1:] == [("error", 413)]
            else:
                assert ("error", 413) not in transcript


@pytest.mark.parametrize("most", [0, 1, 5, 1000])
@pytest.mark.parametrize("step", [1, 3, 100])
def test_bound_of_a_chunked_body(most, step):
    limits = Limits(max_body_size=most)
    for size in (most - 1, most, most + 1, most + 50):
        if size < 0:
            continue
        body = b"".join(
            b"%x\r\n%b\r\n" % (min(step, size - start), b"x" * min(step, size - start))
            for start in range(0, size, step)
        )
        raw = CHUNKED + body + b"0\r\n\r\n"
        for fragments in ([raw], byte_by_byte(raw)):
            transcript = read_requests(fragments, limits)
            if size > most:
                assert transcript[-1] == ("error", 413)
                told = sum(len(entry[1]) for entry in transcript if entry[0] == "body")
                assert told <= most
            else:
                assert transcript[-2:] == [("end", None), ("closed",)]


def test_bound_of_a_body_that_ends_with_the_connection():
    limits = Limits(max_body_size=10)
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    for size in (0, 9, 10, 11, 100):
        raw = head + b"x" * size
        for fragments in ([raw], byte_by_byte(raw)):
            transcript = read_response(fragments, limits=limits)
            assert (transcript[-1] == ("error", 413)) is (size > 10)


@pytest.mark.parametrize(
    "raw", [post(b"x" * 20), CHUNKED + b"14\r\n" + b"x" * 20 + b"\r\n0\r\n\r\n"]
)
def test_the_bound_may_be_changed_when_the_head_is_there(raw):
    limits = Limits(max_body_size=10)
    connection = server(raw, limits)
    connection.max_body_size = 20
    assert told(connection) == [b"x" * 20, Signal.END_OF_MESSAGE, Signal.PAUSED]
    # It holds for this body only.
    connection.respond(200, None, b"", b"")
    connection.start_next_cycle()
    connection.receive_data(raw)
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.max_body_size == 10
    with pytest.raises(RemoteProtocolError, match="larger than 10 bytes") as caught:
        connection.next_event()
    assert caught.value.status == 413
    connection = server(raw)
    connection.max_body_size = 19
    with pytest.raises(RemoteProtocolError, match="larger than 19 bytes"):
        connection.next_event()


def test_the_bound_may_fall_while_the_body_comes():
    connection = server(post(b"x" * 20)[:-10])
    assert told(connection) == [b"x" * 10, Signal.NEED_DATA]
    connection.max_body_size = 15
    connection.receive_data(b"x")
    with pytest.raises(RemoteProtocolError, match="larger than 15 bytes"):
        connection.next_event()


def test_the_bound_may_be_as_large_as_can_be():
    connection = server(post(b"")[:-5] + b"9" * 17 + b"\r\n\r\n")
    connection.max_body_size = 2**63 - 1
    connection.receive_data(b"x")
    assert told(connection) == [b"x", Signal.NEED_DATA]
    connection = server(CHUNKED + b"fffffffffffffff\r\nx")
    connection.max_body_size = 2**63 - 1
    assert told(connection) == [b"x", Signal.NEED_DATA]


# Chunks


@pytest.mark.parametrize(
    ("chunks", "body"),
    [
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"005\r\nhello\r\n000\r\n\r\n", b"hello"),
        (b"000000000000005\r\nhello\r\n000000000000000\r\n\r\n", b"hello"),
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"1f\r\n" + b"x" * 31 + b"\r\n0\r\n\r\n", b"x" * 31),
        (b"1\r\nh\r\n1\r\ne\r\n3\r\nllo\r\n0\r\n\r\n", b"hello"),
        (b"5\r\n\r\n0\r\n\r\n0\r\n\r\n", b"\r\n0\r\n"),
        (b"5;a\r\nhello\r\n0;b=c\r\n\r\n", b"hello"),
        (b'5;a="b;c"\r\nhello\r\n0\r\n\r\n', b"hello"),
        (b"5 ; a = b\r\nhello\r\n0\t;a\r\n\r\n", b"hello"),
        (b"5;\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5;\xe9\xff\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5;" + b"a" * 1020 + b"\r\nhello\r\n0\r\n\r\n", b"hello"),
    ],
)
def test_chunks(chunks, body):
    raw = CHUNKED + chunks
    expected = [*([("body", body)] if body else []), ("end", None), ("closed",)]
    for fragments in ([raw], byte_by_byte(raw), *[cut(raw, [at]) for at in range(len(raw))]):
        assert read_requests(fragments)[1:] == expected
    response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"left"
    assert read_response([response])[1:] == [*expected[:-1], ("left", b"left")]


@pytest.mark.parametrize("most", [3, 16, 1024])
def test_bound_of_a_chunk_line(most):
    limits = Limits(max_chunk_line_size=most)
    for size in (most - 1, most, most + 1, most + 2):
        for line in (b"5;" + b"a" * (size - 4) + b"\r\n", b"0" * (size - 3) + b"5\r\n"):
            if len(line) > 17 and b";" not in line:
                continue  # too many digits, whatever the bound
            raw = CHUNKED + line + b"hello\r\n0\r\n\r\n"
            for fragments in ([raw], byte_by_byte(raw), cut(raw, [len(CHUNKED) + most])):
                transcript = read_requests(fragments, limits)
                if len(line) <= most:
                    assert transcript[1:] == [("body", b"hello"), ("end", None), ("closed",)]
                else:
                    assert transcript[-1] == ("error", 400)


def test_one_event_for_all_chunks_at_hand():
    connection = server(CHUNKED + b"1\r\na\r\n" * 100)
    assert told(connection) == [b"a" * 100, Signal.NEED_DATA]
    connection.receive_data(b"0\r\n\r\n")
    assert told(connection) == [Signal.END_OF_MESSAGE, Signal.PAUSED]


@pytest.mark.parametrize("size", [1, 2047, 2048, 2049, 4096, 10_000])
def test_chunks_of_every_size_make_one_piece(size):
    body = os.urandom(3 * size + 1)
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    assert told(server(CHUNKED + framed)) == [body, Signal.NEED_DATA]
    # Cut somewhere in a chunk: what is at hand of it is handed on.
    most = len(framed) - 3
    connection = server(CHUNKED + framed[: most - size])
    connection.receive_data(framed[most - size :])
    assert b"".join(event for event in told(connection) if isinstance(event, bytes)) == body


def test_pieces_take_no_room_for_what_was_around_them():
    framed = b"1\r\na\r\n" * 4000
    connections = [server(CHUNKED + framed) for _ in range(50)]
    tracemalloc.start()
    try:
        pieces = [connection.next_event() for connection in connections]
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert pieces == [b"a" * 4000] * 50
    assert taken < 50 * 4000 * 2


def test_the_end_of_the_connection_takes_nothing_of_the_body():
    connection = server(CHUNKED + b"5\r\nhello\r\n5\r\nwor")
    connection.receive_eof()
    assert connection.next_event() == b"hellowor"
    with pytest.raises(RemoteProtocolError, match="ended inside a body"):
        connection.next_event()
    assert connection.reading == FAILED


# Turns


@pytest.mark.parametrize("most", [1, 2, 3, 10])
@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 11, 40])
def test_many_chunks_are_parsed_in_turns(most, count):
    raw = CHUNKED + b"1\r\na\r\n" * count + b"0\r\n\r\n"
    connection = server(raw, Limits(max_chunks_per_turn=most))
    body = b""
    turns = 0
    while (event := connection.next_event()) is not Signal.END_OF_MESSAGE:
        if event is Signal.YIELD:
            turns += 1
        else:
            assert isinstance(event, bytes)
            assert 0 < len(event) <= most
            body += event
    assert body == b"a" * count
    # The last chunk counts.
    assert turns == count // most


@pytest.mark.parametrize("most", [1, 2, 3, 10])
def test_turns_are_counted_across_fragments(most):
    raw = CHUNKED + b"1\r\na\r\n" * 40 + b"0\r\n\r\n"
    for fragments in (
        byte_by_byte(raw),
        [CHUNKED, *[b"1\r\na\r\n"] * 40, b"0\r\n\r\n"],
        [CHUNKED, *[b"1\r\na\r\n" * 2] * 20, b"0\r\n\r\n"],
        [CHUNKED + b"1\r\n", *[b"a\r\n1\r\n"] * 39, b"a\r\n0\r\n\r\n"],
    ):
        connection = ServerConnection(Limits(max_chunks_per_turn=most))
        turns = 0
        body = b""
        for fragment in fragments:
            connection.receive_data(fragment)
            while (event := connection.next_event()) is not Signal.NEED_DATA:
                if event is Signal.YIELD:
                    turns += 1
                elif isinstance(event, bytes):
                    body += event
                elif event is Signal.PAUSED:
                    break
        assert connection.reading == COMPLETE
        assert body == b"a" * 40
        assert turns == 40 // most


def test_nothing_waits_for_data_that_is_at_hand():
    # The chunk that fills a turn may come alone, and be the last thing that is sent.
    connection = server(CHUNKED + b"1\r\na\r\n" * 9, Limits(max_chunks_per_turn=10))
    assert told(connection) == [b"a" * 9, Signal.NEED_DATA]
    connection.receive_data(b"1\r\na\r\n0\r\n\r\n")
    assert told(connection) == [b"a", Signal.YIELD, Signal.END_OF_MESSAGE, Signal.PAUSED]


# Trailers


@pytest.mark.parametrize(
    ("trailers", "fields"),
    [
        (b"", None),
        (b"A: b\r\n", (("A", "b"),)),
        (b"a:b\r\nC:\t\r\na: d \r\n", (("A", "b"), ("A", "d"), ("C", ""))),
        # They are kept apart, so what they say about framing is without effect.
        (b"Content-Length: 99\r\nHost: evil\r\n", (("Content-Length", "99"), ("Host", "evil"))),
        (b"A: " + b"b" * 65000 + b"\r\n", (("A", "b" * 65000),)),
    ],
)
def test_trailers(trailers, fields):
    raw = CHUNKED + b"1\r\nx\r\n0\r\n" + trailers + b"\r\n"
    pieces = [[raw], cut(raw, range(0, len(raw), 7 if len(raw) < 1000 else 1000))]
    if len(raw) < 1000:
        pieces += [byte_by_byte(raw), *[cut(raw, [at]) for at in range(len(raw))]]
    for fragments in pieces:
        transcript = read_requests([*fragments, post(b"next")])
        assert transcript[1:3] == [("body", b"x"), ("end", fields)]
        # Those of one message are not those of the next.
        assert transcript[-3:] == [("body", b"next"), ("end", None), ("closed",)]
        assert transcript[0][-3] == "a"


def test_bounds_of_trailers():
    limits = Limits(max_header_size=200, max_header_count=5)
    for trailers, is_good in (
        (b"A: " + b"b" * 195 + b"\r\n", True),
        (b"A: " + b"b" * 196 + b"\r\n", False),
        (b"A: b\r\n" * 5, True),
        (b"A: b\r\n" * 6, False),
        (b"A: " + b"b" * 198, False),
    ):
        raw = CHUNKED + b"0\r\n" + trailers + b"\r\n"
        for fragments in ([raw], byte_by_byte(raw), cut(raw, [len(CHUNKED) + 3])):
            transcript = read_requests(fragments, limits)
            assert (transcript[-1] == ("closed",)) is is_good
            if not is_good:
                assert transcript[-1] == ("error", 431)


# Bodies out


def answering(length: int) -> ServerConnection:
    connection = server(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    told(connection)
    connection.send_response(200, None, b"", length)
    return connection


def test_a_body_of_known_length_out():
    connection = answering(10)
    assert connection.send_data(b"hello") == b"hello"
    assert connection.send_data(b"") == b""
    assert connection.send_data(b"world") == b"world"
    assert connection.send_end() == b""
    connection.start_next_cycle()


def test_a_body_may_not_outgrow_its_length():
    connection = answering(10)
    connection.send_data(b"hello")
    with pytest.raises(LocalProtocolError, match="longer than its Content-Length by 1 bytes"):
        connection.send_data(b"world!")
    # Nothing of it went out, and the rest may still come.
    assert connection.send_data(b"world") == b"world"
    with pytest.raises(LocalProtocolError, match="longer"):
        connection.send_data(b"!")
    assert connection.send_end() == b""


def test_a_body_may_not_fall_short_of_its_length():
    connection = answering(10)
    connection.send_data(b"hello")
    with pytest.raises(LocalProtocolError, match="shorter than its Content-Length by 5 bytes"):
        connection.send_end()
    with pytest.raises(LocalProtocolError, match="not over"):
        connection.start_next_cycle()
    connection.send_eof()
    assert connection.writing == FAILED


def test_a_chunked_body_out():
    connection = answering(-1)
    assert connection.send_data(b"hello") == b"5\r\nhello\r\n"
    assert connection.send_data(b"") == b""
    assert connection.send_data(b"x" * 256) == b"100\r\n" + b"x" * 256 + b"\r\n"
    assert connection.send_end() == b"0\r\n\r\n"
    assert connection.send_end() == b""


def test_trailers_out():
    connection = answering(-1)
    trailers = HTTPHeaders({"x-sum": "5"})
    assert connection.send_end(trailers) == b"0\r\nX-Sum: 5\r\n\r\n"
    connection.start_next_cycle()


@pytest.mark.parametrize("trailers", [{"Content-Length": "5"}, {"x": "a\r\nb"}, {"x y": "a"}])
def test_bad_trailers_do_not_end_the_message(trailers):
    connection = answering(-1)
    with pytest.raises((LocalProtocolError, ValueError)):
        connection.send_end(trailers)
    with pytest.raises(LocalProtocolError, match="not over"):
        connection.start_next_cycle()
    assert connection.send_end() == b"0\r\n\r\n"


def test_trailers_have_no_place_behind_a_length():
    connection = answering(0)
    assert connection.send_end(HTTPHeaders({"a": "b"})) == b""


def test_a_body_has_its_time():
    connection = ServerConnection(LIMITS)
    with pytest.raises(LocalProtocolError, match="no body may be sent in state HEAD"):
        connection.send_data(b"x")
    with pytest.raises(LocalProtocolError, match="END cannot be sent while writing HEAD"):
        connection.send_end()
    connection = answering(0)
    with pytest.raises(LocalProtocolError, match="no body may be sent in state COMPLETE"):
        connection.send_data(b"x")
    connection.send_eof()
    with pytest.raises(LocalProtocolError, match="no body may be sent in state CLOSED"):
        connection.send_data(b"x")


def test_a_message_cut_off_on_purpose():
    connection = answering(-1)
    connection.send_data(b"x")
    connection.send_eof()
    assert connection.writing == FAILED
    for call in (connection.send_end, connection.start_next_cycle):
        with pytest.raises(LocalProtocolError):
            call()
    connection.send_eof()


def test_what_is_to_come_may_be_read_by_other_means():
    client = ClientConnection(Limits())
    client.send_request(EncodedRequest("GET", "/", b"Host: a\r\n", 0))
    assert client.body_to_come() == 0
    client.receive_data(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    client.next_event()
    assert client.body_to_come() == 0  # Three bytes are here.
    assert client.next_event() == b"abc"
    assert client.body_to_come() == 7
    client.count_read(4)
    assert client.next_event() is Signal.NEED_DATA
    for wrong in (4, -1):
        with pytest.raises(LocalProtocolError, match=f"{wrong} bytes were read, of 3 to come"):
            client.count_read(wrong)
    client.count_read(3)
    assert client.next_event() is Signal.END_OF_MESSAGE
    assert client.body_to_come() == 0
    assert client.can_be_reused()
