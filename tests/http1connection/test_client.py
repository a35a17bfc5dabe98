"""The client's side, against a raw socket."""

import asyncio
import gzip
from typing import Any

import pytest
from tests.http1connection.recording import Recorder
from tests.iostream.connected import connected
from tests.wire.server_under_test import Client, Wire, turns

from waterspout.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from waterspout.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPOutputError,
    RequestStartLine,
    ResponseStartLine,
)
from waterspout.iostream import StreamClosedError


def start(wire: Wire, **params: Any) -> tuple[HTTP1Connection, Client]:
    stream, server = connected(wire)
    return HTTP1Connection(stream, True, HTTP1ConnectionParameters(**params)), server


def ask(connection: HTTP1Connection, method: str = "GET", **fields: str) -> None:
    connection.write_headers(
        RequestStartLine(method, "/", ""), HTTPHeaders({"Host": "a", **fields})
    )
    connection.finish()


async def test_kept_alive(wire: Wire):
    connection, server = start(wire)
    for _ in range(3):
        ask(connection)
        assert await server.until(b"\r\n\r\n") == b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        await server.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nhello")
        message = Recorder()
        assert await connection.read_response(message)
        assert message.start_lines == [ResponseStartLine("HTTP/1.1", 200, "Fine")]
        assert (message.headers["content-length"], message.body) == ("5", b"hello")
        assert message.end == "finish"


RESPONSES = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", True),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        True,
    ),
    "the end": (b"HTTP/1.1 200 OK\r\n\r\nhello", False),
}


@pytest.mark.parametrize("name", RESPONSES)
async def test_bytes_cut_in_every_place(wire: Wire, name):
    data, is_kept = RESPONSES[name]
    for cut in range(1, len(data)):
        connection, server = start(wire)
        ask(connection)
        message = Recorder()
        reading = asyncio.ensure_future(connection.read_response(message))
        await server.send(data[:cut])
        await turns(2)
        await server.send(data[cut:])
        if not is_kept:
            server.end_sending()
        assert await reading is is_kept
        assert (message.body, message.end) == (b"hello", "finish")
        connection.close()


async def test_bodies_that_are_sent(wire: Wire):
    connection, server = start(wire)
    line = RequestStartLine("POST", "/", "")
    connection.write_headers(line, HTTPHeaders({"Host": "a", "Content-Length": "5"}), b"he")
    connection.write(b"llo")
    connection.finish()
    assert (await server.until(b"hello")).endswith(b"Content-Length: 5\r\n\r\nhello")
    await server.send(b"HTTP/1.1 204 No\r\n\r\n")
    assert await connection.read_response(Recorder())
    connection.write_headers(line, HTTPHeaders({"Host": "a"}))
    connection.write(b"hello")
    connection.finish()
    sent = await server.until(b"0\r\n\r\n")
    assert sent.endswith(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


async def test_head(wire: Wire):
    connection, server = start(wire, decompress=True)
    ask(connection, "HEAD")
    await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n")
    message = Recorder()
    assert await connection.read_response(message)
    assert (message.body, message.end) == (b"", "finish")


async def test_decompress(wire: Wire):
    connection, server = start(wire, decompress=True)
    ask(connection)
    body = gzip.compress(b"hello")
    await server.send(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body
    )
    message = Recorder()
    assert await connection.read_response(message)
    assert message.body == b"hello"


async def test_interim_heads(wire: Wire):
    connection, server = start(wire)
    ask(connection)
    await server.send(b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n")
    message = Recorder()
    assert await connection.read_response(message)
    assert [line.code for line in message.start_lines] == [103, 204]


async def test_a_request_that_was_written_to_the_stream(wire: Wire):
    connection, server = start(wire)
    for _ in range(2):
        await connection.stream.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await server.until(b"\r\n\r\n")
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        message = Recorder()
        assert await connection.read_response(message)
        assert message.body == b"hello"


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
        b"HTTP/1.1 101 Switch\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ],
)
async def test_bad_input(wire: Wire, data):
    connection, server = start(wire, max_body_size=100)
    stream = connection.stream
    ask(connection)
    await server.send(data)
    message = Recorder()
    assert not await connection.read_response(message)
    assert message.end == "close"
    assert isinstance(stream.error, HTTPInputError)
    await server.rest_or_reset()


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"]
)
async def test_a_server_that_goes(wire: Wire, sent):
    told: list[str] = []
    connection, server = start(wire)
    connection.set_close_callback(lambda: told.append("closed"))
    ask(connection)
    await server.send(sent)
    await server.until(b"\r\n\r\n")
    server.close()
    message = Recorder()
    if b"\r\n\r\n" in sent:
        with pytest.raises(StreamClosedError):
            await connection.read_response(message)
    else:
        assert not await connection.read_response(message)
    assert (message.end, told) == ("close", ["closed"])
    with pytest.raises(StreamClosedError):
        await connection.stream.write(b"x")


