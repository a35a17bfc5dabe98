"""Connections in memory: the client and the server of one process, without a socket between them.

Both ends are asyncio transports, so that whoever serves sockets serves these as well, and what is
written comes in a later turn of the loop. A peer that reads slowly holds the writer back.

Nothing listens anywhere: a connection leads to whatever protocol its net makes, for all hosts.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from waterspout.net.asynchronous import AsyncNet
from waterspout.net.gates import Gates
from waterspout.net.interface import Address
from waterspout.net.transport import AsyncStream

__all__ = ["MemoryNet", "MemoryStream", "MemoryTransport", "nowhere"]

# What is handed over in one turn, and what may lie between the ends before the writer has to wait.
_MAX_PIECE = 256 * 1024
_HIGH_WATER = 64 * 1024


class MemoryTransport(asyncio.Transport):
    """One end of a connection. Belongs to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: Any, name: str) -> None:
        super().__init__({"peername": (name, 0), "sockname": (name, 0)})
        self._loop = loop
        self._protocol = protocol
        self._peer: MemoryTransport | None = None
        self._inbox: deque[bytes] = deque()  # what the peer has written
        self._size = 0  # of the inbox
        self._high = _HIGH_WATER
        self._low = _HIGH_WATER // 4
        self._is_scheduled = False
        self._is_reading_paused = False
        self._is_write_paused = False
        self._is_closing = False
        self._is_lost = False
        self._has_written_eof = False
        self._has_told_eof = False
        self._tls_context: ssl.SSLContext | None = None
        self._error: Exception | None = None  # what the connection was cut with

    def join(self, peer: "MemoryTransport", context: ssl.SSLContext | None) -> None:
        """Connect the two ends, and tell the protocol of the peer, which is the server."""
        self._peer, peer._peer = peer, self
        if context is not None:
            peer._tls_context = context
        peer._protocol.connection_made(peer)
        if self._inbox or self._has_written_eof:
            self._schedule()
        peer._schedule()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the connection: ``peername sockname sslcontext``."""
        if name == "sslcontext" and self._tls_context is not None:
            return self._tls_context
        return super().get_extra_info(name, default)

    # Writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``; it is kept until the peer reads it."""
        peer = self._peer
        if self._is_closing or self._has_written_eof or peer is None or peer._is_lost or not data:
            return
        peer._inbox.append(bytes(data))
        peer._size += len(data)
        peer._schedule()
        if peer._size > self._high and not self._is_write_paused:
            self._is_write_paused = True
            self._protocol.pause_writing()

    def write_eof(self) -> None:
        """Send no more; what the peer sends is still read."""
        if not self._has_written_eof:
            self._has_written_eof = True
            if self._peer is not None:
                self._peer._schedule()

    def can_write_eof(self) -> bool:
        """Whether `write_eof` does something; with TLS it could not."""
        return self.get_extra_info("sslcontext") is None

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the peer has not read yet."""
        return 0 if self._peer is None else self._peer._size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return below and above how many unread bytes the protocol writes on, and pauses."""
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set below and above how many unread bytes the protocol writes on, and pauses."""
        self._high = _HIGH_WATER if high is None else high
        self._low = self._high // 4 if low is None else low

    # Reading

    def is_reading(self) -> bool:
        """Whether the protocol gets what comes."""
        return not (self._is_reading_paused or self._is_closing)

    def pause_reading(self) -> None:
        """Leave what comes where it is."""
        self._is_reading_paused = True

    def resume_reading(self) -> None:
        """Give what comes to the protocol again."""
        self._is_reading_paused = False
        self._schedule()

    @property
    def has_unread(self) -> bool:
        """Whether the peer has said something that the protocol has not heard yet."""
        peer = self._peer
        return bool(self._inbox) or (peer is not None and peer._is_ended() and not self._is_lost)

    def _is_ended(self) -> bool:
        return self._has_written_eof or self._is_closing

    def _schedule(self) -> None:
        if not self._is_scheduled and not self._is_lost and not self._loop.is_closed():
            self._is_scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        """Give a piece of what has come to the protocol, or the end; the rest in the next turn."""
        self._is_scheduled = False
        peer = self._peer
        if self._is_lost or self._is_closing or peer is None:
            return
        if self._inbox:
            if not self._is_reading_paused:
                self._hand_over(peer)
                self._schedule()
        elif peer._error is not None:
            self._lose(peer._error)
        elif peer._is_ended() and not self._has_told_eof:
            if not self._is_reading_paused:
                self._has_told_eof = True
                if not self._protocol.eof_received():
                    self.close()
                elif peer._is_lost:
                    self._schedule()

    def _hand_over(self, peer: "MemoryTransport") -> None:
        data = self._inbox.popleft()
        if len(data) > _MAX_PIECE:
            self._inbox.appendleft(data[_MAX_PIECE:])
            data = data[:_MAX_PIECE]
        while self._inbox and len(data) + len(self._inbox[0]) <= _MAX_PIECE:
            data += self._inbox.popleft()
        self._size -= len(data)
        self._protocol.data_received(data)
        if peer._is_write_paused and self._size <= peer._low and not peer._is_lost:
            peer._is_write_paused = False
            peer._protocol.resume_writing()
        if peer._is_closing and not self._size:
            peer._finish()

    # The end

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._is_closing

    def close(self) -> None:
        """Close when the peer has read what was written."""
        if not self._is_closing:
            self._is_closing = True
            peer = self._peer
            if peer is None or peer._is_lost or not peer._size:
                self._loop.call_soon(self._lose, None)
            if peer is not None:
                peer._schedule()

    def abort(self) -> None:
        """Close now: the peer hears of a reset, behind what it has been sent."""
        self.cut(ConnectionResetError("the connection was reset"))

    def cut(self, error: Exception) -> None:
        """Close now; what the peer is told, behind what it has been sent, is ``error``."""
        if self._is_lost:
            return
        self._is_closing = True
        if self._error is None:
            self._error = error
        self._drop_inbox()
        if not self._loop.is_closed():
            self._loop.call_soon(self._lose, None)
        if self._peer is not None:
            self._peer._schedule()

    def _finish(self) -> None:
        """Everything that was written has been read."""
        self._loop.call_soon(self._lose, None)

    def _lose(self, error: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = self._is_closing = True
        self._drop_inbox()
        self._protocol.connection_lost(error)
        if self._peer is not None:
            self._peer._schedule()

    def _drop_inbox(self) -> None:
        self._inbox.clear()
        self._size = 0

    def get_protocol(self) -> Any:
        """Return the protocol."""
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        """Have another protocol told of everything from now on."""
        self._protocol = protocol

    def __repr__(self) -> str:
        state = "closed" if self._is_lost else "closing" if self._is_closing else "open"
        return f"<MemoryTransport {state} unread={self._size}>"


class _NoSocket:
    """What there is instead of a socket."""

    def fileno(self) -> int:
        """Return what is no descriptor."""
        return -1

    def close(self) -> None:
        """Do nothing."""


class MemoryStream(AsyncStream):
    """The client's end; the server hears of it when something is written.

    It is as good as encrypted when TLS is asked for: nobody else can read it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, gates: Gates, make_protocol: Callable[[], Any]
    ) -> None:
        super().__init__(loop, gates, _NoSocket())  # type: ignore[arg-type]
        self._make_protocol: Callable[[], Any] | None = make_protocol
        self._context: ssl.SSLContext | None = None
        self._failure: Exception | None = None
        self._own_loop = loop
        self.transport = MemoryTransport(loop, self, "127.0.0.1")
        self.connection_made(self.transport)

    async def start_tls(self, context: ssl.SSLContext) -> "MemoryStream":
        """Tell the server that it speaks in secret."""
        self._context = context
        return self

    def write(self, data: bytes, deadline: float) -> Any:
        """Send all of ``data``; see `interface.Stream`."""
        make, self._make_protocol = self._make_protocol, None
        if make is not None:
            server = MemoryTransport(self._own_loop, make(), "127.0.0.1")
            self.transport.join(server, self._context)
        return super().write(data, deadline)

    def take_blocks(self) -> None:
        """Go on as before: what comes is `bytes`, and was not copied."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end; an error that is none of the system's is raised as it is."""
        if exc is not None and not isinstance(exc, OSError):
            self._failure = exc
        super().connection_lost(exc)

    def take_unread(self) -> bytes | None:
        """Return what the loop has brought, ``b""`` for the end; None if that is nothing."""
        data: bytes | None = super().take_unread()
        if data == b"" and self._failure is not None:
            raise self._failure
        return data

    def is_quiet(self, ask: bool) -> bool:
        """Whether the peer has said nothing."""
        return not self.transport.has_unread and super().is_quiet(False)

    def __repr__(self) -> str:
        return f"<MemoryStream {self.transport!r}>"


def nowhere(host: str, port: int) -> Address:
    """Return what stands for the address of a host that nobody connects to."""
    return Address(int(socket.AF_UNSPEC), (host, port))


class MemoryNet(AsyncNet):
    """The network where every connection leads to what ``make_protocol`` returns: a new protocol.

    Belongs to the loop's thread.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, make_protocol: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        super().__init__(loop)
        self._make_protocol = make_protocol

    # There is nothing to wait for.
    begin_connecting = None  # type: ignore[assignment]

    async def resolve(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return an address, whatever the host."""
        return [nowhere(host, port)]

    async def connect(self, address: Address, deadline: float) -> MemoryStream:
        """Return a new stream."""
        if self._watch is None:
            self._watch_loop()
        return MemoryStream(self.loop, self._gates, self._make_protocol)

    async def connect_any(self, addresses: Sequence[Address], deadline: float) -> MemoryStream:
        """Return a new stream."""
        return await self.connect(addresses[0], deadline)
