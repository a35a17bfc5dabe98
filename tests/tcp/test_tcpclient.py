"""Streams to hosts."""

import asyncio
import datetime
import errno
import socket
import ssl
from typing import Any

import pytest
from tests.tcp.servers import Net
from tests.wire.server_under_test import Wire

from waterspout.iostream import IOStream, SSLIOStream, StreamClosedError
from waterspout.netutil import BlockingResolver, OverrideResolver, Resolver, bind_sockets
from waterspout.tcpclient import TCPClient
from waterspout.tcpserver import TCPServer


async def greet(stream: IOStream, address: Any) -> None:
    await stream.write(b"hello %s %d\n" % (address[0].encode(), address[1]))
    stream.close()


class Fixed(Resolver):
    """Finds what the test says."""

    def initialize(self, found: Any) -> None:  # type: ignore[override]
        self.found = found
        self.is_closed = False

    async def resolve(self, host: str, port: int, family: Any = socket.AF_UNSPEC) -> Any:
        if isinstance(self.found, asyncio.Future):
            return await self.found
        return self.found

    def close(self) -> None:
        self.is_closed = True


async def test_connect(wire: Wire, net: Net):
    server = net.serve(greet)
    stream = await net.connect(server, max_buffer_size=12345)
    assert stream.max_buffer_size == 12345
    assert isinstance(stream, SSLIOStream) == (net.client_tls is not None)
    own = stream.socket.getsockname()
    assert await stream.read_until(b"\n") == b"hello 127.0.0.1 %d\n" % own[1]
    assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("family", [socket.AF_UNSPEC, socket.AF_INET])
async def test_a_name(wire: Wire, net: Net, family):
    server = net.serve(greet)
    port = server.sockets[0].getsockname()[1]
    stream = await TCPClient().connect("localhost", port, af=family, ssl_options=net.client_tls)
    wire.streams.append(stream)
    assert (await stream.read_until(b"\n")).startswith(b"hello 127.0.0.1 ")


async def test_connect_from(wire: Wire, net: Net):
    server = net.serve(greet)
    stream = await net.connect(server, source_ip="127.0.0.1")
    assert (await stream.read_until(b"\n")).startswith(b"hello 127.0.0.1 ")
    for address in ("127.0.0.1", None):
        stream, port = await connect_from_a_free_port(net, server, address)
        assert await stream.read_until(b"\n") == b"hello 127.0.0.1 %d\n" % port
        stream.close()


async def connect_from_a_free_port(
    net: Net, server: TCPServer, address: str | None
) -> tuple[IOStream, int]:
    """Return a stream from a port of one's choice; others may take it before it is bound."""
    for _ in range(20):
        [free] = bind_sockets(0, "127.0.0.1")
        port = free.getsockname()[1]
        free.close()
        try:
            return await net.connect(server, source_ip=address, source_port=port), port
        except StreamClosedError as error:
            if getattr(error.real_error, "errno", None) != errno.EADDRINUSE:
                raise
    raise AssertionError("no port stays free")


async def test_connect_from_what_is_no_address(wire: Wire, net: Net):
    server = net.serve(greet)
    with pytest.raises(ValueError, match="source_ip must be an IP address, not 'here'"):
        await net.connect(server, source_ip="here")
    with pytest.raises(ValueError, match="source_port must be a number"):
        await net.connect(server, source_port=70000)
    with pytest.raises(StreamClosedError) as caught:
        await net.connect(server, source_ip="192.0.2.1")
    assert "cannot connect from 192.0.2.1 port 0" in str(caught.value.real_error)
    with pytest.raises(StreamClosedError) as caught:
        await net.connect(server, source_ip="::1")
    assert "127.0.0.1 has no address of the family of ::1" in str(caught.value.real_error)


async def test_where_nobody_listens(wire: Wire, net: Net):
    server = net.serve(greet)
    host, port = server.sockets[0].getsockname()
    server.stop()
    with pytest.raises(StreamClosedError) as caught:
        await TCPClient().connect(host, port)
    assert isinstance(caught.value.real_error, ConnectionRefusedError)


