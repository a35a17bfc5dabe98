"""Starting a coroutine at once: as a Task does it, only sooner."""

import asyncio
import contextvars
import gc
import io
import sys
import traceback
import types
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

from waterspout.ioloop.eager import start_eagerly

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def in_callback(loop, function):
    """Call `function` in a callback of the loop, as a server does; return what it returns."""
    future = loop.create_future()

    def callback():
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)

    loop.call_soon(callback)
    return loop.run_until_complete(future)


def start(loop, coroutine, context=None, then=None):
    """Start it in a callback, which calls `then` with what it got, before the loop goes on."""

    def callback():
        outcome = start_eagerly(coroutine, loop, context)
        if then is not None:
            then(outcome)
        return outcome

    return in_callback(loop, callback)


def finish(loop, coroutine, context=None):
    """Start it, and run the loop to its end."""
    outcome = start(loop, coroutine, context)
    return loop.run_until_complete(outcome) if isinstance(outcome, asyncio.Task) else outcome


def current_task() -> asyncio.Task[Any]:
    """Return the current task, where there is one."""
    task = asyncio.current_task()
    assert task is not None
    return task


@types.coroutine
def bare(value):
    """Yield something to the Task."""
    return (yield value)


async def value_of(awaitable):
    return await awaitable


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


def test_an_exception_makes_no_cycle_of_references(loop):
    async def main():
        raise ValueError

    def check():
        gc.collect()
        for _ in range(10):
            try:
                start_eagerly(main(), loop)
            except ValueError:
                pass
        return gc.collect()

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
def test_the_exception_of_a_task_makes_no_cycle_of_references(loop, function):
    async def main():
        gc.collect()
        for _ in range(10):
            try:
                await start_eagerly(function(), loop)
            except (ValueError, asyncio.CancelledError):
                pass
            kept.clear()
        return gc.collect()

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


# The current task


def test_the_current_task_is_the_same_before_and_after_the_suspension(loop):
    async def main():
        seen = [current_task()]
        await asyncio.sleep(0)
        seen.append(current_task())
        await asyncio.sleep(0)
        return [*seen, current_task()]

    tasks = []
    task = start(loop, main(), then=lambda _: tasks.append(asyncio.all_tasks(loop)))
    assert tasks == [{task}]
    assert loop.run_until_complete(task) == [task] * 3
    assert asyncio.all_tasks(loop) == set()


def test_a_task_that_was_current_is_so_again(loop):
    async def main():
        return current_task()

    async def outer():
        before = current_task()
        inner = start_eagerly(main(), loop)
        with pytest.raises(ValueError, match="inner"):
            start_eagerly(failing(), loop)
        assert current_task() is before
        assert inner is not before
        assert await inner is inner

    async def failing():
        raise ValueError("inner")

    loop.run_until_complete(outer())
    finish(loop, outer())


def test_a_task_that_somebody_kept_is_seen_to_end(loop):
    kept = []

    async def main(error=None):
        kept.append(current_task())
        if error:
            raise error
        return 42

    assert finish(loop, main()) == 42
    task = kept.pop()
    assert task.done()
    assert task.result() == 42
    with pytest.raises(ValueError, match="no"):
        finish(loop, main(ValueError("no")))
    task = kept.pop()
    assert task.done()
    assert isinstance(task.exception(), ValueError)
    for error in asyncio.CancelledError(), GeneratorExit():
        with pytest.raises(type(error)):
            finish(loop, main(error))
        assert kept.pop().done()


def test_a_kept_task_ends_when_its_coroutine_was_interrupted(loop):
    kept = []

    async def main():
        kept.append(current_task())
        raise KeyboardInterrupt

    def check():
        with pytest.raises(KeyboardInterrupt):
            start_eagerly(main(), loop)

    in_callback(loop, check)
    loop.run_until_complete(asyncio.wait(kept))
    assert kept[0].cancelled() or isinstance(kept[0].exception(), KeyboardInterrupt)


