"""Which files a program was imported from, and which of them have changed since."""

import os
import sys
import sysconfig
from collections.abc import Callable, Iterable

__all__ = ["Sources", "loaded_files"]

# At each look so many files are asked for their time: some 2 us a file.
_MAX_FILES = 10_000

# What is installed does not change while one works on a program.
_INSTALLED = tuple(
    {
        sysconfig.get_path(name) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        if sysconfig.get_path(name)
    }
)


def loaded_files(others: Iterable[str] = ()) -> list[str]:
    """Return the files of the modules that are imported, and others, without what is installed."""
    files = {*others}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            files.add(file)
    return sorted(os.path.abspath(file) for file in files if not file.startswith(_INSTALLED))


def _time_of(file: str) -> int:
    """Return the time of a file's last change, 0 where there is no file."""
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0


class Sources:
    """Files, with the times of their last change; a bounded number of them."""

    def __init__(self, time_of: Callable[[str], int] = _time_of) -> None:
        self._time_of = time_of
        self._times: dict[str, int] = {}

    def watch(self, files: Iterable[str]) -> None:
        """Watch these files too, from now on."""
        for file in files:
            if file not in self._times and len(self._times) < _MAX_FILES:
                self._times[file] = self._time_of(file)

    def changed(self) -> list[str]:
        """Return the files that have changed, come or gone since the last look."""
        found = []
        for file, before in self._times.items():
            now = self._time_of(file)
            if now != before:
                self._times[file] = now
                found.append(file)
        return found
