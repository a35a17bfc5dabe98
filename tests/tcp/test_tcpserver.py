"""A server of streams."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.tcp.servers import Net
from tests.wire.server_under_test import Wire, turns

from waterspout import gen
from waterspout.iostream import IOStream, SSLIOStream, StreamClosedError, tls
from waterspout.netutil import bind_unix_socket
from waterspout.tcpserver import TCPServer

_SOURCES = Path(__file__).parents[2] / "src"


async def echo_lines(stream: IOStream, address: Any) -> None:
    while True:
        await stream.write(await stream.read_until(b"\n", max_bytes=1000))


async def test_an_echo(wire: Wire, net: Net, caplog):
    server = net.serve(echo_lines)
    clients = [await net.connect(server) for _ in range(5)]
    for number, client in enumerate(clients):
        await client.write(b"line %d\n" % number)
    for number, client in enumerate(clients):
        assert await client.read_until(b"\n") == b"line %d\n" % number
        client.close()
    while server._handling:
        await turns(1)
    assert caplog.text == ""


async def test_who_the_client_is(wire: Wire, net: Net):
    served: asyncio.Queue[tuple[IOStream, Any]] = asyncio.Queue()
    server = net.serve(
        lambda *found: served.put_nowait(found), max_buffer_size=54321, read_chunk_size=1234
    )
    connecting = asyncio.ensure_future(net.connect(server))
    stream, address = await served.get()
    wire.streams.append(stream)
    client = await connecting
    assert address == client.socket.getsockname()
    assert isinstance(stream, SSLIOStream) == (net.server_tls is not None)
    assert stream.max_buffer_size == 54321
    assert stream.read_chunk_size == 1234


@pytest.mark.parametrize("kind", ["plain", "async", "late", "generator"])
async def test_what_fails_is_logged_and_the_connection_closed(
    wire: Wire, net: Net, caplog, kind: str
):
    async def fail(stream: IOStream, address: Any) -> None:
        raise LookupError("mine")

    async def fail_late(stream: IOStream, address: Any) -> None:
        await stream.read_bytes(1)
        raise LookupError("mine")

    @gen.coroutine
    def generator(stream: IOStream, address: Any) -> Any:
        yield stream.read_bytes(1)
        raise LookupError("mine")

    def plain(stream: IOStream, address: Any) -> None:
        raise LookupError("mine")

    server = net.serve({"plain": plain, "async": fail, "late": fail_late}.get(kind, generator))
    try:
        client = await net.connect(server)
        client.write(b"x")
        assert await client.read_until_close() == b""
    except (ConnectionResetError, StreamClosedError, ssl.SSLError):
        pass  # closed in the middle of the handshake, or with our byte unread
    while server._handling:
        await turns(1)
    await turns()
    assert caplog.text.count("LookupError: mine") == 1
    assert "handle_stream failed, connection from ('127.0.0.1'" in caplog.text


async def test_a_stream_that_is_closed_elsewhere_is_an_error(wire: Wire, net: Net, caplog):
    async def ask_another(stream: IOStream, address: Any) -> None:
        await stream.read_bytes(1)
        raise StreamClosedError(ConnectionRefusedError("the other server"))

    server = net.serve(ask_another)
    client = await net.connect(server)
    await client.write(b"x")
    assert await client.read_until_close() == b""
    await turns()
    assert caplog.text.count("handle_stream failed") == 1


async def test_a_server_without_a_protocol(wire: Wire, caplog):
    server = TCPServer()
    server.listen(0, "127.0.0.1")
    client = await wire.connect_to(server.sockets[0])
    assert await client.rest() == b""
    assert "TCPServer must define handle_stream()" in caplog.text
    server.stop()


async def test_stop(wire: Wire, net: Net):
    server = net.serve(echo_lines)
    client = await net.connect(server)
    await client.write(b"one\n")
    assert await client.read_until(b"\n") == b"one\n"
    [listener] = server.sockets
    assert repr(server).startswith("<Server ('127.0.0.1', ")
    server.stop()
    server.stop()
    assert listener.fileno() == -1
    assert repr(server) == "<Server stopped handling=1>"
    await client.write(b"two\n")  # what is open stays
    assert await client.read_until(b"\n") == b"two\n"


async def test_stop_in_the_middle_of_accepting(wire: Wire, net: Net):
    taken: list[IOStream] = []

    def take(stream: IOStream, address: Any) -> None:
        taken.append(stream)
        server.stop()

    server = net.serve(take)
    [listener] = server.sockets
    await wire.connect_to(listener)
    while not taken:
        await turns(1)
    await turns()
    wire.streams.extend(taken)
    assert len(taken) == 1


async def test_what_is_cancelled_is_closed(wire: Wire, net: Net):
    server = net.serve(echo_lines)
    client = await net.connect(server)
    await client.write(b"one\n")
    await client.read_until(b"\n")
    [handling] = server._handling
    handling.cancel()
    assert await client.read_until_close() == b""


async def test_bind_and_start(wire: Wire, net: Net):
    server = net.serve(echo_lines)
    server.stop()
    for _ in range(2):
        server.bind(0, "127.0.0.1")
    assert server.sockets == []
    server.start()
    assert len(server.sockets) == 2
    client = await net.connect(server)
    await client.write(b"one\n")
    assert await client.read_until(b"\n") == b"one\n"


def test_what_was_not_started_is_closed_by_stop():
    server = TCPServer()
    server.bind(0, "127.0.0.1")
    [listener] = server._bound
    server.stop()
    assert listener.fileno() == -1


async def test_a_unix_socket(wire: Wire, tmp_path):
    class Server(TCPServer):
        async def handle_stream(self, stream: IOStream, address: Any) -> None:
            assert address == ""
            await stream.write(b"hello")
            stream.close()

    server = Server()
    server.add_socket(bind_unix_socket(str(tmp_path / "socket")))
    client = await wire.connect_to(server.sockets[0])
    assert await client.rest() == b"hello"
    server.stop()


def test_wrong_options_are_told_at_once(tmp_path):
    with pytest.raises(ValueError, match="need a certfile"):
        TCPServer(ssl_options={})
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pem"):
        TCPServer(ssl_options={"certfile": str(tmp_path / "nowhere.pem")})
    with pytest.raises(TypeError, match="unknown ssl_options: cert"):
        TCPServer(ssl_options={"cert": "a.pem"})


async def test_a_client_that_does_not_speak_tls(wire: Wire, server_tls, caplog):
    closed = asyncio.Event()
    kept: list[IOStream] = []

    class Server(TCPServer):
        async def handle_stream(self, stream: IOStream, address: Any) -> None:
            kept.append(stream)
            stream.set_close_callback(closed.set)
            assert isinstance(stream, SSLIOStream)
            await stream.wait_for_handshake()

    server = Server(ssl_options=server_tls)
    server.listen(0, "127.0.0.1")
    client = await wire.connect_to(server.sockets[0])
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    await closed.wait()
    await turns()
    assert isinstance(kept[0].error, ssl.SSLError)
    assert "TLS handshake with ('127.0.0.1'" in caplog.text
    assert "Traceback" not in caplog.text
    server.stop()


async def test_a_client_that_says_nothing_where_tls_is_spoken(
    wire: Wire, server_tls, caplog, monkeypatch
):
    monkeypatch.setattr(tls, "_HANDSHAKE_TIMEOUT", 0)

    class Server(TCPServer):
        async def handle_stream(self, stream: IOStream, address: Any) -> None:
            await stream.read_until(b"\n")

    server = Server(ssl_options=server_tls)
    server.listen(0, "127.0.0.1")
    client = await wire.connect_to(server.sockets[0])
    assert await client.rest() == b""
    await turns()
    assert "handling=0" in repr(server)
    assert "not ended within" in caplog.text
    assert "Traceback" not in caplog.text
    server.stop()


async def test_a_client_that_has_gone_before_it_was_accepted(wire: Wire, net: Net, caplog):
    server = net.serve(echo_lines)
    [listener] = server.sockets
    for _ in range(3):
        with socket.socket() as gone:
            gone.connect(listener.getsockname())
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client = await net.connect(server)
    await client.write(b"one\n")
    assert await client.read_until(b"\n") == b"one\n"
    assert "Traceback" not in caplog.text


FORKING = r"""
import asyncio, os, signal, socket, sys
from waterspout.ioloop import IOLoop
from waterspout.process import task_id
from waterspout.tcpserver import TCPServer

