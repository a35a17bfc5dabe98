"""Handlers that take a request's body as it comes in."""

import asyncio
import logging
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import Policy
from waterspout.protocol.http1 import Limits
from waterspout.routing import RuleRouter
from waterspout.web import Application, HTTPError, RequestHandler, stream_request_body


def streaming(**methods):
    """Return a rule for a handler that streams, notes what happens, and has these methods."""
    events: list[Any] = []

    class Handler(RequestHandler):
        def prepare(self):
            events.append("prepare")

        def data_received(self, chunk):
            events.append(chunk)

        def put(self):
            events.append("put")
            assert self.request.body == b""
            self.write(b"".join(event for event in events if isinstance(event, bytes)))

        def get(self):
            self.write("got")

        def on_finish(self):
            events.append("on_finish")

        def on_connection_close(self):
            events.append("gone")

    handler = type("Streaming", (Handler,), methods)
    return [("/", stream_request_body(handler))], events


async def noted(events, event):
    """Wait until something has happened."""
    while event not in events:
        await turns(1)


def quiet(rules):
    return Application(rules, log_function=lambda handler: None)


@pytest.mark.parametrize("make", [quiet, lambda rules: RuleRouter([("/", quiet(rules))])])
async def test_a_body_comes_in_pieces(wire: Wire, make):
    rules, events = streaming()
    client = await wire.client(make(rules))
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
    await noted(events, "prepare")
    for piece in (b"abc", b"def"):
        await client.send(piece)
        await noted(events, piece)
    assert (await client.response()).body == b"abcdef"
    assert events == ["prepare", b"abc", b"def", "put", "on_finish"]
    del events[:]
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    await client.send(b"3\r\nabc\r\n")
    await noted(events, b"abc")
    await client.send(b"1\r\nd\r\n0\r\n\r\n" + request(method="PUT"))
    assert (await client.response()).body == b"abcd"
    assert (await client.response()).body == b"abcd"
    assert events == ["prepare", b"abc", b"d", "put", "on_finish", "prepare", "put", "on_finish"]
    assert (await client.ask()).body == b"got"


async def test_everything_may_be_a_coroutine(wire: Wire):
    order = []

    async def prepare(self):
        order.append("prepare")
        await asyncio.sleep(0)
        order.append("prepared")

    async def data_received(self, chunk):
        order.append(chunk)
        await asyncio.sleep(0)
        order.append("taken")

    async def put(self):
        await asyncio.sleep(0)
        self.write("put")

    rules, _ = streaming(prepare=prepare, data_received=data_received, put=put)
    client = await wire.client(rules)
    assert (await client.ask(method="PUT", body=b"body")).body == b"put"
    assert order == ["prepare", "prepared", b"body", "taken"]


