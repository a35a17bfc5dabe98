"""How a handler runs: ``prepare``, its method, ``finish``, and what becomes of its errors.

The steps are written once, as a generator that yields what is to be awaited. Plain handlers
yield nothing and are through at once, without a Task. Where something is yielded a coroutine
takes over, and only if that really has to wait does the event loop get a Task.
"""

import asyncio
from collections.abc import Awaitable, Generator
from contextvars import copy_context
from typing import Any

from waterspout.ioloop.eager import start_eagerly
from waterspout.log import app_log
from waterspout.web.errors import HTTPError, handle_exception

__all__ = ["execute", "request_steps"]

Steps = Generator[Awaitable[Any], Any, None]

# The event loop refers to its tasks weakly.
_tasks: set["asyncio.Task[None]"] = set()


def execute(steps: Steps) -> None:
    """Run the steps of a request in a context of its own, as far as possible at once."""
    context = copy_context()
    awaitable = context.run(next, steps, None)
    if awaitable is None:
        return
    rest = _await_steps(awaitable, steps)
    task = start_eagerly(rest, asyncio.get_running_loop(), context)
    if task is not None:
        _tasks.add(task)
        task.add_done_callback(_on_task_done)


async def _await_steps(awaitable: Awaitable[Any], steps: Steps) -> None:
    try:
        while True:
            try:
                result = await awaitable
            except BaseException as error:
                awaitable = steps.throw(error)
            else:
                awaitable = steps.send(result)
    except StopIteration:
        return


def _on_task_done(task: "asyncio.Task[None]") -> None:
    _tasks.discard(task)
    if not task.cancelled() and task.exception() is not None:
        app_log.error("a handler's task failed", exc_info=task.exception())


def request_steps(application: Any, exchange: Any) -> Steps:
    """Yield what has to be awaited on the way of one request through its handler."""
    handler, args, kwargs = application.find_handler(exchange)
    try:
        method = handler.request.method
        if method not in handler.SUPPORTED_METHODS:
            raise HTTPError(405)
        if args:
            args = handler.path_args = [_decoded(handler, value) for value in args]
        if kwargs:
            kwargs = {name: _decoded(handler, value) for name, value in kwargs.items()}
            handler.path_kwargs = kwargs
        waiting = handler.prepare()
        if waiting is not None:
            yield waiting
        if handler._finished:
            return
        waiting = getattr(handler, method.lower())(*args, **kwargs)
        if waiting is not None:
            yield waiting
        if handler._auto_finish and not handler._finished:
            handler.finish()
    except Exception as error:
        handle_exception(handler, error)


def _decoded(handler: Any, value: bytes | None) -> str | None:
    return None if value is None else handler.decode_argument(value)
