"""The server's side on a stream with TLS."""

import asyncio
import ssl
from typing import Any

import pytest
from tests.http1connection.recording import Recorder, Recorders, answer
from tests.wire.server_under_test import Wire, request, turns

from waterspout.http1connection import HTTP1ServerConnection

trustme = pytest.importorskip("trustme")


async def test_requests(wire: Wire):
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    delegate = Recorders(lambda connection, message: answer(connection, message.body))

    async def hand_on(request: Any) -> None:
        stream = request.connection.detach()
        wire.streams.append(stream)
        HTTP1ServerConnection(stream).start_serving(delegate)

    server = wire.serve(hand_on, ssl_options=server_context)
    host, port = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(
        host, port, ssl=client_context, server_hostname="localhost"
    )
    body = b"x" * 200_000
    writer.write(request() + request(method="POST", body=body))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    assert await reader.readexactly(len(body)) == body
    # What cannot be is refused, and the answer arrives before the end.
    writer.write(b"nonsense\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    writer.close()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        pass
    while not delegate.closed:
        await turns(1)
    message: Recorder = delegate.taken[0]
    assert message.end == "finish"
