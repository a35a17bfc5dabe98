"""`StreamCore`: reads that wait for what they want, writes that wait until they are sent.

It knows bytes and futures. Where the bytes come from, and who tells that there are any, is for
its subclasses to say: `read_from_fd`, `write_to_fd`, `close_fd` and `fileno`.
"""

import asyncio
import re
import sys
from asyncio import Future
from collections import deque
from collections.abc import Callable
from operator import index
from typing import Any, TypeVar

from waterspout.ioloop import IOLoop
from waterspout.iostream.errors import (
    StreamBufferFullError,
    StreamClosedError,
    UnsatisfiableReadError,
)
from waterspout.iostream.incoming import Incoming
from waterspout.iostream.outgoing import Outgoing
from waterspout.iostream.targets import Count, Delimiter, Pattern, Target, Whole
from waterspout.log import gen_log

__all__ = ["StreamCore", "without_frames"]

T = TypeVar("T")

_MAX_BUFFER_SIZE = 100 * 1024 * 1024
_READ_CHUNK_SIZE = 64 * 1024
# System calls that are done for one stream before others get their turn.
_MAX_CALLS_PER_TURN = 16
# Bytes that a program reads or writes without having to wait before others get their turn, and what
# each read and write counts besides its own bytes.
_BYTES_PER_TURN = 64 * 1024
_BYTES_PER_CALL = 1024
# How long the bytes of a large buffer may wait before they are searched for a pattern again.
_PATTERN_DELAY = 0.05

ExcInfo = tuple[type[BaseException] | None, BaseException | None, Any]


