"""What a connection has still to send: whether its client reads, and who waits until it has.

It knows the transport only as far as its write buffer goes, and no clock. Behind TLS there is one
more buffer, that of the transport below, which nobody tells of: there the kernel is asked how far
the client has come (``TCP_INFO``, on Linux).
"""

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any

from waterspout.iostream import StreamClosedError

if TYPE_CHECKING:
    from waterspout.httpserver.filesending import FileSending

__all__ = ["Unsent"]

# SO_LINGER for a close that resets the connection.
_RESET = struct.pack("ii", 1, 0)

# Of struct tcp_info (linux/tcp.h): segments under way; bytes acknowledged; bytes not sent.
_TCP_INFO = struct.Struct("=24xI92xQ16xI")


class Unsent:
    """The bytes of one connection that the kernel has not taken."""

    def __init__(self, transport: Any, is_encrypted: bool = False) -> None:
        self._transport = transport
        self._is_encrypted = is_encrypted
        self._size = 0  # when it was last looked at
        self._has_grown = False
        self._acknowledged = 0  # then, behind TLS
        self._waiters: list[asyncio.Future[None]] = []
        #: What goes past the transport.
        self.file: FileSending | None = None

    def size(self) -> int:
        """Return how many bytes there are."""
        size: int = self._transport.get_write_buffer_size()
        return size if self.file is None else size + self.file.left

    def look(self) -> None:
        """Remember how many there are, for ``has_moved``."""
        self._size = self.size()
        self._has_grown = False
        if self._is_encrypted:
            self._acknowledged, _ = self._ask_kernel()

    def has_moved(self) -> bool:
        """Look again, and tell whether the client has read some since it was last looked at.

        What has grown may have moved as well; that counts once, for a handler that writes on
        would hide a client that does not read at all.
        """
        size = self.size()
        if self._is_encrypted:
            acknowledged, _ = self._ask_kernel()
            if acknowledged > self._acknowledged:
                self._size, self._acknowledged = size, acknowledged
                return True
        has_grown = size > self._size
        if not size or not (size < self._size or (has_grown and not self._has_grown)):
            return False
        self._size = size
        self._has_grown = has_grown
        return True

    def is_sent(self) -> bool:
        """Tell whether the client's system has all of it, as far as can be known behind TLS."""
        return not self.size() and not self._ask_kernel()[1]

    def _ask_kernel(self) -> tuple[int, bool]:
        """Return how many bytes the client's system has acknowledged, and whether some are left.

        Where the kernel does not tell, none are, and some are.
        """
        sock = self._transport.get_extra_info("socket")
        try:
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
            under_way, acknowledged, not_sent = _TCP_INFO.unpack(info)
        except (AttributeError, OSError, struct.error):
            return 0, True  # another system, a unix socket, or one that is closed
        return acknowledged, bool(under_way or not_sent)

    def reset_on_close(self) -> None:
        """Have the connection end with a reset, so that the client takes it for no good end."""
        sock = self._transport.get_extra_info("socket")
        try:
            if sock is not None and isinstance(sock.getsockname(), tuple):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        except OSError:
            pass  # the client has gone, and the socket with it

    def waiter(self, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[None]":
        """Return a future that is done with the next ``release``."""
        future = loop.create_future()
        self._waiters.append(future)
        return future

    def release(self) -> None:
        """Tell all who wait that the client has caught up."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def fail(self, error: Exception | None) -> bool:
        """Tell all who wait that nothing more will be sent; tell whether there are any.

        They get a ``StreamClosedError``.
        """
        waiting = [waiter for waiter in self._waiters if not waiter.done()]
        self._waiters.clear()
        for waiter in waiting:
            waiter.set_exception(StreamClosedError(error))
            waiter.exception()  # nobody has to look at it
        file, self.file = self.file, None
        if file is not None:
            file.drop(error)
        return bool(waiting) or file is not None
