"""`IOStream`: a stream on a socket, of the network or of the file system."""

import asyncio
import errno
import os
import socket
from typing import TYPE_CHECKING, Any, TypeVar

from waterspout.iostream.base import BaseIOStream
from waterspout.iostream.core import without_frames
from waterspout.iostream.errors import StreamClosedError

if TYPE_CHECKING:
    import ssl

    from waterspout.iostream.tls import SSLIOStream

__all__ = ["IOStream"]

S = TypeVar("S", bound="IOStream")

_SOL_SOCKET, _SO_ERROR = socket.SOL_SOCKET, socket.SO_ERROR
_IS_UNDER_WAY = frozenset([errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY])


class IOStream(BaseIOStream):
    r"""A stream on ``socket``, which it makes non-blocking and closes in the end.

    The socket is connected already, or ``connect`` does it. The other arguments are those of
    ``BaseIOStream``. Nobody else may read from the socket or write to it.

        stream = IOStream(socket.socket())
        await stream.connect(("127.0.0.1", 8888))
        await stream.write(b"hello\n")
        line = await stream.read_until(b"\n", max_bytes=1000)
    """

    def __init__(self, socket: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: The socket, None once the stream is closed.
        self.socket: Any = socket
        self.socket.setblocking(False)
        self._connecting: asyncio.Future[Any] | None = None
        self._is_connected = True

    def connect(self: S, address: Any, server_hostname: str | None = None) -> "asyncio.Future[S]":
        """Connect to ``address``, as ``socket.connect`` takes it; the future gives the stream.

        A host's name is looked up at once, which blocks: give an IP address. ``write`` may be
        called before the future is done. If it fails the stream is closed, and the future raises
        ``StreamClosedError`` with the ``real_error``. ``server_hostname`` is for TLS.
        """
        self._check_closed()
        if self._connecting is not None:
            raise AssertionError("Already connecting")
        future: asyncio.Future[S] = self._loop.create_future()
        self._connecting = future
        self._is_connected = False
        self._is_held = True
        try:
            self.socket.connect(address)
        except OSError as error:
            # A socket of the file system is never under way: EAGAIN says that there is no room.
            if error.errno not in _IS_UNDER_WAY or _is_local(self.socket):
                self.close(exc_info=without_frames(error))
                return future
        self._watch_writes(True)
        return future

    def start_tls(
        self,
        server_side: bool,
        ssl_options: "dict[str, Any] | ssl.SSLContext | None" = None,
        server_hostname: str | None = None,
    ) -> "asyncio.Future[SSLIOStream]":
        """Go on in TLS; the future gives the stream that takes the place of this one.

        This one is of no use any more, whatever becomes of the handshake; its close callback is the
        new one's. ``ssl_options`` is a context, or a dictionary as
        ``netutil.ssl_options_to_context`` takes it; a server needs one with a certificate. A client
        without them verifies that the certificate is one for ``server_hostname``, signed by whom
        the system trusts. The future raises what the handshake has failed with, an ``ssl.SSLError``
        for instance, or ``StreamClosedError`` where the other side has just gone.

        ``ValueError`` where a read, a write or a connect is under way, and where something has come
        that nobody has read: sent in clear, it must not be taken for what was said in TLS; where
        there is no certificate, or no name to verify it for.
        """
        self._check_closed()
        if self.reading() or self.writing() or self._is_held:
            raise ValueError(
                f"{self!r} is not idle: wait for its reads and writes before start_tls()"
            )
        if self._incoming.data:
            raise ValueError(
                f"{self!r} has unread bytes, which were sent before TLS: read them, or close it"
            )
        from waterspout.iostream.tls import upgrade

        try:
            secret = upgrade(self, server_side, ssl_options, server_hostname)
        except StreamClosedError as error:
            future: asyncio.Future[SSLIOStream] = self._loop.create_future()
            future.set_exception(without_frames(error))
            future.exception()  # nobody has to look at it
            return future
        return secret.handshake()

    def _on_writable(self) -> None:
        if self._is_connected:
            super()._on_writable()
            return
        error = self.get_fd_error()
        if error is not None:
            self.close(exc_info=error)
            return
        self._is_connected = True
        self._on_connected()

    def _on_connected(self) -> None:
        """Tell who has called `connect`, and send what he has written meanwhile."""
        future, self._connecting = self._connecting, None
        self._is_held = False
        if future is not None and not future.done():
            future.set_result(self)
        super()._on_writable()

    def _signal_close(self) -> None:
        future, self._connecting = self._connecting, None
        if future is not None and not future.done():
            self._fail(future)
        super()._signal_close()

    def fileno(self) -> int:
        """Return the file descriptor; -1 once the stream is closed."""
        return -1 if self.socket is None else int(self.socket.fileno())

    def close_fd(self) -> None:
        """Close the socket."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def give_up_socket(self) -> socket.socket:
        """Close the stream but not the socket, which is returned; nobody is told of it."""
        self._close_callback = None
        self._watch_reads(False)
        self._watch_writes(False)
        released: socket.socket = self.socket
        self.socket = None
        self.close()
        return released

    def get_fd_error(self) -> Exception | None:
        """Return the error that the socket has met, None if there is none."""
        if self.socket is None:
            return StreamClosedError(real_error=self.error)
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(number, os.strerror(number)) if number else None

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Receive into ``buf`` and return how many bytes came: 0 at the end, None for not yet."""
        try:
            size: int = self.socket.recv_into(buf)
        except BlockingIOError:
            return None
        if self._loses_errors and 0 < size < len(buf):
            number = self.socket.getsockopt(_SOL_SOCKET, _SO_ERROR)
            if number:
                self._read_error = OSError(number, os.strerror(number))
                self._is_end_ahead = True
        return size

    def write_to_fd(self, data: memoryview) -> int:
        """Send what can be sent now and return how many bytes that were."""
        try:
            return self.socket.send(data)  # type: ignore[no-any-return]
        except BlockingIOError:
            return 0

    def set_nodelay(self, value: bool) -> None:
        """Send small writes at once (True), or when the ones before have been acknowledged.

        Without effect on a socket that is not one of TCP.
        """
        if self.socket is not None and self.socket.family in (socket.AF_INET, socket.AF_INET6):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1 if value else 0)


def _is_local(sock: socket.socket) -> bool:
    return sock.family == getattr(socket, "AF_UNIX", None)
