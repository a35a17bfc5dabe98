"""Starts coroutines at once, in a callback of the loop, for the tests of that."""

import asyncio
import contextvars
import types
from typing import Any

from waterspout.ioloop.eager import start_eagerly

__all__ = [
    "bare",
    "current_task",
    "finish",
    "in_callback",
    "start",
    "value_of",
    "variable",
]


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
