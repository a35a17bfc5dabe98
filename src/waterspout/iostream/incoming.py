"""The bytes that have come for a stream, and the read that waits for some of them.

Nothing here knows where bytes come from: who has read some says so with `room` and `add`.
"""

import asyncio
import io
import threading
from typing import Any

from waterspout.iostream.targets import Target, Whole

__all__ = ["Incoming"]

# Room for one read that many streams of a thread share, in bytes.
_SHARED_SIZE = 64 * 1024
_SMALL = 2048
_NOWHERE = memoryview(b"")


class Incoming:
    """A buffer of at most ``max_size`` bytes, filled ``chunk_size`` at a time, and one read.

    The buffer gets one byte more than it may hold, which tells that there is one. A read of a large
    number of bytes has them put where they are to stay: what it returns was never copied.
    """

    __slots__ = (
        "_chunk",
        "_chunk_size",
        "_collected",
        "_filled",
        "_future",
        "_into",
        "_is_into_partial",
        "_max_size",
        "data",
        "target",
    )

    def __init__(self, max_size: int, chunk_size: int) -> None:
        self._max_size = max_size
        self._chunk_size = chunk_size
        #: What has come and nobody has read.
        self.data = bytearray()
        #: What the read waits for; None where there is none, or one into a buffer.
        self.target: Target | None = None
        self._future: asyncio.Future[Any] | None = None
        self._into: memoryview | None = None  # a buffer that is read into
        self._filled = 0  # bytes of it that have come
        self._is_into_partial = False
        # Whose buffer that is, where it is our own.
        self._collected: io.BytesIO | None = None
        self._chunk = _NOWHERE

    # The read

    @property
    def is_awaited(self) -> bool:
        """Whether a read is under way."""
        return self._future is not None and not self._future.done()

    def begin(self, future: "asyncio.Future[Any]", target: Target) -> None:
        """Begin a read: ``future`` gets the bytes that ``target`` says."""
        self._begin(future)
        self.target = target

    def begin_into(
        self, future: "asyncio.Future[Any]", buffer: bytearray, is_partial: bool
    ) -> None:
        """Begin a read into ``buffer``: ``future`` gets the number of bytes."""
        self._begin(future)
        view = memoryview(buffer).cast("B")
        ready = min(len(self.data), len(view))
        with memoryview(self.data) as data:
            view[:ready] = data[:ready]
        del self.data[:ready]
        self._into = view
        self._filled = ready
        self._is_into_partial = is_partial

    def _begin(self, future: "asyncio.Future[Any]") -> None:
        if self._future is not None:
            if not self._future.done():
                raise AssertionError("Already reading")
            self.end()  # it was cancelled
        self._future = future

    def complete(self) -> bool:
        """Give the read what it waits for, if that has come; tell whether no read waits any more.

        Raises ``UnsatisfiableReadError`` where it cannot come.
        """
        future = self._future
        if future is None or future.done():
            self.end()
            return True
        if self._into is not None:
            return self._complete_into()
        target = self.target
        assert target is not None
        size = target.size_in(self.data)
        if size < 0:
            return False
        self._future = self.target = None
        future.set_result(self.take(size))
        return True

    def _complete_into(self) -> bool:
        assert self._into is not None
        assert self._future is not None
        left = len(self._into) - self._filled
        result: int | bytes = self._filled
        if self._collected is not None:
            assert self.target is not None
            if self._filled < self.target.exact_size:
                return False
            self._into.release()
            result = self._collected.getvalue()
        elif left and not (self._filled and self._is_into_partial):
            return False
        future, self._filled = self._future, 0
        self.end()
        future.set_result(result)
        return True

    def end(self) -> "asyncio.Future[Any] | None":
        """Forget the read; return its future if it still waits. It takes no bytes with it."""
        future, self._future = self._future, None
        self.target = None
        self._chunk = _NOWHERE
        into, self._into = self._into, None
        if into is not None:
            if self._filled:
                self.data[:0] = into[: self._filled]
                self._filled = 0
            self._collected = None
        return None if future is None or future.done() else future

    def end_of_stream(self, is_clean: bool) -> "asyncio.Future[Any] | None":
        """Do as ``end``, but give a read of everything what has come, if the end ``is_clean``."""
        is_whole = isinstance(self.target, Whole)
        future = self.end()
        if future is not None and is_whole and is_clean:
            future.set_result(self.take(len(self.data)))
            return None
        return future

    def take(self, size: int) -> bytes:
        """Take ``size`` bytes from the front."""
        data = self.data
        if size == len(data):
            taken = bytes(data)
            data.clear()
            return taken
        if size < _SMALL:
            taken = bytes(data[:size])  # to copy twice takes less time than to look at it
        else:
            with memoryview(data) as view:
                taken = bytes(view[:size])
        del data[:size]
        return taken

    # The bytes

    def room(self) -> memoryview:
        """Return where the next bytes are to be read to; good until something else is read."""
        if self.target is not None and self.target.exact_size > len(self.data) + _SHARED_SIZE:
            self._collect()
        if self._into is not None:
            self._chunk = self._into[self._filled :]
        else:
            left = self._max_size + 1 - len(self.data)
            self._chunk = _shared_room(max(1, min(self._chunk_size, left)))
        return self._chunk

    def _collect(self) -> None:
        """Have the many bytes that the read wants put where they are to stay.

        The place is for twice as many as have come: who only says that there will be a gigabyte
        gets no gigabyte.
        """
        assert self.target is not None
        if self._collected is None:
            self._collected = io.BytesIO()
            self._filled = self._collected.write(self.data)
            self.data.clear()
        elif self._into is not None and self._filled < len(self._into):
            return
        self._into = None
        self._chunk = _NOWHERE  # nobody may look at it while it grows
        capacity = min(self.target.exact_size, 2 * self._filled + 4 * _SHARED_SIZE)
        self._collected.seek(capacity - 1)
        self._collected.write(b"\0")
        self._into = self._collected.getbuffer()

    def add(self, size: int) -> None:
        """Take what has been read to ``room()``."""
        if self._into is not None:
            self._filled += size
        else:
            self.data += self._chunk[:size]
        self._chunk = _NOWHERE

    @property
    def is_overfull(self) -> bool:
        """Whether there is more than may be kept."""
        return len(self.data) > self._max_size


def _shared_room(size: int) -> memoryview:
    """Return room for ``size`` bytes, good until something else is read in this thread."""
    if size > _SHARED_SIZE:
        return memoryview(bytearray(size))
    room: memoryview | None = getattr(_threads, "room", None)
    if room is None:
        room = _threads.room = memoryview(bytearray(_SHARED_SIZE))
    return room if size == _SHARED_SIZE else room[:size]


# To make room for each read anew is to fill it with zeros each time: 2 us.
_threads = threading.local()
