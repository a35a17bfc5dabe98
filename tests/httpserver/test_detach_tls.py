"""A connection with TLS that leaves HTTP: its stream works through the transport."""

import asyncio
import ssl
from typing import Any

import pytest
from tests.wire.secret import Secret
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httputil import HTTPHeaders, ResponseStartLine
from waterspout.iostream import BaseIOStream, StreamClosedError
from waterspout.iostream.transport import TransportIOStream

trustme = pytest.importorskip("trustme")

UPGRADE = HTTPHeaders({"Upgrade": "echo"})
SWITCH = ResponseStartLine("HTTP/1.1", 101, "Switching Protocols")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server_context(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_context(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Session:
    """A server with TLS whose connections become streams, and a client."""

    def __init__(self, wire: Wire, server_context: Any, client_context: Any, then: Any) -> None:
        self.then = then
        self.wire = wire
        self.streams: list[Any] = []
        self.server = wire.serve(self.answer, ssl_options=server_context)
        self.context = client_context
        self.answered = asyncio.Event()

    async def answer(self, request: Any) -> None:
        request.connection.write_headers(SWITCH, UPGRADE)
        stream = request.connection.detach()
        assert isinstance(stream, TransportIOStream)
        assert self.server.connections == set()
        self.streams.append(stream)
        self.wire.streams.append(stream)
        await self.then(stream)
        self.answered.set()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.server.sockets[0].getsockname()
        return await asyncio.open_connection(
            host, port, ssl=self.context, server_hostname="localhost"
        )


@pytest.fixture
def session(wire, server_context, client_context):
    return lambda then: Session(wire, server_context, client_context, then)


async def end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        pass
    await turns()


async def echo(stream: BaseIOStream) -> None:
    try:
        while True:
            await stream.write(await stream.read_bytes(65536, partial=True))
    except StreamClosedError:
        pass


async def test_an_echo(wire: Wire, session):
    here = session(echo)
    reader, writer = await here.connect()
    writer.write(request() + b"ahead")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    assert await reader.readexactly(5) == b"ahead"
    data = bytes(range(256)) * 8000
    writer.write(data)
    assert await reader.readexactly(len(data)) == data
    [stream] = here.streams
    assert stream.fileno() >= 0
    await end(writer)
    await here.answered.wait()
    assert stream.closed()
    assert stream.fileno() == -1


async def test_lines_limits_and_buffers(wire: Wire, session):
    async def talk(stream: BaseIOStream) -> None:
        assert await stream.read_until(b"\n") == b"one\n"
        assert await stream.read_until_regex(rb"\d+\n") == b"two 2\n"
        buffer = bytearray(4)
        assert await stream.read_into(buffer) == 4
        assert buffer == b"into"
        await stream.write(b"ready")
        with pytest.raises(StreamClosedError):
            await stream.read_until(b"\n", max_bytes=10)

    here = session(talk)
    reader, writer = await here.connect()
    writer.write(request() + b"one\ntw")
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"o 2\nin")
    writer.write(b"to")
    assert await reader.readexactly(5) == b"ready"
    writer.write(b"x" * 100)
    assert await reader.read() == b""
    await here.answered.wait()
    await end(writer)


async def test_what_is_written_before_the_end_arrives(wire: Wire, session):
    data = bytes(range(256)) * 4000

    async def say_and_go(stream: BaseIOStream) -> None:
        await stream.write(data)
        stream.close()
        with pytest.raises(StreamClosedError):
            stream.write(b"x")

    here = session(say_and_go)
    reader, writer = await here.connect()
    writer.write(request())
    await reader.readuntil(b"\r\n\r\n")
    assert await reader.read(-1) == data
    await end(writer)


async def test_who_does_not_read_is_waited_for(wire: Wire, session):
    sent = 0

    async def flood(stream: BaseIOStream) -> None:
        nonlocal sent
        for _ in range(400):
            await stream.write(b"x" * 65536)
            sent += 65536
        stream.close()

    here = session(flood)
    reader, writer = await here.connect()
    writer.transport.pause_reading()
    writer.write(request())
    last = -1
    while sent != last or not sent:
        last = sent
        await turns(200)
    assert sent < 400 * 65536
    writer.transport.resume_reading()
    await reader.readuntil(b"\r\n\r\n")
    assert len(await reader.read(-1)) == 400 * 65536
    await end(writer)


async def test_the_close_callback(wire: Wire, session):
    closed = asyncio.Event()

    async def watch(stream: BaseIOStream) -> None:
        stream.set_close_callback(closed.set)

    here = session(watch)
    reader, writer = await here.connect()
    writer.write(request())
    await reader.readuntil(b"\r\n\r\n")
    await end(writer)
    await closed.wait()
    assert here.streams[0].closed()


async def test_what_came_before_the_end_can_be_read(wire: Wire, session):
    gate = asyncio.Event()

    async def late(stream: BaseIOStream) -> None:
        await gate.wait()
        assert await stream.read_until_close() == b"before the end"

    here = session(late)
    reader, writer = await here.connect()
    writer.write(request() + b"before ")
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"the end")
    writer.close()
    await turns(50)
    gate.set()
    await here.answered.wait()
    await end(writer)


async def test_who_never_says_goodbye_is_not_waited_for_for_ever(
    wire: Wire, session, client_context, monkeypatch
):
    monkeypatch.setattr("waterspout.iostream.transport._LINGER", 0.0)

    async def leave(stream: BaseIOStream) -> None:
        stream.close()

    found = session(leave)
    client = await wire.connect(found.server)
    secret = Secret(client, client_context)
    await secret.shake_hands()
    await secret.send(request("Connection: Upgrade", "Upgrade: echo"))
    await client.rest_or_reset()
    await found.answered.wait()
