"""Begins coroutines whose value nobody wants: each request whose handler is ``async`` has one.

As ``ioloop.eager``, where the theory is, but compiled, and without the two things that the end of a
coroutine is dearest by: another context to enter, and a StopIteration that is looked at.
"""

import asyncio
import sys
from collections.abc import Coroutine
from contextvars import Context
from sys import getrefcount
from typing import Any

__all__ = ["begin"]

# Of Python 3.11 only, which has no eager tasks.
_current_tasks: Any = None
_UnstartedTask: Any = None
if sys.version_info < (3, 12):
    from waterspout.ioloop import unstarted

    _current_tasks = unstarted._current_tasks
    _UnstartedTask = unstarted._UnstartedTask

# What a coroutine yields that has ended.
_ENDED = object()


def _count_unkept() -> int:
    task = object()
    return getrefcount(task)


# The references to a task that nobody has kept, as `begin` counts them: fewer where it is compiled.
_UNKEPT = _count_unkept()


def begin(
    coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop, context: Context
) -> "asyncio.Task[Any] | None":
    """Do the first step of ``coroutine`` now; return the Task that does the rest, or None.

    To be called in a callback of the running ``loop``, or in a Task, by who is in ``context``. The
    rest runs there too, or in a copy of it. An exception that ends the coroutine in its first step
    is raised here, whatever it is; later ones are the Task's. Keep a reference to that: the loop
    has only a weak one. It may be done soon, where somebody has kept it though the coroutine ended.
    """
    if _current_tasks is None:
        return _begin_whole(coroutine, loop)
    if loop in _current_tasks:
        return _begin_inside_another(coroutine, loop, context)
    cls = _UnstartedTask
    task = cls.__new__(cls)
    task.coroutine = coroutine
    task.home = loop
    task.context = context
    _current_tasks[loop] = task
    awaited: Any = _ENDED
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        pass
    except (KeyboardInterrupt, SystemExit):
        del _current_tasks[loop]
        if getrefcount(task) != _UNKEPT:
            task.first_step().end(error=asyncio.CancelledError())
        raise
    except BaseException as error:
        del _current_tasks[loop]
        if getrefcount(task) == _UNKEPT:
            raise
        # Without this frame in the traceback: it has the task, and the task will have the error.
        trace = error.__traceback__ and error.__traceback__.tb_next
        task.first_step().end(error=error.with_traceback(trace))
        return task  # type: ignore[no-any-return]
    del _current_tasks[loop]
    if awaited is not _ENDED:
        task.first_step().suspend(awaited)
    elif getrefcount(task) == _UNKEPT:
        return None
    else:
        task.first_step().end()
    return task  # type: ignore[no-any-return]


def _begin_inside_another(
    coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop, context: Context
) -> "asyncio.Task[Any] | None":
    """Call ``begin`` with the task set aside that is the current one."""
    outer = _current_tasks.pop(loop)
    try:
        return begin(coroutine, loop, context)
    finally:
        _current_tasks[loop] = outer


def _begin_whole(
    coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop
) -> "asyncio.Task[Any] | None":
    """Do what ``begin`` says, since Python 3.12; the context is a copy there, as it was entered."""
    eager: Any = asyncio.Task
    task: asyncio.Task[Any] = eager(coroutine, loop=loop, eager_start=True)
    if not task.done():
        return task
    try:
        task.result()
    finally:
        del task  # The traceback has this frame: task -> exception -> frame -> task.
    return None
