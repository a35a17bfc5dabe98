"""Many connections at once, and one after the other, in a process that is measured from outside."""

import resource
import ssl
import sys

import pytest
from tests.wire.server_process import LOOPS, ServerProcess, start
from tests.wire.server_under_test import request

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="it reads /proc and uses 127.0.0.0/8"
)
trustme = pytest.importorskip("trustme")

_ASK = request()
#: Connections from one address that leave its ports to others too.
_FROM_ONE_ADDRESS = 5000
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


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("loop", LOOPS)
def test_idle_connections(loop: str, descriptor_limit: int):
    """20,000 of them (or what the system allows) cost memory only, and little of it."""
    count = min(20_000, descriptor_limit - _SPARE)
    with start(loop) as server:
        before = server.usage()
        clients = []
        try:
            for index in range(count):
                source = f"127.0.1.{1 + index // _FROM_ONE_ADDRESS}"
                client = server.connect(source=source)
                clients.append(client)
                client.sendall(_ASK)
                assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
            full = server.usage()
            assert full["descriptors"] >= count
            assert (full["resident"] - before["resident"]) / count < 8192
            # They take no time: here the sweep of their deadlines, once a second, is all there is.
            for client in clients:
                client.sendall(_ASK)
            for client in clients:
                assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        finally:
            for client in clients:
                client.close()
        assert _have_few_descriptors(server)


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
