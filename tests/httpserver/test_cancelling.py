"""What answers a client that goes, or takes too long: the clock is a number, ``sweep(now)``."""

import asyncio
import json
from contextvars import ContextVar
from time import monotonic
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import Policy
from waterspout.httputil import HTTPMessageDelegate, HTTPServerConnectionDelegate
from waterspout.iostream import StreamClosedError
from waterspout.web import Application, RequestHandler, stream_request_body
from waterspout.web.eventstream import EventStream
from waterspout.wsgi import WSGIContainer

NEVER = float("inf")


class Waits(RequestHandler):
    """Notes what befalls it."""

    def initialize(self, events, gate):
        self.events = events
        self.gate = gate

    async def get(self):
        self.events.append("begun")
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        self.write("waited")

    def on_connection_close(self):
        self.events.append("gone")

    def on_finish(self):
        self.events.append("finish")


class Stays(Waits):
    cancel_on_disconnect = False


class Story:
    """A server of one handler, what happened to it, and the gate that it waits for."""

    def __init__(self, wire: Wire, handler: type[Waits] = Waits, **policy: Any) -> None:
        self.wire = wire
        self.events: list[Any] = []
        self.gate = asyncio.Event()
        rules = [("/", handler, {"events": self.events, "gate": self.gate})]
        application = Application(rules, access_log="json")
        self.server = wire.serve(application, policy=Policy(**policy), send_buffer=16384)

    async def begin(self, raw: bytes = request()) -> Any:
        client = await self.wire.connect(self.server, receive_buffer=16384)
        await client.send(raw)
        await self.until("begun")
        return client

    async def until(self, event: Any) -> None:
        while event not in self.events:
            await turns(1)

    async def connection(self) -> Any:
        return await self.wire.connection(self.server)


def accesses(caplog) -> list[dict[str, Any]]:
    names = ("waterspout.access",)
    return [json.loads(str(r.msg)) for r in caplog.records if r.name in names]


def warnings(caplog) -> list[str]:
    found = [r for r in caplog.records if r.levelname in ("WARNING", "ERROR")]
    return [r.getMessage() for r in found if r.name != "waterspout.access"]


# The client goes


@pytest.mark.parametrize("how", ["reset", "close"])
async def test_a_client_that_goes_cancels_its_handler(wire: Wire, caplog, how):
    story = Story(wire)
    client = await story.begin()
    getattr(client, how)()
    await story.until("finish")
    await wire.closed(story.server)
    assert story.events == ["begun", "gone", "cancelled", "finish"]
    [access] = accesses(caplog)
    assert access["status"] == 499
    assert access["is_incomplete"] is True
    assert warnings(caplog) == []


@pytest.mark.parametrize(
    ("handler", "policy"), [(Stays, {}), (Waits, {"cancel_on_disconnect": False})]
)
async def test_it_can_be_turned_off(wire: Wire, handler, policy):
    story = Story(wire, handler, **policy)
    client = await story.begin()
    client.reset()
    await wire.closed(story.server)
    await turns()
    story.gate.set()
    await story.until("finish")
    assert story.events == ["begun", "gone", "finish"]


@pytest.mark.parametrize(
    ("handler", "policy"),
    [(Stays, {}), (Waits, {"allow_half_close": True}), (Waits, {"cancel_on_disconnect": False})],
)
async def test_a_client_that_only_stops_sending(wire: Wire, handler, policy):
    story = Story(wire, handler, **policy)
    client = await story.begin()
    client.end_sending()
    await story.until("gone")
    story.gate.set()
    assert (await client.response()).body == b"waited"
    assert await client.rest() == b""
    assert story.events == ["begun", "gone", "finish"]


async def test_a_client_that_stops_sending_in_its_response_gets_the_rest(wire: Wire):
    class Begins(Waits):
        async def get(self):
            self.write("begun ")
            await self.flush()
            await super().get()

    story = Story(wire, Begins)
    client = await story.begin()
    client.end_sending()
    await story.until("gone")
    story.gate.set()
    assert (await client.response()).body == b"begun waited"


