"""The memory of a process that serves or fetches: what it frees it soon needs again.

glibc gives a freed block of 128 KiB or more back to the system at once, and takes the next one from
there, page by page. Bodies and what is read from sockets are such blocks: an upload of 1 MiB took
750 pages anew each time, and on a virtual machine that was four fifths of its cost.
"""

import functools
import os
import sys

__all__ = ["expect_large_blocks", "keep_freed_memory"]

# The parameters of mallopt(3).
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

#: Larger blocks are still the system's.
_LARGEST_KEPT = 4 * 1024 * 1024
#: What may lie free at the end of the heap, in bytes.
_MOST_KEPT = 16 * 1024 * 1024

# What glibc is to see once. It keeps as much again at the end of the heap.
_LARGEST_EXPECTED = 8 * 1024 * 1024

_USER_SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed_memory() -> bool:
    """Have the C library keep some freed memory for this process; return whether it does.

    It concerns the whole process, and costs it 16 MiB at most. Nothing is done where the user has
    said how memory is to be had (``MALLOC_MMAP_THRESHOLD_``, ``MALLOC_TRIM_THRESHOLD_`` or
    ``GLIBC_TUNABLES`` in the environment), and where the library is not glibc.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _USER_SETTINGS):
        return False
    # Takes 2 ms, which a program that serves nothing does not have to wait for.
    import ctypes

    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt") or not hasattr(library, "gnu_get_libc_version"):
        return False
    library.mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
    library.mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)
    return True


@functools.cache
def expect_large_blocks() -> None:
    """Have glibc learn that blocks of some megabytes are freed here, and others needed soon.

    That is for programs whose memory is their own affair: nothing is set, and what they or their
    users have set holds. By itself glibc takes from the heap whatever is not larger than the
    largest block that it has mapped and got back (mallopt(3), M_MMAP_THRESHOLD). So it gets one
    that nothing is written to, which takes no memory, once. Another library sees no difference.
    """
    bytes(_LARGEST_EXPECTED)
