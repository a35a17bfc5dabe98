"""Sockets that a supervisor hands over."""

import subprocess
import sys

import pytest

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
