"""Connections in memory: both ends are asyncio's, and nothing is lost or comes out of order."""

import asyncio
import ssl
from typing import Any

import pytest

from waterspout.net.memory import MemoryNet, MemoryTransport, nowhere
from waterspout.net.private import PrivateNet


class Recorder(asyncio.Protocol):
    """Notes what it is told."""

    def __init__(self):
        self.events = []
        self.received = b""
        self.pieces = []
        self.keeps_open = True
        self.transport: Any = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        self.pieces.append(len(data))

    def eof_received(self):
        self.events.append("eof")
        return self.keeps_open

    def connection_lost(self, exc):
        self.events.append(("lost", type(exc) if exc else None))

    def pause_writing(self):
        self.events.append("pause")

    def resume_writing(self):
        self.events.append("resume")


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def pair(loop):
    """A client and a server that are connected."""
    client, server = Recorder(), Recorder()
    one, other = MemoryTransport(loop, client, "a"), MemoryTransport(loop, server, "b")
    client.connection_made(one)
    one.join(other, None)
    return client, server


def turn(loop, times=10):
    for _ in range(times):
        loop.run_until_complete(asyncio.sleep(0))


def test_bytes_come_in_order_in_a_later_turn(loop, pair):
    client, server = pair
    client.transport.write(b"one ")
    client.transport.write(bytearray(b"two"))
    assert server.received == b""
    turn(loop)
    assert server.received == b"one two"
    server.transport.write(b"back")
    turn(loop)
    assert client.received == b"back"


def test_a_long_message_comes_in_pieces(loop, pair):
    client, server = pair
    client.transport.write(b"x" * 1_000_000)
    turn(loop)
    assert len(server.received) == 1_000_000
    assert max(server.pieces) == 256 * 1024


def test_a_slow_reader_holds_the_writer_back(loop, pair):
    client, server = pair
    client.transport.set_write_buffer_limits(100)
    server.transport.pause_reading()
    client.transport.write(b"x" * 101)
    turn(loop)
    assert (client.events, server.received) == (["pause"], b"")
    assert client.transport.get_write_buffer_size() == 101
    server.transport.resume_reading()
    turn(loop)
    assert client.events == ["pause", "resume"]
    assert len(server.received) == 101


def test_half_of_it_can_be_closed(loop, pair):
    client, server = pair
    client.transport.write(b"question")
    client.transport.write_eof()
    turn(loop)
    assert (server.received, server.events) == (b"question", ["eof"])
    server.transport.write(b"answer")
    server.transport.close()
    turn(loop)
    assert client.received == b"answer"
    assert client.events[0] == "eof"
    assert server.events == ["eof", ("lost", None)]


def test_what_was_written_before_the_end_is_read(loop, pair):
    client, server = pair
    server.keeps_open = False
    client.transport.write(b"x" * 600_000)
    client.transport.close()
    client.transport.write(b"too late")
    turn(loop, 20)
    assert len(server.received) == 600_000
    assert server.events == ["eof", ("lost", None)]
    assert client.events[-1] == ("lost", None)


def test_a_cut_tells_the_peer_of_a_reset_behind_what_it_was_sent(loop, pair):
    client, server = pair
    server.transport.write(b"half of")
    server.transport.abort()
    server.transport.abort()
    turn(loop)
    assert client.received == b"half of"
    assert client.events == [("lost", ConnectionResetError)]
    assert server.events == [("lost", None)]


def test_a_peer_that_reads_nothing_hears_of_nothing(loop, pair):
    client, server = pair
    server.transport.pause_reading()
    client.transport.write(b"x")
    client.transport.close()
    turn(loop)
    assert (server.received, server.events, client.events) == (b"", [], [])


def test_the_server_hears_of_the_client_when_that_says_something(loop):
    servers = []

    def make():
        servers.append(Recorder())
        return servers[-1]

    net = MemoryNet(loop, make)

    async def run():
        (address,) = await net.resolve("example.org", 443, 0, float("inf"))
        stream = await net.connect_any([address], float("inf"))
        assert not servers
        stream = await stream.start_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        stream.write(b"hello", float("inf"))
        await net.pause()
        return stream

    async def main():
        return await net.start(run())

    stream = loop.run_until_complete(main())
    turn(loop)
    (server,) = servers
    assert server.received == b"hello"
    assert server.transport.get_extra_info("sslcontext") is not None
    assert stream.is_quiet(True)
    server.transport.write(b"unasked")
    assert not stream.is_quiet(True)
    turn(loop)
    assert stream.read_now() == b"unasked"
    stream.close()
    turn(loop)
    assert server.events == [("lost", ConnectionResetError)]
    net.close()


def test_a_private_net_that_is_closed_is_of_no_use():
    net = PrivateNet(Recorder)
    net.close()

    def connect():
        coroutine = net.connect(nowhere("a", 1), float("inf"))
        with pytest.raises(StopIteration) as stop:
            coroutine.send(None)
        return stop.value.value

    stream = connect()
    stream.close()
    net.close()
    with pytest.raises(RuntimeError, match="closed while it was in use"):
        stream.read(float("inf"))
    net.close()
