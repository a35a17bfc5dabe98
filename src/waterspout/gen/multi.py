"""Several things to wait for at once: a list or dictionary of them as one future."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from waterspout.gen.yielded import Yieldable, convert_yielded, current_loop
from waterspout.log import app_log

__all__ = ["Multi", "QuietExceptions", "converted", "multi", "multi_future"]

QuietExceptions: TypeAlias = type[BaseException] | tuple[type[BaseException], ...]


def multi(
    children: Iterable[Yieldable] | Mapping[Any, Yieldable],
    quiet_exceptions: QuietExceptions = (),
) -> "asyncio.Future[Any]":
    """Return a future of the results of all, as a list, or a dictionary of the same keys.

    It is done when all are, and fails with the first exception, in the order of `children`; further
    ones are logged to `log.app_log`, but for `quiet_exceptions`. To cancel it cancels all that are
    not done. Each child is what a coroutine may yield: BadYieldError otherwise, before any waits.
    """
    keys: list[Any] | None = None
    if isinstance(children, Mapping):
        keys = list(children)
        children = children.values()
    return _Gathering(keys, converted(children), quiet_exceptions)


def multi_future(
    children: Iterable[Yieldable] | Mapping[Any, Yieldable],
    quiet_exceptions: QuietExceptions = (),
) -> "asyncio.Future[Any]":
    """Return `multi(children, quiet_exceptions)`; an old name of it."""
    return multi(children, quiet_exceptions)


Multi = multi

# Stands for what a cancelled future would raise.
_CANCELLED = asyncio.CancelledError()

# A coroutine may yield them as they are.
convert_yielded.register(list, multi)
convert_yielded.register(dict, multi)


def converted(children: Iterable[Yieldable]) -> "list[asyncio.Future[Any]]":
    """Return futures of all.

    They are in no variable here, nor of who calls: the frames are in the traceback of what fails
    at once, and it would hold on to itself.
    """
    return [convert_yielded(child) for child in children]


class _Gathering(asyncio.Future[Any]):
    """The results of several futures, when all of them are done."""

    __slots__ = ("_futures", "_is_cancelled", "_keys", "_pending", "_quiet")

    def __init__(
        self,
        keys: list[Any] | None,
        futures: "list[asyncio.Future[Any]]",
        quiet: QuietExceptions,
    ) -> None:
        super().__init__(loop=futures[0].get_loop() if futures else current_loop())
        self._keys = keys
        self._futures = futures
        self._quiet = quiet
        self._is_cancelled = False
        waiting = [future for future in futures if not future.done()]
        self._pending = len(waiting)
        for future in waiting:
            future.add_done_callback(self._on_child)
        if not waiting:
            self._settle()

    def cancel(self, msg: Any = None) -> bool:
        """Cancel those that are not done; this one is when they are. False if all are done."""
        if self.done():
            return False
        self._is_cancelled = True
        for future in self._futures:
            future.cancel(msg=msg)
        return True

    def _on_child(self, future: object) -> None:
        self._pending -= 1
        if not self._pending:
            self._settle()

    def _settle(self) -> None:
        """Take the results of all."""
        futures, self._futures = self._futures, []
        results = []
        first: BaseException | None = None
        for future in futures:
            error = _CANCELLED if future.cancelled() else future.exception()
            if error is None:
                results.append(future.result())
            elif first is None:
                first = error
            elif error is not _CANCELLED and not isinstance(error, self._quiet):
                app_log.error("One more of those waited for together failed", exc_info=error)
        if self._is_cancelled or first is _CANCELLED:
            super().cancel()
        elif first is not None:
            self.set_exception(first)
        else:
            self.set_result(
                results if self._keys is None else dict(zip(self._keys, results, strict=True))
            )