def test_a_value_that_is_a_task_comes_in_a_task(loop):
    async def main():
        return current_task()

    async def other():
        return loop.create_task(asyncio.sleep(0))

    task = start(loop, main())
    assert loop.run_until_complete(task) is task
    inner = finish(loop, other())
    assert isinstance(inner, asyncio.Task)
    loop.run_until_complete(inner)


QUESTIONS = {
    "done": lambda task: task.done() is False,
    "cancelled": lambda task: task.cancelled() is False,
    "cancelling": lambda task: task.cancelling() == 0,
    "uncancel": lambda task: task.uncancel() == 0,
    "get_loop": lambda task: task.get_loop() is asyncio.get_running_loop(),
    "get_name": lambda task: task.get_name() == task.get_name() != "",
    "set_name": lambda task: task.set_name("mine") or task.get_name() == "mine",
    "get_coro": lambda task: task.get_coro().__name__ == "main",
    "get_context": lambda task: sys.version_info < (3, 12) or task.get_context(),
    "repr": lambda task: "test_the_current_task_answers.<locals>.main" in repr(task),
    "result": lambda task: fails(asyncio.InvalidStateError, task.result),
    "exception": lambda task: fails(asyncio.InvalidStateError, task.exception),
    "set_result": lambda task: fails(RuntimeError, task.set_result, 1),
    "set_exception": lambda task: fails(RuntimeError, task.set_exception, ValueError()),
    "add_done_callback": lambda task: task.add_done_callback(print) is None,
    "remove_done_callback": lambda task: task.remove_done_callback(print) == 0,
    "get_stack": lambda task: task.get_stack()[-1].f_code.co_name == "main",
    "print_stack": lambda task: printed(task.print_stack),
    "isfuture": asyncio.isfuture,
    "isinstance": lambda task: isinstance(task, asyncio.Task),
    "hash": lambda task: task in {task},
    "weakref": lambda task: weakref.ref(task)() is task,
    "in all_tasks once started": lambda task: task.get_name() and task in asyncio.all_tasks(),
    "attributes": lambda task: [read(task, name) for name in dir(task)],
    "Task.cancelling": lambda task: asyncio.Task.cancelling(task) == 0,
    "Task.uncancel": lambda task: asyncio.Task.uncancel(task) == 0,
}


def fails(error, function, *args):
    with pytest.raises(error):
        function(*args)
    return True


def read(task, name):
    """Read an attribute of any kind. It may fail, but not crash."""
    try:
        return getattr(task, name)
    except (AttributeError, RuntimeError):
        return None


def printed(print_stack):
    file = io.StringIO()
    print_stack(file=file)
    return "main" in file.getvalue()


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("suspends", [True, False])
def test_the_current_task_answers(loop, question, suspends, capsys):
    """Whatever it is asked in the first step, and all goes on as it would have."""

    async def main():
        assert question(current_task())
        if suspends:
            await asyncio.sleep(0)
        return "end"

    assert finish(loop, main()) == "end"


def test_a_done_callback_added_in_the_first_step_is_called(loop):
    called: list[asyncio.Task[Any]] = []

    async def main():
        task = current_task()
        task.add_done_callback(called.append)

    finish(loop, main())
    in_callback(loop, lambda: None)
    assert [task.done() for task in called] == [True]


def test_a_task_in_its_later_steps_shows_the_coroutine_of_the_handler(loop):
    async def main():
        await asyncio.sleep(0)
        await future

    def check(task):
        assert task.get_coro() is coroutine
        assert "main()" in repr(task)
        assert task.get_stack()[0].f_code.co_name == "main"

    future = loop.create_future()
    coroutine = main()
    task = start(loop, coroutine, then=check)
    in_callback(loop, lambda: None)
    check(task)
    future.set_result(None)
    loop.run_until_complete(task)


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


# Cancellation


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
