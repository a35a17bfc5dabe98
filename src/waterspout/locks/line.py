"""A line of those who wait, served in the order in which they came.

Who is cancelled, or has waited long enough, leaves the line, wherever he stands in it, and his
timer is stopped: a line holds nobody but those who still wait.

Theory of operation. A line is a chain of `Place`s; each has the future that is to be done. What
`Line.join` returns is that future itself, a `Waiter`, which leaves the line when it is cancelled.
`Line.enter` is for who is awaited on the spot and nowhere else (`async with`): its future is a
plain one of asyncio's, which a Task handles in half the time.

Either is awaited in a way of our own, which sees that a Task was cancelled when it had been served
already, and could not go on any more. What it was served with is taken back then.
"""

import asyncio
import datetime
from asyncio import Future
from collections.abc import Callable, Generator
from typing import Any, NoReturn

from waterspout.gen.timing import seconds_until
from waterspout.gen.yielded import current_loop

__all__ = ["Entry", "Line", "Place", "Waiter"]


class Line:
    """First come, first served. Used in the thread of one loop."""

    __slots__ = ("_count", "_first", "_last")

    def __init__(self) -> None:
        self._count = 0
        self._first: Place | None = None
        self._last: Place | None = None

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<Line waiting={self._count}>"

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
        place = Place()
        waiter.place = place
        place.future = waiter
        place.take_back = take_back
        place.item = item
        place.outcome = outcome
        if timeout is not None:
            place.timer = loop.call_later(seconds_until(timeout), place.expire)
        self._append(place)
        return waiter

    def enter(self, take_back: Callable[[Any], None]) -> "Entry":
        """Return what a new waiter is to await at once, in a Task, and but once; else as `join`."""
        entry = Entry()
        entry.future = Future()
        entry.take_back = take_back
        entry.is_entry = True
        self._append(entry)
        return entry

    def pop(self) -> "Place | None":
        """Take the first out of the line, to be served; None if nobody waits."""
        place = self._first
        while place is not None:
            place.leave()
            if not place.future.done():
                return place
            place = self._first  # That one was cancelled, and has not heard of it yet.
        return None

    def _append(self, place: "Place") -> None:
        place.line = self
        place.before = self._last
        if self._last is None:
            self._first = place
        else:
            self._last.behind = place
        self._last = place
        self._count += 1


class Place:
    """Where one stands in a line, and what is to become of him."""

    __slots__ = (
        "before",
        "behind",
        "future",
        "is_entry",
        "item",
        "line",
        "outcome",
        "take_back",
        "timer",
    )

    def __init__(self) -> None:
        self.line: Line | None = None
        self.before: Place | None = None
        self.behind: Place | None = None
        # Not when a Waiter has been served: he has this place.
        self.future: Any = None
        self.is_entry = False
        self.item: Any = None
        self.outcome: Any = None
        self.take_back: Callable[[Any], None] | None = None
        self.timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<Place {'outside' if self.line is None else 'in'} {self.line!r}>"

    def serve(self, value: Any) -> None:
        """Give him what he waits for; he has left the line."""
        future = self.future
        if not self.is_entry:
            self.future = None
        future.set_result(value)

    def expire(self) -> None:
        """Let him leave: he has waited long enough."""
        self.timer = None
        future = self.future
        if future is not None and not future.done():
            self.leave()
            self.future = None
            if self.outcome is TimeoutError:
                future.set_exception(TimeoutError("Timeout"))
            else:
                future.set_result(self.outcome)

    def leave(self) -> None:
        """Step out of the line, wherever he stands; his timer is stopped."""
        line = self.line
        if line is not None:
            before, behind = self.before, self.behind
            if before is None:
                line._first = behind
            else:
                before.behind = behind
            if behind is None:
                line._last = before
            else:
                behind.before = before
            line._count -= 1
            self.line = self.before = self.behind = None
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def abandon(self, future: Any) -> None:
        """He will not go on: leave, or give back what he was served with."""
        if not future.done() or future.cancelled():
            self.leave()
            future.cancel()
        elif self.take_back is not None and future.exception() is None:
            take_back, self.take_back = self.take_back, None
            take_back(future.result())


class Entry(Place):
    """The place of one who is awaited on the spot, and how that is done: the outcome is None."""

    __slots__ = ()

    def __await__(self) -> "Entry":
        return self

    def __iter__(self) -> "Entry":
        return self

    def __next__(self) -> Any:
        future = self.future
        if not future.done():
            future._asyncio_future_blocking = True
            return future
        raise StopIteration  # Bare: compiled, that makes no exception.

    def send(self, value: Any) -> Any:
        """Go on."""
        return next(self)

    def throw(self, kind: Any, error: Any = None, trace: Any = None) -> NoReturn:
        """Raise what is thrown in: who awaits is cancelled."""
        self.abandon(self.future)
        if error is None:
            error = kind() if isinstance(kind, type) else kind
        try:
            raise error
        finally:
            del self, error, kind

    def close(self) -> None:
        """Await no more."""
        self.abandon(self.future)


class Waiter(asyncio.Future[Any]):
    """The future of one who waits in a line."""

    __slots__ = ("place",)
    place: Place

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            while not self.done():
                self._asyncio_future_blocking = True
                yield self
            return self.result()
        except BaseException:
            # Either it failed itself, or who awaits it was cancelled.
            self.place.abandon(self)
            # The error that is raised may be this future's, and will have this frame: no circle.
            del self
            raise

    __iter__ = __await__

    def cancel(self, msg: Any = None) -> bool:
        """Leave the line. False if he was served, or has left."""
        if self.done():
            return False
        self.place.leave()
        self.place.future = None
        return super().cancel(msg)
