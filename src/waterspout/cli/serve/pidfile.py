"""The file that tells others which process the parent is."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["PidFile"]


class PidFile:
    """Holds this process's number for the time of a ``with`` statement.

    ``OSError`` where it cannot be written, or holds the number of a process that is alive.
    """

    def __init__(self, name: str) -> None:
        self._file = Path(name)

    def __enter__(self) -> Self:
        other = self._holder()
        if other is not None and other != os.getpid() and _is_alive(other):
            raise OSError(f"pid file {self._file}: process {other} is running")
        # Whoever reads it reads the old number or the new one, never half of it.
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            draft.write_text(f"{os.getpid()}\n")
            draft.replace(self._file)
        except OSError as error:
            raise OSError(f"cannot write pid file {self._file}: {error.strerror}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._holder() == os.getpid():
            with suppress(OSError):
                self._file.unlink()

    def _holder(self) -> int | None:
        try:
            pid = int(self._file.read_text()[:20])
        except (OSError, ValueError):
            return None
        return pid if pid > 0 else None  # others are groups of processes


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
