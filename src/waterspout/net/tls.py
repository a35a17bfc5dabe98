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
_RECORD_SIZE = 16 * 1024
# What is read of those that have come, as one piece.
_READ_SIZE = 128 * 1024
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

    def __init__(self, stream: Stream, context: ssl.SSLContext, server_name: str) -> None:
        self.ask_after = stream.ask_after
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._left = 0  # of the record that is not whole yet; or of its header there is this much
        self._header = b""
        # What came behind the last piece, if that was an end or an error.
        self._end: ssl.SSLError | bytes | None = None
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

    def read(self, deadline: float) -> bytes | Awaitable[bytes]:
        """Return the bytes that have come, at least one, or what they are to be awaited from;
        ``b""`` if the peer took its leave.

        If the stream below ends without that, `ssl.SSLEOFError`: somebody may have cut it.
        """
        while (data := self._decrypted()) is None:
            if self._outgoing.pending:
                return self._read_on(None, deadline)
            received = self._stream.read(deadline)
            if not isinstance(received, bytes):
                return self._read_on(received, deadline)
            self._take(received)
        return data

    async def _read_on(self, reading: Awaitable[bytes] | None, deadline: float) -> bytes:
        """Do what is left of `read`, and wait for it."""
        while True:
            if reading is None:
                await self._exchange(deadline)
            else:
                self._take(await reading)
                reading = None
            data = self._decrypted()
            if data is not None:
                return data

    def read_now(self) -> bytes | None:
        """Return what has come, None if there is nothing."""
        while (data := self._decrypted()) is None:
            received = self._stream.read_now()
            if received is None:
                return None
            self._take(received)
        return data

    def _decrypted(self) -> bytes | None:
        """Return what the records say that have come; None if that is nothing."""
        if self._end is not None:
            if isinstance(self._end, bytes):
                return self._end
            raise self._end
        # A read never leaves a part of a record, so where nothing waits there is nothing to have.
        read, incoming = self._tls.read, self._incoming
        pieces: list[bytes] = []
        size = 0
        try:
            while size < _READ_SIZE and (incoming.pending or incoming.eof):
                data = read(_RECORD_SIZE)
                if not data:
                    self._end = data
                    break
                pieces.append(data)
                size += len(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._end = error
        if not pieces:
            return self._decrypted() if self._end is not None else None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def is_quiet(self, ask: bool) -> bool:
        """Whether the peer has said nothing. Tickets for later sessions are nothing."""
        if self._end is not None:
            return False
        try:
            if not self._stream.is_quiet(ask):
                data = self._stream.read_now()
                if data is None:
                    return False  # It is on its way to us, and may be anything.
                self._take(data)
            elif not self._incoming.pending:
                return self._is_between_records
            return self._is_between_records and self.read_now() is None
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
        if not data:
            self._incoming.write_eof()
            return
        self._incoming.write(data)
        # Where records end: OpenSSL takes one that is not whole, and keeps that to itself.
        if self._header:
            data, self._header = self._header + data, b""
        end, size = self._left, len(data)
        while end + _RECORD_HEADER_SIZE <= size:
            # RFC 8446 section 5.1.
            end += _RECORD_HEADER_SIZE + (data[end + 3] << 8) + data[end + 4]
        if end < size:
            self._header = data[end:]
        self._left = max(0, end - size)

    @property
    def _is_between_records(self) -> bool:
        return not (self._left or self._header)

    def __repr__(self) -> str:
        return f"<TLSStream {self._tls.version()} over {self._stream!r}>"
