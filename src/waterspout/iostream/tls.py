"""`SSLIOStream`: a stream that speaks TLS on its socket, from the beginning or from later on."""

import asyncio
import errno
import os
import socket
import ssl
from typing import Any

from waterspout.iostream.core import without_frames
from waterspout.iostream.errors import StreamClosedError
from waterspout.iostream.stream import IOStream
from waterspout.log import gen_log
from waterspout.net.tlscontext import shared_context
from waterspout.netutil import ssl_options_to_context, ssl_wrap_socket

__all__ = ["SSLIOStream", "upgrade", "wrap"]

# A handshake that has not ended after so many seconds never will; asyncio waits as long.
_HANDSHAKE_TIMEOUT = 60.0


class SSLIOStream(IOStream):
    """An ``IOStream`` whose bytes are encrypted.

    The socket is an ``ssl.SSLSocket`` (``do_handshake_on_connect=False``), and if it is connected
    the handshake begins at once; or a plain one, of a client: then ``ssl_options``, a context or a
    dictionary, says how to speak, and ``connect`` is given the ``server_hostname``. Without
    ``ssl_options`` the certificate must be one for that name, signed by whom the system trusts.
    The other arguments are those of ``IOStream``.

    Reads and writes may begin before the handshake has ended, and wait for it. Where it fails, or
    has not ended after a minute, the stream is closed with the reason as its ``error``, mostly an
    ``ssl.SSLError``, or a ``TimeoutError``; one line of the log tells it, unless the other side has
    just gone. An end without leave-taking (the alert
    ``close_notify``) is the end of the stream, and no error; this side always takes its leave.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ssl_options: Any = kwargs.pop("ssl_options", None)
        super().__init__(*args, **kwargs)
        self._is_shaking_hands = True
        self._is_held = True
        self._handshake: asyncio.Future[Any] | None = None
        self._handshake_timer: asyncio.TimerHandle | None = None
        # Whether a read goes on when something can be sent, and a write when something has come.
        self._read_needs_write = False
        self._write_needs_read = False
        self._server_hostname: str | None = None
        if _has_peer(self.socket):
            # Not at once: who has made the stream can say first what he wants to hear of it.
            self._loop.call_soon(self._on_connected)

    def connect(
        self, address: Any, server_hostname: str | None = None
    ) -> "asyncio.Future[SSLIOStream]":
        """Connect to ``address`` and shake hands; the future is that of `wait_for_handshake`.

        The certificate must be one for ``server_hostname``, where it is verified; ``ValueError``
        where that is missing, and for an ``ssl.SSLSocket``.
        """
        if isinstance(self.socket, ssl.SSLSocket):
            raise ValueError("connect() makes an SSLSocket of a plain socket: give it that")
        self._ssl_options = _context(self._ssl_options, False, server_hostname)
        self._server_hostname = server_hostname
        super().connect(address)
        return self.handshake()

    def wait_for_handshake(self) -> "asyncio.Future[SSLIOStream]":
        """Wait until the handshake has ended; the future gives the stream.

        After that ``socket`` tells who the other side is (``getpeercert()``) and what was agreed
        on (``selected_alpn_protocol()``). Where it fails the future raises the reason, an
        ``ssl.SSLError`` for instance, or ``StreamClosedError`` where there was none. Raises
        ``StreamClosedError`` if the stream is closed, ``RuntimeError`` if somebody waits already.
        """
        self._check_closed()
        return self.handshake()

    def handshake(self) -> "asyncio.Future[SSLIOStream]":
        """Do as `wait_for_handshake`, but also with a stream that is closed."""
        if self._handshake is not None:
            raise RuntimeError("Already waiting for the handshake")
        future: asyncio.Future[SSLIOStream] = self._loop.create_future()
        if self._is_closed or self._is_shaking_hands:
            self._handshake = future
        else:
            future.set_result(self)
        if self._is_closed:
            self._fail_handshake()
        return future

    def reading(self) -> bool:
        """Tell whether a read, or the handshake, is under way."""
        return self._is_shaking_hands or super().reading()

    def writing(self) -> bool:
        """Tell whether something has yet to be sent, or the handshake is under way."""
        return self._is_shaking_hands or super().writing()

    # The handshake

    def _on_connected(self) -> None:
        if self._is_closed:
            return
        if not isinstance(self.socket, ssl.SSLSocket):
            try:
                context = _context(self._ssl_options, False, self._server_hostname)
                self.socket = wrap(self.socket, context, False, self._server_hostname)
            except (OSError, ValueError) as error:
                self._fail_to_begin(error)
                return
        self._handshake_timer = self._loop.call_later(_HANDSHAKE_TIMEOUT, self._on_overdue)
        self._shake_hands()

    def _shake_hands(self) -> None:
        """Do of the handshake what can be done now."""
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._watch_writes(False)
            self._watch_reads(True)
        except ssl.SSLWantWriteError:
            self._watch_writes(True)
        except OSError as error:
            self._fail_to_begin(error)
        else:
            self._end_handshake()
            future, self._handshake = self._handshake, None
            if future is not None and not future.done():
                future.set_result(self)
            super()._on_connected()

    def _fail_to_begin(self, error: Exception) -> None:
        if not isinstance(error, ssl.SSLEOFError | ConnectionError):
            gen_log.warning("TLS handshake with %s failed: %s", _peer(self.socket), error)
        self.close(exc_info=without_frames(error))

    def _on_overdue(self) -> None:
        self._fail_to_begin(TimeoutError(f"it has not ended within {_HANDSHAKE_TIMEOUT:g} seconds"))

    def _end_handshake(self) -> None:
        self._is_shaking_hands = False
        timer, self._handshake_timer = self._handshake_timer, None
        if timer is not None:
            timer.cancel()

    def _signal_close(self) -> None:
        self._end_handshake()
        self._fail_handshake()
        super()._signal_close()

    def _fail_handshake(self) -> None:
        future, self._handshake = self._handshake, None
        if future is not None and not future.done():
            future.set_exception(self.error or StreamClosedError())
            future.exception()  # nobody has to look at it

    # Bytes

    def _on_readable(self) -> None:
        if self._is_shaking_hands and self._is_connected and isinstance(self.socket, ssl.SSLSocket):
            self._shake_hands()
            return
        if self._write_needs_read:
            self._write_needs_read = False
            self._on_writable()
        if not self._is_closed:
            super()._on_readable()

    def _on_writable(self) -> None:
        if self._is_shaking_hands and self._is_connected:
            self._shake_hands()
            return
        if self._read_needs_write:
            self._read_needs_write = False
            super()._on_readable()
        if not self._is_closed:
            super()._on_writable()

    def _watch_writes(self, is_wanted: bool) -> None:
        super()._watch_writes((is_wanted and not self._write_needs_read) or self._read_needs_write)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Fill ``buf`` as far as can be and return how many bytes came: 0 at the end, None if none.

        Not less than can be: of what OpenSSL has decrypted already the event loop knows nothing.
        """
        if self._is_shaking_hands:
            return None
        room = memoryview(buf)
        size = 0
        try:
            while size < len(room):
                received: int = self.socket.recv_into(room[size:])
                if not received:
                    self._is_end_ahead = size > 0
                    break
                size += received
        except ssl.SSLWantReadError:
            return size or None
        except ssl.SSLWantWriteError:
            self._read_needs_write = True
            self._watch_writes(True)
            return size or None
        except OSError as error:
            self._is_end_ahead = True
            reason = _reset_or(error, self.socket)
            if not size and reason is not None:
                raise reason from None
            self._read_error = reason
        return size

    def write_to_fd(self, data: memoryview) -> int:
        """Encrypt and send what can be sent now; return how many bytes that were."""
        size = 0
        try:
            while size < len(data):
                # One record after the other.
                size += self.socket.send(data[size:])
        except ssl.SSLWantWriteError:
            pass
        except ssl.SSLWantReadError:
            self._write_needs_read = True
            self._watch_reads(True)
        return size

    def close_fd(self) -> None:
        """Take leave of the other side, without waiting for its answer, and close the socket."""
        if self.error is None and not self._is_shaking_hands:
            try:
                self.socket.unwrap()
            except (OSError, ValueError):
                pass
        super().close_fd()


