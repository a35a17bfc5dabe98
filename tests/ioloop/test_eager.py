"""Starting a coroutine at once: as a Task does it, only sooner."""

import asyncio
import contextvars
import gc
import sys
import traceback
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.ioloop.starting import bare, current_task, finish, in_callback, start, value_of, variable

from waterspout.ioloop.eager import start_eagerly

# The first step


def test_the_value_of_a_coroutine_that_does_not_suspend_is_returned(loop):
    async def main():
        return 42

    assert start(loop, main()) == 42


def test_nothing_is_left_on_the_loop_by_a_coroutine_that_does_not_suspend(loop, monkeypatch):
    async def main():
        pass

    def check():
        monkeypatch.setattr(loop, "call_soon", None)
        start_eagerly(main(), loop)
        monkeypatch.undo()
        return asyncio.all_tasks(loop)

    assert in_callback(loop, check) == set()


@pytest.mark.parametrize(
    "error", [ValueError, asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit]
)
def test_what_the_first_step_raises_is_raised_at_once(loop, error):
    raised = error("no")

    async def main():
        raise raised

    def check():
        with pytest.raises(error) as caught:
            start_eagerly(main(), loop)
        assert caught.value is raised
        assert asyncio.current_task() is None

    exceptions: list[object] = []
    loop.set_exception_handler(lambda loop, context: exceptions.append(context["exception"]))
    in_callback(loop, check)
    # On Python 3.12 and later asyncio's own Task says that nobody asked it for these.
    assert set(exceptions) <= ({raised} if error in (KeyboardInterrupt, SystemExit) else set())


def found_again() -> int:
    """How many objects the collector finds each time: loops of uvloop that nobody has closed."""
    gc.collect()
    return gc.collect()


def test_an_exception_makes_no_cycle_of_references(loop):
    async def main():
        raise ValueError

    def check():
        before = found_again()
        for _ in range(10):
            try:
                start_eagerly(main(), loop)
            except ValueError:
                pass
        return gc.collect() - before

    gc.disable()
    try:
        assert in_callback(loop, check) == 0
    finally:
        gc.enable()


async def _fails_after_a_failure():
    try:
        await cancelled_future()
    except asyncio.CancelledError:
        await asyncio.sleep(0)
    raise ValueError("no")


async def _fails_with_what_it_awaited():
    await cancelled_future()


async def _fails_when_kept():
    kept.append(current_task())
    raise ValueError("no")


async def _cancels_itself():
    current_task().cancel()


