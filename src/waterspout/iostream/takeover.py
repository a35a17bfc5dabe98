"""A connection changes hands: from an asyncio transport to a stream.

Without TLS the stream gets the socket itself: a second descriptor of it, while the transport
closes the first one, of which the other side sees nothing. What the transport has not yet sent
goes out before anything that is written to the stream. With TLS the keys are the transport's, so
it stays, and the stream works through it (`through_transport`).

Who calls has stopped the transport's reading, and hands on what was read ahead.
"""

import asyncio
import socket
import ssl
from typing import Any

from waterspout.iostream.base import BaseIOStream
from waterspout.iostream.stream import IOStream
from waterspout.iostream.transport import TransportIOStream

__all__ = ["take_over"]

# How long a stream that is closed too early goes on sending what the transport still has.
_LINGER = 10.0


def take_over(transport: Any, ahead: bytes) -> BaseIOStream:
    """Return a stream on the connection of ``transport``, which is of no use to anybody else then.

    ``ahead`` is read first. It is an ``IOStream`` on the socket where there is no TLS.
    """
    stream: BaseIOStream
    if transport.get_extra_info("sslcontext") is not None:
        stream = TransportIOStream(transport)
    else:
        stream = DetachedIOStream(transport)
    stream._incoming.data += ahead
    return stream


def give_back(stream: BaseIOStream, ahead: bytes) -> None:
    """Have ``ahead`` read before all else; nobody may be reading from ``stream``."""
    stream._incoming.data[:0] = ahead


def check_can_release(stream: BaseIOStream) -> None:
    """Raise ``TypeError`` for an ``SSLIOStream``, whose keys nobody else can have."""
    if isinstance(getattr(stream, "socket", None), ssl.SSLSocket):
        raise TypeError(f"{stream!r} speaks TLS itself, and cannot be handed over")


async def release(stream: BaseIOStream, timeout: float) -> tuple[Any, bytes]:
    """Take the connection away from ``stream``, when it has sent what was written to it.

    Return a socket, or the transport that the stream worked through, whose reading is stopped; and
    what has been received and nobody has read. The stream is closed then; its close callback is
    not called. ``StreamClosedError`` where it has been before, ``TimeoutError`` where the other
    side reads nothing for ``timeout`` seconds, and ``TypeError`` as `check_can_release` has it.
    """
    check_can_release(stream)
    await _wait_until_sent(stream, timeout)
    stream.set_close_callback(None)
    stream._watch_reads(False)
    connection: Any
    ahead = bytes(stream._incoming.data)
    if isinstance(stream, TransportIOStream):
        ahead += b"".join(stream._received)
        connection, stream._transport = stream._transport, _Nowhere()
    elif isinstance(stream, IOStream):
        connection = stream.socket.dup()
    else:
        raise TypeError(f"{stream!r} has neither a socket nor a transport")
    stream.close()
    return connection, ahead


async def _wait_until_sent(stream: BaseIOStream, timeout: float) -> None:
    sending = stream.write(b"")
    while not sending.done():
        left = _unsent(stream)
        await asyncio.wait([sending], timeout=timeout)
        if not sending.done() and _unsent(stream) >= left:
            raise TimeoutError
    sending.result()


def _unsent(stream: BaseIOStream) -> int:
    """Return how many bytes wait in the stream, and in the transport that goes before it."""
    transport = getattr(stream, "_transport", None)
    size: int = 0 if transport is None else transport.get_write_buffer_size()
    return size + stream._outgoing.size


class _Nowhere(asyncio.Transport):
    """What a stream closes whose transport is somebody else's."""

    def close(self) -> None:
        """Close nothing."""

    abort = close


class DetachedIOStream(IOStream):
    """A stream that begins to write when the transport has ended."""

    def __init__(self, transport: Any) -> None:
        theirs = transport.get_extra_info("socket")
        super().__init__(socket.fromfd(theirs.fileno(), theirs.family, theirs.type))
        self._transport: Any = transport
        # From now on the transport says if something is unsent, and then when nothing is.
        self._is_held = True
        transport.set_protocol(_LastMoments(self))
        transport.set_write_buffer_limits(0)
        if not transport.get_write_buffer_size():
            self.let_go()

    def let_go(self) -> None:
        """End the transport, which has nothing to send, and begin to write."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
            self._is_held = False
            if not self._is_closed:
                self._on_writable()

    def close_fd(self) -> None:
        """Close the socket; the transport, if it is still there, sends what was written first."""
        super().close_fd()
        transport, self._transport = self._transport, None
        if transport is not None:
            while self._outgoing.size:
                with self._outgoing.front() as front:
                    transport.write(bytes(front))
                    self._outgoing.advance(len(front))
            transport.close()
            self._loop.call_later(_LINGER, transport.abort)


class _LastMoments(asyncio.Protocol):
    """What a transport reports to in its last moments."""

    def __init__(self, stream: DetachedIOStream) -> None:
        self._stream = stream

    def resume_writing(self) -> None:
        """Take note that everything has been sent."""
        # Not at once: a transport of asyncio's must not end within this call.
        self._stream._loop.call_soon(self._stream.let_go)

    def connection_lost(self, error: Exception | None) -> None:
        """Take note that the transport has ended; if by itself, there is nothing to wait for."""
        self._stream.let_go()
