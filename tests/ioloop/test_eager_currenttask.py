"""The current task of a coroutine that was started at once."""

import asyncio
import io
import sys
import weakref
from typing import Any

import pytest
from tests.ioloop.starting import current_task, finish, in_callback, start

from waterspout.ioloop.eager import start_eagerly


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
