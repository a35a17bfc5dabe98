"""What a read waits for, as a function of the bytes that have come: how many of them are its.

``size_in(buffer)`` returns that number, -1 while it is not known, and raises
``UnsatisfiableReadError`` when it can no longer become known. Each target is asked again whenever
the buffer has grown; it remembers what it has searched. Nothing here knows a socket.
"""

import re
import sys

from waterspout.iostream.errors import UnsatisfiableReadError

__all__ = ["Count", "Delimiter", "Pattern", "Target", "Whole"]

_NO_BOUND = sys.maxsize


class Target:
    """What a read waits for."""

    __slots__ = ("exact_size",)

    def __init__(self) -> None:
        #: The number of bytes where that is known beforehand, else 0.
        self.exact_size = 0

    def size_in(self, buffer: bytearray) -> int:
        """Return how many bytes at the front of ``buffer`` the read gets, -1 if not yet known."""
        raise NotImplementedError


class Count(Target):
    """A number of bytes; if ``is_partial`` any number up to it, but not none."""

    __slots__ = ("_is_partial", "_size")

    def __init__(self, size: int, is_partial: bool) -> None:
        self.exact_size = 0 if is_partial else size
        self._size = size
        self._is_partial = is_partial

    def size_in(self, buffer: bytearray) -> int:
        """Return the number of bytes when they are there."""
        have = len(buffer)
        if have >= self._size:
            return self._size
        return have if have and self._is_partial else -1


class Delimiter(Target):
    """Everything up to and with a delimiter, in at most ``max_size`` bytes.

    No byte is searched twice, but for those where a delimiter may have begun: linear, however
    small the pieces are that the bytes come in.
    """

    __slots__ = ("_delimiter", "_max_size", "_searched")

    def __init__(self, delimiter: bytes, max_size: int | None) -> None:
        self.exact_size = 0
        self._delimiter = delimiter
        self._max_size = _NO_BOUND if max_size is None else max_size
        self._searched = 0

    def size_in(self, buffer: bytearray) -> int:
        """Return the number of bytes with the delimiter."""
        delimiter = self._delimiter
        have = len(buffer)
        end = min(have, self._max_size)
        found = buffer.find(delimiter, self._searched, end)
        if found >= 0:
            return found + len(delimiter)
        if have >= self._max_size:
            raise UnsatisfiableReadError(
                f"delimiter {delimiter!r:.60} not found within {self._max_size} bytes"
            )
        self._searched = max(0, end - len(delimiter) + 1)
        return -1


class Pattern(Target):
    """Everything up to the end of the first match of a regular expression.

    A match may begin anywhere, so a search that fails begins anew. That the work stays within
    twice that of one search, it is done when the bytes have doubled; and meanwhile, so that
    nobody waits for bytes that have come, once in each turn of the event loop as long as they are
    few (`SMALL`), and after that when `is_due` is set.
    """

    __slots__ = ("_max_size", "_pattern", "_retry_at", "is_due")

    #: Bytes that are searched at every turn.
    SMALL = 4096

    def __init__(self, pattern: "re.Pattern[bytes]", max_size: int | None) -> None:
        self.exact_size = 0
        self._pattern = pattern
        self._max_size = max_size
        self._retry_at = 0
        #: Whether the next search is to be done whatever the bytes are.
        self.is_due = False

    def size_in(self, buffer: bytearray) -> int:
        """Return the number of bytes with the match."""
        have = len(buffer)
        most = self._max_size
        is_over = most is not None and have > most
        if have < self._retry_at and not self.is_due and not is_over:
            return -1
        self.is_due = False
        found = self._pattern.search(buffer)
        size = -1 if found is None else found.end()
        if is_over and not 0 <= size <= (most or 0):
            raise UnsatisfiableReadError(
                f"regex {self._pattern.pattern!r:.60} not matched within {most} bytes"
            )
        if size < 0 and have > self.SMALL:
            self._retry_at = 2 * have
        return size

    @property
    def is_waiting(self) -> bool:
        """Whether bytes may have come that were not searched yet."""
        return self._retry_at > 0


class Whole(Target):
    """Everything until the stream is closed."""

    __slots__ = ()

    def size_in(self, buffer: bytearray) -> int:
        """Return -1: only the end tells."""
        return -1
