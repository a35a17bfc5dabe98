"""Requests that are sent ahead: answered in their order, and not read without bound."""

import asyncio
import contextvars
import socket

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import Policy
from waterspout.web import RequestHandler

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


class Plain(RequestHandler):
    def get(self, number):
        self.write(number)


class Slow(RequestHandler):
    async def get(self, number):
        for _ in range(int(number) % 4):
            await asyncio.sleep(0)
        self.write(number)


class Flushing(RequestHandler):
    async def get(self, number):
        self.write(number[0])
        await self.flush()
        await asyncio.sleep(0)
        self.write(number[1:])


class Gate(RequestHandler):
    """Waits until the test opens ``gate``; counts those who have come."""

    def initialize(self, gate):
        self.gate = gate

    async def get(self):
        await self.gate.wait()
        self.write("waited")


KINDS = ["plain", "slow", "flushing"]
RULES = [(r"/plain/(\d+)", Plain), (r"/slow/(\d+)", Slow), (r"/flushing/(\d+)", Flushing)]


async def test_a_hundred_requests_are_answered_in_their_order(wire: Wire):
    client = await wire.client(RULES)
    paths = [f"/{KINDS[index % 3]}/{index}" for index in range(100)]
    await client.send(b"".join([request(path=path) for path in paths]))
    for index in range(100):
        assert (await client.response()).body == str(index).encode()
    assert await client.receives_nothing()


async def test_bodies_and_errors_among_them(wire: Wire):
    client = await wire.client(RULES)
    await client.send(
        request(path="/slow/3")
        + request(path="/nowhere", method="POST", body=b"GET / HTTP/1.1\r\n\r\n")
        + request(path="/plain/2", method="HEAD")
        + request(path="/plain/1")
    )
    assert (await client.response()).body == b"3"
    assert (await client.response()).status == 404
    assert (await client.response("HEAD")).status == 405
    assert (await client.response()).body == b"1"


async def test_nothing_behind_connection_close_is_answered(wire: Wire):
    client = await wire.client(RULES)
    await client.send(
        request(path="/plain/1") + request("Connection: close", path="/plain/2") + request() * 5
    )
    assert (await client.response()).body == b"1"
    last = await client.response()
    assert last.body == b"2"
    assert last["Connection"] == "close"
    assert await client.rest() == b""


async def test_many_requests_let_other_clients_have_their_turn(wire: Wire):
    server = wire.serve(RULES)
    flood = await wire.connect(server)
    other = await wire.connect(server)
    await flood.send(request(path="/plain/1") * 1000)
    await other.send(request(path="/plain/2"))
    assert (await other.response()).body == b"2"
    answered = 0
    while not await flood.receives_nothing():
        assert (await flood.response()).body == b"1"
        answered += 1
    assert answered == 1000


async def test_others_are_answered_between_the_requests_of_one(wire: Wire):
    served = []

    class Note(RequestHandler):
        def get(self, name):
            served.append(name)

    server = wire.serve([(r"/(.*)", Note)])
    flood = await wire.connect(server)
    other = await wire.connect(server)
    await wire.connection_count(server, 2)
    await flood.send(request(path="/flood") * 200)
    await other.send(request(path="/other"))
    await other.response()
    assert "flood" in served
    assert served.index("other") < 100
    while len(served) < 201:
        await turns(1)


async def test_reading_stops_while_a_request_is_under_way(wire: Wire):
    gate = asyncio.Event()
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    flood = asyncio.create_task(client.send(request() * 200_000))  # 7 MB
    await turns(200)
    # The kernel's buffers are full, and the server takes no more: less than half could be sent.
    assert not flood.done()
    [connection] = server.connections
    assert connection.requests == 1
    gate.set()
    assert (await client.response()).body == b"waited"
    flood.cancel()
    await asyncio.gather(flood, return_exceptions=True)


async def test_a_flood_is_read_on_after_the_answer(wire: Wire):
    gate = asyncio.Event()
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    flood = asyncio.create_task(client.send(request() * 3000))
    await turns()
    gate.set()
    for _ in range(3000):
        assert (await client.response()).body == b"waited"
    await flood


async def test_who_does_not_read_its_answers_gets_no_more_of_them(wire: Wire):
    served = 0

    class Large(RequestHandler):
        def get(self):
            nonlocal served
            served += 1
            self.write(b"x" * 100_000)

    server = wire.serve([("/", Large)])
    client = await wire.connect(server, receive_buffer=4096)
    await client.send(request() * 150)
    while served < 2:
        await turns(1)
    await turns(200)
    assert served < 75
    for _ in range(150):
        assert len((await client.response()).body) == 100_000
    assert served == 150


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 40])
async def test_all_are_answered_where_the_client_has_stopped_sending(wire: Wire, kind, count):
    server = wire.serve(RULES, policy=Policy(allow_half_close=True))
    client = await wire.connect(server)
    await client.send(request(path=f"/{kind}/23") * count)
    client.end_sending()
    for _ in range(count):
        assert (await client.response()).body == b"23"
    assert await client.rest() == b""
    await wire.closed(server)


async def test_half_a_request_behind_the_last_one_is_refused(wire: Wire):
    gate = asyncio.Event()
    server = wire.serve([("/", Gate, {"gate": gate})], policy=Policy(allow_half_close=True))
    client = await wire.connect(server)
    await client.send(request() * 2 + b"GET")
    client.end_sending()
    await turns()
    gate.set()
    assert [(await client.response()).status for _ in range(3)] == [200, 200, 400]
    assert await client.rest() == b""
    await wire.closed(server)


async def test_a_context_variable_is_not_seen_by_the_next_request(wire: Wire):
    class Sets(RequestHandler):
        def get(self):
            self.write(variable.get())
            variable.set("plain")

        async def post(self):
            self.write(variable.get())
            variable.set("coroutine")
            await asyncio.sleep(0)
            assert variable.get() == "coroutine"

    client = await wire.client([("/", Sets)])
    await client.send(request() + request(method="POST") + request() * 40)
    for _ in range(42):
        assert (await client.response()).body == b"unset"
    for method in ("POST", "GET", "POST", "GET"):
        assert (await client.ask(method=method)).body == b"unset"
    assert variable.get() == "unset"


async def test_the_context_of_who_began_to_listen_is_seen(wire: Wire):
    class Gets(RequestHandler):
        def get(self):
            self.write(variable.get())

    variable.set("outer")
    client = await wire.client([("/", Gets)])
    await client.send(request() * 40)
    for _ in range(40):
        assert (await client.response()).body == b"outer"
