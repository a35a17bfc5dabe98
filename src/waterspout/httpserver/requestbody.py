"""The body of one request while it is being received: gathered, or asked for piece by piece.

It knows what has come, how long it may take and who waits for it. It knows no transport and no
engine: the connection reads, gives it the pieces, and does what it says.
"""

import asyncio
from typing import Any

from waterspout.httpserver.policy import Policy
from waterspout.iostream import StreamClosedError

__all__ = ["RequestBody"]


class RequestBody:
    """A body that began at ``start``, on the clock of ``time.monotonic``.

    It is gathered until ``take`` says that somebody asks for the pieces. Times are in seconds.
    """

    def __init__(self, policy: Policy, start: float) -> None:
        self._policy = policy
        self._start = start
        self._chunks_start = start
        #: Bytes that have come, without what frames chunks.
        self.size = 0
        self._pieces: list[bytes] = []
        #: How long all of it may take; None without a bound of its own.
        self.timeout = policy.body_timeout
        #: Whether it goes to who asks for it.
        self.is_pulled = False
        self._reader: asyncio.Future[bytes] | None = None  # who waits for a piece
        self._pause_start = 0.0  # since when nobody has been waiting for one

    def is_wanted(self) -> bool:
        """Whether more of it is wanted now."""
        return not self.is_pulled or self._reader is not None

    def give(self, piece: bytes, now: float) -> None:
        """Take what has been received: the next piece."""
        self.size += len(piece)
        if not self.is_pulled:
            self._pieces.append(piece)
            return
        reader = self._reader
        assert reader is not None
        self._reader = None
        self._pause_start = now
        if reader.done():  # cancelled: the next one gets it
            self._pieces.append(piece)
        else:
            reader.set_result(piece)

    def take(self, now: float) -> None:
        """Have it asked for from now on."""
        self.is_pulled = True
        self._pause_start = now

    def gather(self) -> None:
        """Have it gathered after all: nobody has asked for it."""
        self.is_pulled = False

    def ask(self, future: "asyncio.Future[bytes]", now: float) -> None:
        """Give ``future`` the next piece, now if it is there.

        Raises ``RuntimeError`` where another future waits.
        """
        self.check_idle()
        if self._pieces:
            future.set_result(self._pieces.pop(0))
        else:
            self._reader = future
            self._start += now - self._pause_start  # the client is not to blame for it

    def check_idle(self) -> None:
        """Raise ``RuntimeError`` where somebody waits for a piece already."""
        if self._reader is not None and not self._reader.done():
            raise RuntimeError("the body is being read already")

    def whole(self) -> bytes:
        """Return all of a body that was gathered."""
        return b"".join(self._pieces)

    def end(self) -> None:
        """Tell who waits that it has ended."""
        reader = self._reader
        self._reader = None
        if reader is not None and not reader.done():
            reader.set_result(b"")

    def drop(self, error: Exception | None) -> None:
        """Give it up before its end: who waits gets a ``StreamClosedError``."""
        reader = self._reader
        self._reader = None
        if reader is not None and not reader.done():
            reader.set_exception(StreamClosedError(error))
            reader.exception()  # nobody has to look at it

    def deadline(self) -> float:
        """Return when the next piece has to be there."""
        policy = self._policy
        deadline = self._start + policy.body_grace + self.size / policy.min_body_rate
        if self.timeout is not None:
            deadline = min(deadline, self._start + self.timeout)
        return deadline

    def delay(self, now: float) -> float:
        """Return how long to let a client wait that sends very many very small chunks.

        To be asked after each ``limits.max_chunks_per_turn`` of them.
        """
        due = self._policy.limits.max_chunks_per_turn / self._policy.max_chunk_rate
        delay = self._chunks_start + due - now
        self._chunks_start = max(now, self._chunks_start + due)
        return delay

    def __repr__(self) -> str:
        kind = "asked for" if self.is_pulled else "gathered"
        return f"<RequestBody {kind} received={self.size}>"


def new_request_body(policy: Any, start: float) -> RequestBody:
    """Make a body; compiled, without a call from Python."""
    return RequestBody(policy, start)
