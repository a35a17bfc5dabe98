"""Waiting for a time, and no longer than a time."""

import asyncio
import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

from waterspout.gen.multi import QuietExceptions
from waterspout.gen.yielded import Yieldable, convert_yielded, current_loop
from waterspout.ioloop import IOLoop
from waterspout.log import app_log

__all__ = ["seconds_until", "sleep", "with_timeout"]


def sleep(duration: float) -> "asyncio.Future[None]":
    """Return a future that is done after `duration` seconds.

    To be yielded or awaited. Once it is cancelled, nothing is left of it.
    """
    loop = current_loop()
    future = _Sleep(loop=loop)
    future.timer = loop.call_later(max(0, duration), future.wake)
    return future


class _Sleep(asyncio.Future[None]):
    __slots__ = ("timer",)
    timer: asyncio.TimerHandle | None

    def wake(self) -> None:
        self.timer = None
        if not self.done():
            self.set_result(None)

    def cancel(self, msg: Any = None) -> bool:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        return super().cancel(msg)


def with_timeout(
    timeout: float | datetime.timedelta,
    future: Yieldable,
    quiet_exceptions: QuietExceptions = (),
    *,
    message: str | Callable[[], str] | None = None,
) -> "asyncio.Future[Any]":
    """Return a future with the outcome of `future`, or TimeoutError, whichever comes first.

    `timeout` is a point of `IOLoop.time()`, or a timedelta from now. `message` is the text of the
    error, or makes it. `future` may be anything that a coroutine may yield. It goes on after the
    timeout, and is not cancelled with what is returned here (`asyncio.wait_for` does that); an
    exception that it raises then is logged to `log.app_log`, but for `quiet_exceptions`.
    """
    return _limited(convert_yielded(future), timeout, quiet_exceptions, message)


def _limited(inner: "asyncio.Future[Any]", *limit: Any) -> "asyncio.Future[Any]":
    return inner if inner.done() else _Limited(inner, *limit)


class _Limited(asyncio.Future[Any]):
    """The outcome of another future, if it comes in time."""

    __slots__ = ("_inner", "_message", "_quiet", "_timer")
    _inner: "asyncio.Future[Any] | None"

    def __init__(
        self,
        inner: "asyncio.Future[Any]",
        timeout: float | datetime.timedelta,
        quiet: QuietExceptions,
        message: str | Callable[[], str] | None,
    ) -> None:
        loop = inner.get_loop()
        super().__init__(loop=loop)
        self._inner = inner
        self._quiet = quiet
        self._message = message
        seconds = seconds_until(timeout)
        self._timer: asyncio.TimerHandle | None = loop.call_later(seconds, self._expire)
        inner.add_done_callback(self._on_inner)

    def cancel(self, msg: Any = None) -> bool:
        """Wait no longer, and leave what is waited for as it is."""
        self._let_go()
        return super().cancel(msg)

    def _let_go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        inner, self._inner = self._inner, None
        if inner is not None and not inner.done():
            # Who waits no longer is no longer known there.
            inner.remove_done_callback(self._on_inner)
            # One is enough, however often this future has been waited for in vain.
            late: Any = _Late(self._quiet)
            inner.remove_done_callback(late)
            inner.add_done_callback(late)

    def _on_inner(self, inner: "asyncio.Future[Any]") -> None:
        if self.done():
            return
        self._let_go()
        if inner.cancelled():
            super().cancel()
        elif (error := inner.exception()) is not None:
            self.set_exception(error)
        else:
            self.set_result(inner.result())

    def _expire(self) -> None:
        if self.done():
            return
        message = self._message() if callable(self._message) else self._message
        self._let_go()
        self.set_exception(TimeoutError("Timeout" if message is None else message))


class _Late(NamedTuple):
    """Logs what a future fails with when nobody waits for it any more."""

    quiet: QuietExceptions

    def __call__(self, future: "asyncio.Future[Any]") -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None and not isinstance(error, self.quiet):
            app_log.error("%r failed after its timeout", future, exc_info=error)


def seconds_until(timeout: float | datetime.timedelta) -> float:
    """Return how many seconds are left until a point of `IOLoop.time()`, or in a timedelta.

    Never less than none. TypeError for anything else.
    """
    if isinstance(timeout, datetime.timedelta):
        return max(0.0, timeout.total_seconds())
    if isinstance(timeout, int | float):
        return max(0.0, timeout - IOLoop.current().time())
    raise TypeError(f"a timeout is a number or a timedelta, not {timeout!r:.80}")
