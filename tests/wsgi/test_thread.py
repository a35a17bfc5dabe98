"""The way from a thread to the loop, where the loop has ended."""

import asyncio
import threading
from typing import Any

import pytest
from tests.wire.server_under_test import turns

from waterspout.wsgi.reply import ClientGoneError
from waterspout.wsgi.thread import ThreadSink


class FakeExchange:
    """An exchange whose client never catches up."""

    is_lost = False
    finish_time = 0.0

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.sent: list[bytes] = []

    def send_data(self, data: bytes) -> None:
        self.sent.append(data)

    def drain(self) -> Any:
        return self.loop.create_future()


def test_a_loop_that_is_closed():
    loop = asyncio.new_event_loop()
    sink = ThreadSink(FakeExchange(loop))  # type: ignore[arg-type]
    loop.close()
    with pytest.raises(ClientGoneError):
        sink.send_data(b"a")


def test_a_loop_that_is_closed_while_the_thread_waits(monkeypatch):
    monkeypatch.setattr("waterspout.wsgi.thread._WATCH_INTERVAL", 0.01)
    loop = asyncio.new_event_loop()
    exchange = FakeExchange(loop)
    sink = ThreadSink(exchange)  # type: ignore[arg-type]
    raised: list[Exception] = []

    def run() -> None:
        try:
            sink.send_data(b"x" * 100_000)
            sink.wait()
        except ClientGoneError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not exchange.sent:
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    thread.join()
    assert len(raised) == 1


def test_what_is_sent_arrives_in_its_order():
    async def main() -> list[bytes]:
        exchange = FakeExchange(asyncio.get_running_loop())
        sink = ThreadSink(exchange)  # type: ignore[arg-type]

        def run() -> None:
            for number in range(200):
                sink.send_data(b"%d" % number)
                sink.wait()

        await asyncio.to_thread(run)
        return exchange.sent

    assert asyncio.run(main()) == [b"%d" % number for number in range(200)]


def test_many_small_pieces_are_not_too_many():
    async def main() -> int:
        exchange = FakeExchange(asyncio.get_running_loop())
        sink = ThreadSink(exchange)  # type: ignore[arg-type]
        sent = 0

        def run() -> None:
            nonlocal sent
            while True:
                sink.send_data(b"x")
                sent += 1
                sink.wait()

        running = asyncio.ensure_future(asyncio.to_thread(run))
        while sink._in_flight <= 64 * 1024:
            await turns(1)
        exchange.is_lost = True
        sink._acknowledge(0, exchange.drain())
        with pytest.raises(ClientGoneError):
            await running
        return sent

    assert 200 < asyncio.run(main()) < 300
