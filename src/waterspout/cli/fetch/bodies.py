"""`Body`: counts the body of a response as it comes, and may hash it and keep it in a file."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Body", "Count", "directory_of_bodies"]

_PART = ".part"
_OURS = re.compile(r"[0-9a-f]{32}(\.\w{1,8})?\.[0-9]+-[0-9]+\.part", re.ASCII)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")


@contextlib.contextmanager
def directory_of_bodies(directory: str) -> Iterator[None]:
    """Make the directory for bodies, and have it while the body runs, as others may at the same
    time. What an earlier run has left half written is removed, if there is no other.
    """
    os.makedirs(directory, exist_ok=True)
    try:
        import fcntl
    except ImportError:
        _clean(directory)
        yield
        return
    lock = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # There is another, or no such thing as a lock.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clean(directory)
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield
    finally:
        os.close(lock)


def _clean(directory: str) -> None:
    with os.scandir(directory) as entries:
        for entry in entries:
            if _OURS.fullmatch(entry.name):
                os.unlink(entry.path)


class Count:
    """A body of which nothing but the size is wanted."""

    __slots__ = ("size",)

    path = sha256 = None

    def __init__(self) -> None:
        self.size = 0

    def take(self, data: bytes) -> None:
        """Count a piece, as a ``streaming_callback`` does."""
        self.size += len(data)

    def restart(self) -> None:
        """Begin anew: it broke off."""
        self.size = 0

    def finish(self) -> None:
        """There is nothing to do."""

    def drop(self) -> None:
        """There is nothing to do."""


class Body:
    """A body; with a ``directory`` its file gets its name when it is whole."""

    def __init__(self, url: str, number: int, directory: str | None, is_hashed: bool) -> None:
        #: Its size so far.
        self.size = 0
        self._is_hashed = is_hashed
        self._hash: Any = hashlib.sha256() if is_hashed else None
        self._file: Any = None
        self.path: str | None = None
        if directory is not None:
            name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            ending = _ENDING.search(re.split(r"[?#]", url, maxsplit=1)[0].rpartition("/")[2])
            name += ending[0] if ending else ""
            self.path = os.path.join(directory, name)
            self._part = f"{self.path}.{os.getpid()}-{number}{_PART}"

    def take(self, data: bytes) -> None:
        """Take a piece, as a ``streaming_callback`` does."""
        self.size += len(data)
        if self._hash is not None:
            self._hash.update(data)
        if self.path is not None:
            if self._file is None:
                self._file = open(self._part, "wb")  # noqa: SIM115
            self._file.write(data)

    def restart(self) -> None:
        """Begin anew: it broke off."""
        self.drop()
        self.size = 0
        self._hash = hashlib.sha256() if self._is_hashed else None

    @property
    def sha256(self) -> str | None:
        """The digest, where it was wanted."""
        return None if self._hash is None else self._hash.hexdigest()

    def finish(self) -> None:
        """Give the file its name: the body is whole."""
        if self.path is not None:
            if self._file is None:
                self._file = open(self._part, "wb")  # noqa: SIM115
            self._file.close()
            os.replace(self._part, self.path)
            self._file = None

    def drop(self) -> None:
        """Remove what there is of the file."""
        if self._file is not None:
            self._file.close()
            with contextlib.suppress(OSError):
                os.unlink(self._part)
            self._file = None