async def test_functions_delegates_and_wsgi_applications(wire: Wire):
    events: list[str] = []

    async def function(request: Any) -> None:
        events.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            events.append("cancelled")

    class Delegate(HTTPServerConnectionDelegate, HTTPMessageDelegate):
        def start_request(self, server_conn: Any, request_conn: Any) -> Any:
            return self

        def headers_received(self, start_line: Any, headers: Any) -> Any:
            return function(None)

        def on_connection_close(self) -> None:
            events.append("gone")

    def application(environ: Any, start_response: Any) -> Any:
        events.append("begun")
        start_response("200 OK", [])
        try:
            while True:
                yield b""
        finally:
            events.append("cancelled")

    for answers, expected in (
        (function, ["begun", "cancelled"]),
        (Delegate(), ["begun", "gone", "cancelled"]),
        (WSGIContainer(application), ["begun", "cancelled"]),
    ):
        server = wire.serve(answers)
        client = await wire.connect(server)
        await client.send(request())
        while not events:
            await turns(1)
        client.reset()
        while "cancelled" not in events:
            await turns(1)
        assert events == expected
        events.clear()


async def test_a_handler_that_streams_its_body(wire: Wire):
    @stream_request_body
    class Streams(Waits):
        async def prepare(self):
            await self.get()

    story = Story(wire, Streams)
    head = request("Content-Length: 9", method="PUT")
    client = await story.begin(head + b"abc")
    client.reset()
    await story.until("finish")
    assert story.events == ["begun", "gone", "cancelled", "finish"]


async def test_who_waits_for_the_client_hears_it_from_there(wire: Wire):
    class Flushes(Waits):
        async def get(self):
            self.events.append("begun")
            try:
                while True:
                    self.write(b"x" * 65536)
                    await self.flush()
            except StreamClosedError:
                self.events.append("closed")
            await self.gate.wait()
            self.events.append("cleaned up")

    story = Story(wire, Flushes)
    client = await story.begin()
    connection = await story.connection()
    while not connection.exchange or connection.exchange.drain().done():
        await turns(1)
    client.reset()
    await story.until("closed")
    await turns()
    story.gate.set()
    await story.until("cleaned up")
    assert story.events == ["begun", "gone", "closed", "cleaned up", "finish"]


async def test_who_has_heard_of_it_and_goes_on_is_cancelled_later(wire: Wire):
    class Flushes(Waits):
        async def get(self):
            self.write(b"x" * 10_000_000)
            try:
                self.events.append("begun")
                await self.flush()
            except StreamClosedError:
                await super().get()

    story = Story(wire, Flushes, cancel_timeout=0.0)
    client = await story.begin()
    client.reset()
    await story.until("finish")
    assert story.events == ["begun", "gone", "begun", "cancelled", "finish"]


async def test_who_goes_on_writing_gets_an_error(wire: Wire):
    class Writes(Waits):
        async def get(self):
            try:
                await super().get()
            except asyncio.CancelledError:
                self.write("to nobody")
                await self.flush()

    story = Story(wire, Writes)
    client = await story.begin()
    client.reset()
    await story.until("finish")
    assert story.events == ["begun", "gone", "cancelled", "finish"]


async def test_what_does_not_end_is_given_up(wire: Wire, caplog):
    class Goes(Waits):
        async def get(self):
            try:
                await super().get()
            except asyncio.CancelledError:
                await self.gate.wait()

    story = Story(wire, Goes, cancel_timeout=0.0)
    client = await story.begin()
    client.reset()
    while not warnings(caplog):
        await turns(1)
    [line] = warnings(caplog)
    assert line.startswith("does not end 0 s after it was cancelled: GET / (127.0.0.1) [")
    story.gate.set()
    await story.until("finish")


