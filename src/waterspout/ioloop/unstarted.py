"""What Python 3.11 lacks for `eager.start_eagerly`: a Task that is there before it is started.

Theory of operation. `Task.__init__` schedules the first step and can't be told that it is already
done. So what the first step sees as its current task is made by `__new__` alone: an instance of
`_UnstartedTask`, which the loop knows nothing of and which costs 0.1 us. From there,

1. the coroutine ends in its first step and nobody has kept the task: it is dropped, and the outcome
   returned or raised. That is the common case;
2. the coroutine suspends: the same object is initialised and is a Task from now on. The coroutine
   that it gets is not the handler's but `_drive`, which hands on to the Task what the first step
   was suspended at, and is transparent (`yield from`) after that;
3. the first step calls a method that needs a whole Task, to cancel itself, say: the object is
   initialised then and there, with a `_drive` that is told how the first step ended before the loop
   comes to run it;
4. the coroutine ends in its first step, but somebody has kept the task, as the count of references
   tells: it is initialised as in 3, so that whoever has it sees it end. The outcome comes through
   the task, an iteration later.

State is the class: an `_UnstartedTask` becomes an `EagerTask` by assignment to `__class__`. Until
then it overrides what would read the fields that `__init__` has not written: `Task.get_coro` would
end the whole process. `asyncio.all_tasks()` doesn't have it yet.

`_drive` is primed, that is, suspended at its first `yield`, before the Task gets it. A `cancel()`
that comes before the Task's own first step is thrown into it there. Into an unprimed one it would
be thrown as well, but none of its code would run, and the handler would never hear of it.
"""

import asyncio
import types
from _asyncio import Task  # The one in C, also where somebody has replaced asyncio.Task.
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from sys import getrefcount
from typing import Any, TypeVar

__all__ = ["start_eagerly", "start_nested"]

T = TypeVar("T")

# Of each loop the task that is being stepped; the dictionary of the functions in C.
_current_tasks: dict[asyncio.AbstractEventLoop, Task[Any]] = vars(asyncio.tasks)["_current_tasks"]

# The references to a task that nobody has kept: the local variable and the argument of getrefcount.
_UNKEPT = 2


def start_eagerly(
    coroutine: Coroutine[Any, Any, T],
    loop: asyncio.AbstractEventLoop,
    context: Context | None = None,
) -> T | asyncio.Task[T]:
    """Do what `eager.start_eagerly` says, on Python 3.11."""
    if context is None:
        context = copy_context()
    task = _new(_UnstartedTask)
    task.coroutine = coroutine
    task.home = loop
    task.context = context
    try:
        _enter_task(loop, task)
    except RuntimeError:
        return _start_inside_another(coroutine, loop, context)
    try:
        awaited = context.run(coroutine.send, None)
    except StopIteration as stop:
        _leave_task(loop, task)
        value: T = stop.value
        if getrefcount(task) == _UNKEPT and (value is None or not isinstance(value, Task)):
            return value
        task.first_step().end(value=value)
    except (KeyboardInterrupt, SystemExit):
        _leave_task(loop, task)
        if getrefcount(task) != _UNKEPT:
            task.first_step().end(error=asyncio.CancelledError())
        raise
    except BaseException as error:
        _leave_task(loop, task)
        if getrefcount(task) == _UNKEPT:
            raise
        # Without this frame in the traceback: it has the task, and the task will have the error.
        trace = error.__traceback__ and error.__traceback__.tb_next
        task.first_step().end(error=error.with_traceback(trace))
    else:
        _leave_task(loop, task)
        task.first_step().suspend(awaited)
    return task


def start_nested(
    coroutine: Coroutine[Any, Any, T],
    loop: asyncio.AbstractEventLoop,
    context: Context | None = None,
) -> T | asyncio.Task[T]:
    """Do what `eager.start_nested` says: the RuntimeError above costs 10 us, to show two tasks."""
    if _current_tasks.get(loop) is None:
        return start_eagerly(coroutine, loop, context)
    return _start_inside_another(coroutine, loop, context)


def _start_inside_another(
    coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, context: Context | None
) -> T | asyncio.Task[T]:
    """Call `start_eagerly` with the task set aside that is the current one."""
    outer = _current_tasks[loop]
    _leave_task(loop, outer)
    try:
        return start_eagerly(coroutine, loop, context)
    finally:
        _enter_task(loop, outer)


