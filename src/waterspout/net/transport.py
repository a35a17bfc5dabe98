"""`AsyncStream`: a connection of an asyncio transport, as a stream.

An asyncio protocol without a reader object: what arrives goes to the flow that waits for it, in the
callback that brings it, and is kept only if none does.

Theory of operation. Who has once had much at a time is given room from then on that the kernel
writes into: that of who waits with some, or a block, which is the `bytes` that are handed on if it
is filled. A loop wants another protocol for that, so the transport gets a `_BlockReads`.
"""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Generator
from typing import Any

from waterspout.net.blocks import borrowed, bytes_of, new_block, view_of
from waterspout.net.gates import Gate, Gates
from waterspout.net.interface import DeadlineError
from waterspout.net.sockets import READ_SIZE, has_arrived

__all__ = ["AsyncStream"]

# What may lie here unread before the peer is held back.
_MAX_UNREAD = 4 * READ_SIZE

# Of a block: with what Python and the C library add, it takes 256 KiB.
_BLOCK_SIZE = 256 * 1024 - 64
# Of the one for the first bytes of an answer: what follows may have a place of its own.
_FIRST_BLOCK_SIZE = 16 * 1024


class AsyncStream(Gate):
    """See the module's docstring and `interface.Stream`. Belongs to the loop's thread.

    It is itself the gate where its reader waits. ``connected`` is the socket, which is the
    transport's to close, as long as the loop is open.
    """

    # The loop notices what the peer says, unless something has blocked it.
    ask_after = 1.0

    def __init__(
        self, loop: asyncio.AbstractEventLoop, gates: Gates, connected: socket.socket
    ) -> None:
        super().__init__(gates)
        self._loop = loop
        self._socket = connected
        self._transport: Any = None
        self._send: Any = None  # the transport's method
        self._takes_blocks = False  # whether the transport asks for room
        self._block_size = _BLOCK_SIZE  # of the next
        self._block: Any = None  # what it was given, unless that is the next
        self._room: memoryview | None = None  # that of who waits
        self._filled = 0  # so much of it, for him to hear of
        self._unread: list[bytes] = []
        self._unread_size = 0
        self._is_paused = False  # whether the transport was told to read no more
        self._is_full = False  # whether writers have to wait
        self._writers: list[Gate] = []  # where they do
        # How the stream ended, as soon as it did: with an end of file or an error.
        self._end: EOFError | OSError | None = None

    # asyncio's side

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport = transport
        self._send = transport.write

    def data_received(self, data: bytes) -> None:
        """Keep the bytes, and let who waits for them take them."""
        if len(data) > READ_SIZE and not self._takes_blocks:
            self.take_blocks()
        self._unread.append(data)
        self._unread_size += len(data)
        if self.driver is not None:
            self.open()
            return
        if self._unread_size > _MAX_UNREAD and not self._is_paused and self._end is None:
            self._is_paused = True
            self._transport.pause_reading()
        if self._writers:
            self._wake_writers(None)

    def take_blocks(self) -> None:
        """Have the transport ask for room from now on."""
        self._takes_blocks = True
        self._transport.set_protocol(_BlockReads(self))

    def get_buffer(self, _size: int) -> memoryview:
        """Return where to put the next bytes; nobody keeps that beyond `buffer_updated`."""
        if self._room is not None:
            view = borrowed(self._room)
            if view is not None:
                self._block = None  # It may have one that nothing came for.
                return view
        self._block = new_block(self._block_size)
        return view_of(self._block)

    def buffer_updated(self, size: int) -> None:
        """Take note that so many bytes were put there, as `data_received` does."""
        block, self._block = self._block, None
        if block is not None:
            self._block_size = _BLOCK_SIZE
            self.data_received(bytes_of(block, size))
        else:
            self._room = None
            self._filled = size
            self.open()

    def eof_received(self) -> bool:
        """Take note that the peer sends no more; what we send may still be heard."""
        self._on_end(EOFError())
        self._wake_writers(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that nothing comes or goes any more."""
        if exc is not None and self._end is None:
            self._read_last()
        self._on_end(exc if isinstance(exc, OSError) else EOFError())
        self._wake_writers(exc or ConnectionResetError("the connection was closed"))
        self.close_gate()

    def pause_writing(self) -> None:
        """Hold writers back."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._is_full = False
        self._wake_writers(None)

    def _read_last(self) -> None:
        """Keep what had come before a write failed: the loop does not read it any more."""
        try:
            data = self._socket.recv(READ_SIZE) if self._socket.fileno() >= 0 else b""
        except OSError:
            return
        if data:
            self._unread.append(data)
            self._unread_size += len(data)

    def _on_end(self, end: EOFError | OSError) -> None:
        if self._end is None:
            self._end = end
            self.open()
            self._wake_writers(None)

    def _wake_writers(self, error: Exception | None) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.open(error)

    # The flow's side

    def read(self, deadline: float) -> bytes | Awaitable[bytes]:
        """Return the bytes that have come, or what to await; see `interface.Stream`."""
        if self._unread:
            return self._next_piece()
        return self.until(deadline)

    def read_into(self, room: memoryview, deadline: float) -> Any:
        """Return what `read` does, or await how many bytes were put into ``room``."""
        if self._takes_blocks and not self._unread and self._end is None:
            self._room = room
        return self.read(deadline)

    def __await__(self) -> Generator[Any, None, Any]:
        while True:
            data = self.take_unread()
            if data is not None:
                return data
            yield self
            if self._error is not None:
                self._room = None
                self.fail()

    def read_now(self) -> bytes | None:
        """Return what has come, None if there is nothing."""
        data: bytes | None = self.take_unread()
        if data is None and self._transport.is_closing():
            # A write has failed, and the loop tells it in its next pass. Who only writes, and is
            # never held back, would never let it come to that.
            self._read_last()
            if not self._unread:
                raise ConnectionResetError("the connection was closed")
            data = self.take_unread()
        return data

    def take_unread(self) -> Any:
        """Return what the loop has brought, or how much of it is in the room of who waits; ``b""``
        for the end; None if that is nothing.
        """
        if self._filled:
            filled, self._filled = self._filled, 0
            return filled
        if self._unread:
            self._room = None
            return self._next_piece()
        if self._end is None:
            return None
        if isinstance(self._end, EOFError):
            return b""
        raise self._end

    def _next_piece(self) -> bytes:
        unread = self._unread
        data = unread[0]
        if len(unread) == 1:
            unread.clear()
        elif len(data) > READ_SIZE:
            del unread[0]  # They are few, then, and to join them is to copy them.
        else:
            data = b"".join(unread)
            unread.clear()
        self._unread_size -= len(data)
        if self._is_paused and not unread:
            self._is_paused = False
            if self._end is None:
                self._transport.resume_reading()
        return data

    async def pause(self, deadline: float) -> None:
        """Let the loop do what it has to do; what comes meanwhile is kept."""
        await asyncio.sleep(0)
        if time.monotonic() >= deadline:
            raise DeadlineError

    def is_quiet(self, ask: bool) -> bool:
        """Whether the peer has said nothing."""
        if self._end is not None or self._unread:
            return False
        return not (ask and has_arrived(self._socket.fileno()))

    def write(self, data: bytes, deadline: float) -> Awaitable[None] | None:
        """Send all of ``data``; return what to await if the peer doesn't keep up.

        That ends also when the peer has said something: it may want no more.
        """
        if isinstance(self._end, OSError):
            raise self._end
        self._block_size = _FIRST_BLOCK_SIZE
        self._send(data)
        return self._drain(deadline) if self._is_full else None

    async def _drain(self, deadline: float) -> None:
        if self._transport.is_closing():
            raise ConnectionResetError("the connection was closed")
        gate = Gate(self._gates)
        self._writers.append(gate)
        try:
            await gate.until(deadline)
        finally:
            gate.close_gate()

    def close(self, farewell: bytes = b"") -> None:
        """Close the transport; what is not sent yet is dropped."""
        self._end = ConnectionAbortedError("the connection was closed")
        self._room = None
        self.close_gate()
        transport = self._transport
        if self._loop.is_closed():
            # The transport can't be: it would have to call into the loop.
            self._socket.close()
        elif farewell and not transport.is_closing():
            transport.write(farewell)
            transport.close()
        else:
            transport.abort()

    def drop(self) -> None:
        """Let go of the connection, and of nothing else: what the loop knows belongs to the parent
        as well. The descriptor stays, for who believes to have it, and leads nowhere.
        """
        _dropped.append(self)
        descriptor = self._socket.fileno()
        if descriptor < 0:
            return
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
        except OSError:
            return  # There is no other descriptor to be had: it is kept open, as long as we live.
        os.dup2(nowhere, descriptor, inheritable=False)
        os.close(nowhere)

    def __repr__(self) -> str:
        return f"<AsyncStream {self._socket.fileno()}>"


class _BlockReads(asyncio.BufferedProtocol):
    """What the transport calls of a stream that takes blocks; its class tells loops so."""

    def __init__(self, stream: AsyncStream) -> None:
        for name in _CALLED:
            setattr(self, name, getattr(stream, name))


_CALLED = (
    "get_buffer",
    "buffer_updated",
    "eof_received",
    "connection_lost",
    "pause_writing",
    "resume_writing",
)

# Streams of a loop that runs in the parent. Their destructors would reach into it.
_dropped: list[AsyncStream] = []
