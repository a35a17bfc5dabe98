"""What a coroutine may yield, as a future."""

import asyncio
import concurrent.futures
from asyncio import Future, _get_running_loop
from collections.abc import Awaitable, Coroutine, Generator, Mapping, Sequence
from functools import singledispatch
from inspect import isawaitable
from types import CoroutineType
from typing import Any, TypeAlias

from waterspout.gen.errors import BadYieldError
from waterspout.ioloop import IOLoop, start_nested

__all__ = ["Yieldable", "convert_yielded", "current_loop", "failed", "maybe_future"]
__all__ += ["moment", "succeeded"]

Yieldable: TypeAlias = (
    "Awaitable[Any] | concurrent.futures.Future[Any]"
    " | Sequence[Yieldable] | Mapping[Any, Yieldable] | None"
)


class _Moment:
    """One pass of the loop. It can be yielded, and awaited too."""

    __slots__ = ()

    def __await__(self) -> Generator[None]:
        yield

    def __repr__(self) -> str:
        return "<gen.moment>"


#: Yield it to let others run: the coroutine goes on in the next pass of the loop. A ``yield``
#: without a value does the same.
moment = _Moment()


@singledispatch
def convert_yielded(yielded: Yieldable) -> "asyncio.Future[Any]":
    """Return a future of what a coroutine yielded; a future as it is.

    A coroutine of `async def` is started at once: what it does before it first waits is done here.
    A list or a dictionary becomes a future of their results, as by `multi`; None and `moment` one
    that is done in the next pass of the loop; a future of an executor one of asyncio.

    BadYieldError for anything else. For objects of a type of your own, neither future nor
    coroutine, ``convert_yielded.register(type, function)`` tells how one becomes a future.
    """
    if isinstance(yielded, Future) or asyncio.isfuture(yielded):
        return yielded
    if asyncio.iscoroutine(yielded):
        return _started(yielded)
    if yielded is None or yielded is moment:
        loop = current_loop()
        future = loop.create_future()
        loop.call_soon(_end, future)
        return future
    if isinstance(yielded, concurrent.futures.Future):
        return asyncio.wrap_future(yielded, loop=current_loop())
    if isawaitable(yielded):
        return _started(_await(yielded))
    raise BadYieldError(
        f"a coroutine yielded {yielded!r:.100}, which nobody can wait for: yield a future,"
        " something to await, or a list or dictionary of these"
    )


def maybe_future(x: Any) -> "asyncio.Future[Any]":
    """Return `x` if it is a future, otherwise a future whose result it is.

    A coroutine is no future: `convert_yielded` starts one. The future of an executor becomes one
    of asyncio.
    """
    if isinstance(x, asyncio.Future):
        return x
    if isinstance(x, concurrent.futures.Future):
        return asyncio.wrap_future(x, loop=current_loop())
    return succeeded(current_loop(), x)


def current_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that runs in this thread; where none does, the one of `IOLoop.current()`."""
    loop = _get_running_loop()
    return IOLoop.current().asyncio_loop if loop is None else loop


def succeeded(loop: asyncio.AbstractEventLoop, value: Any) -> "asyncio.Future[Any]":
    """Return a future that is done."""
    future: asyncio.Future[Any] = Future(loop=loop)
    future.set_result(value)
    return future


def failed(loop: asyncio.AbstractEventLoop, error: BaseException) -> "asyncio.Future[Any]":
    """Return a future that has failed; one that is cancelled for a CancelledError."""
    future: asyncio.Future[Any] = asyncio.Future(loop=loop)
    if isinstance(error, asyncio.CancelledError):
        future.cancel(*error.args[:1])
    else:
        future.set_exception(error)
    return future


def _started(coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Future[Any]":
    loop = asyncio._get_running_loop()
    if loop is None:
        return current_loop().create_task(coroutine)
    try:
        outcome = start_nested(coroutine, loop)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return failed(loop, error)
    return outcome if isinstance(outcome, asyncio.Task) else succeeded(loop, outcome)


# The most frequent kind is found by its type alone.
convert_yielded.register(CoroutineType, _started)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _end(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
