"""Brings an engine the bytes that it needs, from a stream, within a time."""

import asyncio

from waterspout.iostream import BaseIOStream, StreamClosedError
from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.http1 import ClientConnection, Event, ServerConnection, Signal

__all__ = ["Interrupted", "PeerTimeoutError", "Reader"]

# Reads that are done without waiting before others get their turn.
_MAX_READS_PER_TURN = 16


class Interrupted(Exception):
    """Nobody wants what was waited for any more."""


class PeerTimeoutError(Exception):
    """The peer took too long."""


class Reader:
    """Gives the events of ``engine``, and reads from ``stream`` only when it needs more."""

    def __init__(
        self, stream: BaseIOStream, engine: ClientConnection | ServerConnection, chunk_size: int
    ) -> None:
        self._stream = stream
        self._engine = engine
        self._chunk_size = chunk_size
        self._loop = stream.io_loop.asyncio_loop
        #: How many seconds may yet be spent waiting for the peer; None: no bound.
        self.time_left: float | None = None
        self._waiting: asyncio.Future[bytes] | None = None
        self._is_interrupted = False
        self._has_ended = False
        self._reads = 0

    async def next_event(self) -> Event:
        """Return the next event, none that asks for something.

        Raises ``RemoteProtocolError`` from the engine, ``StreamClosedError`` where the connection
        broke or ended inside a message, ``PeerTimeoutError`` and ``Interrupted``.
        """
        while True:
            try:
                event = self._engine.next_event()
            except RemoteProtocolError as error:
                if self._has_ended:
                    raise StreamClosedError(real_error=error) from None
                raise
            if event is Signal.YIELD:
                await asyncio.sleep(0)
            elif event is Signal.NEED_DATA:
                await self._receive()
            else:
                return event

    def interrupt(self) -> None:
        """End the wait for bytes, if there is one, with ``Interrupted``; none is lost."""
        if self._waiting is not None and not self._waiting.done():
            self._is_interrupted = True
            self._waiting.cancel()

    async def _receive(self) -> None:
        try:
            reading = self._stream.read_bytes(self._chunk_size, partial=True)
            if reading.done():
                self._reads += 1
                if self._reads % _MAX_READS_PER_TURN == 0:
                    await asyncio.sleep(0)
                data = reading.result()
            else:
                data = await self._wait(reading)
        except StreamClosedError as error:
            if error.real_error is not None:
                raise
            self._has_ended = True
            self._engine.receive_eof()
        else:
            self._engine.receive_data(data)

    async def _wait(self, reading: "asyncio.Future[bytes]") -> bytes:
        self._waiting = reading
        start = self._loop.time()
        limit = asyncio.timeout(self.time_left)
        try:
            async with limit:
                return await reading
        except TimeoutError:
            raise PeerTimeoutError("the peer took too long") from None
        except asyncio.CancelledError:
            if not self._is_interrupted:
                raise
            self._is_interrupted = False
            raise Interrupted from None
        finally:
            self._waiting = None
            if self.time_left is not None:
                self.time_left -= self._loop.time() - start