async def test_a_slow_handler_keeps_its_client_back(wire: Wire):
    """A large upload, of which little more than what was asked for is in memory."""
    gate = asyncio.Semaphore(0)
    sizes: list[int] = []

    async def data_received(self, chunk):
        sizes.append(len(chunk))
        await gate.acquire()

    def put(self):
        self.write(str(sum(sizes)))

    size = 64 * 1024 * 1024
    rules, _ = streaming(data_received=data_received, put=put)
    server = wire.serve(rules, policy=Policy(request_timeout=None))
    client = await wire.connect(server)
    sent = 0
    loop = asyncio.get_running_loop()
    piece = bytes(1024 * 1024)

    async def upload():
        nonlocal sent
        await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            await loop.sock_sendall(client.socket, piece)
            sent += len(piece)

    task = asyncio.create_task(upload())
    before = -1
    while before != sent or not sizes:  # until the client is stuck
        before = sent
        await turns(200)
    assert sum(sizes) + 2 * 1024 * 1024 < size
    assert sent < size  # what the kernel holds for a socket is a few MiB
    connection = await wire.connection(server)
    assert "receiving slowly" in repr(connection)
    assert connection.deadline == float("inf")  # the handler is slow, not the client
    for _ in range(size // 1024):
        gate.release()
    await task
    assert (await client.response()).body == str(size).encode()
    assert max(sizes) <= 1024 * 1024


async def test_100_continue_is_sent_when_the_handler_will_read(wire: Wire):
    ready = asyncio.Event()

    async def prepare(self):
        await ready.wait()

    rules, _ = streaming(prepare=prepare)
    client = await wire.client(rules)
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    await client.send(head)
    assert await client.receives_nothing()
    ready.set()
    assert (await client.response()).status == 100
    await client.send(b"abc")
    assert (await client.response()).body == b"abc"


async def test_a_final_answer_in_the_place_of_100_continue(wire: Wire):
    def prepare(self):
        raise HTTPError(401)

    rules, events = streaming(prepare=prepare)
    client = await wire.client(rules)
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n")
    await client.send(b"Expect: 100-continue\r\n\r\n")
    answer = await client.response()
    assert answer.status == 401
    assert answer["Connection"] == "close"
    await client.send(b"abc" + request())
    client.end_sending()
    assert await client.rest() == b""
    assert events == ["on_finish"]


def refuses(self, chunk=None):
    self.set_status(409)
    self.finish("no")


async def refuses_later(self, chunk=None):
    await asyncio.sleep(0)
    raise HTTPError(409)


@pytest.mark.parametrize("name", ["prepare", "data_received"])
@pytest.mark.parametrize("method", [refuses, refuses_later])
async def test_an_answer_before_the_end_closes(wire: Wire, name, method):
    rules, events = streaming(**{name: method})
    client = await wire.client(rules)
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
    answer = await client.response()
    assert answer.status == 409
    assert answer["Connection"] == "close"
    await client.send(b"d" * 50 + request())
    client.end_sending()
    assert await client.rest() == b""
    assert "put" not in events
    assert "gone" not in events
    assert events[-1] == "on_finish"


async def test_an_error_of_data_received(wire: Wire, caplog):
    def data_received(self, chunk):
        raise RuntimeError("broken")

    rules, events = streaming(data_received=data_received)
    client = await wire.client(rules)
    with caplog.at_level(logging.CRITICAL, "waterspout.application"):
        assert (await client.ask(method="PUT", body=b"abc")).status == 500
    assert events == ["prepare", "on_finish"]
    assert "put" not in events


async def test_data_received_that_is_missing(wire: Wire, caplog):
    @stream_request_body
    class Handler(RequestHandler):
        pass

    client = await wire.client([("/", Handler)])
    assert (await client.ask(method="POST", body=b"abc")).status == 500
    assert "Handler has no data_received()" in caplog.text


async def test_a_client_that_goes_in_the_middle(wire: Wire):
    rules, events = streaming()
    server = wire.serve(rules)
    for end in ("close", "reset"):
        client = await wire.connect(server)
        await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        await noted(events, b"abc")
        getattr(client, end)()
        await wire.closed(server)
        await turns()
        assert events == ["prepare", b"abc", "gone"]
        del events[:]


async def test_a_client_that_goes_while_the_handler_prepares(wire: Wire):
    ready = asyncio.Event()
    events: list[str] = []

    async def prepare(self):
        events.append("prepare")
        await ready.wait()
        events.append("prepared")

    rules, others = streaming(prepare=prepare, cancel_on_disconnect=False)
    server = wire.serve(rules)
    client = await wire.connect(server)
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    while not events:
        await turns(1)
    client.reset()
    await wire.closed(server)
    assert others == ["gone"]
    ready.set()
    await turns()
    assert events == ["prepare", "prepared"]
    assert others == ["gone"]


@pytest.mark.parametrize(
    "head", ["Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\n"]
)
async def test_a_body_that_is_too_large(wire: Wire, head):
    rules, events = streaming()
    policy = Policy(limits=Limits(max_body_size=10))
    client = await wire.client(rules, policy=policy)
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\n" + head.encode())
    answer = await client.response()
    assert answer.status == 413
    assert answer["Connection"] == "close"
    client.end_sending()
    assert await client.rest() == b""
    assert events == ["prepare", "gone"]


async def test_a_handler_may_raise_the_limit_for_one_request(wire: Wire):
    def prepare(self):
        self.request.connection.set_max_body_size(20)
        self.request.connection.set_body_timeout(1000.0)

    rules, _ = streaming(prepare=prepare)

    class Other(RequestHandler):
        def put(self):
            self.write("other")

    policy = Policy(limits=Limits(max_body_size=10))
    client = await wire.client([*rules, ("/other", Other)], policy=policy)
    assert (await client.ask(method="PUT", body=b"a" * 20)).body == b"a" * 20
    assert (await client.ask(method="PUT", path="/other", body=b"a" * 11)).status == 413


async def test_a_body_that_comes_too_slowly(wire: Wire):
    def prepare(self):
        self.request.connection.set_body_timeout(7.0)

    rules, events = streaming(prepare=prepare)
    server = wire.serve(rules)
    client = await wire.connect(server)
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    await noted(events, b"abc")
    await turns()
    connection = await wire.connection(server)
    start = connection.exchange.start_time  # type: ignore[union-attr]
    assert start + 6.9 < connection.deadline < start + 8.0
    server.sweep(connection.deadline + 1.0)
    assert (await client.response()).status == 408
    assert events == [b"abc", "gone"]


async def test_a_method_that_is_not_allowed_is_told_before_the_body(wire: Wire):
    rules, events = streaming()
    client = await wire.client(rules)
    await client.send(b"FROB / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
    assert (await client.response()).status == 405
    assert events == ["on_finish"]


async def test_the_path_and_initialize(wire: Wire):
    @stream_request_body
    class Handler(RequestHandler):
        def initialize(self, text):
            self.text = text

        def data_received(self, chunk):
            self.text += chunk.decode() + self.path_args[0]

        def post(self, word):
            self.write(self.text + word)

    client = await wire.client([("/(.*)", Handler, {"text": "x"})])
    answer = await client.ask(method="POST", path="/%C3%A9", body=b"abc")
    assert answer.body.decode() == "xabcéé"


def test_what_is_no_handler_is_told():
    with pytest.raises(TypeError, match="stream_request_body is for subclasses of RequestHandler"):
        stream_request_body(dict)  # type: ignore[type-var]
