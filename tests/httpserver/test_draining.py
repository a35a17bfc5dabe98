"""A server that stops without a request lost, as its clients see it."""

import asyncio
import os
import signal
import socket
import time

import pytest
from tests.wire.server_under_test import Client, Wire, request, turns

from waterspout.httpserver import HTTPServer, Policy, run_until_signal
from waterspout.web import RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("hello")

    def post(self):
        self.write(self.request.body)


class Gate(RequestHandler):
    """Answers when it is let, in pieces where asked to."""

    def initialize(self, gate):
        self.gate = gate

    async def get(self):
        if self.get_argument("stream", None):
            self.write("begun ")
            self.flush()
        await self.gate.wait()
        self.finish("waited")


@pytest.fixture
def gate():
    return asyncio.Event()


def lines(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


async def under_way(wire: Wire, server):
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    return connection


async def test_without_connections_it_is_over_at_once(wire: Wire):
    server = wire.serve([("/", Hello)])
    address = server.sockets[0].getsockname()
    assert not server.is_draining
    assert await server.drain() == 0
    assert server.is_draining
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


async def test_an_idle_connection_is_closed_at_once(wire: Wire):
    server = wire.serve([("/", Hello)], policy=Policy(next_request_timeout=0.0))
    client = await wire.connect(server)
    await client.ask()
    assert await server.drain(None) == 0
    assert await client.rest() == b""


async def test_a_client_that_has_just_been_answered_may_ask_once_more(wire: Wire):
    server = wire.serve([("/", Hello)], policy=Policy(next_request_timeout=60.0))
    client = await wire.connect(server)
    await client.ask()
    draining = asyncio.create_task(server.drain(None))
    await turns()
    assert not draining.done()
    answer = await client.ask()
    assert answer.body == b"hello"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""
    assert await draining == 0


async def test_who_asks_no_more_is_closed_when_its_time_is_over(wire: Wire):
    server = wire.serve([("/", Hello)], policy=Policy(next_request_timeout=60.0))
    client = await wire.connect(server)
    await client.ask()
    draining = asyncio.create_task(server.drain(None))
    await turns()
    now = time.monotonic()
    server.sweep(now + 59.0)
    assert not draining.done()
    server.sweep(now + 60.1)
    assert await draining == 0
    assert await client.rest() == b""


async def test_a_drain_does_not_wait_for_the_next_full_second(wire: Wire, monkeypatch):
    monkeypatch.setattr(HTTPServer, "_on_sweep_timer", lambda server: None)  # it never comes
    server = wire.serve([("/", Hello)], policy=Policy(next_request_timeout=0.05))
    client = await wire.connect(server)
    await client.ask()
    assert await server.drain(None) == 0
    assert await client.rest() == b""


async def test_a_request_under_way_is_answered_with_connection_close(wire: Wire, gate, caplog):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await under_way(wire, server)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    assert not draining.done()
    gate.set()
    answer = await client.response()
    assert answer.body == b"waited"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""
    assert await draining == 0
    assert lines(caplog) == []


async def test_a_request_in_the_middle_of_its_head_is_answered(wire: Wire):
    server = wire.serve([("/", Hello)])
    client = await wire.connect(server)
    await client.ask()
    await client.send(b"GET / HTTP/1.1\r\nHo")
    await turns()
    draining = asyncio.create_task(server.drain(None))
    await turns()
    await client.send(b"st: a\r\n\r\n")
    answer = await client.response()
    assert answer.body == b"hello"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""
    assert await draining == 0


async def test_a_request_in_the_middle_of_its_body_is_answered(wire: Wire):
    server = wire.serve([("/", Hello)])
    client = await wire.connect(server)
    await client.send(request("Content-Length: 5", method="POST") + b"hel")
    await under_way(wire, server)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    await client.send(b"lo")
    answer = await client.response()
    assert answer.body == b"hello"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""
    assert await draining == 0


async def test_a_request_that_has_reached_the_kernel_only_is_answered(wire: Wire):
    server = wire.serve([("/", Hello)])
    clients = []
    for _ in range(20):
        sock = socket.create_connection(server.sockets[0].getsockname())
        sock.sendall(request())
        clients.append(Client(sock))
    wire.clients.extend(clients)
    assert not server.connections  # the loop has not gone round since
    assert await server.drain(None) == 0
    for client in clients:
        answer = await client.response()
        assert answer.body == b"hello"
        assert answer["Connection"] == "close"


async def test_a_new_connection_may_still_ask_for_the_first_time(wire: Wire):
    server = wire.serve([("/", Hello)])
    client = await wire.connect(server)
    await wire.connection(server)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    assert not draining.done()
    answer = await client.ask()
    assert answer.body == b"hello"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""
    assert await draining == 0


async def test_a_new_connection_that_asks_nothing_is_closed_soon(wire: Wire):
    server = wire.serve([("/", Hello)], policy=Policy(first_request_timeout=2.0))
    client = await wire.connect(server)
    await wire.connection(server)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    now = time.monotonic()
    server.sweep(now + 0.9)
    assert not draining.done()
    server.sweep(now + 2.1)
    assert await draining == 0
    assert await client.rest() == b""


async def test_what_was_sent_ahead_is_not_answered_and_no_reset_takes_the_answer(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request() * 3)
    await under_way(wire, server)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    gate.set()
    answer = await client.response()
    assert answer.body == b"waited"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""
    client.close()
    assert await draining == 0


async def test_a_response_that_has_begun_is_ended(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request(path="/?stream=1"))
    await client.until(b"begun ")
    draining = asyncio.create_task(server.drain(None))
    await turns()
    gate.set()
    assert (await client.rest()).endswith(b"waited\r\n0\r\n\r\n")
    assert await draining == 0


async def test_a_slow_reader_gets_all_of_its_answer(wire: Wire):
    size = 4_000_000

    class Large(RequestHandler):
        def get(self):
            self.write(bytes(size))

    server = wire.serve([("/", Large)], send_buffer=4096)
    client = await wire.connect(server, receive_buffer=4096)
    await client.send(request())
    connection = await wire.connection(server)
    while not connection.requests:
        await turns(1)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    assert not draining.done()
    assert (await client.response()).body == bytes(size)
    assert await client.rest() == b""
    assert await draining == 0


async def test_a_detached_connection_is_not_the_servers(wire: Wire):
    class Detaches(RequestHandler):
        def get(self):
            wire.streams.append(self.detach())

    server = wire.serve([("/", Detaches)])
    client = await wire.connect(server)
    await client.send(request())
    while not wire.streams:
        await turns(1)
    assert await server.drain() == 0
    await wire.streams[0].write(b"still here")
    assert await client.read(10) == b"still here"


async def test_what_takes_longer_than_the_grace_is_cut_and_one_line_says_so(
    wire: Wire, gate, caplog
):
    server = wire.serve([("/", Gate, {"gate": gate})])
    clients = [await wire.connect(server) for _ in range(4)]
    await clients[0].send(request())
    await clients[1].send(request(path="/?stream=1"))
    await clients[2].send(b"GET / HT")
    await clients[3].send(request(method="POST", body=b"abc")[:-1])
    await wire.connection_count(server, 4)
    await clients[1].until(b"begun ")
    assert await server.drain(0) == 4
    assert not server.connections
    [line] = [line for line in lines(caplog) if "cut" in line]
    assert line.startswith("the drain cuts 4 connections after 0.")


async def test_to_be_in_a_hurry_cuts_at_once(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await under_way(wire, server)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    server.cut_connections()
    assert await draining == 1
    assert await client.rest_or_reset() == b""


async def test_to_be_in_a_hurry_ends_the_delay_too(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await under_way(wire, server)
    draining = asyncio.create_task(server.drain(None, readiness_delay=3600.0))
    await turns()
    assert not draining.done()
    server.cut_connections()
    assert await draining == 1


async def test_connections_can_be_cut_without_a_drain(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await under_way(wire, server)
    server.cut_connections()
    await wire.closed(server)
    assert await client.rest_or_reset() == b""
    assert not server.is_draining


async def test_the_readiness_delay_serves_on(wire: Wire):
    server = wire.serve([("/", Hello)])
    draining = asyncio.create_task(server.drain(None, readiness_delay=3600.0))
    await turns()
    assert server.is_draining
    client = await wire.connect(server)
    answer = await client.ask()
    assert answer.body == b"hello"
    assert "Connection" not in answer
    assert not draining.done()
    client.close()
    server.cut_connections()
    assert await draining <= 1


async def test_the_shorter_grace_counts(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await under_way(wire, server)
    patient = asyncio.create_task(server.drain(None))
    await turns()
    assert await server.drain(0) == 1
    assert await patient == 1


async def test_who_listens_anew_no_longer_drains(wire: Wire):
    server = wire.serve([("/", Hello)])
    await server.drain()
    server.listen(0, "127.0.0.1")
    assert not server.is_draining
    client = await wire.connect(server)
    assert (await client.ask()).body == b"hello"


async def test_a_drain_that_is_cancelled_may_be_called_again(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await under_way(wire, server)
    draining = asyncio.create_task(server.drain(None))
    await turns()
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    assert server.connections
    gate.set()
    assert await server.drain(None) == 0
    assert (await client.response()).body == b"waited"


# Signals


async def signalled(number: int) -> None:
    os.kill(os.getpid(), number)
    await turns()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_begins_the_drain(wire: Wire, gate, number):
    before = signal.getsignal(number)
    servers = [wire.serve([("/", Gate, {"gate": gate})]) for _ in range(2)]
    client = await wire.connect(servers[0])
    await client.send(request())
    await under_way(wire, servers[0])
    running = asyncio.create_task(run_until_signal(*servers))
    await turns()
    assert not any(server.is_draining for server in servers)
    await signalled(number)
    assert all(server.is_draining for server in servers)
    assert not running.done()
    gate.set()
    assert (await client.response())["Connection"] == "close"
    assert await running == 0
    assert signal.getsignal(number) is before or signal.getsignal(number) == before


async def test_a_second_signal_cuts(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await under_way(wire, server)
    running = asyncio.create_task(run_until_signal(server, grace=None, readiness_delay=3600.0))
    await turns()
    await signalled(signal.SIGTERM)
    assert not running.done()
    await signalled(signal.SIGINT)
    assert await running == 1
    assert await client.rest_or_reset() == b""


async def test_who_is_cancelled_waits_for_no_signal_any_longer(wire: Wire):
    before = signal.getsignal(signal.SIGTERM)
    server = wire.serve([("/", Hello)])
    running = asyncio.create_task(run_until_signal(server))
    await turns()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert signal.getsignal(signal.SIGTERM) == before
    client = await wire.connect(server)
    assert (await client.ask()).body == b"hello"
