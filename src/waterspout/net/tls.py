"""TLS over any stream, and the contexts for it.

`TLSStream` is a stream over a stream, so it is written once for both ways to call: OpenSSL works
on buffers in memory, and what it wants sent and read goes through the stream below. One read below
costs one system call, however many records it brings; Python's own SSL sockets take three or more.

What is trusted is up to the context: see `tlscontext`.
"""

import ssl
from collections.abc import Awaitable
from typing import Any

from waterspout.net.interface import DeadlineError, Stream

__all__ = ["TLSStream", "start_tls"]

# Plain bytes that are encrypted at a time: records of 16 KiB, and no copy of a whole body.
_WRITE_SIZE = 256 * 1024
# OpenSSL gives one record at a time.
_RECORD_SIZE = 16 * 1024
# No record is longer with what TLS adds (RFC 5246 section 6.2.3; RFC 8446 asks for less).
_LONGEST_RECORD = _RECORD_SIZE + 2048
# What is read of those that have come, as one piece.
_READ_SIZE = 128 * 1024
# Bytes to read at a time into the room for what they say. OpenSSL keeps a buffer of that size.
_SCRATCH_SIZE = 128 * 1024
# Where there is less room, what comes would not fit there as it is.
_LEAST_SCRATCH_SIZE = 32 * 1024
# Records to work off at a time, before others of the loop get their turn. One costs up to 0.2 ms,
# whatever its length: it may ask for new keys. In one read there may come 10,000 of them.
_MOST_RECORDS = 128
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
        self._receive_into = getattr(stream, "read_into", None)
        #: That of the stream below, if it has one.
        self.pause = getattr(stream, "pause", None)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._left = 0  # of the record that is not whole yet; or of its header there is this much
        self._header = b""
        self._later = b""  # what has come and was not taken yet: records, the next ones
        # So many records are whole, and OpenSSL may not have seen them: none is 0 for sure. It is
        # asked for those alone, as to be told of a part of one is an exception.
        self._records = 0
        self._is_cut = False  # whether the stream below has ended
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
            if self._outgoing.pending or self._later:
                return self._read_on(None, deadline)
            received = self._stream.read(deadline)
            if not isinstance(received, bytes):
                return self._read_on(received, deadline)
            self._take(received)
        return data

    def read_into(self, room: memoryview, deadline: float) -> int | Awaitable[int | bytes]:
        """Put the bytes that have come into ``room``; return how many they are, 0 if the peer took
        its leave, or what that is to be awaited from.

        Where there is much room it is also where the records are put as they come: OpenSSL takes
        them from there, and what they say is written over them.
        """
        while (size := self._decrypt_into(room)) < 0:
            if self._outgoing.pending or self._later:
                return self._read_on(None, deadline, room)
            if self._receive_into is not None and len(room) >= _LEAST_SCRATCH_SIZE:
                received = self._receive_into(room[:_SCRATCH_SIZE], deadline)
            else:
                received = self._stream.read(deadline)
            if not isinstance(received, bytes | int):
                return self._read_on(received, deadline, room)
            self._take(received if isinstance(received, bytes) else room[:received])
        return size

    async def _read_on(
        self,
        reading: Awaitable[bytes | int] | None,
        deadline: float,
        room: memoryview | None = None,
    ) -> Any:
        """Do what is left of `read`, or with ``room`` of `read_into`, and wait for it."""
        while True:
            if reading is None:
                await self._exchange(deadline)
            else:
                received = await reading
                if isinstance(received, int):
                    assert room is not None
                    self._take(room[:received])
                else:
                    self._take(received)
                reading = None
            if room is None:
                data = self._decrypted()
                if data is not None:
                    return data
            else:
                size = self._decrypt_into(room)
                if size >= 0:
                    return size or b""

    def read_now(self) -> bytes | None:
        """Return what has come, None if there is nothing."""
        while (data := self._decrypted()) is None:
            received = self._later or self._stream.read_now()
            if received is None:
                return None
            self._take(received)
        return data

    def _decrypted(self) -> bytes | None:
        """Return what the records say that have come, those that begin within `_READ_SIZE` bytes;
        None if that is nothing.
        """
        if self._end is not None:
            if isinstance(self._end, bytes):
                return self._end
            raise self._end
        # A read never leaves a part of a record, so where none waits there is nothing to have.
        pieces: list[bytes] = []
        size = 0
        try:
            while size < _READ_SIZE and (self._records or self._is_cut):
                data = self._tls.read(_RECORD_SIZE)
                if not data:
                    self._end = data
                    break
                self._records -= 1
                pieces.append(data)
                size += len(data)
        except ssl.SSLWantReadError:
            self._records = 0
        except ssl.SSLError as error:
            self._end = error
        if not pieces:
            return self._decrypted() if self._end is not None else None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _decrypt_into(self, room: memoryview) -> int:
        """Put what the records say that have come into ``room``; return how many bytes that is, -1
        if nothing has come, and 0 if nothing comes any more.
        """
        if self._end is not None:
            if isinstance(self._end, bytes):
                return 0
            raise self._end
        size, most = 0, len(room)
        try:
            while size < most and (self._records or self._is_cut):
                read: Any = self._tls.read(most - size, room[size:])
                if not read:
                    self._end = b""
                    break
                self._records -= 1
                size += read
        except ssl.SSLWantReadError:
            self._records = 0
        except ssl.SSLError as error:
            self._end = error.with_traceback(None)  # which has the room
        if size == most and self._tls.pending():
            self._records += 1  # The last record says more than there was room for.
        if not size:
            return self._decrypt_into(room) if self._end is not None else -1
        return size

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
            elif not self._records:
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
        if self._later:
            if self.pause is not None:
                await self.pause(deadline)
            self._take(self._later)
            return
        data = self._stream.read(deadline)
        self._take(data if isinstance(data, bytes) else await data)

    async def _send(self, deadline: float) -> None:
        if self._outgoing.pending:
            waiting = self._stream.write(self._outgoing.read(), deadline)
            if waiting is not None:
                await waiting

    def _take(self, data: bytes | memoryview) -> None:
        if not data:
            self._incoming.write_eof()
            self._is_cut = True
            return
        self._later = b""
        known = len(self._header)  # of what OpenSSL has already
        # Where records end: OpenSSL takes one that is not whole, and keeps that to itself.
        if known:
            data, self._header = self._header + data, b""
        end, size = self._left, len(data)
        records = self._records
        most = records + _MOST_RECORDS
        if size >= end > 0:
            records += 1
        while end + _RECORD_HEADER_SIZE <= size:
            if records >= most:
                self._later = bytes(data[end:])
                data = data[:end]
                size = end
                break
            # RFC 8446 section 5.1.
            length = (data[end + 3] << 8) + data[end + 4]
            end += _RECORD_HEADER_SIZE + length
            if end <= size or length > _LONGEST_RECORD:
                records += 1  # One that is too long is an error, which OpenSSL need not wait for.
        self._incoming.write(data[known:] if known else data)
        self._records = records
        if end < size:
            self._header = bytes(data[end:])
        self._left = max(0, end - size)

    @property
    def _is_between_records(self) -> bool:
        return not (self._left or self._header or self._later)

    def __repr__(self) -> str:
        return f"<TLSStream {self._tls.version()} over {self._stream!r}>"
