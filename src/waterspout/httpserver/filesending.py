"""Sends a file from the page cache into a socket, without a copy of it in the process.

The transport of the event loop owns the socket, and goes on reading from it. So nothing is sent
here before all that the transport was given is with the kernel, and nobody may give it more until
the end. Between two steps the loop serves others; where the socket takes nothing more, a
duplicate of its descriptor is watched, for that of a transport may not be.

Knows neither HTTP nor what is in the page cache: what is not makes the loop wait.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any, Protocol

from waterspout.iostream import StreamClosedError

__all__ = ["FileSending", "SentFile", "can_send_files"]

# What is sent before others get their turn: a tenth of a millisecond.
_STEP_SIZE = 256 * 1024

_sendfile: Callable[[int, int, int, int], int] | None = getattr(os, "sendfile", None)


class SentFile(Protocol):
    """A file that can be sent: a regular one, open for reading."""

    def fileno(self) -> int:
        """Return the descriptor; -1, or ``ValueError``, once it is closed."""


def can_send_files(transport: Any) -> bool:
    """Tell whether files can be sent past a transport: not through TLS, nor on all platforms."""
    return (
        _sendfile is not None
        and transport.get_extra_info("sslcontext") is None
        and transport.get_extra_info("socket") is not None
        and not transport.is_closing()
    )


class FileSending:
    """``count`` bytes of ``file`` from ``offset`` on, on their way to the client.

    ``future`` tells how many were sent in the end: all; or fewer, where the file has fewer, or
    where the kernel refuses to send it in this way. To cancel it is to send nothing more.
    ``on_sent`` is called with the size of each piece that the socket has taken, and ``on_end``
    once, unless it was ``drop`` that brought the end.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: Any,
        file: SentFile,
        offset: int,
        count: int,
        on_sent: Callable[[int], object],
        on_end: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._socket: int = transport.get_extra_info("socket").fileno()
        self._file = file
        self._offset = offset
        self._count = count
        self._on_sent = on_sent
        self._on_end = on_end
        #: Bytes that the socket has not taken yet.
        self.left = count
        #: Whether the transport has nothing left to send.
        self.has_begun = False
        self.future: asyncio.Future[int] = loop.create_future()
        self.future.add_done_callback(self._on_done)
        self._is_over = False
        self._watched = -1  # the duplicate, while it is watched
        self._turn: asyncio.Handle | None = None

    def begin(self) -> None:
        """Send what can be sent at once; the rest follows."""
        self.has_begun = True
        self._send_step()

    def drop(self, error: Exception | None) -> None:
        """Send nothing more, for the client has gone."""
        self._stop()
        if not self.future.done():
            self.future.set_exception(StreamClosedError(error))
            self.future.exception()  # nobody has to look at it

    def _send_step(self) -> None:
        self._turn = None
        if self._transport.is_closing():
            self._unwatch()  # and `drop` follows
            return
        if self.future.done():
            return  # it was cancelled, and who did that is told so next
        size = min(self.left, _STEP_SIZE)
        try:
            sent = _sendfile(self._socket, self._file.fileno(), self._offset, size)  # type: ignore[misc]
        except BlockingIOError:
            self._watch()
            return
        except ConnectionError:
            # It is told once, and this was it: the transport would take it for an end of sending.
            self._unwatch()
            self._transport.abort()  # and `drop` follows
            return
        except (OSError, ValueError):
            # Whatever it is, it will be told to who goes on in another way.
            self._end()
            return
        self._offset += sent
        self.left -= sent
        self._on_sent(sent)
        if not sent or not self.left:
            self._end()
        elif sent < size:
            self._watch()
        elif self._watched < 0:
            self._turn = self._loop.call_soon(self._send_step)

    def _watch(self) -> None:
        """Go on when the socket takes more."""
        if self._watched >= 0:
            return
        try:
            self._watched = os.dup(self._socket)
        except OSError:  # there are no more descriptors
            self._end()
            return
        self._loop.add_writer(self._watched, self._send_step)

    def _unwatch(self) -> None:
        watched, self._watched = self._watched, -1
        if watched >= 0:
            self._loop.remove_writer(watched)
            os.close(watched)

    def _end(self) -> None:
        self._stop()
        if not self.future.done():
            self.future.set_result(self._count - self.left)
        self._on_end()

    def _stop(self) -> None:
        self._is_over = True
        self._unwatch()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _on_done(self, future: "asyncio.Future[int]") -> None:
        if not self._is_over:
            self._end()

    def __repr__(self) -> str:
        return f"<FileSending {self._count - self.left} of {self._count} bytes>"
