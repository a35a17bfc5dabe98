"""Calling what others gave to be called later: their failures are logged and survived."""

import asyncio
import concurrent.futures
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeGuard

from waterspout.log import app_log

__all__ = ["Callbacks", "is_awaited"]


class Callbacks:
    """The callbacks of one loop, and the coroutines among them that have not ended yet.

    Used in the thread of the loop only, while it runs.
    """

    __slots__ = ("_unfinished", "on_failure")

    def __init__(self) -> None:
        #: Called with what a callback fails with, after it was logged; or None.
        self.on_failure: Callable[[Exception], object] | None = None
        # asyncio holds tasks weakly. Without this one could vanish in the middle of its work.
        self._unfinished: set[asyncio.Future[Any]] = set()

    def __repr__(self) -> str:
        return f"<Callbacks unfinished={len(self._unfinished)}>"

    def run(
        self, callback: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> "asyncio.Future[Any] | None":
        """Call it, and if it returns something to await, see that through and return its future.

        What fails with an Exception is logged through `app_log`; a cancellation is no failure.
        KeyboardInterrupt and SystemExit are not caught.
        """
        try:
            outcome = callback(*args, **kwargs)
            if outcome is None or not is_awaited(outcome):
                return None
            future = _as_future(outcome)
        except asyncio.CancelledError:
            return None
        except Exception as error:
            self._tell_failure(callback, error)
            return None
        self._unfinished.add(future)

        def finish(future: asyncio.Future[Any]) -> None:
            self._unfinished.discard(future)
            if not future.cancelled() and (error := future.exception()) is not None:
                self._tell_failure(callback, error)

        future.add_done_callback(finish)
        return future

    def _tell_failure(self, callback: object, error: BaseException) -> None:
        app_log.error("Exception in callback %r", callback, exc_info=error)
        if self.on_failure is not None and isinstance(error, Exception):
            self.on_failure(error)


def is_awaited(outcome: object) -> TypeGuard[Awaitable[Any] | concurrent.futures.Future[Any]]:
    """Tell whether `outcome` is a promise: an awaitable, or the future of an executor."""
    return inspect.isawaitable(outcome) or isinstance(outcome, concurrent.futures.Future)


def _as_future(
    promise: Awaitable[Any] | concurrent.futures.Future[Any],
) -> asyncio.Future[Any]:
    if isinstance(promise, concurrent.futures.Future):
        return asyncio.wrap_future(promise)
    return asyncio.ensure_future(promise)
