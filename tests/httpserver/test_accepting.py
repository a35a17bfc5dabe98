"""What happens where connections come in: many, none, and more than there are descriptors for."""

import asyncio
import errno
import logging
import os
import socket
import sys

import pytest
from tests.wire.server_process import LOOPS, start
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import HTTPServer
from waterspout.netutil import bind_sockets
from waterspout.web import RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("hello")


class Refusing(socket.socket):
    """A listening socket that cannot accept, for as long as ``error`` says so."""

    error: int | None = None
    attempts = 0

    def accept(self):
        self.attempts += 1
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return super().accept()


def refusing(error: int) -> Refusing:
    [listener] = bind_sockets(0, "127.0.0.1")
    found = Refusing(fileno=listener.detach())
    found.error = error
    return found


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch):
    """Pauses are over at once."""
    monkeypatch.setattr("waterspout.netutil.accepting._PAUSE", 0.0)


def server_of(wire: Wire, *listeners: socket.socket) -> HTTPServer:
    """Return a server that accepts from these only."""
    server = wire.serve([("/", Hello)])
    server.stop()
    server.add_sockets(listeners)
    return server


@pytest.mark.parametrize("reason", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_who_cannot_be_accepted_waits_and_is_accepted_later(
    wire: Wire, no_pause, caplog: pytest.LogCaptureFixture, reason: int
):
    listener = refusing(reason)
    server_of(wire, listener)
    with caplog.at_level(logging.ERROR, "waterspout.application"):
        client = await wire.connect_to(listener)
        while len(caplog.records) < 3:
            await turns(1)
    # Every attempt after a pause, and a line of the log for each.
    assert len(caplog.records) == listener.attempts
    assert caplog.messages[0] == (
        f"cannot accept connections on {listener.getsockname()}: {os.strerror(reason)};"
        " trying again in 0 s"
    )
    listener.error = None
    assert (await client.ask()).body == b"hello"


async def test_one_pause_for_all_sockets(
    wire: Wire, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("waterspout.netutil.accepting._PAUSE", 3600.0)
    one, two = refusing(errno.EMFILE), refusing(errno.EMFILE)
    server = server_of(wire, one, two)
    with caplog.at_level(logging.ERROR, "waterspout.application"):
        await wire.connect_to(one)
        await wire.connect_to(two)
        while not caplog.records:
            await turns(1)
        await turns()
        three = refusing(errno.EMFILE)
        server.add_socket(three)
        await wire.connect_to(three)
        await turns()
    assert server.sockets == [one, two, three]
    assert one.attempts + two.attempts == 1
    assert three.attempts == 0
    assert len(caplog.records) == 1
    server.stop()
    assert one.fileno() == two.fileno() == three.fileno() == -1


async def test_what_is_wrong_with_one_connection_does_not_stop_the_others(
    wire: Wire, no_pause, caplog: pytest.LogCaptureFixture
):
    listener = refusing(errno.ECONNABORTED)
    server_of(wire, listener)
    client = await wire.connect_to(listener)
    while not listener.attempts:
        await turns(1)
    listener.error = None
    assert (await client.ask()).body == b"hello"
    assert not caplog.records


async def test_a_connection_that_cannot_be_opened_is_closed_and_logged(
    wire: Wire, caplog: pytest.LogCaptureFixture
):
    class Failing(HTTPServer):
        async def _connect(self, accepted: socket.socket) -> None:
            raise ValueError("no")

    server = wire.serve([("/", Hello)], server_class=Failing)
    client = await wire.connect(server)
    assert await client.rest() == b""
    assert caplog.messages == ["a connection could not be opened"]
    while server.opening:
        await turns(1)


def test_a_server_that_outlives_its_loop_accepts_in_the_next_one():
    """What listened in the former one is still its own to close."""
    server = HTTPServer(lambda request: None)

    async def listen() -> None:
        server.listen(0, "127.0.0.1")

    async def ask() -> None:
        server.listen(0, "127.0.0.1")
        reader, writer = await asyncio.open_connection(*server.sockets[-1].getsockname())
        writer.write(b"nonsense\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        server.stop()
        await server.wait_all_closed()

    asyncio.run(listen())
    asyncio.run(ask())
    assert server.sockets == []


async def test_a_burst_is_accepted_whole(wire: Wire):
    server = wire.serve([("/", Hello)])
    clients = [await wire.connect(server) for _ in range(100)]
    for client in clients:
        await client.send(request())
    for client in clients:
        assert (await client.response()).body == b"hello"


async def test_a_socket_that_blocks_is_made_not_to(wire: Wire):
    server = wire.serve([("/", Hello)])
    [listener] = bind_sockets(0, "127.0.0.1")
    listener.setblocking(True)
    server.add_socket(listener)
    client = await wire.connect_to(listener)
    assert (await client.ask()).body == b"hello"


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("loop", LOOPS)
def test_a_process_without_descriptors(loop: str):
    """Nobody who waits is turned away, who is in is served, and it does not spin."""
    with start(loop, descriptors=50) as server:
        inside = server.connect()
        ask = request()
        inside.sendall(ask)
        assert inside.recv(65536).startswith(b"HTTP/1.1 200 ")
        before = server.usage()["seconds"]
        clients = [server.connect() for _ in range(100)]
        try:
            for client in clients:
                client.sendall(ask)
            for _ in range(3):  # one line a second
                line = server.log.get(timeout=60)
                assert "Too many open files; trying again in 1 s" in line
                inside.sendall(ask)
                assert inside.recv(65536).startswith(b"HTTP/1.1 200 ")
            # Those who wait are answered as soon as others have gone.
            for client in clients:
                assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
                client.close()
            used = server.usage()
        finally:
            inside.close()
            for client in clients:
                client.close()
        assert used["seconds"] - before < 1.0  # spinning, it had been two and more
        assert used["descriptors"] < 50


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("loop", LOOPS)
def test_a_handler_that_needs_a_module_when_there_are_no_descriptors(loop: str):
    """It fails, on that request only: what it needs is imported by the next one."""
    with start(loop, descriptors=50) as server:
        look = request(path="/look?a=b")
        inside = server.connect()
        clients = [server.connect() for _ in range(100)]
        try:
            inside.sendall(request())
            assert inside.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert "Too many open files; trying again in 1 s" in server.log.get(timeout=60)
            inside.sendall(look)
            assert inside.recv(65536).startswith(b"HTTP/1.1 500 ")
            inside.sendall(request())
            assert inside.recv(65536).startswith(b"HTTP/1.1 200 ")
        finally:
            for client in clients:
                client.close()
        assert any(server.usage()["descriptors"] < 40 for _ in range(10_000))
        inside.sendall(look)
        assert inside.recv(65536).startswith(b"HTTP/1.1 200 ")
        inside.close()
