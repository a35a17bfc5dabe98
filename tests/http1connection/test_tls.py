"""Both sides on a stream with TLS."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from tests.http1connection.recording import OK, Recorder, Recorders, answer
from tests.wire.server_under_test import Wire, request, turns

from waterspout.http1connection import (
    HTTP1Connection,
    HTTP1ConnectionParameters,
    HTTP1ServerConnection,
)
from waterspout.httputil import HTTPHeaders, HTTPInputError, RequestStartLine
from waterspout.iostream import BaseIOStream, StreamClosedError

trustme = pytest.importorskip("trustme")


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's and a client's context."""
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    return server_context, client_context


async def streams(
    wire: Wire, take: Callable[[BaseIOStream], Any]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Have ``take`` called with a stream on TLS, and return who is at its other end."""
    server_context, client_context = contexts()

    async def hand_on(request: Any) -> None:
        stream = request.connection.detach()
        wire.streams.append(stream)
        take(stream)

    server = wire.serve(hand_on, ssl_options=server_context)
    host, port = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(
        host, port, ssl=client_context, server_hostname="localhost"
    )
    writer.write(request())
    return reader, writer


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close, whatever the other side has done."""
    writer.close()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        pass


async def test_requests(wire: Wire):
    delegate = Recorders(lambda connection, message: answer(connection, message.body))
    reader, writer = await streams(
        wire, lambda stream: HTTP1ServerConnection(stream).start_serving(delegate)
    )
    body = b"x" * 200_000
    writer.write(request(method="POST", body=body))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    assert await reader.readexactly(len(body)) == body
    # What cannot be is refused, and the answer arrives before the end.
    writer.write(b"nonsense\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    await closed(writer)
    while not delegate.closed:
        await turns(1)
    message: Recorder = delegate.taken[0]
    assert message.end == "finish"


@pytest.mark.parametrize("sent", [b"", b"GET / HT"])
async def test_the_header_timeout_of_a_server(wire: Wire, sent: bytes):
    delegate = Recorders(lambda connection, message: answer(connection))
    params = HTTP1ConnectionParameters(header_timeout=0.001)
    reader, writer = await streams(
        wire, lambda stream: HTTP1ServerConnection(stream, params).start_serving(delegate)
    )
    writer.write(sent)
    assert await reader.read() == b""
    await closed(writer)
    while not delegate.closed:
        await turns(1)
    assert delegate.taken == []


async def test_the_body_timeout_of_a_server(wire: Wire):
    delegate = Recorders(lambda connection, message: answer(connection))
    params = HTTP1ConnectionParameters(body_timeout=0.001)
    reader, writer = await streams(
        wire, lambda stream: HTTP1ServerConnection(stream, params).start_serving(delegate)
    )
    writer.write(request(method="POST", body=b"body")[:-1])
    assert await reader.read() == b""
    await closed(writer)
    while not delegate.closed:
        await turns(1)
    assert [message.end for message in delegate.taken] == ["close"]


# The client's side, on a stream that was accepted: which end began TLS matters to nobody


async def client(
    wire: Wire, **params: Any
) -> tuple[HTTP1Connection, asyncio.StreamReader, asyncio.StreamWriter]:
    taken: list[BaseIOStream] = []
    reader, writer = await streams(wire, taken.append)
    while not taken:
        await turns(1)
    return (
        HTTP1Connection(taken[0], True, HTTP1ConnectionParameters(**params)),
        reader,
        writer,
    )


def ask(connection: HTTP1Connection, body: bytes = b"") -> None:
    method, size = ("POST" if body else "GET"), str(len(body))
    headers = HTTPHeaders({"Host": "a", "Content-Length": size})
    connection.write_headers(RequestStartLine(method, "/", ""), headers, body or None)
    connection.finish()


async def test_a_client_asks_again_and_again(wire: Wire):
    connection, reader, writer = await client(wire)
    large = b"x" * 200_000
    for body in (b"begin", large, b"end"):
        ask(connection, body)
        assert b"Content-Length: %d\r\n" % len(body) in await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(len(body)) == body
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        message = Recorder()
        assert await connection.read_response(message)
        assert (message.start_lines, message.body, message.end) == ([OK], body, "finish")
    await closed(writer)


async def test_a_client_whose_response_ends_with_the_connection(wire: Wire):
    connection, _, writer = await client(wire)
    ask(connection)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
    writer.close()
    message = Recorder()
    assert not await connection.read_response(message)
    assert (message.body, message.end) == (b"hello", "finish")
    await closed(writer)


async def test_a_client_whose_server_goes(wire: Wire):
    connection, _, writer = await client(wire)
    ask(connection)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    writer.close()
    message = Recorder()
    with pytest.raises(StreamClosedError):
        await connection.read_response(message)
    assert message.end == "close"
    await closed(writer)


async def test_a_client_of_nonsense(wire: Wire):
    connection, reader, writer = await client(wire)
    ask(connection)
    writer.write(b"nonsense\r\n\r\n")
    message = Recorder()
    stream = connection.stream
    assert not await connection.read_response(message)
    assert message.end == "close"
    assert isinstance(stream.error, HTTPInputError)
    assert (await reader.read()).startswith(b"GET / ")
    await closed(writer)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("header_timeout", b""),
        ("header_timeout", b"HTTP/1.1 200 OK\r\n"),
        ("body_timeout", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
    ],
)
async def test_the_timeouts_of_a_client(wire: Wire, name: str, sent: bytes):
    connection, reader, writer = await client(wire, **{name: 0.001})
    ask(connection)
    writer.write(sent)
    message = Recorder()
    assert not await connection.read_response(message)
    assert message.end == "close"
    assert (await reader.read()).startswith(b"GET / ")
    await closed(writer)
