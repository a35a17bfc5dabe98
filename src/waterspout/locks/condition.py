"""`Condition`: coroutines wait until another one tells them to look again."""

import asyncio
import datetime

from waterspout.locks.line import Line

__all__ = ["Condition"]


class Condition:
    """Lets coroutines wait until they are notified. It has no lock: they all run in one thread."""

    def __init__(self) -> None:
        self._line = Line()

    def __repr__(self) -> str:
        return f"<Condition waiting={len(self._line)}>"

    def wait(self, timeout: float | datetime.timedelta | None = None) -> "asyncio.Future[bool]":
        """Return a future that is True when this coroutine is notified, False after `timeout`.

        `timeout` is a point of `IOLoop.time()` or a timedelta. Who is cancelled after he was
        notified, and before he could go on, leaves that to the next.
        """
        return self._line.join(timeout, self._pass_on, outcome=False)

    def notify(self, n: int = 1) -> None:
        """Wake the first `n` who wait, or all if there are fewer."""
        while n > 0 and (place := self._line.pop()) is not None:
            place.serve(True)
            n -= 1

    def notify_all(self) -> None:
        """Wake all who wait."""
        self.notify(len(self._line))

    def _pass_on(self, notified: bool) -> None:
        if notified:
            self.notify()
