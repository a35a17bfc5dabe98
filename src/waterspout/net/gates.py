"""Where the flows of a loop wait, and for how long: one timer for all of them.

Theory of operation. What a flow waits for is told to it by a callback of the loop: bytes have come.
So the flow goes on in that callback. A `Gate` is opened, which steps the flow that waits there; a
future would do it an iteration of the loop later. Only a flow that is driven by `driver.Driver` can
wait at a gate; a Task says that it got a bad yield.

Nearly all that waits with a deadline is over long before it. So a gate only notes its deadline, and
the one timer goes to the earliest that was known when it was set. When it fires, flows that are due
fail, and it is set for the earliest of the others. With the usual 20 seconds that happens once in
20 seconds, whatever the number of requests.
"""

import asyncio
import math
import time
from collections.abc import Generator
from typing import Any, Self

from waterspout.net.interface import DeadlineError

__all__ = ["Gate", "Gates"]

# Loops count time in milliseconds and begin with the time at which their iteration did.
_PRECISION = 0.001


class Gate:
    """Where one flow at a time waits, again and again, until it is closed."""

    def __init__(self, gates: "Gates") -> None:
        gates.add(self)
        #: Who waits, a `driver.Driver`, or None; set by it.
        self.driver: Any = None
        self.deadline = math.inf
        self._error: BaseException | None = None
        self._gates = gates

    def open(self, error: BaseException | None = None) -> None:
        """Let who waits go on, now; or fail, with ``error``. Nothing happens if nobody does."""
        driver = self.driver
        if driver is not None:
            self.driver = None
            self._error = error
            driver.resume()

    def until(self, deadline: float) -> Self:
        """Return what to await: it ends when the gate is opened, or fails with DeadlineError."""
        self.deadline = deadline
        if deadline < self._gates.armed:
            self._gates.arm(deadline)
        return self

    def __await__(self) -> Generator[Any, None, Any]:
        yield self
        if self._error is not None:
            self.fail()

    def fail(self) -> None:
        """Raise the error that the gate was opened with, if there is one."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def close_gate(self) -> None:
        """Keep no deadline here any more."""
        self._gates.remove(self)


class Gates:
    """All gates of one client. Belongs to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        #: When the timer fires.
        self.armed = math.inf
        self._loop = loop
        self._gates: set[Gate] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, gate: Gate) -> None:
        """Keep the deadlines of a gate."""
        self._gates.add(gate)

    def remove(self, gate: Gate) -> None:
        """Keep the deadlines of a gate no more."""
        self._gates.discard(gate)

    def arm(self, deadline: float) -> None:
        """Set the timer to ``deadline``, which is earlier than that it is set to."""
        if self._timer is not None:
            self._timer.cancel()
        self.armed = deadline
        left = max(0.0, deadline - time.monotonic())
        self._timer = self._loop.call_later(left, self._on_timer)

    def __len__(self) -> int:
        return len(self._gates)

    def close(self) -> None:
        """Stop the timer, if nobody waits for it any more."""
        if self._timer is not None and all(gate.driver is None for gate in self._gates):
            self._timer.cancel()
            self._timer = None
            self.armed = math.inf

    def cancel_all(self) -> None:
        """Have all flows that wait end with CancelledError."""
        for gate in list(self._gates):
            try:
                gate.open(asyncio.CancelledError())
            except RuntimeError:
                if not self._loop.is_closed():
                    raise  # A closed one can't tell those who wait for the flow.

    def _on_timer(self) -> None:
        self._timer = None
        self.armed = math.inf
        now = time.monotonic() + _PRECISION
        waiting = [gate for gate in self._gates if gate.driver is not None]
        earliest = min((gate.deadline for gate in waiting if gate.deadline > now), default=math.inf)
        if earliest < math.inf:
            self.arm(earliest)
        due = [gate for gate in waiting if gate.deadline <= now]
        for gate in sorted(due, key=_deadline):
            gate.open(DeadlineError())

    def __repr__(self) -> str:
        return f"<Gates {len(self._gates)}>"


def _deadline(gate: Gate) -> float:
    return gate.deadline
