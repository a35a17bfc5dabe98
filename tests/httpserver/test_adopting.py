"""Streams that a program brings are served like connections that were accepted."""

import asyncio
import socket
import ssl
from typing import Any

import pytest
from tests.iostream.connected import connected
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver.policy import Policy
from waterspout.iostream import SSLIOStream
from waterspout.web import RequestHandler

trustme = pytest.importorskip("trustme")


class Echo(RequestHandler):
    def get(self):
        self.write(f"{self.request.remote_ip} {self.request.path}")

    def post(self):
        self.write(self.request.body)


RULES = [("/.*", Echo)]


async def test_requests(wire: Wire):
    server = wire.serve(RULES)
    stream, client = connected(wire)
    server.handle_stream(stream, ("192.0.2.1", 5))
    for path in ("/a", "/b"):
        assert (await client.ask(path=path)).body == f"192.0.2.1 {path}".encode()
    assert (await client.ask(method="POST", body=b"x" * 100_000)).body == b"x" * 100_000
    assert stream.closed()
    assert len(server.connections) == 1
    client.end_sending()
    assert await client.rest() == b""
    await wire.closed(server)


async def test_without_an_address(wire: Wire):
    server = wire.serve(RULES)
    stream, client = connected(wire)
    server.handle_stream(stream, None)
    assert (await client.ask()).body == b"0.0.0.0 /"


async def test_what_was_received_and_written_before(wire: Wire):
    server = wire.serve(RULES)
    message = request(method="POST", body=b"hello") * 3
    for cut in (0, 10, len(message) // 2, len(message)):
        stream, client = connected(wire)
        await client.send(b"words\n" + message[:cut])
        assert await stream.read_until(b"\n") == b"words\n"
        stream.write(b"welcome\n")
        server.handle_stream(stream, None)
        await client.send(message[cut:])
        assert await client.until(b"\n") == b"welcome\n"
        for _ in range(3):
            assert (await client.response()).body == b"hello"


async def test_a_stream_that_is_closed(wire: Wire):
    server = wire.serve(RULES)
    stream, client = connected(wire)
    stream.close()
    server.handle_stream(stream, None)
    assert await client.rest() == b""
    while server.opening:
        await turns(1)
    assert server.connections == set()


async def test_policy_and_the_end(wire: Wire):
    server = wire.serve(RULES, max_body_size=10)
    stream, client = connected(wire)
    server.handle_stream(stream, None)
    assert (await client.ask(method="POST", body=b"x" * 11)).status == 413
    client.close()
    await wire.closed(server)
    stream, client = connected(wire)
    server.handle_stream(stream, None)
    await wire.connection_count(server, 1)
    server.stop()
    assert await server.close_all_connections() == 0
    assert await client.rest() == b""


async def test_a_client_that_does_not_read(wire: Wire):
    server = wire.serve(RULES, policy=Policy(write_timeout=0.001))
    stream, client = connected(wire, send_buffer=4096)
    stream.write(b"x" * 1_000_000)
    server.handle_stream(stream, None)
    while not stream.closed():
        await turns(1)
    await client.rest_or_reset()
    while server.opening:
        await turns(1)
    assert server.connections == set()


async def test_a_client_that_does_not_read_holds_up_no_drain(wire: Wire):
    server = wire.serve(RULES, policy=Policy(first_request_timeout=0.001))
    stream, client = connected(wire, send_buffer=4096)
    stream.write(b"x" * 1_000_000)
    server.handle_stream(stream, None)
    assert await server.drain() == 0
    assert stream.closed()
    await client.rest_or_reset()


async def test_a_stream_with_tls(wire: Wire):
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    target = wire.serve(RULES)

    async def hand_on(request: Any) -> None:
        stream = request.connection.detach()
        wire.streams.append(stream)
        target.handle_stream(stream, ("192.0.2.1", 5))

    first = wire.serve(hand_on, ssl_options=server_context)
    host, port = first.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(
        host, port, ssl=client_context, server_hostname="localhost"
    )
    writer.write(request() + request(path="/ahead"))
    assert (await reader.readuntil(b"192.0.2.1 /ahead")).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.write(request("Connection: close", path="/last"))
    assert (await reader.read()).endswith(b"192.0.2.1 /last")
    writer.close()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        pass
    await wire.closed(target)


async def test_a_stream_that_speaks_tls_itself(wire: Wire):
    server = wire.serve(RULES)
    near, far = socket.socketpair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with far:
        wrapped = context.wrap_socket(near, server_side=True, do_handshake_on_connect=False)
        stream = SSLIOStream(wrapped)
        with pytest.raises(TypeError, match="speaks TLS itself, and cannot be handed over"):
            server.handle_stream(stream, None)
        assert not stream.closed()
        assert not server.opening
        stream.close()
