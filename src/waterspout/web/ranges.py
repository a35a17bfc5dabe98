"""Parts of a representation: ``Range`` and ``Content-Range`` in bytes (RFC 9110 section 14).

One range is served. A request for several gets the whole: a ``multipart/byteranges`` answer costs
more than it spares, hardly any client asks for one, and lists of overlapping ranges are an attack.
"""

import re
from typing import NamedTuple

__all__ = ["UNSATISFIABLE", "ByteRange", "content_range", "find_range"]

# bytes-unit "=" int-range / suffix-range. No file has a size of more digits.
_RANGE = r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*"


class ByteRange(NamedTuple):
    """The bytes from ``start`` on and before ``end``."""

    start: int
    end: int


#: What `find_range` returns where nothing is left to send: the answer is 416.
UNSATISFIABLE = ByteRange(0, 0)


def find_range(value: str, size: int) -> ByteRange | None:
    """Return the part of ``size`` bytes that a ``Range`` asks for; None for the whole.

    The whole is also the answer to what is malformed, in another unit, a list, or a range that
    holds everything.
    """
    match = re.fullmatch(_RANGE, value, re.ASCII | re.IGNORECASE)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return _suffix(int(match[2]), size)
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if start >= end:
        return UNSATISFIABLE
    return None if end - start == size else ByteRange(start, end)


def _suffix(length: int, size: int) -> ByteRange | None:
    if not length:
        return UNSATISFIABLE
    return None if length >= size else ByteRange(size - length, size)


def content_range(part: ByteRange, size: int) -> str:
    """Return the value of ``Content-Range`` for a part, or for an ``UNSATISFIABLE`` request."""
    if part is UNSATISFIABLE:
        return f"bytes */{size}"
    return f"bytes {part.start}-{part.end - 1}/{size}"
