"""Servers of protocols of the tests' own, and their clients' streams."""

import ssl
from collections.abc import Callable
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, turns

from waterspout.iostream import IOStream
from waterspout.netutil import bind_sockets
from waterspout.tcpclient import TCPClient
from waterspout.tcpserver import TCPServer

__all__ = ["Net", "client_tls", "net"]


class Net:
    """Starts servers for a test, in TLS or not, and connects to them."""

    def __init__(
        self, wire: Wire, server_tls: ssl.SSLContext | None, client_tls: ssl.SSLContext | None
    ) -> None:
        self.wire = wire
        self.server_tls = server_tls
        self.client_tls = client_tls
        self.servers: list[TCPServer] = []

    def serve(self, handle_stream: Callable[..., Any], **options: Any) -> TCPServer:
        """Return a server on a free port of 127.0.0.1 with this ``handle_stream``."""

        class Server(TCPServer):
            def handle_stream(self, stream: IOStream, address: Any) -> Any:
                return handle_stream(stream, address)

        server = Server(ssl_options=self.server_tls, **options)
        server.add_sockets(bind_sockets(0, "127.0.0.1"))
        self.servers.append(server)
        return server

    # As the wire ends what has served.

    @property
    def connections(self) -> list[Any]:
        """Streams are not known here."""
        return []

    def stop(self) -> None:
        """Stop all servers."""
        for server in self.servers:
            server.stop()

    async def close_all_connections(self, grace: float) -> None:
        """Wait until nothing handles a stream any more; all clients have gone."""
        for server in self.servers:
            while server._handling:
                await turns(1)

    async def connect(self, server: TCPServer, **options: Any) -> IOStream:
        """Return a stream to ``server``."""
        host, port = server.sockets[0].getsockname()
        options.setdefault("ssl_options", self.client_tls)
        client = TCPClient()
        stream = await client.connect(host, port, **options)
        client.close()
        self.wire.streams.append(stream)
        return stream


@pytest.fixture(scope="module")
def client_tls(authority):
    """A context for clients that trust the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(params=["plain", "tls"])
def net(request, wire, server_tls, client_tls):
    """Servers and clients, all in TLS or all without."""
    is_secret = request.param == "tls"
    made = Net(wire, server_tls if is_secret else None, client_tls if is_secret else None)
    wire.servers.append(made)
    return made
