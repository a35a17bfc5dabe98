"""Where the body of a response goes that is not kept as it comes: decoder, callback, nowhere."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from waterspout.net import CallbackError, DeadlineError, Net
from waterspout.protocol.coding import Decoder
from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.http1.client import ClientConnection
from waterspout.protocol.http1.pieces import blank

if TYPE_CHECKING:
    from waterspout.httpclient.bodies.pulling import Tap
    from waterspout.httpclient.exchange import Exchange

__all__ = ["UNBOUNDED", "Copy", "Delivery", "Discard", "Gathering"]
__all__ += ["TappedDelivery"]

#: As many bytes as can be counted.
UNBOUNDED = 2**63 - 1

# Room that is made for a body whose length was told: more is made when it has come. Such a block is
# memory no sooner than it is written to.
_MAX_ROOM = 128 * 1024 * 1024

# Bytes that are decoded before others get their turn.
_DECODED_PER_TURN = 1024 * 1024


class Copy:
    """A body for somebody beside him who takes it; none if it has more than ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._pieces: list[bytes] = []
        self._left = most
        self._is_whole = False

    def add(self, data: bytes) -> None:
        """Take a piece."""
        self._left -= len(data)
        if self._left >= 0:
            self._pieces.append(data)
        else:
            self._pieces.clear()

    def finish(self) -> None:
        """Take note that this was all."""
        self._is_whole = True

    def body(self) -> bytes | None:
        """Return the body; None if it was too long, or is not whole."""
        return b"".join(self._pieces) if self._is_whole and self._left >= 0 else None


class Delivery:
    """Decodes the body, if there is a ``decoder``, and tells ``callback``, or fills ``pieces``."""

    def __init__(
        self,
        net: Net,
        deadline: float,
        decoder: Decoder | None,
        callback: Callable[[bytes], Any] | None,
        pieces: list[bytes],
    ) -> None:
        self._net = net
        self._deadline = deadline
        self._decoder = decoder
        self._callback = callback
        self._pieces = pieces
        self._outcome: Any = None  # of the callback, for the last piece, to be waited for
        self._decoded = 0  # since others had their turn
        #: Where the body goes as well, as it was decoded.
        self.copy: Copy | None = None

    def take_now(self, data: bytes) -> bool:
        """Take a piece, if that can be without waiting; False: it is for `take`."""
        if self._decoder is not None or self._callback is None:
            return False
        if self.copy is not None:
            self.copy.add(data)
        try:
            self._outcome = self._callback(data)
        except Exception as error:
            raise CallbackError from error
        return self._outcome is None

    async def take(self, data: bytes) -> bool:
        """Take a piece of the body as it came; False: more is wanted."""
        if self._outcome is not None:
            outcome, self._outcome = self._outcome, None
            await self._settle(outcome)
            return False
        if self._decoder is None:
            await self._hand_on(data)
            return False
        for piece in self._decoder.decode(data):
            await self._hand_on(piece)
            self._decoded += len(piece)
            if self._decoded > _DECODED_PER_TURN:
                self._decoded = 0
                await self._net.pause(self._deadline)
        return False

    def finish(self) -> None:
        """Check that the body was whole."""
        if self._decoder is not None:
            self._decoder.finish()
        if self.copy is not None:
            self.copy.finish()

    async def _hand_on(self, data: bytes) -> None:
        if self.copy is not None:
            self.copy.add(data)
        if self._callback is None:
            self._pieces.append(data)
            return
        try:
            outcome = self._callback(data)
        except Exception as error:
            raise CallbackError from error
        if outcome is not None:
            await self._settle(outcome)

    async def _settle(self, outcome: Any) -> None:
        """Wait for what the callback has returned."""
        try:
            await self._net.settle(outcome, self._deadline)
        except DeadlineError:
            raise
        except Exception as error:
            raise CallbackError from error


