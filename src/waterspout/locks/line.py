"""A line of those who wait, served in the order in which they came.

Who is cancelled, or has waited long enough, leaves the line at once, wherever he stands in it, and
his timer is stopped: a line holds nobody but those who still wait.
"""

import asyncio
import datetime
from collections import OrderedDict
from collections.abc import Callable, Generator
from typing import Any

from waterspout.gen.timing import seconds_until
from waterspout.gen.yielded import current_loop

__all__ = ["Line", "Waiter"]


class Line:
    """First come, first served. Used in the thread of one loop."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        # A plain dict takes ever longer to find its first key, when the first is always removed.
        self._waiting: OrderedDict[Waiter, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def __repr__(self) -> str:
        return f"<Line waiting={len(self._waiting)}>"

    def join(
        self,
        timeout: float | datetime.timedelta | None,
        take_back: Callable[[Any], None] | None = None,
        item: Any = None,
        outcome: Any = TimeoutError,
    ) -> "Waiter":
        """Return the future of a new waiter, who stands at the end and is served with a value.

        After `timeout`, a point of `IOLoop.time()` or a timedelta, he leaves, with TimeoutError or
        another `outcome`. If he is cancelled after he was served, and before he could go on,
        `take_back` gets the value. `item` is what he brings.
        """
        loop = current_loop()
        waiter = Waiter(loop=loop)
        waiter.line = self
        waiter.item = item
        waiter.outcome = outcome
        waiter.take_back = take_back
        waiter.timer = None
        if timeout is not None:
            waiter.timer = loop.call_later(seconds_until(timeout), waiter.expire)
        self._waiting[waiter] = None
        return waiter

    def pop(self) -> "Waiter | None":
        """Take the first out of the line, to be served; None if nobody waits."""
        return self._waiting.popitem(last=False)[0] if self._waiting else None

    def remove(self, waiter: "Waiter") -> None:
        """Take one out of the line, wherever he stands; nothing if he is not in it."""
        self._waiting.pop(waiter, None)


class Waiter(asyncio.Future[Any]):
    """The future of one who waits in a line."""

    __slots__ = ("item", "line", "outcome", "take_back", "timer")
    line: Line
    item: Any
    outcome: Any
    take_back: Callable[[Any], None] | None
    timer: asyncio.TimerHandle | None

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            return (yield from super().__await__())
        except BaseException:
            # Either it failed itself, or who awaits it was cancelled.
            self._abandon()
            # The error that is raised may be this future's, and will have this frame: no circle.
            del self
            raise

    __iter__ = __await__

    def serve(self, value: Any) -> None:
        """Give him what he waits for; he has left the line."""
        self._stop_timer()
        self.set_result(value)

    def expire(self) -> None:
        """Let him leave: he has waited long enough."""
        self.timer = None
        if not self.done():
            self.line.remove(self)
            if self.outcome is TimeoutError:
                self.set_exception(TimeoutError("Timeout"))
            else:
                self.set_result(self.outcome)

    def cancel(self, msg: Any = None) -> bool:
        """Leave the line. False if he was served, or has left."""
        if self.done():
            return False
        self._stop_timer()
        self.line.remove(self)
        return super().cancel(msg)

    def _abandon(self) -> None:
        if not self.done():
            self.cancel()
        elif self.take_back is not None and not self.cancelled() and self.exception() is None:
            take_back, self.take_back = self.take_back, None
            take_back(self.result())

    def _stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
