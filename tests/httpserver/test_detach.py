"""A connection that leaves HTTP: nothing is lost, nothing is sent that the program has not."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire, request, turns

from waterspout.httpserver import HTTPServer
from waterspout.httputil import HTTPHeaders, ResponseStartLine
from waterspout.iostream import BaseIOStream, IOStream, StreamClosedError
from waterspout.netutil import bind_unix_socket
from waterspout.protocol.errors import LocalProtocolError
from waterspout.web import RequestHandler

UPGRADE = HTTPHeaders({"Upgrade": "echo", "Connection": "Upgrade"})
SWITCH = ResponseStartLine("HTTP/1.1", 101, "Switching Protocols")


class Program:
    """An application that takes connections over and does with them what a test says."""

    def __init__(
        self, wire: Wire, then: Callable[[BaseIOStream], Awaitable[None]], before: Any = None
    ) -> None:
        self._wire = wire
        self._then = then
        self._before = before
        self.streams: list[Any] = []

    async def __call__(self, request: Any) -> None:
        if self._before is not None:
            self._before(request)
        stream = request.connection.detach()
        self.streams.append(stream)
        self._wire.streams.append(stream)
        await self._then(stream)


async def echo(stream: BaseIOStream) -> None:
    try:
        while True:
            await stream.write(await stream.read_bytes(65536, partial=True))
    except StreamClosedError:
        pass


async def keep(stream: BaseIOStream) -> None:
    pass


async def test_a_stream_in_place_of_a_response(wire: Wire):
    program = Program(wire, echo)
    server = wire.serve(program)
    client = await wire.connect(server)
    await client.send(request() + b"ahead ")
    assert await client.read(6) == b"ahead "
    assert server.connections == set()
    [stream] = program.streams
    assert isinstance(stream, IOStream)
    assert stream.socket.getsockname() == server.sockets[0].getsockname()
    data = bytes(range(256)) * 1000
    for start in range(0, len(data), 50_000):
        await client.send(data[start : start + 50_000])
    assert await client.read(len(data)) == data
    client.end_sending()
    assert await client.rest() == b""
    assert stream.closed()


async def test_a_request_with_a_body_and_bytes_behind_it(wire: Wire):
    client = await wire.client(Program(wire, echo))
    await client.send(request(method="POST", body=b"body") + b"ahead")
    assert await client.read(5) == b"ahead"


async def test_the_old_transport_says_nothing(wire: Wire):
    program = Program(wire, keep)
    client = await wire.client(program)
    await client.send(request())
    while not program.streams:
        await turns(1)
    assert await client.receives_nothing()
    await client.send(b"more")
    assert await client.receives_nothing()
    [stream] = program.streams
    assert await stream.read_bytes(4) == b"more"
    await stream.write(b"answer")
    assert await client.read(6) == b"answer"
    stream.close()
    assert await client.rest() == b""


def switch(request: Any) -> None:
    request.connection.write_headers(SWITCH, UPGRADE)


async def test_a_stream_behind_101(wire: Wire):
    client = await wire.client(Program(wire, echo, switch))
    await client.send(request("Upgrade: echo", "Connection: Upgrade") + b"ahead")
    answer = await client.response()
    assert (answer.status, answer.reason) == (101, "Switching Protocols")
    assert sorted(answer.fields) == [("connection", "Upgrade"), ("upgrade", "echo")]
    assert await client.read(5) == b"ahead"
    await client.send(b"more")
    assert await client.read(4) == b"more"


async def test_what_is_written_and_closed_at_once_behind_101(wire: Wire):
    async def say_and_go(stream: BaseIOStream) -> None:
        stream.write(b"bye")
        stream.close()

    client = await wire.client(Program(wire, say_and_go, switch))
    await client.send(request())
    assert (await client.response()).status == 101
    assert await client.rest() == b"bye"


@pytest.mark.parametrize("is_closed", [False, True])
async def test_what_is_unsent_comes_before_what_the_stream_writes(wire: Wire, is_closed):
    large = bytes(range(256)) * 4000

    def tunnel(request: Any) -> None:
        # A response to CONNECT has no end.
        ok = ResponseStartLine("HTTP/1.1", 200, "OK")
        request.connection.write_headers(ok, HTTPHeaders(), large)

    async def go_on(stream: BaseIOStream) -> None:
        assert stream._is_held
        writing = stream.write(b"from the stream")
        if is_closed:
            stream.close()
        else:
            await writing
            await echo(stream)

    client = await wire.client(Program(wire, go_on, tunnel), send_buffer=4096)
    await client.send(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\nahead")
    await client.until(b"\r\n\r\n")
    assert await client.read(len(large)) == large
    assert await client.read(15) == b"from the stream"
    if is_closed:
        assert await client.rest_or_reset() == b""
    else:
        assert await client.read(5) == b"ahead"


async def test_a_client_that_goes_before_all_is_sent(wire: Wire):
    def tunnel(request: Any) -> None:
        ok = ResponseStartLine("HTTP/1.1", 200, "OK")
        request.connection.write_headers(ok, HTTPHeaders(), b"x" * 1_000_000)

    program = Program(wire, echo, tunnel)
    client = await wire.client(program, send_buffer=4096)
    await client.send(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")
    await client.until(b"\r\n\r\n")
    client.reset()
    [stream] = program.streams
    while not stream.closed():
        await turns(1)


async def test_a_stream_behind_other_answers(wire: Wire):
    async def answer(request: Any) -> None:
        if request.path == "/stream":
            await Program(wire, echo)(request)
        else:
            request.connection.respond(200, None, b"", b"x" * 200_000)

    client = await wire.client(answer, send_buffer=4096)
    await client.send(request() + request(path="/stream") + b"ahead")
    assert (await client.response()).body == b"x" * 200_000
    assert await client.read(5) == b"ahead"


async def test_many_one_after_the_other(wire: Wire):
    # File descriptors are used again at once: nothing may be left at the old ones.
    server = wire.serve(Program(wire, echo))
    for number in range(100):
        client = await wire.connect(server)
        await client.send(request() + b"%d" % number)
        assert await client.read(len(str(number))) == b"%d" % number
        client.close()


async def test_many_side_by_side(wire: Wire):
    server = wire.serve(Program(wire, echo))
    clients = [await wire.connect(server) for _ in range(50)]
    for number, client in enumerate(clients):
        await client.send(request() + b"%02d" % number)
    for number, client in enumerate(clients):
        assert await client.read(2) == b"%02d" % number
    for number, client in enumerate(clients):
        await client.send(b"%02d again" % number)
        assert await client.read(8) == b"%02d again" % number


async def test_the_server_ends_without_the_stream(wire: Wire):
    program = Program(wire, echo)
    server = wire.serve(program)
    client = await wire.connect(server)
    await client.send(request() + b"ahead")
    assert await client.read(5) == b"ahead"
    server.stop()
    assert await server.close_all_connections(0) == 0
    await client.send(b"still there")
    assert await client.read(11) == b"still there"


async def test_on_a_unix_socket(wire: Wire, tmp_path):
    program = Program(wire, echo, switch)
    server = HTTPServer(program)
    server.add_socket(bind_unix_socket(str(tmp_path / "socket")))
    wire.servers.append(server)
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(tmp_path / "socket"))
    client = Client(sock)
    wire.clients.append(client)
    await client.send(request() + b"ahead")
    assert (await client.response()).status == 101
    assert await client.read(5) == b"ahead"


async def test_a_client_that_has_stopped_sending(wire: Wire):
    async def read(stream: BaseIOStream) -> None:
        await turns()
        assert await stream.read_until_close() == b"ahead"

    gate = asyncio.Event()

    async def answer(request: Any) -> None:
        await gate.wait()
        await Program(wire, read)(request)

    client = await wire.client(answer)
    await client.send(request() + b"ahead")
    client.end_sending()
    await turns()
    gate.set()
    assert await client.rest() == b""


# What cannot be


async def test_after_the_response(wire: Wire):
    caught: list[Exception] = []

    def answer(request: Any) -> None:
        request.connection.respond(200, None, b"", b"done")
        try:
            request.connection.detach()
        except LocalProtocolError as error:
            caught.append(error)

    client = await wire.client(answer)
    assert (await client.ask()).body == b"done"
    assert (await client.ask()).body == b"done"
    assert "the response is complete" in str(caught[0])


async def test_twice_and_after_it(wire: Wire):
    async def again(stream: BaseIOStream) -> None:
        exchange = exchanges[0]
        with pytest.raises(LocalProtocolError, match="the response is complete"):
            exchange.detach()
        with pytest.raises(LocalProtocolError, match="the response is complete"):
            exchange.respond(200, None, b"", b"")
        exchange.abort()
        exchange.fail()
        await exchange.drain()
        await stream.write(b"good")

    exchanges: list[Any] = []
    client = await wire.client(
        Program(wire, again, lambda request: exchanges.append(request.connection))
    )
    await client.send(request())
    assert await client.read(4) == b"good"


async def test_before_the_end_of_the_body(wire: Wire):
    server = wire.serve(Program(wire, keep))
    client = await wire.connect(server)
    await client.send(request("Content-Length: 5", method="POST") + b"he")
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    with pytest.raises(LocalProtocolError, match="body must have been read"):
        connection.detach()
    await client.send(b"llo" + b"ahead")
    await wire.closed(server)


async def test_when_the_client_has_gone(wire: Wire):
    raised = asyncio.Event()

    async def answer(request: Any) -> None:
        request.connection.cancel_on_disconnect = False
        await gone.wait()
        with pytest.raises(StreamClosedError):
            request.connection.detach()
        raised.set()

    gone = asyncio.Event()
    server = wire.serve(answer)
    client = await wire.connect(server)
    await client.send(request())
    await wire.connection(server)
    client.reset()
    await wire.closed(server)
    gone.set()
    await raised.wait()


@pytest.mark.parametrize(
    ("raw", "headers", "message"),
    [
        (request(), HTTPHeaders(), "must name the new protocol"),
        (request(), HTTPHeaders({"X-Upgrade": "a"}), "must name the new protocol"),
        (b"GET / HTTP/1.0\r\n\r\n", UPGRADE, "HTTP/1.1"),
    ],
)
async def test_101_that_cannot_be(wire: Wire, caplog, raw, headers, message):
    client = await wire.client(
        Program(wire, keep, lambda request: request.connection.write_headers(SWITCH, headers))
    )
    await client.send(raw)
    assert (await client.response()).status == 500
    assert message in caplog.text


# In a handler


class Switching(RequestHandler):
    def initialize(self, wire, how):
        self.wire = wire
        self.how = how

    async def get(self):
        self.set_status(101)
        self.set_header("Upgrade", "echo")
        self.set_header("Connection", "Upgrade")
        if self.how == "finish":
            self.finish()
        else:
            await self.flush()
        if self.how == "forget":
            return
        stream = self.detach()
        self.wire.streams.append(stream)
        await echo(stream)


@pytest.mark.parametrize("how", ["flush", "finish"])
async def test_a_handler_that_switches(wire: Wire, caplog, how):
    caplog.set_level(logging.INFO)
    server = wire.serve([("/", Switching, {"wire": wire, "how": how})])
    client = await wire.connect(server)
    await client.send(request("Upgrade: echo") + b"ahead")
    answer = await client.response()
    assert answer.status == 101
    assert answer["Upgrade"] == "echo"
    assert answer["Connection"] == "Upgrade"
    assert "Transfer-Encoding" not in answer
    assert "Content-Length" not in answer
    assert await client.read(5) == b"ahead"
    assert not server.connections
    assert caplog.text == ""


async def test_a_handler_that_forgets_to_detach(wire: Wire, caplog):
    server = wire.serve([("/", Switching, {"wire": wire, "how": "forget"})])
    client = await wire.connect(server)
    await client.send(request())
    assert (await client.response()).status == 101
    assert await client.rest_or_reset() == b""
    await wire.closed(server)
    assert "while writing SWITCHED" in caplog.text


async def test_nobody_detaches(wire: Wire):
    class Forgetful(Switching):
        async def get(self):
            self.set_status(101)
            self.set_header("Upgrade", "echo")
            self.finish()

    server = wire.serve([("/", Forgetful, {"wire": wire, "how": ""})])
    client = await wire.connect(server)
    await client.send(request())
    assert (await client.response()).status == 101
    connection = await wire.connection(server)
    await turns()
    assert connection.deadline < float("inf")
    server.sweep(connection.deadline)
    assert await client.rest() == b""
    await wire.closed(server)


async def test_a_plain_handler_that_detaches(wire: Wire):
    class Raw(RequestHandler):
        def get(self):
            stream = self.detach()
            stream.write(b"raw")
            stream.close()

    client = await wire.client([("/", Raw)])
    await client.send(request() * 2)
    assert await client.rest_or_reset() == b"raw"


async def test_a_handler_that_fails_behind_detach(wire: Wire, caplog):
    class Failing(RequestHandler):
        def get(self):
            wire.streams.append(self.detach())
            raise RuntimeError("later")

    client = await wire.client([("/", Failing)])
    await client.send(request())
    while not caplog.records:
        await turns(1)
    assert await client.receives_nothing()
    assert "RuntimeError: later" in caplog.text
