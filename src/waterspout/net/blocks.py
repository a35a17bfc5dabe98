"""Memory that a loop has the kernel write bytes into, in between two calls of its.

For compiled modules there is the same in C, in ``cblocks.pxd``, without a copy: a `.pxd` cimports
from there what its `.py` imports from here.
"""

from typing import Any

__all__ = ["borrowed", "bytes_of", "new_block", "view_of"]


def new_block(size: int) -> Any:
    """Return a block of memory, with whatever is in it; in C, `bytes` that nobody else has."""
    return bytearray(size)


def view_of(block: Any) -> memoryview:
    """Return where to write to. It does not keep the block: who has the one has to have both."""
    return memoryview(block)


def bytes_of(block: Any, size: int) -> bytes:
    """Return the first ``size`` bytes. If these are all, nothing may be written there any more."""
    return bytes(memoryview(block)[:size])


def borrowed(room: memoryview) -> memoryview | None:
    """Return another view of the same memory, which keeps nobody from letting go of ``room``, and
    is of no use without it; None, as there is no such thing in Python.
    """
    return None