class StreamCore:
    """What all streams have in common; a program sees it as a ``BaseIOStream``."""

    def __init__(
        self,
        max_buffer_size: int | None,
        read_chunk_size: int | None,
        max_write_buffer_size: int | None,
    ) -> None:
        self.io_loop = IOLoop.current()
        self._loop = self.io_loop.asyncio_loop
        self.max_buffer_size = max_buffer_size or _MAX_BUFFER_SIZE
        self.read_chunk_size = max(
            1, min(read_chunk_size or _READ_CHUNK_SIZE, self.max_buffer_size // 2)
        )
        self.max_write_buffer_size = max_write_buffer_size
        #: Why the stream was closed, where something went wrong.
        self.error: BaseException | None = None
        self._incoming = Incoming(self.max_buffer_size, self.read_chunk_size)
        self._outgoing = Outgoing()
        # What each unfinished write waits for: so many bytes sent since the beginning.
        self._writes: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._is_held = False  # nothing may be sent yet
        self._turn_left = _BYTES_PER_TURN
        # What could be done at once is done in the next turn.
        self._is_read_late = False
        self._is_write_late = False
        self._close_callback: Callable[[], object] | None = None
        self._is_closed = False
        self._has_reader = False
        self._has_writer = False
        # Whether more may have come than was read, and the loop may not tell of it: bytes, or the
        # end of the stream, which may be an error.
        self._is_ahead = False
        self._is_end_ahead = False
        self._read_error: OSError | None = None
        # uvloop tells of an error once, and of nothing after it.
        self._loses_errors = type(self._loop).__module__.partition(".")[0] == "uvloop"
        self._search_timer: asyncio.TimerHandle | None = None

    # To be said by a subclass

    def fileno(self) -> int:
        """Return the file descriptor; -1 once it is closed."""
        raise NotImplementedError

    def close_fd(self) -> None:
        """Close the file descriptor; called once, by ``close``."""
        raise NotImplementedError

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read into ``buf`` and return how many bytes came: 0 at the end, None for not yet."""
        raise NotImplementedError

    def write_to_fd(self, data: memoryview) -> int:
        """Write what can be written now and return how many bytes that were, 0 for none."""
        raise NotImplementedError

    def get_fd_error(self) -> Exception | None:
        """Return the error that the file descriptor has met, None if there is none."""
        return None

    # Read

    def read_bytes(self, num_bytes: int, partial: bool = False) -> "asyncio.Future[bytes]":
        """Read exactly ``num_bytes``; if ``partial``, as soon as there is one, up to that many."""
        size = index(num_bytes)
        if size < 0:
            raise ValueError(f"read_bytes() of {size} bytes")
        if size > self.max_buffer_size and not partial:
            error = StreamBufferFullError(
                f"a read of {size} bytes is beyond max_buffer_size, {self.max_buffer_size}"
            )
            self.close(exc_info=error)
            raise error
        return self._read(Count(size, partial))

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> "asyncio.Future[bytes]":
        """Read up to and with ``delimiter``.

        Where it does not come within ``max_bytes`` the stream is closed, and ``real_error`` of
        what the read raises is an ``UnsatisfiableReadError``.
        """
        if not delimiter:
            raise ValueError("read_until() needs a delimiter that is not empty")
        if type(delimiter) is not bytes:
            delimiter = bytes(delimiter)
        return self._read(Delimiter(delimiter, max_bytes))

    def read_until_regex(
        self, regex: bytes, max_bytes: int | None = None
    ) -> "asyncio.Future[bytes]":
        """Read up to the end of the first match of ``regex``; ``max_bytes`` as in ``read_until``.

        What has come is searched again as more comes: some milliseconds late where it is much.
        """
        return self._read(Pattern(re.compile(regex), max_bytes))

    def read_until_close(self) -> "asyncio.Future[bytes]":
        """Read all that comes until the other side closes."""
        future: asyncio.Future[bytes] = Future(loop=self._loop)
        self._incoming.begin(future, Whole())
        if self._is_closed:
            self._incoming.end_of_stream(is_clean=True)
            return future
        return self._go_on_reading(future)

    def read_into(self, buf: bytearray, partial: bool = False) -> "asyncio.Future[int]":
        """Fill ``buf``, without a copy on the way; return how many bytes came.

        With ``partial`` that is as soon as there is one. ``buf`` can't be resized meanwhile.
        """
        future: asyncio.Future[int] = Future(loop=self._loop)
        self._incoming.begin_into(future, buf, partial)
        return self._go_on_reading(future)

    def reading(self) -> bool:
        """Tell whether a read is under way."""
        return self._incoming.is_awaited

    # Write

    def write(self, data: bytes | bytearray | memoryview) -> "asyncio.Future[None]":
        """Send ``data`` after all that was written before; the future is done when it has left.

        Who awaits it writes no faster than the other side reads. It may be called again before;
        nobody has to look at the future. A large ``data`` is not copied: what a ``memoryview``
        shows must not change until then. Raises ``StreamBufferFullError``, with nothing sent,
        where more would wait than ``max_write_buffer_size``.
        """
        if type(data) is bytes:
            view = memoryview(data)
        else:
            view = memoryview(bytes(data) if type(data) is bytearray else data).cast("B")
        self._check_closed()
        outgoing = self._outgoing
        size = len(view)
        most = self.max_write_buffer_size
        if most is not None and outgoing.size + size > most:
            raise StreamBufferFullError("Reached maximum write buffer size")
        future: asyncio.Future[None] = Future(loop=self._loop)
        if size and not outgoing.size and not self._is_held:
            sent = self._send(view)
            if sent < 0:
                self._fail(future)
                return future
            outgoing.total += sent
            if sent < size:
                outgoing.append(view[sent:])
                self._watch_writes(True)
        elif size:
            outgoing.append(view)
        if self._is_turn_over(size) and not self._is_write_late:
            self._is_write_late = True
            self._loop.call_soon(self._end_writes)
        if outgoing.size or self._is_held or self._is_write_late:
            self._writes.append((outgoing.total + outgoing.size, future))
        else:
            future.set_result(None)
        return future

    def writing(self) -> bool:
        """Tell whether something has yet to be sent."""
        return self._outgoing.size > 0

    # Close

    def close(self, exc_info: bool | BaseException | ExcInfo | None = False) -> None:
        """Close now; what is unsent is dropped. Without effect on a stream that is closed.

        ``exc_info`` is why: an exception, ``sys.exc_info()``, or True for the one that is being
        handled. It becomes ``error``, and ``real_error`` of what reads and writes raise.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if exc_info is True:
            exc_info = sys.exc_info()
        if isinstance(exc_info, tuple):
            exc_info = exc_info[1]
        self.error = exc_info or None
        self._watch_reads(False)
        self._watch_writes(False)
        self.close_fd()
        self._signal_close()

    def _signal_close(self) -> None:
        self._end_writes()
        reading = self._incoming.end_of_stream(is_clean=self.error is None)
        if reading is not None:
            self._fail(reading)
        self._outgoing.clear()
        while self._writes:
            _, waiting = self._writes.popleft()
            if not waiting.done():
                self._fail(waiting)
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            self.io_loop.add_callback(callback)

    def closed(self) -> bool:
        """Tell whether the stream is closed."""
        return self._is_closed

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Have ``callback`` called when the stream is closed, by either side; soon if it is.

        That the other side has closed is seen as long as all that came before has been read.
        """
        if self._is_closed:
            if callback is not None:
                self.io_loop.add_callback(callback)
            return
        self._close_callback = callback
        if callback is not None and not self._incoming.data:
            self._watch_reads(True)

    def set_nodelay(self, value: bool) -> None:
        """Send small writes at once (True), or when the ones before have been acknowledged."""

    # Reading

    def _read(self, target: Target) -> "asyncio.Future[bytes]":
        future: asyncio.Future[bytes] = Future(loop=self._loop)
        self._incoming.begin(future, target)
        return self._go_on_reading(future)

    def _go_on_reading(self, future: "asyncio.Future[T]") -> "asyncio.Future[T]":
        """Give the read what there is, and watch for the rest."""
        if not self._is_closed and self._is_turn_over(0):
            self._is_read_late = True
            self._loop.call_soon(self._read_late, future)
            return future
        if self._complete():
            return future
        if self._is_closed:
            self._incoming.end()
            raise StreamClosedError(real_error=self.error)
        if self._is_ahead or not self._has_reader:
            # Else the loop tells: to ask the kernel before would most often be in vain.
            self._read_available()
            if self._incoming.is_awaited:
                self._watch_reads(True)
        return future

    def _read_late(self, future: "asyncio.Future[Any]") -> None:
        """Go on with a read that has let others have their turn, unless it is over by now."""
        if not future.done():
            self._is_read_late = False
            self._go_on_reading(future)

    def _complete(self) -> bool:
        """Give the read what it waits for, if that has come; tell whether no read waits any more.

        If it cannot come the stream is closed.
        """
        try:
            if not self._incoming.complete():
                return False
        except UnsatisfiableReadError as error:
            gen_log.info("closed %r: %s", self, error)
            self.close(exc_info=without_frames(error))
            future = self._incoming.end()  # where it was closed before
            if future is not None:
                future.set_exception(StreamClosedError(real_error=error))
            return True
        if self._close_callback is not None and not self._incoming.data:
            self._watch_reads(True)
            if self._is_end_ahead:
                self._loop.call_soon(self._on_readable)
        return True

    def _on_readable(self) -> None:
        """Read, for the loop says that something has come."""
        self._turn_left = _BYTES_PER_TURN
        if self._incoming.is_awaited:
            is_late, self._is_read_late = self._is_read_late, False
            if not is_late or not self._complete():
                self._read_available()
            return
        self._incoming.end()
        if self._close_callback is None or self._incoming.data:
            self._watch_reads(False)
        else:
            self._read_chunk()  # that the end is seen

    def _read_available(self) -> None:
        """Read until the read is over, or there is no more."""
        for _ in range(_MAX_CALLS_PER_TURN):
            is_more = self._read_chunk()
            if self._complete():
                return
            if self._incoming.is_overfull:
                error = StreamBufferFullError("Reached maximum read buffer size")
                gen_log.error("closed %r: %s", self, error)
                self.close(exc_info=error)
                return
            if not is_more:
                break
        else:
            self._loop.call_soon(self._on_readable)
        target = self._incoming.target
        if isinstance(target, Pattern) and target.is_waiting and self._search_timer is None:
            self._search_timer = self._loop.call_later(_PATTERN_DELAY, self._search)

    def _read_chunk(self) -> bool:
        """Read once; tell whether there may be more."""
        room = self._incoming.room()
        try:
            if self._read_error is not None:
                raise self._read_error
            size = self.read_from_fd(room)
        except OSError as error:
            self.close(exc_info=without_frames(error))
            return False
        if size is None:
            self._is_ahead = False
            return False
        if not size:
            self.close()
            return False
        self._is_ahead = self._is_end_ahead or size == len(room)
        del room  # or it could not grow
        self._incoming.add(size)
        self._turn_left -= size
        return self._is_ahead

    def _search(self) -> None:
        """Search for a pattern in what has come since the last time."""
        self._search_timer = None
        target = self._incoming.target
        if isinstance(target, Pattern):
            target.is_due = True
            self._complete()

    # Writing

    def _on_writable(self) -> None:
        """Send what can be sent."""
        outgoing = self._outgoing
        for _ in range(_MAX_CALLS_PER_TURN):
            if not outgoing.size:
                break
            with outgoing.front() as front:
                size = len(front)
                sent = self._send(front)
            if sent < 0:
                return
            outgoing.advance(sent)
            if sent < size:
                break
        if not self._is_write_late:
            self._end_writes()
        self._watch_writes(outgoing.size > 0)

    def _end_writes(self) -> None:
        """Tell those whose bytes have left."""
        self._is_write_late = False
        sent = self._outgoing.total
        while self._writes and self._writes[0][0] <= sent:
            _, future = self._writes.popleft()
            if not future.done():
                future.set_result(None)

    def _send(self, data: memoryview) -> int:
        """Send what can be sent now of ``data``; return how much that was, -1 after an error."""
        try:
            return self.write_to_fd(data)
        except OSError as error:
            self.close(exc_info=without_frames(error))
            return -1

    # Inside

    def _is_turn_over(self, size: int) -> bool:
        """Count a read, or a write of ``size`` bytes; tell whether it has been much."""
        self._turn_left -= size + _BYTES_PER_CALL
        if self._turn_left > 0:
            return False
        self._turn_left = _BYTES_PER_TURN
        return True

    def _check_closed(self) -> None:
        if self._is_closed:
            raise StreamClosedError(real_error=self.error)

    def _fail(self, future: "asyncio.Future[Any]") -> None:
        future.set_exception(StreamClosedError(real_error=self.error))
        future.exception()  # nobody has to look at it

    def _watch_reads(self, is_wanted: bool) -> None:
        """Have ``_on_readable`` called when there is something to read, or no more."""
        if is_wanted != self._has_reader:
            self._has_reader = is_wanted
            if is_wanted:
                self._loop.add_reader(self.fileno(), self._on_readable)
            else:
                self._loop.remove_reader(self.fileno())

    def _watch_writes(self, is_wanted: bool) -> None:
        """Have ``_on_writable`` called when something can be sent, or no more."""
        if is_wanted != self._has_writer:
            self._has_writer = is_wanted
            if is_wanted:
                self._loop.add_writer(self.fileno(), self._on_writable)
            else:
                self._loop.remove_writer(self.fileno())

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else f"fd={self.fileno()}"
        return (
            f"<{type(self).__name__} {state}"
            f" unread={len(self._incoming.data)} unsent={self._outgoing.size}>"
        )


def without_frames(error: BaseException) -> BaseException:
    """Return an error that a stream can keep: its frames would keep the stream, a circle."""
    return error.with_traceback(None)
