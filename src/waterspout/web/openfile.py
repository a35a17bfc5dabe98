"""One open file: found below a root, looked at, and read without making the event loop wait.

Everything is asked of the open file, not of its name again: what is behind the name may change
from one question to the next. Knows no HTTP.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from time import monotonic

from waterspout.web.staticpath import is_below

__all__ = ["OpenFile", "OutsideError", "file_content", "is_contained", "open_below", "open_file"]

_FLAGS = os.O_RDONLY
for _name in ("O_CLOEXEC", "O_BINARY", "O_NOCTTY", "O_NONBLOCK"):
    # To open a FIFO would else wait for somebody who writes.
    _FLAGS |= getattr(os, _name, 0)

_NO_WAIT: int = getattr(os, "RWF_NOWAIT", 0)
# File systems whose reads cannot be told not to wait; tmpfs, for one, never has to.
_always_read: set[int] = set()
# Where the page cache is not to be asked, that many bytes are read without much ado.
_MAX_BLIND_READ = 64 * 1024
_PIECE_SIZE = 64 * 1024
# What is read at once to have it in memory: it stays in the processor's cache.
_FETCH_SIZE = 256 * 1024


class OutsideError(OSError):
    """The name leads, by symbolic links, to where it must not."""


class OpenFile:
    """A regular file, open for reading until ``close``.

    Reads are at an offset, so one thread at a time is no condition; ``close`` must come last.
    """

    __slots__ = ("_descriptor", "path", "status")

    def __init__(self, path: str, descriptor: int, status: os.stat_result) -> None:
        self.path = path
        self.status = status
        self._descriptor = descriptor

    @property
    def size(self) -> int:
        """The size in bytes when it was opened."""
        return self.status.st_size

    def fileno(self) -> int:
        """Return the descriptor; -1 after ``close``."""
        return self._descriptor

    def read_now(self, size: int, offset: int) -> bytes | None:
        """Return ``size`` bytes; None where it would have to wait, or where there are fewer.

        Where a file system cannot tell, short reads are done and long ones said to wait.
        """
        device = self.status.st_dev
        if not _NO_WAIT or device in _always_read:
            return self.read(size, offset) if size <= _MAX_BLIND_READ else None
        try:
            if size <= _PIECE_SIZE:
                buffer = bytearray(size)
                count = os.preadv(self._descriptor, [buffer], offset, _NO_WAIT)
                return bytes(buffer) if count == size else None
            return self._read_long_now(size, offset)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
            _always_read.add(device)
            return self.read_now(size, offset)

    def is_at_hand(self, size: int, offset: int) -> bool:
        """Tell whether ``size`` bytes can be had without waiting; False where nobody knows."""
        if not _NO_WAIT or self.status.st_dev in _always_read:
            return False
        try:
            return self._is_cached(size, offset)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
            _always_read.add(self.status.st_dev)
            return False

    def _is_cached(self, size: int, offset: int) -> bool:
        # A byte here and there is asked for; the page cache takes in and drops neighbours together.
        byte = bytearray(1)
        last = offset + size - 1
        return all(
            os.preadv(self._descriptor, [byte], place, _NO_WAIT) == 1
            for place in (*range(offset, last, _PIECE_SIZE), last)
        )

    def fetch(self, size: int, offset: int) -> None:
        """Have bytes in the page cache; waits for the disk."""
        end = offset + size
        while offset < end and (piece := self.read(min(end - offset, _FETCH_SIZE), offset)):
            offset += len(piece)

    def _read_long_now(self, size: int, offset: int) -> bytes | None:
        # To read into a buffer and copy that costs a fifth of sending it.
        return self.read(size, offset) if self._is_cached(size, offset) else None

    def read(self, size: int, offset: int) -> bytes:
        """Return up to ``size`` bytes, fewer only at the end of the file; may wait for the disk."""
        data = _read_at(self._descriptor, size, offset)
        if len(data) == size or not data:
            return data
        pieces = [data]
        left = size - len(data)
        while left and (data := _read_at(self._descriptor, left, offset + size - left)):
            pieces.append(data)
            left -= len(data)
        return b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """Yield the content; may wait for the disk."""
        offset = 0
        while piece := self.read(_PIECE_SIZE, offset):
            yield piece
            offset += len(piece)

    def close(self) -> None:
        """Close the file; again is nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._descriptor < 0 else f"{self.size} bytes"
        return f"<OpenFile {self.path} {state}>"