async def test_the_context_is_that_of_the_handler(wire: Wire):
    variable: ContextVar[str] = ContextVar("variable")

    class Sets(Waits):
        async def get(self):
            variable.set("mine")
            await super().get()

        def on_finish(self):
            self.events.append(variable.get())

    story = Story(wire, Sets)
    client = await story.begin()
    client.reset()
    await story.until("mine")


# The request takes too long


def is_in(connection: Any, seconds: float) -> bool:
    """Tell whether the deadline is so far away; a test takes less than five seconds."""
    left: float = connection.deadline - monotonic()
    return seconds - 5 < left <= seconds


async def test_a_request_that_takes_too_long(wire: Wire, caplog):
    story = Story(wire, request_timeout=30.0)
    client = await story.begin()
    connection = await story.connection()
    assert is_in(connection, 30)
    story.server.sweep(connection.deadline - 0.001)
    await turns()
    assert story.events == ["begun"]
    story.server.sweep(connection.deadline)
    answer = await client.response()
    assert answer.status == 503
    assert story.events == ["begun", "cancelled", "finish"]
    [access] = accesses(caplog)
    assert access["status"] == 503
    [line] = warnings(caplog)
    assert line.startswith("the request took longer than 30 s: GET / (127.0.0.1)")
    story.gate.set()
    assert (await client.ask()).body == b"waited"  # the connection goes on


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_a_response_that_has_begun_is_cut(wire: Wire, caplog, version):
    caplog.set_level("INFO", "waterspout.access")

    class Begins(Waits):
        async def get(self):
            self.write("begun ")
            await self.flush()
            await super().get()

    story = Story(wire, Begins, request_timeout=30.0)
    client = await story.begin(request().replace(b"1.1", version.encode()))
    await client.until(b"begun ")
    connection = await story.connection()
    story.server.sweep(connection.deadline)
    await story.until("finish")
    assert b"0\r\n\r\n" not in await client.rest_or_reset()
    [line] = warnings(caplog)
    assert line.startswith("the request took longer than 30 s: GET / (127.0.0.1)")
    [access] = accesses(caplog)
    assert access["is_incomplete"] is True


async def test_a_function_that_takes_too_long(wire: Wire, caplog):
    async def function(request: Any) -> None:
        await asyncio.Event().wait()

    server = wire.serve(function, policy=Policy(request_timeout=30.0))
    client = await wire.connect(server)
    await client.send(request())
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    server.sweep(connection.exchange.deadline)
    assert (await client.response()).status == 503
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("timeout", [5.0, None])
@pytest.mark.parametrize("how", ["class", "call"])
async def test_a_handler_has_a_time_of_its_own(wire: Wire, timeout, how):
    class Own(Waits):
        async def get(self):
            if how == "call":
                self.request.connection.set_request_timeout(timeout)
            await super().get()

    if how == "class":
        Own.request_timeout = timeout
    story = Story(wire, Own, request_timeout=100.0)
    await story.begin()
    connection = await story.connection()
    if timeout is None:
        assert connection.deadline == NEVER
    else:
        assert is_in(connection, 5)
    story.gate.set()


async def test_a_time_that_is_set_later(wire: Wire):
    class Later(Waits):
        async def get(self):
            await asyncio.sleep(0)
            self.request.connection.set_request_timeout(5.0)
            await super().get()

    story = Story(wire, Later)
    client = await story.begin()
    connection = await story.connection()
    assert is_in(connection, 5)
    story.server.sweep(connection.deadline)
    assert (await client.response()).status == 503


