"""What futures have in common, those of asyncio and those of executors.

An asyncio future belongs to the thread of its loop; one of `concurrent.futures` to any thread.
"""

import asyncio
import concurrent.futures
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias, TypeGuard, TypeVar

from waterspout.log import app_log

__all__ = [
    "FUTURES",
    "AnyFuture",
    "ReturnValueIgnoredError",
    "chain_future",
    "future_add_done_callback",
    "future_set_exc_info",
    "future_set_exception_unless_cancelled",
    "future_set_result_unless_cancelled",
    "is_future",
]

T = TypeVar("T")

FUTURES = (concurrent.futures.Future, asyncio.Future)

AnyFuture: TypeAlias = asyncio.Future[T] | concurrent.futures.Future[T]


class ReturnValueIgnoredError(Exception):
    """A value was returned where nobody takes one; kept for programs that name it."""


def is_future(x: Any) -> TypeGuard[AnyFuture[Any]]:
    """Tell whether `x` is a future: asyncio's, or that of an executor."""
    return isinstance(x, FUTURES)


def future_set_result_unless_cancelled(future: AnyFuture[T], value: T) -> None:
    """Set the result of a future; nothing if it has been cancelled.

    InvalidStateError if it has an outcome of another kind. To be called in the thread of the loop
    if it is an asyncio future.
    """
    if not future.cancelled():
        future.set_result(value)


def future_set_exception_unless_cancelled(future: AnyFuture[Any], exc: BaseException) -> None:
    """Set the exception of a future; if it has been cancelled, log it to `log.app_log` instead.

    Otherwise as `future_set_result_unless_cancelled`.
    """
    if future.cancelled():
        app_log.error("A future was cancelled before it failed", exc_info=exc)
    else:
        future.set_exception(exc)


def future_set_exc_info(
    future: AnyFuture[Any],
    exc_info: tuple[type | None, BaseException | None, TracebackType | None],
) -> None:
    """Set the exception of a future to that of a triple of `sys.exc_info`.

    Nothing if it has been cancelled; ValueError if the triple has no exception.
    """
    if exc_info[1] is None:
        raise ValueError(
            "future_set_exc_info was called with no exception: is there one in flight?"
        )
    if not future.cancelled():
        future.set_exception(exc_info[1])


def future_add_done_callback(future: AnyFuture[T], callback: Callable[..., None]) -> None:
    """Call `callback(future)` when the future is done; at once, in this call, if it is done.

    Else it is called as `future.add_done_callback` does: in the loop for an asyncio future, in the
    thread that sets the outcome for another one.
    """
    if future.done():
        callback(future)
    else:
        future.add_done_callback(callback)


def chain_future(a: AnyFuture[T], b: AnyFuture[T]) -> None:
    """Give the outcome of `a` to `b`, unless `b` is done by then; at once, if `a` is done.

    `b` is cancelled if `a` was; what happens to `b` does not touch `a`. The two may be of either
    kind: an asyncio future is set in the thread of its loop, whichever thread `a` is done in. To
    be called in the thread of the loop if `a` is an asyncio future. Without effect if the loop
    of `b` has been closed by then.
    """

    def copy(done: AnyFuture[T]) -> None:
        if not isinstance(b, asyncio.Future) or _is_in_loop_of(b, done):
            _set_outcome(done, b)
            return
        loop = b.get_loop()
        try:
            loop.call_soon_threadsafe(_set_outcome, done, b)
        except RuntimeError:
            if not loop.is_closed():
                raise

    future_add_done_callback(a, copy)


def _is_in_loop_of(future: "asyncio.Future[T]", done: AnyFuture[T]) -> bool:
    """Tell whether the callback of the one that is done may touch the other."""
    loop = future.get_loop()
    return loop is asyncio._get_running_loop() or (
        isinstance(done, asyncio.Future) and done.get_loop() is loop
    )


def _set_outcome(a: AnyFuture[T], b: AnyFuture[T]) -> None:
    if b.done():
        return
    try:
        if a.cancelled():
            if not b.cancel():  # One of an executor, that is running: it has to be told otherwise.
                b.set_exception(concurrent.futures.CancelledError())
        elif (error := a.exception()) is not None:
            b.set_exception(error)
        else:
            b.set_result(a.result())
    except concurrent.futures.InvalidStateError:
        pass  # It has been cancelled in another thread just now.
