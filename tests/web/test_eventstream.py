"""Server-sent events: what is on the wire, and how a stream ends."""

import asyncio
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire, request, turns

from waterspout.httpserver import Policy
from waterspout.web import Application, Event, EventStream, RequestHandler


@pytest.mark.parametrize(
    ("event", "wire"),
    [
        (Event("a"), b"data: a\n\n"),
        (Event(""), b"data: \n\n"),
        (Event("a\nb\r\nc\rd\r\r\ne"), b"data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n"),
        (Event("\xe9\u2028x"), "data: é\u2028x\n\n".encode()),
        (Event({"a": [1]}), b'data: {"a": [1]}\n\n'),
        (Event("x", "tick", "7", 3000), b"event: tick\nid: 7\nretry: 3000\ndata: x\n\n"),
        (Event(id=""), b"id: \n\n"),
        (Event(retry=0), b"retry: 0\n\n"),
    ],
)
def test_encoded(event, wire):
    assert event.encode() == wire


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Event("x", event="a\nid: 1"), "the event of an event must be one line"),
        (Event("x", event="a\r"), "the event of an event must be one line"),
        (Event("x", id="1\n"), "the id of an event must be one line"),
        (Event("x", id="1\0"), "must hold no NUL"),
        (Event("x", retry=-1), "retry is a number of milliseconds, not -1"),
        (Event("x", retry=True), "retry is a number"),
        (Event("x", retry=1.5), "retry is a number"),  # type: ignore[arg-type]
        (Event(), "an event needs data"),
    ],
)
def test_what_would_be_something_else_is_told(event, told):
    with pytest.raises(ValueError, match=told):
        event.encode()


class Ticks(RequestHandler):
    """Sends what it is given."""

    log: list[str] = []  # noqa: RUF012
    queue: Any = None

    async def get(self):
        await self.send_events(self.events(), keep_alive=float(self.get_argument("alive", "15")))
        self.log.append("behind")

    async def events(self):
        try:
            while (event := await self.queue.get()) is not None:
                yield event
        finally:
            self.log.append("closed")

    def on_connection_close(self):
        self.log.append("gone")


def ticks() -> Any:
    return type("Ticks", (Ticks,), {"log": [], "queue": asyncio.Queue()})


async def chunk(client: Client) -> bytes:
    size = int(await client.until(b"\r\n"), 16)
    return (await client.read(size + 2))[:-2]


async def test_events_come_one_by_one_and_end(wire: Wire):
    cls = ticks()
    application = Application(
        [("/", cls)], compress_response=True, log_function=lambda handler: None
    )
    client = await wire.client(application)
    await client.send(request("Accept-Encoding: gzip"))
    head = (await client.until(b"\r\n\r\n")).decode()
    assert "Content-Type: text/event-stream\r\n" in head
    assert "Cache-Control: no-cache, no-transform\r\n" in head
    assert "Content-Encoding" not in head
    for event in ("one", Event("two", id="2")):
        cls.queue.put_nowait(event)
        assert await chunk(client) == (b"data: one\n\n" if event == "one" else event.encode())
    cls.queue.put_nowait(None)
    assert await chunk(client) == b""
    assert cls.log == ["closed", "behind"]


async def test_silence_is_broken_by_comments(wire: Wire):
    cls = ticks()
    client = await wire.client([("/", cls)])
    await client.send(request(path="/?alive=0.01"))
    await client.until(b"\r\n\r\n")
    for _ in range(3):
        assert await chunk(client) == b":\n\n"
    cls.queue.put_nowait(None)


async def test_a_client_that_goes_ends_it(wire: Wire):
    cls = ticks()
    server = wire.serve([("/", cls)])
    client = await wire.connect(server)
    await client.send(request())
    await client.until(b"\r\n\r\n")
    client.reset()
    await wire.closed(server)
    await turns()
    assert cls.log == ["gone", "closed", "behind"]


async def test_a_drain_ends_it_well(wire: Wire):
    cls = ticks()
    server = wire.serve([("/", cls)])
    client = await wire.connect(server)
    await client.send(request())
    await client.until(b"\r\n\r\n")
    cls.queue.put_nowait("last")
    assert await chunk(client) == b"data: last\n\n"
    draining = asyncio.ensure_future(server.drain(10))
    assert await client.rest() == b"0\r\n\r\n"
    assert await draining == 0
    assert cls.log == ["closed", "behind"]


class Fails(RequestHandler):
    async def get(self):
        async with EventStream(self) as stream:
            await stream.send("x", id="1\n2")


async def test_a_mistake_cuts_the_stream_and_is_logged(wire: Wire, caplog):
    server = wire.serve([("/", Fails)])
    client = await wire.connect(server)
    await client.send(request())
    await client.until(b"\r\n\r\n")
    assert b"0\r\n\r\n" not in await client.rest_or_reset()
    await wire.closed(server)
    assert "the id of an event must be one line" in caplog.text


class Flood(RequestHandler):
    """Counts what it could send."""

    count = 0

    async def get(self):
        async with EventStream(self) as stream:
            while True:
                await stream.send("x" * 1000)
                type(self).count += 1


async def test_a_slow_reader_holds_it_back(wire: Wire):
    Flood.count = 0
    server = wire.serve([("/", Flood)], send_buffer=32 * 1024)
    client = await wire.connect(server, receive_buffer=32 * 1024)
    await client.send(request())
    await client.until(b"\r\n\r\n")
    counts: list[int] = []
    while counts[-2:-1] != counts[-1:] or len(counts) < 2:
        await turns()
        counts.append(Flood.count)
    assert counts[-1] < 5000
    client.reset()
    await wire.closed(server)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_reader_that_stops_is_cut_off_and_the_block_is_left(wire: Wire, version):
    left = asyncio.Event()

    class Leaves(RequestHandler):
        async def get(self):
            try:
                async with EventStream(self) as stream:
                    while True:
                        await stream.send("x" * 1000)
            finally:
                left.set()

    policy = Policy(write_timeout=30.0)
    server = wire.serve([("/", Leaves)], send_buffer=32 * 1024, policy=policy)
    client = await wire.connect(server, receive_buffer=32 * 1024)
    await client.send(f"GET / HTTP/{version}\r\nHost: a\r\n\r\n".encode())
    connection = await wire.connection(server)
    while connection.deadline == float("inf") or connection.exchange is None:
        await turns(1)
    await turns(200)
    for _ in range(3):  # what the buffers on the way take counts as read
        if server.connections:
            server.sweep(connection.deadline)
            await turns()
    await wire.closed(server)
    await left.wait()
    await client.rest_or_reset()


class LastId(RequestHandler):
    def get(self):
        self.write({"id": self.last_event_id})


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], b"null"),
        (["Last-Event-ID:"], b"null"),
        (["Last-Event-ID: 42"], b'"42"'),
        (["Last-Event-ID: é".encode()], b'"\\u00e9"'),
        ([b"Last-Event-ID: \xff"], b"null"),
        (["Last-Event-ID: " + "1" * 1025], b"null"),
    ],
)
async def test_the_id_of_who_comes_back(wire: Wire, lines, found):
    client = await wire.client([("/", LastId)])
    assert (await client.ask(*lines)).body == b'{"id": ' + found + b"}"


def test_no_time_is_no_keep_alive():
    with pytest.raises(ValueError, match="keep_alive is a positive number"):
        EventStream(type("Handler", (), {"request": type("R", (), {"connection": None})}), 0)
