"""A server in the process of the test, and clients that send and read raw bytes.

A conftest that takes ``wire`` and ``pytest_pyfunc_call`` from here lets its room's tests be
coroutines: each one that asks for ``wire`` runs on a fresh loop of asyncio's own and one of
uvloop's. When it ends everything is closed, nothing may be left open, and nothing may have been
reported to the loop that the test has not taken from ``wire.errors``.
"""

import asyncio
import importlib.util
import inspect
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from waterspout.httpserver import HTTPServer, HTTPServerConnection
from waterspout.iostream import BaseIOStream
from waterspout.netutil import bind_sockets
from waterspout.web import Application

__all__ = ["Client", "Response", "Wire", "pytest_pyfunc_call", "request", "turns", "wire"]

#: How long one test may take before it counts as hanging; none waits that long.
_PATIENCE = 30.0


def request(*lines: str | bytes, body: bytes = b"", method: str = "GET", path: str = "/") -> bytes:
    """Return a request of HTTP/1.1 with a Host, more field lines and maybe a body of a length."""
    fields = [line if isinstance(line, bytes) else line.encode("latin-1") for line in lines]
    if body:
        fields.append(b"Content-Length: %d" % len(body))
    start = f"{method} {path} HTTP/1.1".encode("ascii")
    return b"\r\n".join([start, b"Host: a", *fields, b"", b""]) + body


async def turns(count: int = 20) -> None:
    """Let the loop go round; what is ready happens meanwhile, without a clock."""
    for _ in range(count):
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Response:
    """A response as it came: ``fields`` are (name in lower case, value)."""

    status: int
    reason: str
    fields: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name: str) -> str:
        """Return the value of a field that is there once."""
        [value] = [found for key, found in self.fields if key == name.lower()]
        return value

    def __contains__(self, name: str) -> bool:
        return any(key == name.lower() for key, _ in self.fields)


