"""Deadlines, and what a connection says of itself. The clock is a number: ``sweep(now)``."""

import asyncio
from time import monotonic

import pytest
from tests.wire.server_under_test import Client, Wire, request, turns

from waterspout.httpserver import HTTPServer, HTTPServerConnection, Policy
from waterspout.protocol.http1 import Limits
from waterspout.web import RequestHandler

NEVER = float("inf")
POLICY = Policy(
    idle_timeout=70.0,
    header_timeout=30.0,
    body_grace=10.0,
    min_body_rate=100.0,
    linger_timeout=4.0,
    request_timeout=None,
)


class Hello(RequestHandler):
    def get(self):
        self.write("hello")

    post = get


class Gate(RequestHandler):
    def initialize(self, gate):
        self.gate = gate

    async def get(self):
        await self.gate.wait()
        self.write("waited")


@pytest.fixture
def gate():
    return asyncio.Event()


async def connected(wire: Wire, server: HTTPServer) -> tuple[Client, HTTPServerConnection]:
    client = await wire.connect(server)
    return client, await wire.connection(server)


def is_in(connection: HTTPServerConnection, seconds: float) -> bool:
    """Tell whether the deadline is so far away; a test takes less than five seconds."""
    return seconds - 5 < connection.deadline - monotonic() <= seconds


async def test_an_idle_connection_is_closed_without_a_word(wire: Wire):
    server = wire.serve([("/", Hello)], policy=POLICY)
    client, connection = await connected(wire, server)
    assert is_in(connection, 70)
    server.sweep(connection.deadline - 0.001)
    assert (await client.ask()).body == b"hello"
    assert is_in(connection, 70)
    server.sweep(connection.deadline - 0.001)
    assert await client.receives_nothing()
    server.sweep(connection.deadline)
    assert await client.rest() == b""
    await wire.closed(server)


async def test_a_head_that_takes_too_long(wire: Wire):
    server = wire.serve([("/", Hello)], policy=POLICY)
    client, connection = await connected(wire, server)
    await client.send(b"G")
    while is_in(connection, 70) and not is_in(connection, 30):
        await turns(1)
    deadline = connection.deadline
    for piece in (b"ET / HTTP/1.1\r\n", b"Host: a\r\n", b"A:"):
        await client.send(piece)
        await turns()
    assert connection.deadline == deadline  # it does not move
    server.sweep(deadline)
    refusal = await client.response()
    assert refusal.status == 408
    assert refusal["Connection"] == "close"
    assert await client.rest() == b""


async def test_the_head_of_a_later_request_has_a_deadline_of_its_own(wire: Wire):
    server = wire.serve([("/", Hello)], policy=POLICY)
    client, connection = await connected(wire, server)
    await client.send(b"G")
    await turns()
    await client.send(request()[1:] + b"GE")
    assert (await client.response()).body == b"hello"
    await turns()
    assert is_in(connection, 30)
    server.sweep(connection.deadline)
    assert (await client.response()).status == 408


async def test_the_head_behind_a_request_that_waited_has_a_deadline_of_its_own(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})], policy=POLICY)
    client, connection = await connected(wire, server)
    await client.send(b"G")
    await turns()
    await client.send(request()[1:] + b"GE")
    await turns()
    assert connection.deadline == NEVER
    gate.set()
    assert (await client.response()).body == b"waited"
    await turns()
    assert is_in(connection, 30)


async def test_an_empty_line_behind_a_request_keeps_nobody_waiting(wire: Wire):
    server = wire.serve([("/", Hello)], policy=POLICY)
    client, connection = await connected(wire, server)
    await client.send(request() + b"\r\n")
    await client.response()
    await turns()
    assert connection.deadline < NEVER
    server.sweep(connection.deadline)
    await client.rest()
    client.close()
    await wire.closed(server)


@pytest.mark.parametrize("framing", ["Content-Length: 10000", "Transfer-Encoding: chunked"])
async def test_a_body_that_comes_too_slowly(wire: Wire, framing):
    server = wire.serve([("/", Hello)], policy=POLICY)
    client, connection = await connected(wire, server)
    await client.send(request(framing, method="POST"))
    while connection.exchange is None:
        await turns(1)
    assert is_in(connection, 10)  # the grace
    first = connection.deadline
    await client.send(b"1f4\r\n" + b"x" * 495 if "chunked" in framing else b"x" * 500)
    await turns()
    # 500 bytes at 100 bytes a second, more or less the frame of the chunk
    assert first + 4.9 <= connection.deadline <= first + 5
    server.sweep(connection.deadline - 0.001)
    assert await client.receives_nothing()
    server.sweep(connection.deadline)
    assert (await client.response()).status == 408
    assert await client.rest() == b""


