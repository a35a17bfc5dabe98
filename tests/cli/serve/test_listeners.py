"""Listening sockets at their end."""

import select
import socket
import sys

import pytest

from waterspout.cli.serve.listeners import complete_no_more, listen_on_file, removed_at_end


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def _attempt(address):
    """Begin to connect, and return the socket."""
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(address)
    return client


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux")
def test_who_is_in_the_queue_is_served_and_nobody_comes_to_it(listener):
    with socket.create_connection(listener.getsockname()) as before:
        complete_no_more(listener)
        with _attempt(listener.getsockname()) as after:
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(b"served")
                assert before.recv(100) == b"served"
                before.sendall(b"thanks")
                assert accepted.recv(100) == b"thanks"
            assert select.select([listener], [after], [], 0) == ([], [], [])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux")
def test_who_attempts_meanwhile_is_refused_and_not_reset(listener):
    complete_no_more(listener)
    with _attempt(listener.getsockname()) as client:
        listener.close()
        assert select.select([], [client], [], 60)[1]
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def test_a_unix_socket_is_left_as_it_is(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(path)
        listener.listen()
        complete_no_more(listener)
        client.connect(path)


def test_the_file_of_a_dead_server_is_replaced(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
        dead.listen()
    with listen_on_file(path, 0o600, 5), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def test_the_file_of_a_server_that_lives_is_left(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        # The first one is let in, and the queue is full then.
        for _ in range(3):
            with pytest.raises(OSError, match=f"cannot listen on {path}: another server listens"):
                listen_on_file(path, 0o600, 5)


def test_what_is_removed_is_our_own(tmp_path):
    path = tmp_path / "socket"
    path.touch()
    with removed_at_end(str(path)):
        pass
    assert not path.exists()
    path.touch()
    with removed_at_end(str(path)):
        path.rename(tmp_path / "former")
        path.touch()
    assert path.exists()
    with removed_at_end(str(path)):
        path.unlink()
