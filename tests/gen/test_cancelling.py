"""Coroutines that are cancelled."""

import asyncio

import pytest

from waterspout import gen


def test_cancellation_passes_through(loop):
    seen = []

    @gen.coroutine
    def inner():
        try:
            yield loop.create_future()
        except asyncio.CancelledError:
            seen.append("inner")
            raise
        finally:
            yield gen.moment  # It may still wait.
            seen.append("cleaned")

    async def native():
        try:
            await inner()
        finally:
            seen.append("native")

    @gen.coroutine
    def main():
        try:
            yield [native(), gen.sleep(3600)]
        finally:
            seen.append("main")

    async def check():
        future = main()
        assert future.cancel("enough")
        assert not future.done()
        with pytest.raises(asyncio.CancelledError):
            await future
        assert future.cancelled()
        assert not future.cancel()

    loop.run_until_complete(check())
    assert seen == ["inner", "cleaned", "native", "main"]


def test_a_cancellation_can_be_refused(loop):
    @gen.coroutine
    def stubborn():
        try:
            yield loop.create_future()
        except asyncio.CancelledError as error:
            return error.args

    async def check():
        future = stubborn()
        future.cancel("message")
        return await future

    assert loop.run_until_complete(check()) == ("message",)


@pytest.mark.parametrize("wait", [lambda: None, lambda: gen.moment, lambda: gen.sleep(0)])
def test_cancelled_in_a_moment(loop, wait):
    @gen.coroutine
    def main():
        try:
            yield wait()
        except asyncio.CancelledError:
            return "seen"

    async def check():
        future = main()
        future.cancel()
        return await future

    assert loop.run_until_complete(check()) == "seen"


def test_cancelled_when_the_wait_is_over(loop):
    """What it waited for is not lost; the next wait fails, or its end."""
    seen = []

    @gen.coroutine
    def main(future, further):
        seen.append((yield future))
        if further:
            try:
                yield further
            finally:
                seen.append("further")
        return 1

    async def check():
        for further in (None, loop.create_future(), gen.moment):
            future = loop.create_future()
            task = main(future, further)
            future.set_result("value")
            task.cancel("message")
            with pytest.raises(asyncio.CancelledError):
                await task

    loop.run_until_complete(check())
    assert seen == ["value", "value", "further", "value", "further"]


def test_who_cancels_himself(loop):
    @gen.coroutine
    def main():
        yield gen.moment
        futures[0].cancel()
        yield gen.sleep(3600)

    async def check():
        futures.append(main())
        with pytest.raises(asyncio.CancelledError):
            await futures[0]

    futures = []
    loop.run_until_complete(check())


@pytest.mark.parametrize("late", [False, True])
def test_what_is_cancelled_inside_is_cancelled(loop, late):
    @gen.coroutine
    def main():
        if late:
            yield gen.moment
        raise asyncio.CancelledError("inside")

    async def check():
        future = main()
        with pytest.raises(asyncio.CancelledError):
            await future
        return future.cancelled()

    assert loop.run_until_complete(check())
