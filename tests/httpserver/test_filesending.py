"""Files that go from the page cache into the socket: in order, whole, held back, or given up."""

import asyncio
import os
import socket
from contextlib import suppress
from time import monotonic
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import Policy, filesending
from waterspout.iostream import StreamClosedError
from waterspout.protocol.errors import LocalProtocolError

CONTENT = b"".join(b"%07d\n" % number for number in range(256 * 1024))  # 2 MiB
SIZE = len(CONTENT)


class Host:
    """Answers each exchange with ``answer``, an ``async`` function of it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.exchanges: list[Any] = []

    def start_exchange(self, exchange: Any) -> None:
        self.exchanges.append(exchange)
        exchange.answer(self.answer(exchange))


@pytest.fixture
def file(tmp_path):
    """An open file that holds ``CONTENT``."""
    (tmp_path / "file").write_bytes(CONTENT)
    with (tmp_path / "file").open("rb") as file:
        yield file


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def whole(file, offset=0, count=SIZE, before=b"", after=b"", sent: Any = None):
    """Return what answers with a part of a file, between other bytes."""

    async def answer(exchange):
        exchange.start_response(200, None, b"", len(before) + count + len(after))
        exchange.send_data(before)
        done = await exchange.send_file(file, offset, count)
        if sent is not None:
            sent.append(done)
        if done == count:
            exchange.send_data(after)
        elif not done:
            exchange.send_data(CONTENT[offset : offset + count] + after)
        exchange.end_response()

    return Host(answer)


@pytest.mark.parametrize(
    ("offset", "count", "before", "after"),
    [
        (0, SIZE, b"", b""),
        (0, 1, b"", b""),
        (SIZE - 1, 1, b"<", b">"),
        (100, SIZE - 200, b"<" * 10, b">" * 10),
        (7, 1_000_000, b"<" * 4_000_000, b">" * 4_000_000),
    ],
)
async def test_in_its_place_and_as_often_as_asked(wire: Wire, file, offset, count, before, after):
    sent: list[int] = []
    server = wire.serve(whole(file, offset, count, before, after, sent))
    client = await wire.connect(server)
    await client.send(request() * 3)
    for _ in range(3):
        answer = await client.response()
        assert answer.body == before + CONTENT[offset : offset + count] + after
    assert sent == [count] * 3


async def test_a_unix_socket(wire: Wire, file, tmp_path):
    sent: list[int] = []
    server = wire.serve(whole(file, sent=sent))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    listener.setblocking(False)
    server.add_socket(listener)
    client = await wire.connect_to(listener)
    assert (await client.ask()).body == CONTENT
    assert sent == [SIZE]


async def test_http_1_0(wire: Wire, file):
    client = await wire.client(whole(file))
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    assert (await client.response()).body == CONTENT
    assert await client.rest() == b""


async def test_head_has_no_body_to_send(wire: Wire, file):
    sent: list[int] = []

    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE)
        sent.append(await exchange.send_file(file, 0, SIZE))
        exchange.end_response()

    client = await wire.client(Host(answer))
    assert (await client.ask(method="HEAD"))["Content-Length"] == str(SIZE)
    assert sent == [0]


@pytest.mark.parametrize(("length", "count"), [(-1, SIZE), (SIZE - 1, SIZE), (SIZE, 0)])
async def test_what_has_no_place_in_the_body_is_not_sent(wire: Wire, file, length, count):
    sent: list[int] = []

    async def answer(exchange):
        exchange.start_response(200, None, b"", length)
        sent.append(await exchange.send_file(file, 0, count))
        exchange.send_data(CONTENT[:length])
        exchange.end_response()

    client = await wire.client(Host(answer))
    assert (await client.ask()).body == CONTENT[:length]
    assert sent == [0]


async def test_a_file_that_is_shorter(wire: Wire, file):
    sent: list[int] = []
    client = await wire.client(whole(file, SIZE - 10, 20, sent=sent))
    await client.send(request())
    await client.until(b"\r\n\r\n")
    assert await client.rest_or_reset() == CONTENT[-10:]
    assert sent == [10]


async def test_a_kernel_that_does_not_send_it(wire: Wire, file, monkeypatch):
    def refuse(*args):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(filesending, "_sendfile", refuse)
    sent: list[int] = []
    client = await wire.client(whole(file, sent=sent))
    assert (await client.ask()).body == CONTENT
    assert sent == [0]


async def test_a_platform_that_cannot(wire: Wire, file, monkeypatch):
    monkeypatch.setattr(filesending, "_sendfile", None)
    sent: list[int] = []
    client = await wire.client(whole(file, sent=sent))
    assert (await client.ask()).body == CONTENT
    assert sent == [0]


async def slow(wire: Wire, host: Any, **options: Any):
    """Return a server, its connection and a client that has read nothing but the head."""
    server = wire.serve(host, send_buffer=32 * 1024, **options)
    client = await wire.connect(server, receive_buffer=32 * 1024)
    connection = await wire.connection(server)
    await client.send(request())
    await client.until(b"\r\n\r\n")
    return server, connection, client


async def test_no_descriptor_to_wait_with(wire: Wire, file, monkeypatch):
    def refuse(descriptor):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "dup", refuse)
    sent: list[int] = []

    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE)
        done = await exchange.send_file(file, 0, SIZE)
        sent.append(done)
        exchange.send_data(CONTENT[done:])
        exchange.end_response()

    _, _, client = await slow(wire, Host(answer))
    assert await client.read(SIZE) == CONTENT
    assert 0 < sent[0] < SIZE


async def test_nothing_is_written_in_between(wire: Wire, file):
    errors: list[Exception] = []

    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE + 1)
        sending = exchange.send_file(file, 0, SIZE)
        try:
            exchange.send_data(b"!")
        except LocalProtocolError as error:
            errors.append(error)
        assert not exchange.drain().done()
        with pytest.raises(LocalProtocolError, match="a file is being sent"):
            exchange.send_file(file, 0, 1)
        await sending
        exchange.end_response()

    _, _, client = await slow(wire, Host(answer))
    with suppress(ConnectionResetError):
        assert CONTENT.startswith(await client.rest())
    assert "a file is being sent" in str(errors[0])


async def test_an_end_in_between_cuts_the_response(wire: Wire, file):
    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE)
        exchange.send_file(file, 0, SIZE)
        exchange.end_response()

    server, _, client = await slow(wire, Host(answer))
    assert len(await client.rest_or_reset()) < SIZE
    await wire.closed(server)


async def test_what_is_cancelled_stops_and_the_rest_can_be_sent_otherwise(
    wire: Wire, file, monkeypatch
):
    def send_once(there, here, offset, count):
        if offset:
            raise BlockingIOError
        return sendfile(there, here, offset, 100)

    sendfile = os.sendfile
    monkeypatch.setattr(filesending, "_sendfile", send_once)

    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE)
        sending = exchange.send_file(file, 0, SIZE)
        await turns()
        sending.cancel()
        await turns(2)
        exchange.send_data(CONTENT[100:])
        exchange.end_response()

    client = await wire.client(Host(answer))
    for _ in range(2):
        assert (await client.ask()).body == CONTENT


async def test_what_is_cancelled_before_it_has_begun(wire: Wire, file):
    before = b"<" * 4_000_000

    async def answer(exchange):
        exchange.start_response(200, None, b"", len(before) + SIZE)
        exchange.send_data(before)
        exchange.send_file(file, 0, SIZE).cancel()
        await turns(2)
        assert not exchange.drain().done()
        exchange.send_data(CONTENT)
        await exchange.drain()
        exchange.end_response()

    _, _, client = await slow(wire, Host(answer))
    assert await client.read(len(before) + SIZE) == before + CONTENT


async def test_a_reader_that_reads_is_waited_for_and_one_that_does_not_is_cut_off(wire: Wire, file):
    errors: list[BaseException] = []

    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE)
        try:
            await exchange.send_file(file, 0, SIZE)
        except StreamClosedError as error:
            errors.append(error)

    server, connection, client = await slow(wire, Host(answer), policy=Policy(write_timeout=50))
    await turns()
    deadline = connection.deadline
    assert 45 < deadline - monotonic() <= 50
    for _ in range(3):
        await client.read(300_000)
        await turns()
        server.sweep(deadline)
        assert connection.deadline == deadline + 50
        deadline += 50
    server.sweep(connection.deadline)
    await wire.closed(server)
    await turns()
    assert len(errors) == 1


async def test_a_client_that_goes(wire: Wire, file):
    errors: list[BaseException] = []

    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE)
        try:
            await exchange.send_file(file, 0, SIZE)
        except StreamClosedError as error:
            errors.append(error)
            with pytest.raises(StreamClosedError):
                await exchange.send_file(file, 0, SIZE)

    server, _, client = await slow(wire, Host(answer))
    before = open_files()
    client.reset()
    await wire.closed(server)
    while open_files() >= before:
        await turns(1)
    await turns(2)
    assert len(errors) == 1


async def test_a_file_that_is_closed_too_early(wire: Wire, file):
    sent: list[int] = []

    async def answer(exchange):
        exchange.start_response(200, None, b"", SIZE)
        sending = exchange.send_file(file, 0, SIZE)
        await turns()
        file.close()
        sent.append(await sending)
        exchange.end_response()

    server, _, client = await slow(wire, Host(answer))
    assert len(await client.rest_or_reset()) < SIZE
    await wire.closed(server)
    assert sent[0] < SIZE


async def test_an_idle_deadline_follows(wire: Wire, file):
    server = wire.serve(whole(file), policy=Policy(idle_timeout=70, write_timeout=30))
    client = await wire.connect(server)
    assert (await client.ask()).body == CONTENT
    connection = await wire.connection(server)
    assert 65 < connection.deadline - monotonic() <= 70


async def test_others_are_served_meanwhile(wire: Wire, file):
    class Both(Host):
        def start_exchange(self, exchange: Any) -> None:
            if exchange.head.target == "/":
                super().start_exchange(exchange)
            else:
                exchange.respond(200, None, b"", b"other")

    server, _, client = await slow(wire, Both(whole(file).answer))
    other = await wire.connect(server)
    for _ in range(5):
        assert (await other.ask(path="/other")).body == b"other"
    assert await client.read(SIZE) == CONTENT


def test_it_says_how_far_it_is(file):
    loop = asyncio.new_event_loop()
    here, there = socket.socketpair()
    here.setblocking(False)

    class Transport:
        def get_extra_info(self, name: str) -> Any:
            return here if name == "socket" else None

        def is_closing(self) -> bool:
            return False

    counts: list[int] = []
    sending = filesending.FileSending(
        loop, Transport(), file, 0, SIZE, counts.append, lambda: counts.append(-1)
    )
    assert repr(sending) == f"<FileSending 0 of {SIZE} bytes>"
    sending.begin()
    assert repr(sending) == f"<FileSending {sum(counts)} of {SIZE} bytes>"
    sending.drop(None)
    with pytest.raises(StreamClosedError):
        sending.future.result()
    assert -1 not in counts
    for one in (here, there, loop):
        one.close()
