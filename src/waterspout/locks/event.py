"""`Event`: what coroutines wait for until it happens."""

import asyncio
import datetime

from waterspout.gen.yielded import current_loop, succeeded
from waterspout.locks.line import Line

__all__ = ["Event"]


class Event:
    """A flag that coroutines wait for. It is clear at first."""

    def __init__(self) -> None:
        self._is_set = False
        self._line = Line()

    def __repr__(self) -> str:
        state = "set" if self._is_set else "clear"
        return f"<Event {state} waiting={len(self._line)}>"

    def is_set(self) -> bool:
        """Tell whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Set it, and let all go on who wait. From now on nobody has to."""
        self._is_set = True
        while (place := self._line.pop()) is not None:
            place.serve(None)

    def clear(self) -> None:
        """Clear it: who waits from now on waits for the next `set`."""
        self._is_set = False

    def wait(self, timeout: float | datetime.timedelta | None = None) -> "asyncio.Future[None]":
        """Return a future that is done when the event is set; at once if it is.

        It fails with TimeoutError after `timeout`, a point of `IOLoop.time()` or a timedelta.
        """
        if self._is_set:
            return succeeded(current_loop(), None)
        return self._line.join(timeout)
