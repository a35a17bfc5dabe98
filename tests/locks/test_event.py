"""Events and conditions."""

import asyncio
import datetime
from typing import Any

import pytest

from waterspout import gen
from waterspout.locks import Condition, Event

HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


def waiting(lock: Any) -> int:
    """Return how many wait for it."""
    return len(lock._line)


def test_an_event(loop):
    async def main():
        event = Event()
        assert not event.is_set()
        futures = [event.wait(), event.wait(HOUR)]
        assert repr(event) == "<Event clear waiting=2>"
        event.set()
        await asyncio.gather(*futures)
        assert event.is_set()
        assert event.wait().done()
        event.clear()
        assert not event.wait().done()

    loop.run_until_complete(main())


def test_an_event_in_a_generator(loop):
    event = Event()

    @gen.coroutine
    def wait():
        yield event.wait()
        return event.is_set()

    async def main():
        future = wait()
        event.set()
        return await future

    assert loop.run_until_complete(main()) is True


def test_an_event_that_does_not_happen(fake_clock_loop):
    async def main():
        event = Event()
        with pytest.raises(TimeoutError, match="Timeout"):
            await event.wait(SECOND)
        futures = [event.wait(SECOND) for _ in range(10_000)]
        for future in futures[::2]:
            future.cancel()
        await asyncio.gather(*futures, return_exceptions=True)
        assert waiting(event) == 0

    fake_clock_loop.run_until_complete(main())


def test_a_condition(loop):
    async def main():
        condition = Condition()
        condition.notify()  # Nobody waits, and nobody remembers.
        futures = [condition.wait() for _ in range(5)]
        condition.notify()
        assert [future.done() for future in futures] == [True, False, False, False, False]
        condition.notify(2)
        assert [future.done() for future in futures] == [True, True, True, False, False]
        assert repr(condition) == "<Condition waiting=2>"
        condition.notify_all()
        assert [await future for future in futures] == [True] * 5

    loop.run_until_complete(main())


def test_a_condition_that_is_not_notified(fake_clock_loop):
    async def main():
        condition = Condition()
        assert await condition.wait(SECOND) is False
        futures = [condition.wait(SECOND) for _ in range(10_000)]
        assert set(await asyncio.gather(*futures)) == {False}
        assert waiting(condition) == 0
        in_time = condition.wait(HOUR)
        condition.notify()
        assert await in_time is True

    fake_clock_loop.run_until_complete(main())


def test_a_notification_is_not_lost(loop):
    """Who was cancelled before he could go on leaves it to the next."""

    async def wait(condition):
        await condition.wait()

    async def main():
        condition = Condition()
        task = asyncio.create_task(wait(condition))
        await asyncio.sleep(0)
        other = condition.wait()
        condition.notify()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert other.done()

    loop.run_until_complete(main())