def open_file(path: str) -> OpenFile:
    """Open a regular file. Raises ``OSError``, for a directory ``IsADirectoryError``.

    Anything else is never opened: to open a device may do something.
    """
    _check_regular(path, os.stat(path))
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        _check_regular(path, status)
    except BaseException:
        os.close(descriptor)
        raise
    return OpenFile(path, descriptor, status)


def open_below(path: str, roots: Sequence[str]) -> OpenFile:
    """Open a regular file, but only if it lies below one of ``roots`` when links are followed.

    All paths are absolute. Raises ``OutsideError`` for a way that leads outside, whether or not
    something is there; else see `open_file`.
    """
    try:
        file = open_file(path)
    except OSError:
        if not is_contained(path, roots):
            raise OutsideError(errno.EACCES, "outside of its root", path) from None
        raise
    try:
        is_inside = _is_inside(file, roots)
    except BaseException:
        file.close()
        raise
    if not is_inside:
        file.close()
        raise OutsideError(errno.EACCES, "outside of its root", path)
    return file


def file_content(path: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of a regular file from ``start`` on and before ``end``, in pieces."""
    file = open_file(path)
    try:
        left = (file.size if end is None else end) - start
        while left > 0 and (piece := file.read(min(left, _PIECE_SIZE), start)):
            yield piece
            start += len(piece)
            left -= len(piece)
    finally:
        file.close()


def is_contained(path: str, roots: Sequence[str]) -> bool:
    """Tell whether a path, with all links followed, lies below one of ``roots``; it need not be."""
    resolved = os.path.realpath(path)
    return any(is_below(resolved, os.path.realpath(root)) for root in roots)


def _check_regular(path: str, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory", path)
    raise PermissionError(errno.EACCES, "is not a regular file", path)


def _is_inside(file: OpenFile, roots: Sequence[str]) -> bool:
    # What lies below the root by its real name is inside; the kernel knows that of an open file,
    # for a third of what it costs to follow the links of its name. (A root by its real name needs
    # nothing more: a real name below it means that no part of the root is a link.)
    real = _real_name(file)
    if real is not None:
        for root in roots:
            if is_below(real, root) or is_below(real, _real_root(root)):
                return True
    # Only this can say that a file is outside.
    if not is_contained(file.path, roots):
        return False
    return os.path.samestat(os.stat(os.path.realpath(file.path)), file.status)


def _real_name(file: OpenFile) -> str | None:
    try:
        return os.readlink(f"/proc/self/fd/{file._descriptor}")
    except OSError:  # another system, or no /proc
        return None


def _real_root(root: str) -> str:
    now = monotonic()
    real, good_until = _real_roots.get(root, ("", 0.0))
    if now >= good_until:
        if len(_real_roots) >= _MAX_REAL_ROOTS:
            _real_roots.clear()
        real = os.path.realpath(root)
        _real_roots[root] = (real, now + _REAL_ROOT_SECONDS)
    return real


# Roots that are links, as the one of the current release often is, and where they lead just now.
_real_roots: dict[str, tuple[str, float]] = {}
_REAL_ROOT_SECONDS = 1.0
_MAX_REAL_ROOTS = 100


if hasattr(os, "pread"):
    _read_at = os.pread
else:

    def _read_at(descriptor: int, size: int, offset: int) -> bytes:
        # A file is read by one request, one piece after the other.
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)
