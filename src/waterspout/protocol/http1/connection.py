"""One HTTP/1 connection without its socket: bytes in, events out; messages in, bytes out.

``Connection`` holds what a server's and a client's side share: the buffer, the body of the
message being read, and the framing of the body being written. ``server`` and ``client`` add the
heads. The verbs are those of the field: ``receive_data``, ``receive_eof``, ``next_event``.

A connection is used by one thread at a time. After an error nothing more is parsed.
"""

from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.grammar import is_field_value
from waterspout.protocol.headers import HTTPHeaders, from_lines
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import RequestHead, ResponseHead, Signal
from waterspout.protocol.http1.parser import scan_fields
from waterspout.protocol.http1.pieces import cut, new_piece, put
from waterspout.protocol.http1.states import (
    CHUNK,
    CHUNK_DATA,
    CHUNK_END,
    CHUNK_SIZE,
    CHUNKED,
    CLOSE_BODY,
    CLOSED,
    COMPLETE,
    CRLF,
    END,
    EOF,
    EXHAUSTED,
    FAILED,
    FAULT,
    HEAD,
    ILLEGAL,
    LAST_CHUNK,
    LENGTH,
    LENGTH_BODY,
    NEXT,
    READING,
    SWITCHED,
    WRITING,
    Input,
    State,
    flatten,
)
from waterspout.protocol.http1.writer import FINAL_CHUNK, encode_chunk, final_chunk

__all__ = ["Connection", "Event"]

#: What ``next_event`` returns: a head, a piece of the body, or a signal.
Event = RequestHead | ResponseHead | bytes | Signal

_READING = flatten(READING)
_WRITING = flatten(WRITING)

_INPUTS = len(Input)
NEED_DATA = Signal.NEED_DATA
END_OF_MESSAGE = Signal.END_OF_MESSAGE
PAUSED = Signal.PAUSED

# An incomplete line is looked at again when a line feed has come or when the waiting bytes have
# doubled, so the work stays linear however small the fragments are.
_FIRST_RETRY = 4096

# Of a chunk's size: all of them count, and their number is what can be counted.
_MAX_CHUNK_DIGITS = 15


