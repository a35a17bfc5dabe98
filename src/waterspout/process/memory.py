"""The memory of a process that serves: what it frees it soon needs again.

glibc gives a freed block of 128 KiB or more back to the system at once, and takes the next one from
there, page by page. Bodies and what is read from sockets are such blocks: an upload of 1 MiB took
750 pages anew each time, and on a virtual machine that was four fifths of its cost.
"""

import os
import sys

__all__ = ["keep_freed_memory"]

# The parameters of mallopt(3).
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

#: Larger blocks are still the system's.
_LARGEST_KEPT = 4 * 1024 * 1024
#: What may lie free at the end of the heap, in bytes.
_MOST_KEPT = 16 * 1024 * 1024

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