async def test_a_server_that_closes_behind_its_response(wire: Wire):
    told: list[str] = []
    connection, server = start(wire)
    connection.set_close_callback(lambda: told.append("closed"))
    ask(connection)
    await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    message = Recorder()
    assert not await connection.read_response(message)
    assert (message.end, told) == ("finish", [])
    assert connection.stream.closed()


async def test_an_answer_before_the_request_is_out(wire: Wire):
    connection, server = start(wire)
    line = RequestStartLine("POST", "/", "")
    connection.write_headers(line, HTTPHeaders({"Host": "a", "Content-Length": "5"}))
    await server.send(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
    message = Recorder()
    reading = asyncio.ensure_future(connection.read_response(message))
    while not message.end:
        await turns(1)
    assert not reading.done()
    connection.write(b"hello")
    connection.finish()
    assert await reading


async def test_header_timeout(wire: Wire):
    connection, _ = start(wire, header_timeout=0.001)
    ask(connection)
    message = Recorder()
    assert not await connection.read_response(message)
    assert message.end == "close"
    assert connection.stream.closed()


async def test_no_keep_alive(wire: Wire):
    connection, server = start(wire, no_keep_alive=True)
    ask(connection)
    assert b"Connection: close\r\n" in await server.until(b"\r\n\r\n")
    await server.send(b"HTTP/1.1 204 No\r\n\r\n")
    assert not await connection.read_response(Recorder())
    assert await server.rest() == b""


async def test_detach_behind_101(wire: Wire):
    connection, server = start(wire)
    ask(connection, Upgrade="echo", Connection="Upgrade")
    assert b"Connection: Upgrade\r\n" in await server.until(b"\r\n\r\n")
    streams: list[Any] = []
    await server.send(b"HTTP/1.1 101 Go\r\nUpgrade: echo\r\n\r\nahead")
    message = Recorder(at_head=lambda: streams.append(connection.detach()))
    assert not await connection.read_response(message)
    assert message.end == ""
    assert await streams[0].read_bytes(5) == b"ahead"
    with pytest.raises(HTTPOutputError):
        connection.finish()


async def test_detach_while_it_is_read(wire: Wire):
    connection, server = start(wire)
    ask(connection)
    message = Recorder()
    reading = asyncio.ensure_future(connection.read_response(message))
    await turns(3)
    stream: Any = connection.detach()
    assert not await reading
    assert message.end == ""
    await server.send(b"raw")
    assert await stream.read_bytes(3) == b"raw"


async def test_a_tunnel(wire: Wire):
    connection, server = start(wire)
    connection.write_headers(RequestStartLine("CONNECT", "a:1", ""), HTTPHeaders({"Host": "a:1"}))
    connection.finish()
    await server.send(b"HTTP/1.1 200 OK\r\n\r\nahead")
    message = Recorder()
    assert not await connection.read_response(message)
    assert message.end == "finish"
    assert await connection.detach().read_bytes(5) == b"ahead"


async def test_a_delegate_that_fails(wire: Wire):
    def fail() -> None:
        raise ZeroDivisionError

    connection, server = start(wire)
    ask(connection)
    await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    message = Recorder(at_head=fail)
    with pytest.raises(ZeroDivisionError):
        await connection.read_response(message)
    assert message.end == "close"
    assert connection.stream.closed()


async def test_a_read_that_is_cancelled(wire: Wire):
    connection, _ = start(wire)
    ask(connection)
    reading = asyncio.ensure_future(connection.read_response(Recorder()))
    await turns(3)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert connection.stream.closed()
