"""Waiting for a time, and no longer than a time."""

import asyncio
import datetime
import gc
import time
import weakref
from typing import Any

import pytest

from waterspout import gen

SECOND = datetime.timedelta(seconds=1)


def test_sleep(fake_clock_loop):
    loop = fake_clock_loop

    async def main():
        begin = loop.time()
        await gen.sleep(5)
        await gen.sleep(-1)
        await gen.sleep(0)
        return loop.time() - begin

    assert loop.run_until_complete(main()) == pytest.approx(5)


def test_a_sleep_that_is_cancelled_leaves_no_timer(loop):
    async def main():
        future = gen.sleep(3600)
        assert future.cancel()
        assert not future.cancel()
        return weakref.ref(future)

    gc.disable()
    try:
        assert loop.run_until_complete(main())() is None
    finally:
        gc.enable()


def test_in_time(loop):
    @gen.coroutine
    def fail():
        yield gen.moment
        raise KeyError

    async def main():
        assert await gen.with_timeout(SECOND, gen.maybe_future(1)) == 1
        assert await gen.with_timeout(time.time() + 3600, gen.multi([gen.moment])) == [None]
        with pytest.raises(KeyError):
            await gen.with_timeout(datetime.timedelta(hours=1), fail())
        gone = gen.sleep(3600)
        loop.call_soon(gone.cancel)
        with pytest.raises(asyncio.CancelledError):
            await gen.with_timeout(datetime.timedelta(hours=1), gone)

    loop.run_until_complete(main())


def test_too_late(fake_clock_loop):
    loop = fake_clock_loop

    async def main():
        future = loop.create_future()
        for timeout in (SECOND, 0, time.time() - 1):
            with pytest.raises(TimeoutError, match="Timeout"):
                await gen.with_timeout(timeout, future)
        with pytest.raises(gen.TimeoutError, match="the disk"):
            await gen.with_timeout(SECOND, future, message="waited for the disk")
        with pytest.raises(TimeoutError, match="made"):
            await gen.with_timeout(SECOND, future, message=lambda: "made")
        # It goes on.
        assert not future.done()
        future.set_result(1)
        assert await gen.with_timeout(SECOND, future) == 1

    loop.run_until_complete(main())


def test_what_fails_later_is_logged(fake_clock_loop, app_errors):
    loop = fake_clock_loop

    async def main():
        for quiet in ((), KeyError, (LookupError, ValueError)):
            future = loop.create_future()
            with pytest.raises(TimeoutError):
                await gen.with_timeout(SECOND, future, quiet)
            future.set_exception(KeyError("late"))
            await asyncio.sleep(0)
        future = loop.create_future()
        with pytest.raises(TimeoutError):
            await gen.with_timeout(SECOND, future)
        future.cancel()
        await asyncio.sleep(0)

    loop.run_until_complete(main())
    [(message, error)] = app_errors()
    assert "failed after its timeout" in message
    assert error.args == ("late",)


def test_nothing_is_left_at_what_is_waited_for_in_vain():
    """Neither of those whose time is up nor of those who were cancelled."""
    callbacks = 0

    class Future(asyncio.Future):
        def add_done_callback(self, callback, *, context=None):
            nonlocal callbacks
            callbacks += 1
            super().add_done_callback(callback, context=context)

        def remove_done_callback(self, callback):
            nonlocal callbacks
            removed = super().remove_done_callback(callback)
            callbacks -= removed
            return removed

    async def main():
        future = Future()
        for _ in range(1000):
            with pytest.raises(TimeoutError):
                await gen.with_timeout(0, future)
            gen.with_timeout(datetime.timedelta(hours=1), future).cancel()

    asyncio.run(main())
    assert callbacks == 1


def test_to_cancel_it_leaves_the_other(loop):
    async def main():
        future = loop.create_future()
        limited = gen.with_timeout(SECOND, future)
        assert limited.cancel()
        assert not future.cancelled()
        future.set_result(1)
        await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await limited

    loop.run_until_complete(main())


def test_bad_arguments(loop):
    soon: Any = "soon"
    number: Any = 42

    async def main():
        with pytest.raises(TypeError, match="a timeout is a number or a timedelta, not 'soon'"):
            gen.with_timeout(soon, loop.create_future())
        with pytest.raises(gen.BadYieldError):
            gen.with_timeout(SECOND, number)

    loop.run_until_complete(main())
