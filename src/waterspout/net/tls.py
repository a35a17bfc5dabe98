"""TLS over any stream, and the contexts for it.

`TLSStream` is a stream over a stream, so it is written once for both ways to call: OpenSSL works
on buffers in memory, and what it wants sent and read goes through the stream below. One read below
costs one system call, however many records it brings; Python's own SSL sockets take three or more.

What is trusted is up to the context: see `tlscontext`.
"""

import ssl
from collections.abc import Awaitable

from waterspout.net.interface import DeadlineError, Stream

__all__ = ["TLSStream", "start_tls"]

# Plain bytes that are encrypted at a time: records of 16 KiB, and no copy of a whole body.
_WRITE_SIZE = 256 * 1024
# OpenSSL gives one record at a time.
_READ_SIZE = 16 * 1024
# Type, version, length.
_RECORD_HEADER_SIZE = 5


async def start_tls(
    stream: Stream, context: ssl.SSLContext, server_name: str, deadline: float
) -> "TLSStream":
    """Shake hands over ``stream``, and return the stream of what is said in secret.

    Raises `ssl.SSLError`, whose kind `ssl.SSLCertVerificationError` tells that the certificate was
    not accepted; ``stream`` is left for the caller to close.
    """
    own = getattr(stream, "start_tls", None)
    if own is not None:  # Nobody can listen: it leads to this very process.
        return await own(context)  # type: ignore[no-any-return]
    made = TLSStream(stream, context, server_name)
    await made.shake_hands(deadline)
    return made


class TLSStream:
    """The plain side of TLS over a stream; see `interface.Stream`."""

    __slots__ = ("_incoming", "_outgoing", "_stream", "_tls", "ask_after")

    def __init__(self, stream: Stream, context: ssl.SSLContext, server_name: str) -> None:
        self.ask_after = stream.ask_after
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    async def shake_hands(self, deadline: float) -> None:
        """Do the handshake."""
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._exchange(deadline)
            except ssl.SSLError:
                # What is left to say is an alert that tells the server why.
                try:
                    await self._send(deadline)
                except (OSError, DeadlineError):
                    pass
                raise
        await self._send(deadline)

    @property
    def protocol(self) -> str | None:
        """The protocol that was agreed on for what is said over this stream (ALPN)."""
        return self._tls.selected_alpn_protocol()

    async def read(self, deadline: float) -> bytes:
        """Return the bytes that have come, at least one; ``b""`` if the peer took its leave.

        If the stream below ends without that, `ssl.SSLEOFError`: somebody may have cut it.
        """
        while True:
            try:
                return self._tls.read(_READ_SIZE)
            except ssl.SSLWantReadError:
                await self._exchange(deadline)

    def read_now(self) -> bytes | None:
        """Return what has come, None if there is nothing."""
        while True:
            try:
                return self._tls.read(_READ_SIZE)
            except ssl.SSLWantReadError:
                data = self._stream.read_now()
                if data is None:
                    return None
                self._take(data)

    def is_quiet(self, ask: bool) -> bool:
        """Whether the peer has said nothing. Tickets for later sessions are nothing."""
        incoming = self._incoming
        try:
            if not self._stream.is_quiet(ask):
                data = self._stream.read_now()
                if data is None:
                    return False  # It is on its way to us, and may be anything.
                self._take(data)
            elif not incoming.pending:
                return True
            # A record that is not whole would be swallowed by OpenSSL, which keeps it to itself.
            waiting = incoming.read()
            incoming.write(waiting)
            return _ends_with_record(waiting) and self.read_now() is None
        except OSError:
            return False

    def write(self, data: bytes, deadline: float) -> Awaitable[None] | None:
        """Send all of ``data``; return what to await if that takes longer."""
        if len(data) > _WRITE_SIZE:
            return self._write_all(data, deadline)
        try:
            self._tls.write(data)
        except ssl.SSLWantReadError:
            return self._write_all(data, deadline)
        return self._stream.write(self._outgoing.read(), deadline)

    async def _write_all(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            try:
                sent = self._tls.write(view[:_WRITE_SIZE])
            except ssl.SSLWantReadError:
                # The peer wants to negotiate anew, in the middle (TLS 1.2).
                await self._exchange(deadline)
                continue
            view = view[sent:]
            await self._send(deadline)

    def close(self, farewell: bytes = b"") -> None:
        """Take leave of the peer, without waiting for its answer, and close the stream below."""
        try:
            if farewell:
                self._tls.write(farewell)
            self._tls.unwrap()
        except (ssl.SSLError, ValueError):
            pass
        self._stream.close(self._outgoing.read())

    def drop(self) -> None:
        """Let go of the stream below."""
        self._stream.drop()

    async def _exchange(self, deadline: float) -> None:
        """Send what has to be, and take in what comes."""
        await self._send(deadline)
        data = self._stream.read(deadline)
        self._take(data if isinstance(data, bytes) else await data)

    async def _send(self, deadline: float) -> None:
        if self._outgoing.pending:
            waiting = self._stream.write(self._outgoing.read(), deadline)
            if waiting is not None:
                await waiting

    def _take(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def __repr__(self) -> str:
        return f"<TLSStream {self._tls.version()} over {self._stream!r}>"


def _ends_with_record(data: bytes) -> bool:
    """Tell whether ``data``, which begins with a record, ends where one does (RFC 8446 5.1)."""
    end = 0
    while end < len(data):
        end += _RECORD_HEADER_SIZE + int.from_bytes(data[end + 3 : end + 5])
    return end == len(data)