def upgrade(
    stream: IOStream,
    server_side: bool,
    ssl_options: dict[str, Any] | ssl.SSLContext | None,
    server_hostname: str | None,
) -> SSLIOStream:
    """Return a stream in TLS on the socket of ``stream``, which is idle; see ``start_tls``.

    ``StreamClosedError`` where the other side has gone.
    """
    if isinstance(stream.socket, ssl.SSLSocket):
        raise ValueError(f"{stream!r} speaks TLS already")
    context = _context(ssl_options, server_side, server_hostname)
    callback = stream._close_callback
    plain = stream.give_up_socket()
    try:
        secret = SSLIOStream(
            wrap(plain, context, server_side, server_hostname),
            max_buffer_size=stream.max_buffer_size,
            read_chunk_size=stream.read_chunk_size,
            max_write_buffer_size=stream.max_write_buffer_size,
        )
    except BaseException as error:
        plain.close()
        stream.set_close_callback(callback)
        if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
            raise StreamClosedError(without_frames(error)) from None
        raise
    secret.set_close_callback(callback)
    return secret


def _context(
    ssl_options: dict[str, Any] | ssl.SSLContext | None,
    server_side: bool,
    server_hostname: str | None,
) -> ssl.SSLContext:
    """Return the context to speak with; ``ValueError`` where it cannot be used."""
    if ssl_options is None:
        if server_side:
            raise ValueError("TLS as a server needs ssl_options with a certfile")
        context = shared_context(protocols=())
    else:
        context = ssl_options_to_context(ssl_options, server_side=server_side)
    if context.check_hostname and not server_side and not server_hostname:
        raise ValueError(
            "server_hostname is missing: the name, or the IP address, that the certificate of the"
            " other side must be for"
        )
    if server_hostname is not None and not server_side:
        try:
            server_hostname.encode("idna")
        except UnicodeError:
            raise ValueError(
                f"server_hostname must be a host name, not {server_hostname!r:.80}"
            ) from None
    return context