class Connection:
    """The side that servers and clients share; see the module's docstring."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        #: States of the message being read and of the one being written.
        self.reading = HEAD
        self.writing = HEAD
        #: Bound of the body being read; a caller may change it when it has got the head.
        self.max_body_size = limits.max_body_size
        #: Trailer fields of the message that has just ended, or None.
        self.trailers: HTTPHeaders | None = None
        self._data = b""
        self._position = 0
        self._tail: list[bytes] = []
        self._tail_size = 0
        self._retry_at = 0
        self._is_stalled = False  # the bytes at hand end inside a line
        self._has_eof = False
        self._body_size = 0  # announced so far: by its length, or by its chunks
        self._chunks = 0  # of this body, parsed since the last YIELD
        self._max_chunks = limits.max_chunks_per_turn
        self._max_chunk_line = limits.max_chunk_line_size
        self._body_left = 0  # to come, of the body or the chunk being read
        self._write_left = 0  # to come, of a body of known length being written
        self._trailer_lines: list[int] = []
        self._trailer_line = 0  # the trailer line to go on with

    # In

    def receive_data(self, data: bytes) -> None:
        """Take bytes that the peer sent; ``next_event`` tells what they mean."""
        size = len(data)
        if self._position >= len(self._data) and not self._tail_size:
            self._data = data
            self._position = 0
            self._is_stalled = False
            return
        if self.reading == FAILED:
            return
        self._tail.append(data)
        self._tail_size += size
        if self._is_stalled and (b"\n" in data or self._tail_size >= self._retry_at):
            self._is_stalled = False

    def receive_eof(self) -> None:
        """Take note that the peer sends no more."""
        self._has_eof = True
        self._is_stalled = False

    def next_event(self) -> Event:
        """Return the next event; ``Signal.NEED_DATA`` until there are bytes for one.

        Raises ``RemoteProtocolError`` where the peer broke the protocol or a limit.
        """
        state = self.reading
        if state in (COMPLETE, SWITCHED):
            return PAUSED
        if state == CLOSED:
            return Signal.CLOSED
        if state == FAILED:
            raise RemoteProtocolError("nothing is parsed after an error")
        try:
            if self._is_stalled:
                return self._need_data("a line")
            if self._tail_size:
                self._join()
            if state == HEAD:
                return self._process_head()
            if state == LENGTH_BODY:
                return self._process_length_body()
            if state == CLOSE_BODY:
                return self._process_close_body()
            return self._process_chunks()
        except RemoteProtocolError:
            self._read_step(FAULT)
            raise

    def has_unread_data(self) -> bool:
        """Whether bytes have been received that no event has told of."""
        return self._position < len(self._data) or self._tail_size > 0

    def take_unread_data(self) -> bytes:
        """Take the bytes no event has told of, for whoever speaks on this connection next."""
        self._join()
        data = self._data[self._position :]
        self._data = b""
        self._position = 0
        return data

    def body_to_come(self) -> int:
        """Return how many bytes of a body of known length are still to be received; 0 where some
        are here that no event has told of, and where there is no such body.
        """
        if self.reading != LENGTH_BODY or self.has_unread_data():
            return 0
        return self._body_left

    def count_read(self, size: int) -> None:
        """Take note that ``size`` bytes, of those `body_to_come`, have gone where they belong."""
        if not 0 <= size <= self.body_to_come():
            raise LocalProtocolError(f"{size} bytes were read, of {self.body_to_come()} to come")
        self._body_left -= size

    # Out

    def send_data(self, data: bytes) -> bytes:
        """Return what to write for a piece of the body; empty data writes nothing.

        Raises ``LocalProtocolError`` where the body would outgrow its announced length.
        """
        if not data:
            return b""
        state = self.writing
        if state == LENGTH_BODY:
            if len(data) > self._write_left:
                raise LocalProtocolError(
                    f"the body is longer than its Content-Length by"
                    f" {len(data) - self._write_left} bytes",
                )
            self._write_left -= len(data)
            return data
        if state == CHUNK_SIZE:
            return encode_chunk(data)
        if state == CLOSE_BODY:
            return data
        raise LocalProtocolError(f"no body may be sent in state {State(state).name}")

    @property
    def body_left(self) -> int:
        """How many bytes of a body of known length are still to be written; else 0."""
        return self._write_left if self.writing == LENGTH_BODY else 0

    def count_data(self, size: int) -> None:
        """Take note that ``size`` bytes, of those ``body_left``, were written by other means."""
        if not 0 <= size <= self.body_left:
            raise LocalProtocolError(f"{size} bytes were written, of {self.body_left} to come")
        self._write_left -= size

    def send_end(self, trailers: HTTPHeaders | None = None) -> bytes:
        """Return what to write at the end of a message that was sent in pieces.

        Trailers go out behind a chunked body only; any other framing has no place for them, and
        drops them. Raises ``LocalProtocolError`` where the body fell short of its announced
        length, or where a trailer would frame or route the message.
        """
        state = self.writing
        if state == LENGTH_BODY and self._write_left:
            raise LocalProtocolError(
                f"the body is shorter than its Content-Length by {self._write_left} bytes",
            )
        if state == COMPLETE:
            return b""
        last = b""
        if state == CHUNK_SIZE:
            last = FINAL_CHUNK if trailers is None else final_chunk(trailers)
        self._write_step(END)
        return last

    def send_eof(self) -> None:
        """Take note that nothing more will be written."""
        self._write_step(EOF)

    # States

    def _read_step(self, event: int) -> None:
        table = _READING
        following = table[self.reading * _INPUTS + event]
        if following == ILLEGAL:
            raise LocalProtocolError(
                f"{Input(event).name} cannot come while reading {State(self.reading).name}",
            )
        self.reading = following

    def _write_step(self, event: int) -> None:
        table = _WRITING
        following = table[self.writing * _INPUTS + event]
        if following == ILLEGAL:
            raise LocalProtocolError(
                f"{Input(event).name} cannot be sent while writing {State(self.writing).name}",
            )
        self.writing = following

    def _start_next_cycle(self) -> None:
        """Let another exchange begin; both messages must be complete."""
        if self.reading != COMPLETE or self.writing != COMPLETE:
            raise LocalProtocolError(
                f"the exchange is not over: reading {State(self.reading).name},"
                f" writing {State(self.writing).name}",
            )
        self._read_step(NEXT)
        self._write_step(NEXT)
        self.trailers = None
        self._body_size = 0
        self._join()

    # Buffer

    def _join(self) -> None:
        if self._tail_size:
            self._tail.insert(0, self._data[self._position :])
            self._data = b"".join(self._tail)
            self._position = 0
            self._tail.clear()
            self._tail_size = 0

    def _line_incomplete(self) -> None:
        """Remember that the bytes at hand end inside a line."""
        if self._position:
            self._data = self._data[self._position :]
            self._position = 0
        self._retry_at = max(len(self._data), _FIRST_RETRY)
        self._is_stalled = True

    # Reading

    def _process_head(self) -> Event:
        """Read a head; each side has its own."""
        return NEED_DATA

    def _begin_body(self, framing: int, length: int) -> None:
        """Make ready for the body that a head announces."""
        self._body_size = 0
        if framing == LENGTH:
            self._body_left = self._body_size = length
        elif framing == CHUNKED:
            self._chunks = 0
        self._read_step(framing)

    def _process_length_body(self) -> Event:
        if not self._body_left:
            self._read_step(EXHAUSTED)
            return END_OF_MESSAGE
        if self._body_size > self.max_body_size:
            raise _too_large(self.max_body_size)
        if self._position >= len(self._data):
            return self._need_data("a body")
        return self._take_body(self._body_left)

    def _process_close_body(self) -> Event:
        size = len(self._data) - self._position
        if size:
            self._count_body(size)
            self._body_left = size
            return self._take_body(size)
        if self._has_eof:
            self._read_step(EOF)
            return END_OF_MESSAGE
        return NEED_DATA

    def _take_body(self, most: int) -> bytes:
        """Return what there is of the body, which is something, but no more than ``most``."""
        data = self._data
        start = self._position
        size = len(data) - start
        if size > most:
            self._position = start + most
            self._body_left -= most
            return data[start : start + most]
        self._data = b""
        self._position = 0
        self._body_left -= size
        return data[start:] if start else data

    def _need_data(self, where: str) -> Event:
        if self._has_eof:
            raise RemoteProtocolError(f"the connection ended inside {where}")
        return NEED_DATA

    def _count_body(self, size: int) -> None:
        self._body_size += size
        if self._body_size > self.max_body_size:
            raise _too_large(self.max_body_size)

    def _process_chunks(self) -> Event:
        """Read the chunks at hand (RFC 9112 section 7.1) and return their data as one piece."""
        data = self._data
        left = len(data) - self._position
        if self.reading == CHUNK_DATA and 0 < left <= self._body_left:
            return self._take_body(left)  # There is nothing to put together.
        piece = None
        filled = 0
        most = self._max_chunks
        while True:
            state = self.reading
            if state == CHUNK_DATA:
                if not self._body_left:
                    self._read_step(EXHAUSTED)
                    continue
                left = len(data) - self._position
                if not left:
                    break
                if piece is None:
                    piece = new_piece(left)
                if left > self._body_left:
                    left = self._body_left
                put(piece, filled, data, self._position, left)
                filled += left
                self._position += left
                self._body_left -= left
            elif state == CHUNK_SIZE:
                if self._chunks >= most:
                    if filled:
                        break
                    self._chunks = 0
                    return Signal.YIELD
                if not self._process_chunk_size():
                    break
                self._chunks += 1
            elif state == CHUNK_END:
                if not self._process_chunk_end():
                    break
            else:
                if filled:
                    break
                return self._process_trailers()
        if piece is None:
            return self._need_data("a body")
        if self._position >= len(self._data):
            self._data = b""  # for whoever reads next: the same memory, which a processor still has
            self._position = 0
        return cut(piece, filled)

    def _process_chunk_size(self) -> bool:
        """Read the line before a chunk; False while it is incomplete."""
        data = self._data
        start = self._position
        limit = len(data)
        if limit - start > self._max_chunk_line:
            limit = start + self._max_chunk_line
        p = data
        size = 0
        i = start
        while i < limit:
            c = p[i]
            if 0x30 <= c <= 0x39:
                digit = c - 0x30
            elif 0x61 <= (c | 0x20) <= 0x66:
                digit = (c | 0x20) - 0x57
            else:
                break
            if i - start < _MAX_CHUNK_DIGITS:
                size = size * 16 + digit
            i += 1
        digits = i - start
        if 0 < digits <= _MAX_CHUNK_DIGITS and i + 1 < limit and p[i] == 0x0D and p[i + 1] == 0x0A:
            self._position = i + 2
        elif not self._process_long_chunk_size(i, limit):
            return False
        if size:
            self._count_body(size)
            self._body_left = size
            self._read_step(CHUNK)
        else:
            self._read_step(LAST_CHUNK)
            self._trailer_lines = []
            self._trailer_line = 0
        return True

    def _process_long_chunk_size(self, digits_end: int, limit: int) -> bool:
        """Read a line before a chunk that is not just its size, which ends at ``digits_end``; False
        while it is incomplete.
        """
        data = self._data
        start = self._position
        end = data.find(b"\n", start, limit)
        if end < 0:
            most = self._max_chunk_line
            if len(data) - start >= most:
                raise RemoteProtocolError(f"a chunk's size line is longer than {most} bytes")
            if b"\r" in data[start:-1]:
                raise RemoteProtocolError("a CR that is not followed by LF in a chunk's size line")
            if start < len(data):
                self._line_incomplete()
            return False
        if digits_end - start > _MAX_CHUNK_DIGITS:
            raise RemoteProtocolError(f"a chunk's size has more than {_MAX_CHUNK_DIGITS} digits")
        if digits_end == start:
            raise RemoteProtocolError("a chunk's size is no hexadecimal number")
        _check_extensions(data, digits_end, end)
        self._position = end + 1
        return True

    def _process_chunk_end(self) -> bool:
        """Read the CRLF behind a chunk's data; False while it is incomplete."""
        p = self._data
        start = self._position
        left = len(self._data) - start
        if left > 1 and p[start] == 0x0D and p[start + 1] == 0x0A:
            self._position = start + 2
            self._read_step(CRLF)
            return True
        if left > 1 or (left and p[start] != 0x0D):
            raise RemoteProtocolError("a chunk's data is not followed by CRLF")
        return False

    def _process_trailers(self) -> Event:
        """Read the trailer section (RFC 9112 section 7.1.2), under the bounds of a header."""
        limits = self.limits
        start = self._position
        lines = self._trailer_lines
        end = scan_fields(
            self._data,
            start + self._trailer_line,
            start,
            lines,
            limits.max_header_size,
            limits.max_header_count,
        )
        if end < 0:
            if start:
                lines.clear()  # the bytes move: begin anew, once
            else:
                self._trailer_line = ~end
            self._line_incomplete()
            return self._need_data("the trailers")
        if lines:
            lines.append(end)
            self.trailers = from_lines(self._data, lines)
        self._position = end + 2
        self._read_step(END)
        return END_OF_MESSAGE


def _too_large(limit: int) -> RemoteProtocolError:
    return RemoteProtocolError(f"the body is larger than {limit} bytes", 413)


def _check_extensions(data: bytes, start: int, end: int) -> None:
    """Check chunk extensions (RFC 9112 section 7.1.1), which nobody here uses, up to their LF.

    They must be set off by a semicolon and hold no controls; beyond that their grammar is not
    checked.
    """
    if data[end - 1] != 0x0D:
        raise RemoteProtocolError("a chunk's size line ends in LF without CR")
    extensions = data[start : end - 1]
    if not extensions.lstrip(b" \t").startswith(b";"):
        raise RemoteProtocolError("a chunk's size is no hexadecimal number")
    if not is_field_value(extensions):
        raise RemoteProtocolError("a control character in a chunk extension")