async def test_the_next_address_is_tried(wire: Wire, net: Net):
    [nobody] = bind_sockets(0, "127.0.0.1")
    refused = nobody.getsockname()
    nobody.close()
    server = net.serve(greet)
    host, port = server.sockets[0].getsockname()
    found = [
        (socket.AF_INET6, ("::1", refused[1], 0, 0)),
        (socket.AF_INET, refused),
        (socket.AF_INET, (host, port)),
    ]
    client = TCPClient(Fixed(found))
    stream = await client.connect("localhost", port, ssl_options=net.client_tls)
    wire.streams.append(stream)
    assert stream.socket.getpeername() == (host, port)
    with pytest.raises(StreamClosedError) as caught:
        await TCPClient(Fixed(found[:2])).connect("localhost", port)
    assert "::1: " in str(caught.value.real_error)
    assert "127.0.0.1: " in str(caught.value.real_error)


async def test_another_resolver(wire: Wire, net: Net):
    server = net.serve(greet)
    host, port = server.sockets[0].getsockname()
    resolver = OverrideResolver(BlockingResolver(), {("localhost", 1): (host, port)})
    stream = await TCPClient(resolver).connect("localhost", 1, ssl_options=net.client_tls)
    wire.streams.append(stream)
    assert stream.socket.getpeername() == (host, port)


async def test_what_a_resolver_raises(wire: Wire, net: Net):
    failing = asyncio.get_running_loop().create_future()
    failing.set_exception(socket.gaierror(socket.EAI_NONAME, "no such host"))
    with pytest.raises(socket.gaierror, match="no such host"):
        await TCPClient(Fixed(failing)).connect("nowhere.invalid", 80)
    with pytest.raises(StreamClosedError) as caught:
        await TCPClient(Fixed([])).connect("nowhere.invalid", 80)
    assert "nowhere.invalid has no address" in str(caught.value.real_error)


def test_whose_resolver_is_closed():
    theirs: Any = Fixed([])
    client = TCPClient(theirs)
    client.close()
    assert not theirs.is_closed
    assert client.resolver is theirs
    try:
        Resolver.configure(Fixed, found=[])
        own: Any = TCPClient()
        own.close()
        assert own.resolver.is_closed
    finally:
        Resolver.configure(None)


@pytest.mark.parametrize("timeout", [0, 0.01, datetime.timedelta(milliseconds=1)])
async def test_a_host_that_nobody_finds_in_time(wire: Wire, net: Net, timeout):
    never = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        await TCPClient(Fixed(never)).connect("localhost", 80, timeout=timeout)
    with pytest.raises(TypeError, match="timeout must be"):
        await TCPClient(Fixed([])).connect("localhost", 80, timeout="1")  # type: ignore[arg-type]


async def test_a_handshake_that_takes_too_long(wire: Wire, client_tls):
    [listener] = bind_sockets(0, "127.0.0.1")
    host, port = listener.getsockname()
    with listener:
        with pytest.raises(TimeoutError):
            await TCPClient().connect(host, port, ssl_options=client_tls, timeout=0.05)
        with listener.accept()[0] as peer:
            # The connection is closed, behind what it said first.
            while peer.recv(65536):
                pass


async def test_a_certificate_for_another_name(wire: Wire, net: Net):
    if net.client_tls is None:
        return
    server = net.serve(greet)
    host, port = server.sockets[0].getsockname()
    client = TCPClient(Fixed([(socket.AF_INET, (host, port))]))
    with pytest.raises(ssl.SSLCertVerificationError):
        await client.connect("other.example", port, ssl_options=net.client_tls)
    with pytest.raises(TypeError, match="unknown ssl_options"):
        await client.connect("localhost", port, ssl_options={"mine": 1})
    trusting = {"cert_reqs": ssl.CERT_NONE}
    stream = await client.connect("other.example", port, ssl_options=trusting)
    wire.streams.append(stream)
    assert (await stream.read_until(b"\n")).startswith(b"hello")
