"""`TransportIOStream`: a stream on a connection that an asyncio transport goes on to serve."""

import asyncio
from collections import deque
from typing import Any

from waterspout.iostream.base import BaseIOStream

__all__ = ["TransportIOStream"]

_WRITE_BUFFER_SIZE = 64 * 1024
# How long a transport may take to send what it has and, over TLS, to hear that the other side has
# got it.
_LINGER = 10.0


class TransportIOStream(BaseIOStream):
    """A stream whose bytes come and go through a transport, as those of TLS must.

    A write is done when its bytes have been encrypted and few of them (64 KiB) wait to be sent.
    ``close`` lets the transport send what it has, and say that it ends, within ten seconds.
    """

    def __init__(self, transport: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._transport: Any = transport
        #: The socket below the transport, to be asked only; None once the stream is closed.
        self.socket: Any = transport.get_extra_info("socket")
        self._received: deque[memoryview] = deque()
        self._has_eof = False
        self._is_write_paused = False
        self._is_lost = False
        self._end_timer: asyncio.TimerHandle | None = None
        transport.set_protocol(_Feed(self))
        transport.set_write_buffer_limits(_WRITE_BUFFER_SIZE)

    def fileno(self) -> int:
        """Return the file descriptor below the transport; -1 once the stream is closed."""
        return -1 if self.socket is None else int(self.socket.fileno())

    def close_fd(self) -> None:
        """Close the transport."""
        self.socket = None
        self._received.clear()
        self._transport.close()
        if not self._is_lost:
            self._end_timer = self._loop.call_later(_LINGER, self._transport.abort)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Take what the transport has delivered."""
        if not self._received:
            return 0 if self._has_eof else None
        first = self._received.popleft()
        size = min(len(first), len(buf))
        memoryview(buf)[:size] = first[:size]
        if size < len(first):
            self._received.appendleft(first[size:])
        return size

    def write_to_fd(self, data: memoryview) -> int:
        """Give the transport everything, unless it has too much."""
        if self._is_write_paused:
            return 0
        self._transport.write(bytes(data))
        return len(data)

    def _watch_reads(self, is_wanted: bool) -> None:
        if is_wanted == self._has_reader:
            return
        self._has_reader = is_wanted
        if self._is_closed or self._has_eof:
            pass
        elif is_wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
        if is_wanted and (self._received or self._has_eof):
            self._loop.call_soon(self.on_received)

    def _watch_writes(self, is_wanted: bool) -> None:
        self._has_writer = is_wanted

    # From the transport

    def on_received(self, data: bytes = b"", has_eof: bool = False) -> None:
        """Take what came, or take note that no more will come."""
        if data:
            self._received.append(memoryview(data))
        self._has_eof = self._has_eof or has_eof
        while self._has_reader and (self._received or self._has_eof):
            self._on_readable()

    def on_pause(self, is_paused: bool) -> None:
        """Take note that the transport has too much to send, or little again."""
        self._is_write_paused = is_paused
        if not is_paused and self._has_writer:
            self._on_writable()

    def on_lost(self, error: Exception | None) -> None:
        """Take note that the connection has ended; what came before can still be read."""
        self._is_lost = True
        if self._end_timer is not None:
            self._end_timer.cancel()
        while self._received:
            self._incoming.data += self._received.popleft()
        if self.reading():
            self._complete()
        self.close(exc_info=error)


class _Feed(asyncio.Protocol):
    """What the transport reports to."""

    def __init__(self, stream: TransportIOStream) -> None:
        self._stream = stream

    def data_received(self, data: bytes) -> None:
        self._stream.on_received(data)

    def eof_received(self) -> bool:
        self._stream.on_received(has_eof=True)
        return False

    def pause_writing(self) -> None:
        self._stream.on_pause(True)

    def resume_writing(self) -> None:
        self._stream.on_pause(False)

    def connection_lost(self, error: Exception | None) -> None:
        self._stream.on_lost(error)
