"""The bytes that have come for a stream, and the read that waits for some of them.

Nothing here knows where bytes come from: who has read some says so with `room` and `add`.
"""

import asyncio
import threading
from typing import Any

from waterspout.iostream.targets import Target, Whole

__all__ = ["Incoming"]

# Room for one read that many streams of a thread share, in bytes.
_SHARED_SIZE = 64 * 1024
_NOWHERE = memoryview(b"")


class Incoming:
    """A buffer of at most ``max_size`` bytes, filled ``chunk_size`` at a time, and one read.

    The buffer gets one byte more than it may hold, which tells that there is one.
    """

    __slots__ = (
        "_chunk",
        "_chunk_size",
        "_future",
        "_into",
        "_into_size",
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
        self._into: memoryview | None = None  # the rest of a buffer that is read into
        self._into_size = 0  # bytes of it that have been filled
        self._is_into_partial = False
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
        self._into = view[ready:]
        self._into_size = ready
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
            if len(self._into) and not (self._into_size and self._is_into_partial):
                return False
            size, self._into_size = self._into_size, 0
            self.end()
            future.set_result(size)
            return True
        assert self.target is not None
        size = self.target.size_in(self.data)
        if size < 0:
            return False
        self.end()
        future.set_result(self.take(size))
        return True

    def end(self) -> "asyncio.Future[Any] | None":
        """Forget the read; return its future if it still waits. It takes no bytes with it."""
        future, self._future = self._future, None
        self.target = None
        self._chunk = _NOWHERE
        into, self._into = self._into, None
        if into is not None:
            if self._into_size:
                self.data[:0] = memoryview(into.obj).cast("B")[: self._into_size]
            self._into_size = 0
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
        with memoryview(data) as view:
            taken = bytes(view[:size])
        del data[:size]
        return taken

    # The bytes

    def room(self) -> memoryview:
        """Return where the next bytes are to be read to; good until something else is read."""
        if self._into is not None:
            self._chunk = self._into
        else:
            left = self._max_size + 1 - len(self.data)
            self._chunk = _shared_room(max(1, min(self._chunk_size, left)))
        return self._chunk

    def add(self, size: int) -> None:
        """Take what has been read to ``room()``."""
        if self._into is not None:
            self._into = self._into[size:]
            self._into_size += size
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
    return room[:size]


# To make room for each read anew is to fill it with zeros each time: 2 us.
_threads = threading.local()