def wrap(
    plain: socket.socket, context: ssl.SSLContext, server_side: bool, server_hostname: str | None
) -> ssl.SSLSocket:
    """Return a socket for an `SSLIOStream`; ``OSError`` where the other side has gone already."""
    plain.getpeername()  # ssl would find it out too late, and leave the descriptor open
    return ssl_wrap_socket(
        plain,
        context,
        server_hostname=server_hostname,
        server_side=server_side,
        do_handshake_on_connect=False,
        suppress_ragged_eofs=False,
    )


def _reset_or(error: OSError, connected: socket.socket) -> OSError | None:
    """Return what a read has met: None for an end without leave-taking."""
    if isinstance(error, BrokenPipeError):
        # OpenSSL 3.5 met that end, and had an alert to send to somebody who is not there.
        return None
    if not isinstance(error, ssl.SSLEOFError):
        return error
    # From 3.0 on OpenSSL tells why, but for a reset; before, it makes no difference.
    if error.reason is None and not _has_peer(connected):
        return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return None


def _has_peer(connected: socket.socket) -> bool:
    try:
        connected.getpeername()
    except OSError:
        return False
    return True


def _peer(connected: socket.socket) -> Any:
    try:
        return connected.getpeername() or "a local socket"
    except OSError:
        return "somebody who has gone"
