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

from waterspout.httpserver.accepting import Acceptor
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
def acceptor(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    """What makes an acceptor whose connections end at once, and whose pauses are over at once."""
    monkeypatch.setattr("waterspout.httpserver.accepting._PAUSE", 0.0)

    async def open_connection(accepted: socket.socket) -> None:
        accepted.close()

    return lambda: Acceptor(asyncio.get_running_loop(), open_connection)


@pytest.mark.parametrize("reason", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_who_cannot_be_accepted_waits_and_is_accepted_later(
    wire: Wire, acceptor, caplog: pytest.LogCaptureFixture, reason: int
):
    found = acceptor()
    listener = refusing(reason)
    found.add(listener)
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
    assert await client.rest() == b""
    found.close()


async def test_one_pause_for_all_sockets(
    wire: Wire, acceptor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("waterspout.httpserver.accepting._PAUSE", 3600.0)
    found = acceptor()
    one, two = refusing(errno.EMFILE), refusing(errno.EMFILE)
    found.add(one)
    found.add(two)
    with caplog.at_level(logging.ERROR, "waterspout.application"):
        await wire.connect_to(one)
        await wire.connect_to(two)
        while not caplog.records:
            await turns(1)
        await turns()
        three = refusing(errno.EMFILE)
        found.add(three)
        await wire.connect_to(three)
        await turns()
    assert repr(found) == "<Acceptor waiting sockets=3 opening=0>"
    # Both may have been ready in one turn of the loop.
    assert one.attempts + two.attempts in (1, 2)
    assert three.attempts == 0
    assert len(caplog.records) == 1
    found.close()
    assert one.fileno() == two.fileno() == three.fileno() == -1


async def test_what_is_wrong_with_one_connection_does_not_stop_the_others(
    wire: Wire, acceptor, caplog: pytest.LogCaptureFixture
):
    found = acceptor()
    listener = refusing(errno.ECONNABORTED)
    found.add(listener)
    client = await wire.connect_to(listener)
    while not listener.attempts:
        await turns(1)
    listener.error = None
    assert await client.rest() == b""
    assert not caplog.records
    found.close()


async def test_a_connection_that_cannot_be_opened_is_closed_and_logged(
    wire: Wire, caplog: pytest.LogCaptureFixture
):
    async def open_connection(accepted: socket.socket) -> None:
        raise ValueError("no")

    found = Acceptor(asyncio.get_running_loop(), open_connection)
    [listener] = bind_sockets(0, "127.0.0.1")
    found.add(listener)
    client = await wire.connect_to(listener)
    assert await client.rest() == b""
    assert caplog.messages == ["a connection could not be opened"]
    found.close()


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