async def test_a_body_that_comes_fast_enough_is_not_cut_off(wire: Wire):
    server = wire.serve([("/", Hello)], policy=POLICY)
    client, connection = await connected(wire, server)
    await client.send(request("Content-Length: 10000", method="POST"))
    start = monotonic()
    for second in range(1, 10):
        await client.send(b"x" * 1000)
        await turns()
        server.sweep(start + second * 9)
    await client.send(b"x" * 1000)
    assert (await client.response()).body == b"hello"
    assert is_in(connection, 70)


async def test_body_timeout_bounds_the_whole_body(wire: Wire):
    server = wire.serve([("/", Hello)], policy=POLICY, body_timeout=20.0)
    client, connection = await connected(wire, server)
    await client.send(request("Content-Length: 100000", method="POST") + b"x" * 99999)
    while connection.exchange is None:
        await turns(1)
    await turns()
    assert is_in(connection, 20)
    server.sweep(connection.deadline)
    assert (await client.response()).status == 408


async def test_a_handler_may_take_as_long_as_it_likes(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})], policy=POLICY)
    client, connection = await connected(wire, server)
    await client.send(request())
    while connection.exchange is None:
        await turns(1)
    assert connection.deadline == NEVER
    server.sweep(monotonic() + 1e9)
    gate.set()
    assert (await client.response()).body == b"waited"
    assert is_in(connection, 70)


@pytest.mark.parametrize("write_timeout", [60.0, NEVER])
async def test_a_refused_client_has_linger_timeout(wire: Wire, write_timeout):
    policy = POLICY._replace(write_timeout=write_timeout)
    server = wire.serve([("/", Hello)], policy=policy)
    client, connection = await connected(wire, server)
    await client.send(b"\n")
    assert (await client.response()).status == 400
    assert is_in(connection, 4)


async def test_the_sweep_goes_on_where_one_connection_fails(wire: Wire, caplog):
    server = wire.serve([("/", Hello)], policy=POLICY)
    client = await wire.connect(server)
    connection = await wire.connection(server)

    class Broken:
        deadline = 0.0
        aborted = 0

        def on_deadline(self, now):
            raise OSError("broken")

        def abort(self):
            Broken.aborted += 1

        close_when_idle = abort

    broken = [Broken(), Broken()]
    server.connections.update(broken)  # type: ignore[arg-type]
    server.sweep(connection.deadline)
    server.connections.difference_update(broken)
    assert await client.rest() == b""
    assert Broken.aborted == 2
    assert "OSError: broken" in caplog.text


async def test_the_sweep_comes_by_itself_and_ends_with_the_last_connection(wire: Wire):
    server = wire.serve([("/", Hello)], policy=POLICY)
    assert server._sweep_timer is None
    client, connection = await connected(wire, server)
    timer = server._sweep_timer
    assert timer is not None
    connection.deadline = 0.0
    timer.cancel()
    server._on_sweep_timer()
    assert await client.rest() == b""
    await wire.closed(server)
    assert server._sweep_timer is None


async def test_repr(wire: Wire, gate):
    server = wire.serve([("/", Hello), ("/gate", Gate, {"gate": gate})], policy=POLICY)
    client, connection = await connected(wire, server)
    host, port = client.socket.getsockname()
    assert repr(connection) == f"<HTTPServerConnection idle {host}:{port} requests=0>"
    await client.send(request("Content-Length: 1", method="POST"))
    while connection.exchange is None:
        await turns(1)
    assert repr(connection) == f"<HTTPServerConnection receiving {host}:{port} requests=1>"
    await client.send(b"x" + request(path="/gate"))
    await client.response()
    while connection.exchange is None:
        await turns(1)
    assert repr(connection) == f"<HTTPServerConnection serving {host}:{port} requests=2>"
    assert repr(connection.exchange) == f"<Exchange GET /gate on {connection!r}>"
    gate.set()
    await client.response()
    await client.send(b"\n")
    await client.response()
    assert repr(connection) == f"<HTTPServerConnection closing {host}:{port} requests=2>"
    client.close()
    await wire.closed(server)
    assert repr(connection) == f"<HTTPServerConnection closed {host}:{port} requests=2>"


async def test_limits_of_the_policy_are_those_of_the_engine(wire: Wire):
    policy = Policy(limits=Limits(max_header_count=2))
    client = await wire.client([("/", Hello)], policy=policy)
    assert (await client.ask("A: b")).status == 200
    assert (await client.ask("A: b", "A: b")).status == 431
