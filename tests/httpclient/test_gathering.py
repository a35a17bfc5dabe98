"""Long bodies: where they are kept, and that they are read right into that place."""

import io
import itertools
import os
import tracemalloc

import pytest
from tests.httpclient.scripted_server import answering, response, serve

from waterspout.httpclient import delivery
from waterspout.httpclient.delivery import Gathering
from waterspout.httpclient.errors import HTTPClientError, HTTPTimeoutError

SIZES = [128 * 1024 - 1, 128 * 1024, 1_000_000, 5_000_000]


def put(gathering: Gathering, data: bytes) -> None:
    """Put bytes into the room, as a reader does."""
    while data:
        room = gathering.room()
        size = min(len(room), len(data))
        room[:size] = data[:size]
        gathering.fill(size)
        data = data[size:]


def test_pieces_and_room():
    gathering = Gathering(10)
    gathering.write(b"ab")
    assert len(gathering.room()) == 8
    put(gathering, b"cde")
    gathering.write(b"f")
    put(gathering, b"ghij")
    assert gathering.body() == b"abcdefghij"
    assert gathering.body() == b"abcdefghij"


def test_no_more_is_there_than_has_come():
    gathering = Gathering(10)
    put(gathering, b"abc")
    assert gathering.body() == b"abc"
    assert Gathering(10).body() == b""


@pytest.mark.parametrize("size", [100, 101, 125, 126, 1000, 12345])
def test_room_grows_with_what_comes(monkeypatch, size):
    monkeypatch.setattr(delivery, "_MAX_ROOM", 100)
    body = os.urandom(size)
    gathering = Gathering(size)
    left = size
    while left:
        space, filled = len(gathering.room()), size - left
        assert 0 < space <= max(100, filled // 4)
        put(gathering, body[filled : filled + space])
        left -= space
    assert not len(gathering.room())
    assert gathering.body() == body


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_long_bodies(make_client, server_tls, ca_certs, size, is_secure):
    bodies = [os.urandom(size), os.urandom(size)]
    client = make_client(ca_certs=ca_certs)
    script = answering(*(response(body) for body in bodies))
    with serve(script, tls=server_tls if is_secure else None) as server:
        assert [client.fetch(server.url).body for _ in bodies] == bodies
        assert server.connections == 1


def in_chunks(body: bytes, sizes: list[int]) -> bytes:
    """Return a response whose chunks have these sizes, over and over."""
    parts = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
    left = io.BytesIO(body)
    following = itertools.cycle(sizes)
    while chunk := left.read(next(following)):
        parts.append(b"%x\r\n%b\r\n" % (len(chunk), chunk))
    return b"".join([*parts, b"0\r\n\r\n"])


@pytest.mark.parametrize("sizes", [[4096], [1, 31, 2047, 2048, 2049, 70_000], [3_000_000]])
def test_long_bodies_in_chunks(make_client, sizes):
    bodies = [os.urandom(1_000_000), os.urandom(1_000_000)]
    client = make_client()
    with serve(answering(*(in_chunks(body, sizes) for body in bodies))) as server:
        assert [client.fetch(server.url).body for _ in bodies] == bodies
        assert server.connections == 1


def test_a_long_body_in_chunks_is_not_there_twice(make_client):
    body = b"x" * 8_000_000
    client = make_client()
    with serve(answering(in_chunks(body, [4096]))) as server:
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            fetched = client.fetch(server.url).body
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert fetched == body
    assert peak - before < 1.5 * len(body)


@pytest.mark.parametrize("is_secure", [False, True])
def test_progress_of_a_long_body(make_client, server_tls, ca_certs, is_secure):
    body = os.urandom(1_000_000)
    received = []
    client = make_client(ca_certs=ca_certs)
    with serve(answering(response(body)), tls=server_tls if is_secure else None) as server:
        fetched = client.fetch(
            server.url, progress_callback=lambda progress: received.append(progress.received)
        )
    assert fetched.body == body
    assert received[-1] == len(body)
    assert received == sorted(received)


def test_a_long_body_that_is_cut_off(make_client):
    script = answering(response(b"x" * 1_000_000)[:-1])
    with serve(script) as server, pytest.raises(HTTPClientError, match="ended inside a body"):
        make_client().fetch(server.url)


def test_a_long_body_that_stops(make_client):
    def script(peer):
        peer.read_request()
        peer.send(response(b"x" * 1_000_000)[:-1])
        peer.wait_for_end()

    with serve(script) as server, pytest.raises(HTTPTimeoutError):
        make_client().fetch(server.url, read_timeout=0.05)


def test_more_than_was_announced_spoils_no_body(make_client):
    """It is of no response that was asked for, so the connection is of no use any more."""
    body = os.urandom(200_000)
    client = make_client()
    with serve(answering(response(body) + b"HTTP/1.1 200 OK", response(b"second"))) as server:
        assert client.fetch(server.url).body == body
        assert client.fetch(server.url).body in (b"second", body)
