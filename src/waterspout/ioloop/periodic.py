"""`PeriodicCallback`: call a function again and again, on a grid of times that doesn't drift."""

import asyncio
import datetime
import math
from collections.abc import Awaitable, Callable

from waterspout.ioloop.loop import IOLoop

__all__ = ["PeriodicCallback"]


class PeriodicCallback:
    """Calls `callback()` every `callback_time` milliseconds (or timedelta), once it is started.

    The first call comes one interval after `start`, the others at multiples of the interval from
    there. One that can't be made in time, since the loop was blocked or the last one, which may be
    a coroutine, has not ended yet, is left out: calls don't overlap and don't pile up. What a call
    fails with is logged to `log.app_log`, and the next one made as if nothing had been.

    `jitter` spreads calls that would otherwise coincide: 0.1 lets each interval vary by 10 %, half
    of it to either side.

    `start` and `stop` belong to the thread of the loop. Raises ValueError if `callback_time` is not
    positive. The attribute `callback_time` (milliseconds) may be set at any time; it takes effect
    after the next call.
    """

    def __init__(
        self,
        callback: Callable[[], Awaitable[object] | None],
        callback_time: datetime.timedelta | float,
        jitter: float = 0,
    ) -> None:
        if isinstance(callback_time, datetime.timedelta):
            callback_time = callback_time / datetime.timedelta(milliseconds=1)
        if not isinstance(callback_time, int | float):
            raise TypeError(
                f"callback_time is milliseconds, or a timedelta, not {callback_time!r:.80}"
            )
        if not callback_time > 0:
            raise ValueError(f"callback_time is more than 0 milliseconds, not {callback_time!r}")
        self.callback = callback
        self.callback_time = callback_time
        self.jitter = jitter
        self._is_running = False
        self._is_calling = False  # Also while a coroutine of the last call has not ended.
        self.io_loop: IOLoop | None = None  # Since the first `start`.
        self._next_time = 0.0  # On the clock of the loop, which nobody sets.
        self._timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        state = "running" if self._is_running else "stopped"
        return f"<PeriodicCallback {state} {self.callback!r} every {self.callback_time:g} ms>"

    def start(self) -> None:
        """Begin: the first call comes in one interval. Nothing changes if it was started."""
        if self._is_running:
            return
        self.io_loop = IOLoop.current()
        self._is_running = True
        self._next_time = self.io_loop.asyncio_loop.time()
        if not self._is_calling:
            self._schedule(self.io_loop)

    def stop(self) -> None:
        """Make no more calls. A coroutine of the last one is not cancelled."""
        self._is_running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def is_running(self) -> bool:
        """Tell whether it was started and not stopped."""
        return self._is_running

    def _schedule(self, io_loop: IOLoop) -> None:
        loop = io_loop.asyncio_loop
        interval = self.callback_time / 1000
        if self.jitter:
            import random  # a millisecond, which not every program that has a loop shall take

            interval *= 1 + self.jitter * (random.random() - 0.5)  # noqa: S311
        late = loop.time() - self._next_time
        # At least one: timers may fire a little early, and the same point must not come twice.
        self._next_time += interval * max(1, math.floor(late / interval) + 1)
        self._timer = loop.call_at(self._next_time, self._call, io_loop)

    def _call(self, io_loop: IOLoop) -> None:
        self._timer = None
        self._is_calling = True
        future = None
        try:
            future = io_loop._callbacks.run(self.callback, (), {})
        finally:
            if future is None:
                self._on_called(io_loop)
        if future is not None:
            future.add_done_callback(lambda _: self._on_called(io_loop))

    def _on_called(self, io_loop: IOLoop) -> None:
        self._is_calling = False
        if self._is_running:
            self._schedule(io_loop)
