"""Sockets to listen on."""

import errno
import os
import socket
import stat
from typing import Any

import pytest

from waterspout.netutil import bind_sockets, bind_unix_socket, listening


@pytest.fixture
def opened():
    """A list: the sockets in it are closed at the end."""
    sockets: list[socket.socket] = []
    yield sockets
    for found in sockets:
        found.close()


def test_a_free_port(opened):
    opened += bind_sockets(0, "127.0.0.1")
    [listener] = opened
    assert listener.family == socket.AF_INET
    assert not listener.getblocking()
    host, port = listener.getsockname()
    assert host == "127.0.0.1"
    assert port > 0
    socket.create_connection((host, port)).close()


@pytest.mark.parametrize("address", [None, ""])
def test_all_interfaces_share_the_port(opened, address):
    opened += bind_sockets(0, address)
    assert len({listener.getsockname()[1] for listener in opened}) == 1
    assert len({listener.family for listener in opened}) == len(opened)


def test_a_port_that_is_free_for_one_family_only_is_picked_anew(opened, monkeypatch):
    calls = []
    bind = listening._bind

    def taken_at_first(family, address, backlog, reuse_port):
        calls.append(address[1])
        if len(calls) == 2:
            raise OSError(errno.EADDRINUSE, "taken")
        return bind(family, address, backlog, reuse_port)

    monkeypatch.setattr(listening, "_bind", taken_at_first)
    monkeypatch.setattr(
        listening,
        "_addresses",
        lambda *args: [(socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET, ("127.0.0.2", 0))],
    )
    opened += bind_sockets(0)
    assert len(opened) == 2
    assert len({listener.getsockname()[1] for listener in opened}) == 1
    assert [port == 0 for port in calls] == [True, False, True, False]


def test_a_port_that_is_never_free_is_not_picked_for_ever(monkeypatch):
    calls = []

    def taken(family, address, backlog, reuse_port):
        calls.append(address)
        raise OSError(errno.EADDRINUSE, "taken")

    monkeypatch.setattr(listening, "_bind", taken)
    with pytest.raises(OSError, match="taken"):
        bind_sockets(0, "127.0.0.1")
    assert 1 < len(calls) < 100
    calls.clear()
    with pytest.raises(OSError, match="taken"):
        bind_sockets(8888, "127.0.0.1")
    assert len(calls) == 1


def test_only_ipv4(opened):
    opened += bind_sockets(0, family=socket.AF_INET)
    assert [listener.family for listener in opened] == [socket.AF_INET]


def test_a_port_in_use_is_named(opened):
    opened += bind_sockets(0, "127.0.0.1")
    port = opened[0].getsockname()[1]
    message = f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    with pytest.raises(OSError, match=message) as caught:
        bind_sockets(port, "127.0.0.1")
    assert caught.value.errno == errno.EADDRINUSE


def test_none_is_left_open_where_one_cannot_be_had(monkeypatch):
    made: list[Any] = []
    bind = listening._bind

    def second_is_taken(family, address, backlog, reuse_port):
        if made:
            raise OSError(errno.EADDRINUSE, "taken")
        made.append(bind(family, address, backlog, reuse_port))
        return made[0]

    monkeypatch.setattr(listening, "_bind", second_is_taken)
    addresses: list[Any] = [(socket.AF_INET, ("127.0.0.1",)), (socket.AF_INET, ("127.0.0.2",))]
    with pytest.raises(OSError, match="taken"):
        listening._bind_all(addresses, 0, 1, False)
    assert made[0].fileno() == -1


def test_an_address_of_another_machine_is_named():
    with pytest.raises(OSError, match=r"cannot listen on 192\.0\.2\.1 port 0: "):
        bind_sockets(0, "192.0.2.1")


@pytest.mark.parametrize("address", ["no host name", "a" * 70, "\ud800", "256.1.1.1.1"])
def test_what_is_no_address_is_named(address):
    with pytest.raises(OSError, match="cannot listen on ") as caught:
        bind_sockets(80, address)
    assert repr(address)[:60] in str(caught.value)
    assert "80" in str(caught.value)


@pytest.mark.parametrize("port", [-1, 65536, 70000, "80", None, 1.5])
def test_what_is_no_port_is_told(port):
    with pytest.raises(ValueError, match=f"a port is a number from 0 to 65535, not {port!r}"):
        bind_sockets(port, "127.0.0.1")


def test_no_address_of_the_family():
    with pytest.raises(OSError, match=r"cannot listen on '127\.0\.0\.1' port 0: "):
        bind_sockets(0, "127.0.0.1", socket.AF_INET6)


def test_a_machine_without_ipv6(monkeypatch):
    monkeypatch.setattr(socket, "has_ipv6", False)
    only_ipv6 = [(socket.AF_INET6, ("::1", 0, 0, 0))]
    monkeypatch.setattr(listening, "_addresses", lambda *args: only_ipv6)
    with pytest.raises(OSError, match="no address to listen on for '::1' port 0") as caught:
        bind_sockets(0, "::1")
    assert caught.value.errno == errno.EADDRNOTAVAIL


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="the system has no SO_REUSEPORT")
def test_a_shared_port(opened):
    opened += bind_sockets(0, "127.0.0.1", reuse_port=True)
    port = opened[0].getsockname()[1]
    opened += bind_sockets(port, "127.0.0.1", reuse_port=True)
    assert opened[1].getsockname()[1] == port


def test_a_system_that_cannot_share_ports(monkeypatch):
    monkeypatch.delattr(socket, "SO_REUSEPORT", raising=False)
    with pytest.raises(ValueError, match="SO_REUSEPORT"):
        bind_sockets(0, "127.0.0.1", reuse_port=True)


# Unix sockets


def test_a_unix_socket(opened, tmp_path):
    path = str(tmp_path / "socket")
    opened.append(bind_unix_socket(path))
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not opened[0].getblocking()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def test_a_unix_socket_of_a_dead_server_is_replaced(opened, tmp_path):
    path = str(tmp_path / "socket")
    bind_unix_socket(path).close()
    opened.append(bind_unix_socket(path, mode=0o666))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o666


def test_a_file_is_not_replaced_by_a_unix_socket(tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    with pytest.raises(OSError, match=f"cannot listen on {path}: it exists and is no socket"):
        bind_unix_socket(str(path))
    assert path.read_text() == "precious"


def test_a_directory_that_is_not_there(tmp_path):
    path = str(tmp_path / "nowhere" / "socket")
    with pytest.raises(FileNotFoundError, match=f"cannot listen on {path}: No such file"):
        bind_unix_socket(path)


def test_a_path_that_is_too_long_for_a_unix_socket(tmp_path):
    path = str(tmp_path / ("a" * 150))
    with pytest.raises(OSError, match=f"cannot listen on {path}: .*too long"):
        bind_unix_socket(path)


# TLS