async def test_a_handler_that_is_no_coroutine_is_answered_for(wire: Wire, caplog):
    class Detached(Waits):
        def get(self):
            self._auto_finish = False
            self.events.append("begun")

    story = Story(wire, Detached, request_timeout=30.0)
    client = await story.begin()
    connection = await story.connection()
    story.server.sweep(connection.deadline)
    answer = await client.response()
    assert answer.status == 503
    assert answer["Connection"] == "close"
    assert await client.rest() == b""
    assert story.events == ["begun", "gone"]
    [access] = accesses(caplog)
    assert access["status"] == 503
    assert access["error"] == "the request took longer than 30 s"
    assert len(warnings(caplog)) == 1


async def test_a_handler_that_does_not_end_is_answered_for(wire: Wire, caplog):
    class Goes(Waits):
        async def get(self):
            try:
                await super().get()
            except asyncio.CancelledError:
                await self.gate.wait()
                self.write("too late")

    story = Story(wire, Goes, request_timeout=30.0, cancel_timeout=3.0)
    client = await story.begin()
    connection = await story.connection()
    story.server.sweep(connection.deadline)
    await story.until("cancelled")
    deadline = connection.deadline
    story.server.sweep(deadline - 0.001)
    assert await client.receives_nothing()
    story.server.sweep(deadline)
    assert (await client.response()).status == 503
    assert await client.rest() == b""
    await wire.closed(story.server)
    story.gate.set()
    await story.until("finish")
    assert any("does not end 3 s after it was cancelled" in line for line in warnings(caplog))


async def test_a_slow_reader_has_no_longer_than_its_request(wire: Wire):
    class Flushes(Waits):
        async def get(self):
            self.events.append("begun")
            while True:
                self.write(b"x" * 65536)
                await self.flush()

    story = Story(wire, Flushes, request_timeout=30.0, write_timeout=60.0)
    await story.begin()
    connection = await story.connection()
    while not connection.exchange or connection.exchange.drain().done():
        await turns(1)
    assert is_in(connection, 30)
    story.server.sweep(connection.deadline)
    await wire.closed(story.server)
    await story.until("finish")


async def test_a_body_that_takes_too_long_is_the_clients_fault(wire: Wire):
    server = wire.serve([("/", RequestHandler)], policy=Policy(request_timeout=3.0))
    client = await wire.connect(server)
    await client.send(request("Content-Length: 9", method="POST") + b"abc")
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    assert is_in(connection, 3)
    server.sweep(connection.deadline)
    assert (await client.response()).status == 408


async def test_a_stream_of_events_has_no_end(wire: Wire):
    class Events(Waits):
        async def get(self):
            async with EventStream(self):
                await super().get()

    story = Story(wire, Events)
    await story.begin()
    assert (await story.connection()).deadline == NEVER
    story.gate.set()


# What is no Exception


class Failing(RequestHandler):
    def get(self):
        raise BaseExceptionGroup("several", [asyncio.CancelledError()])

    async def post(self):
        self.get()

    async def put(self):
        await asyncio.sleep(0)
        self.get()


@stream_request_body
class FailingEarly(Failing):
    def prepare(self):
        self.get()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("handler", [Failing, FailingEarly])
async def test_whatever_a_handler_raises_is_answered(wire: Wire, caplog, method, handler):
    client = await wire.client([("/", handler)])
    assert (await client.ask("Content-Length: 0", method=method)).status == 500
    assert "BaseExceptionGroup" in caplog.text


@pytest.mark.parametrize("waits", [False, True])
async def test_whatever_a_function_raises_is_answered(wire: Wire, caplog, waits):
    async def function(request: Any) -> None:
        if waits:
            await asyncio.sleep(0)
        raise BaseExceptionGroup("several", [asyncio.CancelledError()])

    client = await wire.client(function)
    assert (await client.ask()).status == 500
    assert "BaseExceptionGroup" in caplog.text


async def test_a_plain_function_too(wire: Wire, caplog):
    def function(request: Any) -> None:
        raise BaseExceptionGroup("several", [GeneratorExit()])

    client = await wire.client(function)
    assert (await client.ask()).status == 500
    assert "BaseExceptionGroup" in caplog.text
