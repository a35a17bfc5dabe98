"""Sockets to listen on, and TLS contexts from options."""

import errno
import os
import socket
import ssl
import stat
import subprocess
import sys
from typing import Any

import pytest

from waterspout import netutil
from waterspout.netutil import bind_sockets, bind_unix_socket, ssl_options_to_context


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
    bind = netutil._bind

    def taken_at_first(family, address, backlog, reuse_port):
        calls.append(address[1])
        if len(calls) == 2:
            raise OSError(errno.EADDRINUSE, "taken")
        return bind(family, address, backlog, reuse_port)

    monkeypatch.setattr(netutil, "_bind", taken_at_first)
    monkeypatch.setattr(
        netutil,
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

    monkeypatch.setattr(netutil, "_bind", taken)
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
    bind = netutil._bind

    def second_is_taken(family, address, backlog, reuse_port):
        if made:
            raise OSError(errno.EADDRINUSE, "taken")
        made.append(bind(family, address, backlog, reuse_port))
        return made[0]

    monkeypatch.setattr(netutil, "_bind", second_is_taken)
    addresses: list[Any] = [(socket.AF_INET, ("127.0.0.1",)), (socket.AF_INET, ("127.0.0.2",))]
    with pytest.raises(OSError, match="taken"):
        netutil._bind_all(addresses, 0, 1, False)
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
    monkeypatch.setattr(netutil, "_addresses", lambda *args: [(socket.AF_INET6, ("::1", 0, 0, 0))])
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


def test_a_context_comes_back_as_it_is():
    context = ssl.create_default_context()
    assert ssl_options_to_context(context) is context


def test_a_client_verifies_by_default():
    context = ssl_options_to_context({})
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_client_may_be_told_not_to_verify():
    context = ssl_options_to_context({"cert_reqs": ssl.CERT_NONE})
    assert context.verify_mode == ssl.CERT_NONE
    assert not context.check_hostname


def test_the_options_of_a_server(tmp_path):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certfile, keyfile, ca_certs = (str(tmp_path / name) for name in ("cert", "key", "ca"))
    issued.cert_chain_pems[0].write_to_path(certfile)
    issued.private_key_pem.write_to_path(keyfile)
    authority.cert_pem.write_to_path(ca_certs)
    context = ssl_options_to_context(
        {
            "certfile": certfile,
            "keyfile": keyfile,
            "ca_certs": ca_certs,
            "cert_reqs": ssl.CERT_OPTIONAL,
            "ciphers": "ECDHE+AESGCM",
        },
        server_side=True,
    )
    assert context.protocol == ssl.PROTOCOL_TLS_SERVER
    assert context.verify_mode == ssl.CERT_OPTIONAL
    assert len(context.get_ca_certs()) == 1
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ssl_options_to_context(
            {"certfile": certfile, "keyfile": str(tmp_path / "nowhere")}, server_side=True
        )


def test_a_server_needs_a_certificate():
    with pytest.raises(ValueError, match="ssl_options of a server need a certfile"):
        ssl_options_to_context({}, server_side=True)


@pytest.mark.parametrize("name", ["certfile", "ca_certs"])
def test_a_file_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ssl_options_to_context({name: str(tmp_path / "nowhere")})


def test_unknown_options_are_told():
    with pytest.raises(TypeError, match="unknown ssl_options: a, b"):
        ssl_options_to_context({"b": 1, "a": 2, "certfile": "x"})


@pytest.mark.parametrize("with_key", [False, True])
def test_a_certificate_that_is_no_good_is_named(tmp_path, with_key: bool):
    certfile, keyfile = tmp_path / "cert.pem", tmp_path / "key.pem"
    certfile.write_text("no certificate")
    keyfile.write_text("no key")
    options = {"certfile": str(certfile)}
    files = str(certfile)
    if with_key:
        options["keyfile"] = str(keyfile)
        files += f" and {keyfile}"
    with pytest.raises(ssl.SSLError) as caught:
        ssl_options_to_context(options, server_side=True)
    assert (
        str(caught.value) == f"certificate and key in {files}: no PEM file, or not both are in it"
    )


def test_the_key_of_another_certificate_is_told(tmp_path):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    certfile, keyfile = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    authority.issue_cert("localhost").cert_chain_pems[0].write_to_path(certfile)
    authority.issue_cert("localhost").private_key_pem.write_to_path(keyfile)
    with pytest.raises(ssl.SSLError, match="the key is not that of the certificate"):
        ssl_options_to_context({"certfile": certfile, "keyfile": keyfile}, server_side=True)


# Sockets that are handed over

HANDED_OVER = """
import os, socket, sys
from waterspout.netutil import systemd_sockets
count, pid, fds = sys.argv[1:4]
os.environ["LISTEN_FDS"] = count
os.environ["LISTEN_PID"] = pid.replace("own", str(os.getpid()))
os.environ["LISTEN_FDNAMES"] = "a:b"
made = []
for index, kind in enumerate(filter(None, fds.split(","))):
    if kind == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elif kind == "tcp":
        sock = socket.create_server(("127.0.0.1", 0))
    elif kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.bind("\\0waterspout test %d" % os.getpid())
        sock.listen()
    elif kind == "idle":
        sock = socket.socket()
    else:
        sock = open(os.devnull)
    made.append(sock)
    os.dup2(sock.fileno(), 3 + index)
try:
    found = systemd_sockets()
except ValueError as error:
    print(error)
else:
    for sock in found:
        print(sock.fileno(), sock.family.name, sock.getblocking(), sock.get_inheritable())
    print([name for name in os.environ if name.startswith("LISTEN_")], systemd_sockets())
os._exit(0 if sys.stdout.flush() is None else 1)
"""


def handed_over(count: str, fds: str = "", pid: str = "own") -> list[str]:
    """Return what a process says that was started with such descriptors, in lines."""
    done = subprocess.run(
        [sys.executable, "-c", HANDED_OVER, count, pid, fds],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


def test_sockets_that_are_handed_over():
    assert handed_over("2", "tcp,unix") == [
        "3 AF_INET False False",
        "4 AF_UNIX False False",
        "[] []",
    ]


@pytest.mark.parametrize(("count", "pid"), [("1", "1"), ("1", ""), ("", "own"), ("0", "own")])
def test_no_sockets_are_handed_over(count: str, pid: str):
    assert handed_over(count, "tcp", pid) == ["[] []"]


@pytest.mark.parametrize(
    ("count", "fds", "pid", "told"),
    [
        ("x", "", "own", "LISTEN_FDS must be a number, 1024 at most, not 'x'"),
        ("-1", "", "own", "LISTEN_FDS must be a number, 1024 at most, not '-1'"),
        ("1025", "", "own", "LISTEN_FDS must be a number, 1024 at most, not '1025'"),
        ("1", "", "me", "LISTEN_PID must be a number, 1000000000 at most, not 'me'"),
        ("1", "file", "own", "LISTEN_FDS names descriptor 3, which is no listening stream socket"),
        ("1", "udp", "own", "LISTEN_FDS names descriptor 3, which is no listening stream socket"),
        ("2", "tcp,idle", "own", "LISTEN_FDS names descriptor 4, which is no listening stream"),
        ("900", "tcp", "own", "LISTEN_FDS names descriptor "),
    ],
)
def test_what_is_handed_over_makes_no_sense(count: str, fds: str, pid: str, told: str):
    [line] = handed_over(count, fds, pid)
    assert line.startswith(told)
