"""The bytes that a stream has yet to send."""

from collections import deque

__all__ = ["Outgoing"]

# Pieces from this size on are sent from where they are; smaller ones are put together.
_LARGE = 4096


class Outgoing:
    """A queue of bytes: ``append`` behind, ``front`` and ``advance`` before.

    Large pieces are not copied, so who appends one must leave it as it is.
    """

    __slots__ = ("_pieces", "_start", "size", "total")

    def __init__(self) -> None:
        # What may still be added to is a bytearray, all else a view.
        self._pieces: deque[bytearray | memoryview] = deque()
        self._start = 0  # of what is unsent in the first piece
        #: Bytes that wait.
        self.size = 0
        #: Bytes that have been sent, or dropped, since the beginning.
        self.total = 0

    def append(self, data: memoryview) -> None:
        """Add bytes, as a view of single bytes."""
        size = len(data)
        self.size += size
        if size >= _LARGE:
            self._pieces.append(data)
            return
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray) and len(last) < _LARGE:
            last += data
        else:
            self._pieces.append(bytearray(data))

    def front(self) -> memoryview:
        """Return what is to be sent next: empty if there is nothing."""
        if not self._pieces:
            return memoryview(b"")
        first = self._pieces[0]
        if isinstance(first, bytearray):
            # A bytearray that is looked at can't grow any more.
            first = self._pieces[0] = memoryview(first)
        return first[self._start :]

    def advance(self, size: int) -> None:
        """Take ``size`` bytes of ``front()`` for sent."""
        self.size -= size
        self.total += size
        self._start += size
        if self._start >= len(self._pieces[0]):
            self._pieces.popleft()
            self._start = 0

    def clear(self) -> None:
        """Drop everything."""
        self._pieces.clear()
        self._start = 0
        self.size = 0