def cancelled_future():
    """Return a future that is cancelled in the next pass of the loop."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.cancel)
    return future


kept: list[asyncio.Task[Any]] = []


@pytest.mark.parametrize(
    "function",
    [
        _fails_after_a_failure,
        _fails_with_what_it_awaited,
        _fails_when_kept,
        _cancels_itself,
    ],
)
@pytest.mark.slow
def test_the_exception_of_a_task_makes_no_cycle_of_references(loop, function):
    async def main():
        before = found_again()
        for _ in range(10):
            try:
                await start_eagerly(function(), loop)
            except (ValueError, asyncio.CancelledError):
                pass
            kept.clear()
        return gc.collect() - before

    gc.disable()
    try:
        assert loop.run_until_complete(main()) == 0
    finally:
        gc.enable()


@pytest.mark.slow
def test_nothing_grows_with_the_number_of_coroutines(loop):
    async def main():
        current_task()

    async def suspended():
        await asyncio.sleep(0)

    async def failed():
        async with asyncio.timeout(3600):  # noqa: ASYNC100
            raise ValueError

    async def run(count):
        for _ in range(count):
            start_eagerly(main(), loop)
            await start_eagerly(suspended(), loop)
            try:
                await start_eagerly(failed(), loop)
            except ValueError:
                pass
        gc.collect()
        return sys.getallocatedblocks()

    def measure(count):
        return loop.run_until_complete(run(count))

    measure(1000)
    before = measure(1000)
    assert measure(5000) - before < 500


# Suspension


def test_it_goes_on_with_the_result_of_what_it_awaited(loop):
    future = loop.create_future()
    task = start(loop, value_of(future))
    future.set_result(42)
    assert loop.run_until_complete(task) == 42


def test_it_goes_on_with_the_exception_of_what_it_awaited(loop):
    async def main():
        with pytest.raises(ValueError, match="no"):
            await future
        await asyncio.sleep(0)
        return "caught"

    future = loop.create_future()
    task = start(loop, main())
    future.set_exception(ValueError("no"))
    assert loop.run_until_complete(task) == "caught"


def test_an_exception_that_was_dealt_with_is_not_the_context_of_a_later_one(loop):
    async def main():
        try:
            await future
        except ValueError:
            pass
        assert sys.exc_info() == (None, None, None)
        raise KeyError

    future = loop.create_future()
    task = start(loop, main())
    future.set_exception(ValueError("no"))
    with pytest.raises(KeyError) as caught:
        loop.run_until_complete(task)
    assert caught.value.__context__ is None
    shown = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert shown[-1] == "main"


def test_any_number_of_suspensions(loop):
    async def main():
        for _ in range(5):
            await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await value_of(cancelled_future())
        return 42

    assert finish(loop, main()) == 42


def test_two_coroutines_await_one_future(loop):
    future = loop.create_future()
    tasks = in_callback(loop, lambda: [start_eagerly(value_of(future), loop) for _ in range(3)])
    tasks.append(loop.create_task(value_of(future)))
    future.set_result(42)
    assert loop.run_until_complete(asyncio.gather(*tasks)) == [42] * 4


def test_what_a_task_refuses_to_await_is_refused(loop, make_loop):
    other_loop = make_loop()
    foreign = other_loop.create_future()

    async def itself():
        await current_task()

    for coroutine, message in [
        (value_of(bare(42)), "Task got bad yield: 42"),
        (value_of(bare(loop.create_future())), "yield was used instead of yield from"),
        (value_of(foreign), "attached to a different loop"),
        (itself(), "Task cannot await on itself"),
    ]:
        with pytest.raises(RuntimeError, match=message):
            finish(loop, coroutine)
    other_loop.close()


def test_debug_mode(loop):
    loop.set_debug(True)
    assert finish(loop, value_of(asyncio.sleep(0, 42))) == 42


def test_a_coroutine_whose_task_is_thrown_away_is_closed(loop):
    closed = []

    async def main():
        try:
            await loop.create_future()
        finally:
            closed.append(True)

    errors = []
    loop.set_exception_handler(lambda loop, context: errors.append(context["message"]))
    task = start(loop, main())
    in_callback(loop, lambda: None)
    del task
    gc.collect()
    assert closed == [True]
    assert errors == ["Task was destroyed but it is pending!"]


# Context


def test_all_steps_run_in_the_context(loop):
    async def main():
        seen = [variable.get()]
        variable.set("first")
        await asyncio.sleep(0)
        seen.append(variable.get())
        variable.set("second")
        return seen

    context = contextvars.copy_context()
    context.run(variable.set, "given")
    assert finish(loop, main(), context) == ["given", "first"]
    assert context[variable] == "second"
    assert variable.get() == "unset"


@pytest.mark.parametrize("suspends", [True, False])
def test_without_a_context_it_gets_a_copy_of_the_callers(loop, suspends):
    async def main():
        seen = variable.get()
        variable.set("inner")
        if suspends:
            await asyncio.sleep(0)
            assert variable.get() == "inner"
        return seen

    def check():
        variable.set("caller")
        outcome = start_eagerly(main(), loop)
        assert variable.get() == "caller"
        return outcome

    outcome = in_callback(loop, check)
    assert (loop.run_until_complete(outcome) if suspends else outcome) == "caller"


def test_the_caller_must_not_be_in_the_context(loop):
    async def main():
        pass

    context = contextvars.copy_context()
    coroutine = main()
    with pytest.raises(RuntimeError, match="cannot enter context"):
        in_callback(loop, lambda: context.run(start_eagerly, coroutine, loop, context))
    coroutine.close()
    assert asyncio.current_task(loop) is None
    assert asyncio.all_tasks(loop) == set()
    assert finish(loop, value_of(asyncio.sleep(0, 42)), context) == 42


class Compiled(Coroutine[Any, Any, Any]):
    """A coroutine that is none of Python's own, as those of compiled modules are."""

    def __init__(self, coroutine):
        self._coroutine = coroutine

    def __await__(self):
        return self._coroutine.__await__()

    def send(self, value):
        return self._coroutine.send(value)

    def throw(self, *error):
        return self._coroutine.throw(*error)

    def close(self):
        self._coroutine.close()


def test_a_coroutine_of_a_compiled_module_goes_on(loop):
    first, second = loop.create_future(), loop.create_future()

    async def wait():
        return await first + await second

    task = start(loop, Compiled(wait()))
    loop.call_soon(first.set_result, 1)
    loop.call_soon(second.set_result, 2)
    assert loop.run_until_complete(task) == 3