class Client:
    """One client's connection, without any opinion on what may be sent."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock
        self._loop = asyncio.get_running_loop()
        self._received = b""

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        await self._loop.sock_sendall(self.socket, data)

    async def ask(self, *lines: str | bytes, **kwargs: Any) -> Response:
        """Send ``request(...)`` and return the response."""
        await self.send(request(*lines, **kwargs))
        return await self.response(kwargs.get("method", "GET"))

    async def response(self, to: str = "GET") -> Response:
        """Return the next response, interim ones too; ``to`` is the method of its request."""
        status, reason, fields = await self._head()
        values = dict(fields)
        has_body = to != "HEAD" and status >= 200 and status not in (204, 304)
        body = b""
        if not has_body:
            pass
        elif "transfer-encoding" in values:
            assert values["transfer-encoding"] == "chunked"
            assert "content-length" not in values
            body = await self._chunks()
        elif "content-length" in values:
            body = await self.read(int(values["content-length"]))
        else:
            body = await self.rest()
        return Response(status, reason, fields, body)

    async def _head(self) -> tuple[int, str, list[tuple[str, str]]]:
        head = (await self.until(b"\r\n\r\n")).decode("latin-1")
        start, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        version, status, reason = start.split(" ", 2)
        assert version == "HTTP/1.1"
        assert "\r" not in head.replace("\r\n", "")
        assert "\n" not in head.replace("\r\n", "")
        fields = []
        for line in lines:
            name, colon, value = line.partition(": ")
            assert colon, line
            fields.append((name.lower(), value))
        return int(status), reason, fields

    async def _chunks(self) -> bytes:
        body = b""
        while True:
            size = int(await self.until(b"\r\n"), 16)
            data = await self.read(size + 2)
            assert data.endswith(b"\r\n")
            if not size:
                return body
            body += data[:-2]

    async def until(self, end: bytes) -> bytes:
        """Return what comes up to and with ``end``."""
        while end not in self._received:
            await self._more()
        found, _, self._received = self._received.partition(end)
        return found + end

    async def read(self, size: int) -> bytes:
        """Return exactly ``size`` bytes."""
        while len(self._received) < size:
            await self._more()
        found, self._received = self._received[:size], self._received[size:]
        return found

    async def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        pieces = [self._received]
        self._received = b""
        while piece := await self._loop.sock_recv(self.socket, 1024 * 1024):
            pieces.append(piece)
        return b"".join(pieces)

    async def last_chunk(self) -> None:
        """Read a chunked response, of which something may have been read, to its end."""
        while b"0\r\n\r\n" not in self._received[-5:]:
            await self._more()

    async def rest_or_reset(self) -> bytes:
        """Return all that comes until the server closes or resets the connection."""
        pieces = [self._received]
        self._received = b""
        try:
            while piece := await self._loop.sock_recv(self.socket, 1024 * 1024):
                pieces.append(piece)
        except ConnectionResetError:
            pass
        return b"".join(pieces)

    async def receive(self) -> bytes:
        """Return what comes next, whatever it is."""
        data = await self._loop.sock_recv(self.socket, 1024 * 1024)
        if not data:
            raise EOFError("the server closed")
        return data

    async def _more(self) -> None:
        data = await self._loop.sock_recv(self.socket, 1024 * 1024)
        if not data:
            raise EOFError(f"the server closed after {self._received!r}")
        self._received += data

    async def receives_nothing(self) -> bool:
        """Tell whether the server keeps silent, and the connection open."""
        await turns()
        if self._received:
            return False
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        return False

    def end_sending(self) -> None:
        """Send no more, but go on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Go."""
        self.socket.close()

    def reset(self) -> None:
        """Go without a word: what is under way is lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Wire:
    """Makes servers and clients for one test, and closes them."""

    def __init__(self, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._new_loop = new_loop
        self.servers: list[HTTPServer] = []
        self.clients: list[Client] = []
        self.streams: list[BaseIOStream] = []
        #: What has been reported to the loop's exception handler; a test takes what it expects.
        self.errors: list[dict[str, Any]] = []

    def serve(
        self,
        application: Any,
        *,
        send_buffer: int | None = None,
        server_class: type[HTTPServer] = HTTPServer,
        **options: Any,
    ) -> HTTPServer:
        """Return a server on a free port of 127.0.0.1; rules become an application.

        A small ``send_buffer`` leaves what a client does not read to the server.
        """
        if isinstance(application, list):
            application = Application(application, log_function=lambda handler: None)
        server = server_class(application, **options)
        [listener] = bind_sockets(0, "127.0.0.1")
        if send_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        server.add_socket(listener)
        self.servers.append(server)
        return server

    async def connect(self, server: HTTPServer, receive_buffer: int | None = None) -> Client:
        """Return a client of ``server``; a small ``receive_buffer`` makes a slow reader."""
        [listener] = server.sockets
        return await self.connect_to(listener, receive_buffer)

    async def connect_to(
        self, listener: socket.socket, receive_buffer: int | None = None
    ) -> Client:
        """Return a client of whoever listens there."""
        sock = socket.socket(listener.family, socket.SOCK_STREAM)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client = Client(sock)
        self.clients.append(client)
        await asyncio.get_running_loop().sock_connect(sock, listener.getsockname())
        return client

    async def client(self, application: Any, **options: Any) -> Client:
        """Return a client of a new server."""
        return await self.connect(self.serve(application, **options))

    async def connection(self, server: HTTPServer) -> HTTPServerConnection:
        """Return the only connection of ``server``, when it is there."""
        while not server.connections:
            await turns(1)
        [connection] = server.connections
        return connection

    async def connection_count(self, server: HTTPServer, count: int) -> None:
        """Wait until ``server`` has heard of ``count`` connections."""
        while len(server.connections) < count:
            await turns(1)

    async def closed(self, server: HTTPServer) -> None:
        """Wait until ``server`` has no connection."""
        while server.connections:
            await turns(1)

    def run(self, test: Coroutine[Any, Any, None]) -> None:
        """Run a test on a new loop and close everything after it."""
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            runner.run(self._run(test))
        assert self.errors == []

    async def _run(self, test: Coroutine[Any, Any, None]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: self.errors.append(context))
        async with asyncio.timeout(_PATIENCE):
            try:
                await test
            finally:
                for client in self.clients:
                    client.close()
                for stream in self.streams:
                    stream.close()
                for server in self.servers:
                    server.stop()
                    await server.close_all_connections(0)
                    assert not server.connections
                await turns(2)


_HAS_UVLOOP = importlib.util.find_spec("uvloop") is not None


def _loop_factory(kind: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if kind == "uvloop":
        return pytest.importorskip("uvloop").new_event_loop  # type: ignore[no-any-return]
    return asyncio.new_event_loop


# In a hurry thousands of tests are enough on the loop that servers have by default.
@pytest.fixture(
    params=[pytest.param("asyncio", marks=[pytest.mark.slow] if _HAS_UVLOOP else []), "uvloop"]
)
def wire(request):
    """What makes servers and clients for a test that is a coroutine."""
    return Wire(_loop_factory(request.param))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Run a test that is a coroutine on the loop of its ``wire``."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = pyfuncitem.funcargs
    names = pyfuncitem._fixtureinfo.argnames
    arguments["wire"].run(pyfuncitem.obj(**{name: arguments[name] for name in names}))
    return True
