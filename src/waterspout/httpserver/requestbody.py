"""The body of one request while it is being received: gathered, or asked for piece by piece.

It knows what has come, how long it may take and who waits for it. It knows no transport and no
engine: the connection reads, gives it the pieces, and does what it says.
"""

import asyncio
from typing import Any

from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.policy import Policy
from waterspout.iostream import StreamClosedError

__all__ = ["RequestBody"]


class RequestBody:
    """The body of ``exchange``, which began with it; ``now`` is on its clock, in seconds.

    It is gathered until ``take`` says that somebody asks for the pieces.
    """

    def __init__(self, policy: Policy, exchange: Exchange) -> None:
        self._policy = policy
        self._exchange = exchange
        start = exchange.start_time
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

    def read(self, loop: asyncio.AbstractEventLoop, now: float) -> "asyncio.Future[bytes]":
        """Return a future of the next piece, done if it is there.

        Raises ``RuntimeError`` where somebody waits for a piece already.
        """
        if self._reader is not None and not self._reader.done():
            raise RuntimeError("the body is being read already")
        future = loop.create_future()
        if self._pieces:
            future.set_result(self._pieces.pop(0))
        else:
            self._reader = future
            self._start += now - self._pause_start  # the client is not to blame for it
        return future

    def end(self) -> None:
        """Take note that it has ended: tell who waits, or give it to the exchange."""
        exchange = self._exchange
        exchange.body_bytes_received = self.size
        if not self.is_pulled:
            exchange.is_late = True
            exchange.body = b"".join(self._pieces)
            return
        reader = self._reader
        self._reader = None
        if reader is not None and not reader.done():
            reader.set_result(b"")

    def drop(self, error: Exception | None) -> None:
        """Give it up before its end: who waits gets a ``StreamClosedError``."""
        self._exchange.body_bytes_received = self.size
        reader = self._reader
        self._reader = None
        if reader is not None and not reader.done():
            self._exchange.was_told = True
            reader.set_exception(StreamClosedError(error))
            reader.exception()  # nobody has to look at it

    def deadline(self) -> float:
        """Return when the next piece has to be there, or the whole request be over."""
        policy = self._policy
        deadline = self._start + policy.body_grace + self.size / policy.min_body_rate
        deadline = min(deadline, self._exchange.deadline)
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


def new_request_body(policy: Any, exchange: Exchange) -> RequestBody:
    """Make a body; compiled, without a call from Python."""
    return RequestBody(policy, exchange)
