"""Coroutines that are begun at once, in the caller's own context, for what they do."""

import asyncio
import contextvars
import gc
import weakref
from typing import Any

import pytest
from tests.ioloop.starting import bare, current_task, in_callback, variable

from waterspout.httpserver.beginning import begin


def _uvloop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    return loop


@pytest.fixture(params=[asyncio.new_event_loop, _uvloop], ids=["asyncio", "uvloop"])
def loop(request):
    loop = request.param()
    yield loop
    loop.close()


def begin_in_callback(loop, coroutine, then=None):
    """Begin it in a context of its own; call `then` with what that gave, in the same turn."""

    def callback():
        context = contextvars.copy_context()
        outcome = context.run(begin, coroutine, loop, context)
        if then is not None:
            then(outcome)
        return outcome

    return in_callback(loop, callback)


def test_a_coroutine_that_does_not_suspend_leaves_nothing(loop):
    tasks = []

    async def main():
        tasks.append(weakref.ref(current_task()))
        return 42

    def look(_):
        assert asyncio.current_task(loop) is None
        assert asyncio.all_tasks(loop) == set()
        assert tasks.pop()() is None

    gc.disable()
    try:
        assert begin_in_callback(loop, main(), look) is None
    finally:
        gc.enable()


def test_a_coroutine_that_suspends_goes_on_as_the_task_it_was(loop):
    async def main():
        seen = [current_task()]
        await asyncio.sleep(0)
        seen.append(current_task())
        return [*seen, await future]

    future = loop.create_future()
    loop.call_later(0, lambda: loop.call_soon(future.set_result, 1))
    task = begin_in_callback(loop, main())
    assert loop.run_until_complete(task) == [task, task, 1]


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError, KeyboardInterrupt])
def test_what_the_first_step_raises_is_raised_at_once(loop, error):
    async def main():
        raise error("first")

    def callback():
        context = contextvars.copy_context()
        with pytest.raises(error, match="first"):
            context.run(begin, main(), loop, context)
        assert asyncio.current_task(loop) is None

    in_callback(loop, callback)


def test_a_task_that_somebody_kept_is_seen_to_end(loop):
    kept = []

    async def main(error=None):
        kept.append(current_task())
        if error:
            raise error

    task = begin_in_callback(loop, main())
    if task is not None:  # before Python 3.12
        loop.run_until_complete(task)
    assert kept.pop().done()
    try:
        task = begin_in_callback(loop, main(ValueError("kept")))
    except ValueError:
        pass
    else:
        with pytest.raises(ValueError, match="kept"):
            loop.run_until_complete(task)
    assert isinstance(kept.pop().exception(), ValueError)


def test_one_may_be_begun_inside_another_task(loop):
    async def inner(seen):
        seen.append(current_task())
        await asyncio.sleep(0)

    async def outer():
        before = current_task()
        seen: list[Any] = []
        context = contextvars.copy_context()
        task: Any = context.run(begin, inner(seen), loop, context)
        assert current_task() is before
        await task
        assert seen == [task]
        assert task is not before

    loop.run_until_complete(outer())


def test_all_steps_run_in_one_context(loop):
    async def main():
        variable.set("first")
        await asyncio.sleep(0)
        seen = variable.get()
        variable.set("second")
        await bare(None)
        return [seen, variable.get()]

    task = begin_in_callback(loop, main())
    assert loop.run_until_complete(task) == ["first", "second"]
    assert variable.get() == "unset"