class _FirstStep:
    """How the first step of a coroutine ended; told to `_drive` before the loop runs it."""

    __slots__ = ("awaited", "coroutine", "error", "is_blocking", "is_over", "value")

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.coroutine = coroutine
        self.awaited: Any = None
        self.is_blocking = False
        self.is_over = False
        self.value: Any = None
        self.error: BaseException | None = None

    def end(self, value: Any = None, error: BaseException | None = None) -> None:
        """The coroutine returned `value` or raised `error`."""
        self.is_over = True
        self.value = value
        self.error = error

    def take(self) -> Any:
        """Return what is awaited and forget it.

        Else a future that fails would keep itself: its error has the frames of who awaits.
        """
        awaited, self.awaited = self.awaited, None
        return awaited

    def suspend(self, awaited: Any) -> None:
        """The coroutine yielded `awaited`: a future, None, or something that a Task will refuse.

        A future was marked by its `__await__` as just being awaited. The mark is taken off until
        `_drive` yields the future again: somebody else may await it until then.
        """
        self.awaited = awaited
        self.is_blocking = getattr(awaited, "_asyncio_future_blocking", None) is True
        if self.is_blocking:
            awaited._asyncio_future_blocking = False


@types.coroutine
def _drive(first: _FirstStep) -> Generator[Any, None, Any]:
    """Be the coroutine of a Task whose coroutine has done its first step."""
    thrown: BaseException | None = None
    try:
        yield  # Primed up to here. The Task's own first step resumes it.
    except asyncio.CancelledError as error:
        thrown = error
    if first.is_over:
        first.error, thrown = first.error or thrown, None
        return _outcome(first)
    coroutine = first.coroutine
    if first.is_blocking:
        # As Task.cancel does: who waits for a future cancels that, and learns from it.
        if thrown is not None and first.awaited.cancel(*thrown.args):
            thrown = None
        first.awaited._asyncio_future_blocking = thrown is None
    if thrown is None:
        thrown = yield from _await(first)
    while thrown is not None:
        # Not in an except block, which would make `thrown` the context of what the coroutine
        # raises later. And no variable here may keep it: its traceback has this frame.
        try:
            first.awaited = coroutine.throw(thrown)
        except StopIteration as stop:
            return stop.value
        finally:
            thrown = None
        thrown = yield from _await(first)
    # A coroutine of Cython's can be awaited, but not iterated over as Python's own.
    rest: Any = coroutine
    if type(coroutine) is not types.CoroutineType:
        rest = coroutine.__await__()
    return (yield from rest)


def _await(first: _FirstStep) -> Generator[Any, None, BaseException | None]:
    """Yield `first.awaited` to the Task; return what the Task throws in, or None."""
    try:
        yield first.take()
    except BaseException as error:
        return error
    return None


def _outcome(first: _FirstStep) -> Any:
    error, first.error = first.error, None
    if error is None:
        return first.value
    try:
        raise error
    finally:
        del error


class EagerTask(Task[Any]):
    """A Task that did its first step before it was started."""

    __slots__ = ("_first_step", "context", "coroutine", "home")

    coroutine: Coroutine[Any, Any, Any]
    home: asyncio.AbstractEventLoop
    context: Context
    _first_step: _FirstStep

    def get_coro(self) -> Coroutine[Any, Any, Any]:
        """Return the handler's coroutine, not the one that drives it."""
        return self.coroutine

    # asyncio's functions in Python read this one, for `repr` and `get_stack`.
    _coro = property(get_coro)

    def first_step(self) -> _FirstStep:
        """Return what is to be told how the first step ended."""
        return self._first_step


class _UnstartedTask(EagerTask):
    """A Task that is in its first step. Each method answers by itself, or starts the task."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<EagerTask in its first step coro={self.coroutine!r}>"

    def first_step(self) -> _FirstStep:
        """Become a Task in the eyes of the loop."""
        first = _FirstStep(self.coroutine)
        driver = _drive(first)
        driver.send(None)
        self._first_step = first
        object.__setattr__(self, "__class__", EagerTask)
        Task.__init__(self, driver, loop=self.home, context=self.context)
        return first

    def done(self) -> bool:
        return False

    def cancelled(self) -> bool:
        return False

    def cancelling(self) -> int:
        return 0

    def uncancel(self) -> int:
        return 0

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.home


def _starting(name: str) -> Callable[..., Any]:
    """Return a method that starts the task and is then Task's own."""
    method = getattr(EagerTask, name)

    def start(self: _UnstartedTask, *args: Any, **kwargs: Any) -> Any:
        self.first_step()
        return method(self, *args, **kwargs)

    start.__name__ = name
    return start


for _name in (
    "__await__",
    "__iter__",
    "add_done_callback",
    "cancel",
    "exception",
    "get_name",
    "get_stack",
    "print_stack",
    "remove_done_callback",
    "result",
    "set_name",
):
    setattr(_UnstartedTask, _name, _starting(_name))

_new = _UnstartedTask.__new__
