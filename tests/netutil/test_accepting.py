"""Connections from a socket that listens, each handed to a callback."""

import asyncio
import errno
import socket
from typing import Any

from tests.wire.server_under_test import turns

from waterspout.netutil import add_accept_handler, bind_sockets, bind_unix_socket
from waterspout.netutil.accepting import Accepting


def listener() -> socket.socket:
    [made] = bind_sockets(0, "127.0.0.1")
    return made


async def connect(listener: socket.socket) -> socket.socket:
    """Return the socket of a client."""
    client = socket.socket(listener.family, socket.SOCK_STREAM)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, listener.getsockname())
    return client


def test_a_connection_and_its_address(loop):
    async def main() -> None:
        accepted: asyncio.Queue[tuple[socket.socket, Any]] = asyncio.Queue()
        with listener() as sock:
            remove = add_accept_handler(sock, lambda *found: accepted.put_nowait(found))
            for _ in range(3):
                with await connect(sock) as client:
                    connection, address = await accepted.get()
                    with connection:
                        assert address == client.getsockname()
            remove()
            remove()
            with await connect(sock):
                await turns()
                assert accepted.empty()
                connection, _ = sock.accept()  # it waits in the kernel, and the socket is open
                connection.close()

    loop.run_until_complete(main())


def test_a_unix_socket(loop, tmp_path):
    async def main() -> None:
        accepted = loop.create_future()
        with bind_unix_socket(str(tmp_path / "socket")) as sock:
            remove = add_accept_handler(sock, lambda *found: accepted.set_result(found))
            with await connect(sock):
                connection, address = await accepted
                connection.close()
                assert address == ""
            remove()

    loop.run_until_complete(main())


def test_a_callback_that_fails(loop, caplog):
    async def main() -> None:
        def fail(connection: socket.socket, address: Any) -> None:
            raise LookupError("mine")

        with listener() as sock:
            remove = add_accept_handler(sock, fail)
            with await connect(sock) as client:
                assert await loop.sock_recv(client, 1) == b""
            with await connect(sock) as client:
                assert await loop.sock_recv(client, 1) == b""
            remove()
        assert caplog.text.count("LookupError: mine") == 2
        assert "failed on a connection from ('127.0.0.1'" in caplog.text

    loop.run_until_complete(main())


def test_a_callback_may_end_it(loop):
    async def main() -> None:
        accepted: list[socket.socket] = []

        def take(connection: socket.socket, address: Any) -> None:
            accepted.append(connection)
            remove()

        with listener() as sock:
            clients = [await connect(sock), await connect(sock)]
            remove = add_accept_handler(sock, take)
            while not accepted:
                await turns(1)
            await turns()
            assert len(accepted) == 1
            for found in (*accepted, *clients):
                found.close()

    loop.run_until_complete(main())


class Refusing:
    """A listener from whom the system takes descriptors away."""

    def __init__(self, sock: socket.socket, errors: list[int]) -> None:
        self._sock = sock
        self.errors = errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def accept(self) -> Any:
        if self.errors:
            raise OSError(self.errors.pop(), "refused")
        return self._sock.accept()


def test_no_descriptors_are_waited_for(fake_clock_loop, caplog):
    loop = fake_clock_loop

    async def main() -> None:
        accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
        with listener() as sock:
            refusing: Any = Refusing(sock, [errno.EMFILE])
            accepting = Accepting(loop, lambda sock, _: accepted.put_nowait(sock))
            accepting.add(refusing)
            assert repr(accepting) == "<Accepting accepting sockets=1>"
            with await connect(sock):
                begin = loop.time()
                (await accepted.get()).close()
                assert loop.time() == begin + 1.0
            assert caplog.text.count("cannot accept connections on ('127.0.0.1'") == 1
            refusing.errors.append(errno.ENFILE)
            with await connect(sock):
                while refusing.errors:
                    await turns(1)
                accepting.end()
                await asyncio.sleep(2.0)
                assert accepted.empty()
            assert repr(accepting) == "<Accepting ended sockets=0>"

    loop.run_until_complete(main())


def test_one_pause_and_one_line_for_all_sockets(loop, caplog, monkeypatch):
    monkeypatch.setattr("waterspout.netutil.accepting._PAUSE", 3600.0)

    async def main() -> None:
        accepting = Accepting(loop, lambda sock, _: sock.close())
        with listener() as one, listener() as two, listener() as three:
            found: list[Any] = [Refusing(sock, [errno.EMFILE]) for sock in (one, two, three)]
            accepting.add(found[0])
            accepting.add(found[1])
            # Both are ready in the same turn of the loop.
            with await connect(one), await connect(two), await connect(three):
                while not caplog.records:
                    await turns(1)
                accepting.add(found[2])
                await turns()
            assert repr(accepting) == "<Accepting waiting sockets=3>"
            assert sorted(len(sock.errors) for sock in found) == [0, 1, 1]
            assert len(caplog.records) == 1
            accepting.end()
            accepting.end()
            assert repr(accepting) == "<Accepting ended sockets=0>"

    loop.run_until_complete(main())


def test_an_end_after_its_loop(make_loop):
    loop = make_loop()

    async def main() -> None:
        accepting.add(sock)

    accepting = Accepting(loop, lambda sock, _: sock.close())
    with listener() as sock:
        loop.run_until_complete(main())
        loop.close()
        accepting.end()
        assert accepting.sockets == []


def test_a_connection_that_failed_before_it_was_accepted(loop, caplog):
    async def main() -> None:
        accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
        with listener() as sock:
            refusing: Any = Refusing(sock, [errno.ECONNABORTED])
            accepting = Accepting(loop, lambda sock, _: accepted.put_nowait(sock))
            accepting.add(refusing)
            with await connect(sock):
                (await accepted.get()).close()
            accepting.end()
        assert caplog.text == ""

    loop.run_until_complete(main())
