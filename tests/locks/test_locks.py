"""Locks and semaphores: who waits, who is next, and who has gone."""

import asyncio
import datetime
import gc
import time
import weakref
from typing import Any

import pytest

from waterspout import gen
from waterspout.locks import BoundedSemaphore, Lock, Semaphore

HOUR = datetime.timedelta(hours=1)


def waiting(lock: Any) -> int:
    """Return how many wait for it."""
    return len(lock._line)


@pytest.fixture(params=[Lock, Semaphore, BoundedSemaphore])
def make_lock(request):
    """A class of locks."""
    return request.param


def test_one_at_a_time(loop, make_lock):
    order = []

    async def enter(lock, name):
        async with lock as entered:
            assert entered is None
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    async def main():
        lock = make_lock()
        await asyncio.gather(*(enter(lock, name) for name in "abc"))
        assert waiting(lock) == 0

    loop.run_until_complete(main())
    assert order == list("aabbcc")


def test_generators(loop, make_lock):
    order = []
    lock = make_lock()

    @gen.coroutine
    def enter(name):
        with (yield lock.acquire()) as entered:
            assert entered is None
            order.append(name)
            yield gen.moment
            order.append(name)

    async def main():
        await gen.multi([enter("a"), enter("b")])
        with await lock.acquire():
            order.append("c")
        await lock.acquire()
        lock.release()

    loop.run_until_complete(main())
    assert order == list("aabbc")


def test_who_waits_longest_is_next(loop, make_lock):
    """Nobody slips in between: what is released belongs to the first in line at once."""
    order = []

    async def wait(lock, name):
        await lock.acquire()
        order.append(name)

    async def main():
        lock = make_lock()
        await lock.acquire()
        tasks = [asyncio.create_task(wait(lock, name)) for name in "ab"]
        await asyncio.sleep(0)
        lock.release()
        late = lock.acquire()
        assert not late.done()
        lock.release()
        await asyncio.gather(*tasks)
        lock.release()
        await late

    loop.run_until_complete(main())
    assert order == ["a", "b"]


def test_timeouts(fake_clock_loop, make_lock):
    async def main():
        lock = make_lock()
        await lock.acquire()
        for timeout in (datetime.timedelta(seconds=1), 0, time.time() - 1):
            with pytest.raises(gen.TimeoutError, match="Timeout"):
                await lock.acquire(timeout)
        assert waiting(lock) == 0
        # In time.
        future = lock.acquire(HOUR)
        lock.release()
        await future
        lock.release()
        assert (await lock.acquire(0)) is not None
        with pytest.raises(TypeError, match="a number or a timedelta"):
            lock.acquire("soon")

    fake_clock_loop.run_until_complete(main())


@pytest.mark.slow
def test_thousands_that_gave_up_leave_an_empty_line(loop, make_lock):
    async def main():
        lock = make_lock()
        await lock.acquire()
        timed = [lock.acquire(timeout=0) for _ in range(10_000)]
        cancelled = [lock.acquire(HOUR) for _ in range(10_000)]
        assert waiting(lock) == 20_000
        for each in reversed(cancelled):
            each.cancel()
        outcomes = await asyncio.gather(*timed, return_exceptions=True)
        assert {type(each) for each in outcomes} == {TimeoutError}
        assert waiting(lock) == 0
        lock.release()
        await lock.acquire()

    loop.run_until_complete(main())


def test_nothing_refers_to_who_gave_up(loop):
    async def main():
        lock = Lock()
        await lock.acquire()
        futures = [lock.acquire(0), lock.acquire(HOUR), lock.acquire()]
        gone = [weakref.ref(future) for future in futures]
        futures[1].cancel()
        futures[2].cancel()
        with pytest.raises(TimeoutError):
            await futures[0]
        futures.clear()
        await asyncio.sleep(0)
        return [each() for each in gone]

    gc.disable()
    try:
        assert loop.run_until_complete(main()) == [None, None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("how", ["acquire", "async with"])
def test_cancelled_when_it_was_just_handed_over(loop, make_lock, how):
    """The lock is not lost: the next in line gets it."""

    async def enter(lock):
        if how == "acquire":
            await lock.acquire()
        else:
            async with lock:
                raise AssertionError

    async def main():
        lock = make_lock()
        await lock.acquire()
        task = asyncio.create_task(enter(lock))
        await asyncio.sleep(0)
        last = lock.acquire()
        lock.release()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await last
        lock.release()
        assert lock.acquire().done()

    loop.run_until_complete(main())


def test_a_coroutine_that_is_closed_while_it_waits(loop):
    async def enter(lock):
        async with lock:
            raise AssertionError

    async def main():
        lock = Lock()
        await lock.acquire()
        coroutine = enter(lock)
        coroutine.send(None)
        assert waiting(lock) == 1
        coroutine.close()
        assert waiting(lock) == 0

    loop.run_until_complete(main())


def test_released_too_often():
    async def main():
        with pytest.raises(RuntimeError, match="release of an unlocked lock"):
            Lock().release()
        with pytest.raises(ValueError, match="released too many times: all of its 2"):
            BoundedSemaphore(2).release()
        semaphore = Semaphore(0)
        semaphore.release()
        assert semaphore.acquire().done()

    asyncio.run(main())


def test_plain_with(make_lock):
    lock = make_lock()
    with pytest.raises(RuntimeError, match="write `async with`"), lock:
        raise AssertionError


def test_more_than_one_permit():
    async def main():
        semaphore = Semaphore(2)
        first, second, third = (semaphore.acquire() for _ in range(3))
        assert [first.done(), second.done(), third.done()] == [True, True, False]
        assert repr(semaphore) == "<Semaphore locked waiting=1>"
        with first.result():
            assert not third.done()
        assert third.done()
        with pytest.raises(ValueError, match="0 or more permits, not -1"):
            Semaphore(-1)
        assert repr(BoundedSemaphore(3)) == "<BoundedSemaphore free=3 waiting=0>"
        assert "Semaphore" in repr(second.result())

    asyncio.run(main())