class Server(TCPServer):
    async def handle_stream(self, stream, address):
        if await stream.read_until(b"\n") == b"end\n":
            server.stop()  # or it could take one more before the loop ends
            asyncio.get_running_loop().stop()
        await stream.write(b"%d %d\n" % (task_id(), os.getppid()))
        stream.close()

server = Server()
server.bind(0, "127.0.0.1")
print(server._bound[0].getsockname()[1], os.getpid(), flush=True)
server.start(2)
IOLoop.current().start()
"""


def test_several_processes():
    with subprocess.Popen(
        [sys.executable, "-c", FORKING],
        env={**os.environ, "PYTHONPATH": str(_SOURCES)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        port, pid = parent.stdout.readline().split()
        numbers: set[bytes] = set()
        try:
            while len(numbers) < 2:
                with socket.create_connection(("127.0.0.1", int(port)), timeout=30) as client:
                    # The process that answers listens no more, and so the other one is next.
                    client.sendall(b"end\n")
                    number, ppid = client.makefile("rb").readline().split()
                    assert ppid.decode() == pid
                    numbers.add(number)
            assert numbers == {b"0", b"1"}
            assert parent.wait(30) == 0
        except BaseException:
            os.killpg(parent.pid, signal.SIGKILL)  # it and its children
            raise