class TappedDelivery:
    """Decodes the body, if there is a ``decoder``, and gives it to a `pulling.Tap` bit by bit.

    Its reader decides how much he takes, and when: the body has no bound here, and the time limit
    of the exchange begins anew whenever more is wanted.
    """

    def __init__(self, exchange: "Exchange", decoder: Decoder | None, tap: "Tap") -> None:
        self._exchange = exchange
        self._decoder = decoder
        self._tap = tap
        self._engine: ClientConnection | None = None
        self._decoded = 0  # since others had their turn
        #: Where the body goes as well, as it was decoded.
        self.copy: Copy | None = None

    @property
    def is_plain(self) -> bool:
        """Whether pieces are given as they come, and to nobody else."""
        return self._decoder is None and self.copy is None

    async def begin(self, engine: ClientConnection) -> bool:
        """Give the exchange, which has its head; True: the reader wants no body."""
        self._engine = engine
        engine.max_body_size = UNBOUNDED
        return await self._give(self._exchange)

    async def take(self, data: bytes) -> bool:
        """Take a piece of the body as it came; False: more is wanted."""
        copy = self.copy
        if self._decoder is None:
            if copy is not None:
                copy.add(data)
            return await self._give(data)
        for piece in self._decoder.decode(data):
            if copy is not None:
                copy.add(piece)
            if await self._give(piece):
                return True
            self._decoded += len(piece)
            if self._decoded > _DECODED_PER_TURN:
                self._decoded = 0
                await self._exchange.net.pause(self._exchange.deadline)
        return False

    def finish(self) -> None:
        """Check that the body was whole."""
        if self._decoder is not None:
            self._decoder.finish()
        if self.copy is not None:
            self.copy.finish()

    async def _give(self, item: Any) -> bool:
        if not await self._tap.give(item):
            self._exchange.begin_to_wait()
            return False
        assert self._engine is not None
        try:
            # If he has had all of it, the end may be here as well, and the connection can be kept.
            self._engine.next_event()
        except RemoteProtocolError:
            pass  # It is closed, then.
        return True


class Gathering:
    """Keeps a long body in one place. Pieces that are kept until they are joined take twice as much
    memory, all of which the system has to clear before: a third of the time of 100 MiB. And who
    reads can do it right into the room that is left here, which saves a copy of all of it.

    The body has ``size`` bytes. There is room for them from the start, if they are not too many to
    believe it; then for a quarter more than have come. 0: nobody knows; there is no room, and it is
    for `write` only.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._filled = 0
        # Nobody else has those bytes, so they are written over. To clear them before that is a
        # quarter of the time of 1 MiB.
        self._buffer = io.BytesIO(blank(min(size, _MAX_ROOM)))
        # Of all of it, and of the part that was given away.
        self._view: memoryview | None = None
        self._room: memoryview | None = None
        #: There is none: the body is here.
        self.copy: Copy | None = None

    def write(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._leave()
        self._buffer.seek(self._filled)
        self._buffer.write(data)
        self._filled += len(data)

    def room(self) -> memoryview:
        """Return where the next bytes go, at least one, unless the body is whole; see `fill`.

        It is of no use any more after the next call of a method other than that.
        """
        view = self._view
        if view is None:
            view = self._view = self._buffer.getbuffer()
        if self._filled == len(view) < self._size:
            self._leave()
            more = min(self._size - self._filled, max(_MAX_ROOM, self._filled) // 4)
            self._buffer.seek(self._filled + more - 1)
            self._buffer.write(b"\0")
            view = self._view = self._buffer.getbuffer()
        if self._room is not None:
            self._room.release()
        room = self._room = view[self._filled :]
        return room

    def fill(self, size: int) -> None:
        """Take note that so many bytes were put into the `room`."""
        self._filled += size

    async def take(self, data: bytes) -> bool:
        """Take a piece of the body as it came; False: more is wanted."""
        self.write(data)
        return False

    def finish(self) -> None:
        """There is nothing to check."""

    def body(self) -> bytes:
        """Return what has come, which is not copied for that."""
        self._leave()
        self._buffer.truncate(self._filled)
        return self._buffer.getvalue()

    def _leave(self) -> None:
        """Let go of the buffer, which has another size from now on."""
        if self._room is not None:
            self._room.release()
            self._room = None
        if self._view is not None:
            self._view.release()
            self._view = None


class Discard:
    """Throws the body away, as long as it is not too long to wait for."""

    def __init__(self, most: int) -> None:
        self._left = most
        #: Where the body goes as well, as it came.
        self.copy: Copy | None = None

    async def take(self, data: bytes) -> bool:
        """Take a piece of the body; True if there was too much."""
        self._left -= len(data)
        if self.copy is not None:
            self.copy.add(data)
        return self._left < 0

    def finish(self) -> None:
        """Take note that the body was whole."""
        if self.copy is not None:
            self.copy.finish()
