"""Cancelling a coroutine that was started at once."""

import asyncio

import pytest
from tests.ioloop.starting import bare, current_task, finish, in_callback, start


@pytest.mark.parametrize("at_once", [True, False])
def test_cancelled_from_outside(loop, at_once):
    """Before the loop has run the task, and after."""
    seen: list[tuple[object, ...]] = []

    async def main():
        try:
            await future
        except asyncio.CancelledError as error:
            seen.append(error.args)
            raise

    future = loop.create_future()

    def cancel(task):
        assert task.cancel("enough")
        assert task.cancelling() == 1

    if at_once:
        task = start(loop, main(), then=cancel)
    else:
        task = start(loop, main())
        in_callback(loop, lambda: None)
        cancel(task)
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    assert task.cancelled()
    assert seen == [("enough",)]
    assert future.cancelled()


def test_a_cancellation_can_be_survived(loop):
    async def main():
        with pytest.raises(asyncio.CancelledError):
            await loop.create_future()
        await asyncio.sleep(0)
        return "survived"

    task = start(loop, main(), then=asyncio.Task.cancel)
    assert loop.run_until_complete(task) == "survived"


def test_cancelled_while_it_gives_way(loop):
    async def main():
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
        return "survived"

    task = start(loop, main(), then=asyncio.Task.cancel)
    assert loop.run_until_complete(task) == "survived"


def test_what_it_awaits_hears_of_the_cancellation_first(loop):
    async def inner():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "inner knew better"

    async def main():
        return await inner_task

    inner_task = loop.create_task(inner())
    in_callback(loop, lambda: None)
    task = start(loop, main(), then=asyncio.Task.cancel)
    assert loop.run_until_complete(task) == "inner knew better"


def test_cancelled_when_what_it_awaits_is_done(loop):
    async def main():
        with pytest.raises(asyncio.CancelledError):
            await future
        return "survived"

    def end(task):
        future.set_result(None)
        task.cancel()

    future = loop.create_future()
    task = start(loop, main(), then=end)
    assert loop.run_until_complete(task) == "survived"


def test_a_coroutine_that_cancels_itself_is_cancelled_where_it_suspends(loop):
    async def main(awaitable):
        current_task().cancel("myself")
        with pytest.raises(asyncio.CancelledError, match="myself"):
            await awaitable
        return "survived"

    assert finish(loop, main(loop.create_future())) == "survived"
    assert finish(loop, main(asyncio.sleep(0))) == "survived"
    assert finish(loop, main(bare(None))) == "survived"


def test_a_coroutine_that_cancels_itself_and_ends_was_cancelled(loop):
    async def main(error=None):
        current_task().cancel()
        if error:
            raise error

    with pytest.raises(asyncio.CancelledError):
        finish(loop, main())
    with pytest.raises(ValueError, match="but"):
        finish(loop, main(ValueError("but")))


def test_a_timeout_that_is_not_needed(loop):
    async def main():
        async with asyncio.timeout(3600):  # noqa: ASYNC100
            return 42

    assert finish(loop, main()) == 42


@pytest.mark.parametrize("delay", [0, 0.001])
def test_a_timeout_that_fires(loop, delay):
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(delay):
                await loop.create_future()
        await asyncio.sleep(0)
        assert current_task().cancelling() == 0
        return 42

    assert finish(loop, main()) == 42


def test_a_task_group(loop):
    async def main(children):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(child) for child in children]
        return [task.result() for task in tasks]

    async def fail():
        raise ValueError("child")

    assert finish(loop, main([])) == []
    assert finish(loop, main([asyncio.sleep(0, 1), asyncio.sleep(0, 2)])) == [1, 2]
    with pytest.raises(ExceptionGroup) as caught:
        finish(loop, main([fail(), asyncio.sleep(3600)]))
    assert [str(error) for error in caught.value.exceptions] == ["child"]


def test_anyio(loop):
    anyio = pytest.importorskip("anyio")

    async def fast():
        with anyio.fail_after(3600):
            return anyio.get_current_task().coro.__name__

    async def slow():
        with pytest.raises(TimeoutError), anyio.fail_after(0.001):
            await anyio.sleep(3600)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.sleep(3600)
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 3600)
            group.cancel_scope.cancel()
        return scope.cancelled_caught

    async def cancelled_at_once():
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.sleep(3600)
        return scope.cancelled_caught

    assert finish(loop, fast()) == "fast"
    assert finish(loop, slow()) is True
    assert finish(loop, cancelled_at_once()) is True
