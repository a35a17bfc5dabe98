"""Many connections at once, and one after the other, in a process that is measured from outside."""

import resource
import ssl
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.wire.server_process import LOOPS, ServerProcess, start
from tests.wire.server_under_test import request

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="it reads /proc and uses 127.0.0.0/8"
)
trustme = pytest.importorskip("trustme")

_ASK = request()
#: Idle connections.
_IDLE = 20_000
_HOLDING = str(Path(__file__).parents[1] / "wire" / "holding.py")
#: Descriptors that processes need for other things.
_SPARE = 200
#: A server without a connection: its listener, its loop's, the standard streams.
_FEW = 40


@pytest.fixture
def descriptor_limit():
    """As many open files as the system allows, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _have_few_descriptors(server: ServerProcess) -> bool:
    return any(server.usage()["descriptors"] < _FEW for _ in range(10_000))


class Holders:
    """Processes of clients that hold ``count`` connections to ``server``, each its share."""

    def __init__(self, server: ServerProcess, count: int, processes: int) -> None:
        shares = [count // processes + (index < count % processes) for index in range(processes)]
        self._processes = [
            subprocess.Popen(
                [
                    sys.executable,
                    _HOLDING,
                    server.address,
                    str(server.port),
                    str(share),
                    str(first),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for first, share in enumerate(shares, 1)
        ]

    def wait_for(self, word: str) -> None:
        """Return when all of them have said ``word``."""
        for process in self._processes:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{word}\n"

    def ask(self) -> None:
        """Have all connections ask once more."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

    def end(self) -> None:
        """Close all connections."""
        for process in self._processes:
            with process:  # its pipes are closed, and it is waited for
                assert process.stdin is not None
                process.stdin.close()


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("loop", LOOPS)
def test_idle_connections(loop: str, descriptor_limit: int):
    """They cost memory only, and little of it, however few descriptors one process may have."""
    processes = -(-_IDLE // (descriptor_limit - _SPARE))
    with ExitStack() as stack:
        servers = [stack.enter_context(start(loop, reuse_port=True))]
        for _ in range(1, processes):
            more = start(loop, reuse_port=True, port=servers[0].port)
            servers.append(stack.enter_context(more))
        for server in servers:
            server.get("/")  # what is made once
        before = sum(server.resident() for server in servers)
        holders = Holders(servers[0], _IDLE, processes)
        stack.callback(holders.end)
        holders.wait_for("open")
        assert sum(server.descriptors() for server in servers) >= _IDLE
        full = sum(server.resident() for server in servers)
        assert (full - before) / _IDLE < 8192
        # They take no time: here the sweep of their deadlines, once a second, is all there is.
        holders.ask()
        holders.wait_for("answered")
        holders.end()
        # To ask is to give them time.
        assert any(
            all(server.descriptors() < _FEW for server in servers)
            for _ in range(10_000)
            if servers[0].get("/")
        )


def _greet(server: ServerProcess, context: ssl.SSLContext, count: int) -> None:
    for _ in range(count):
        with (
            server.connect() as plain,
            context.wrap_socket(plain, server_hostname="localhost") as client,
        ):
            client.sendall(_ASK)
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


def _leave_in_the_middle(server: ServerProcess, count: int) -> None:
    for index in range(count):
        with server.connect() as plain:
            plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[: index % 12] or b"GET")


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    "count", [200, pytest.param(2000, marks=[pytest.mark.deep, pytest.mark.timeout(600)])]
)
def test_new_tls_connections_leave_nothing_behind(loop: str, count: int, tmp_path):
    authority = trustme.CA()
    identity = tmp_path / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(identity)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with start(loop, certfile=str(identity)) as server:
        server.context = context
        _greet(server, context, 100)  # what is made once
        _leave_in_the_middle(server, 500)
        assert _have_few_descriptors(server)
        before = server.usage()
        _greet(server, context, count)
        between = server.usage()
        _leave_in_the_middle(server, count)
        assert _have_few_descriptors(server)
        after = server.usage()
    assert after["descriptors"] <= before["descriptors"] + 2
    # A connection is some twenty objects.
    assert after["objects"] <= before["objects"] + count
    # With its buffers and its session it is some 50 KB: one in ten kept would be seen.
    assert between["resident"] - before["resident"] < 2 * 1024 * 1024 + count * 2048
    # (What is left of handshakes that broke waits for the collector, on asyncio's loop.)
