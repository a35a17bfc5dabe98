"""`Results`: the file of the results, and what is known from it of an earlier run.

A result is a line. Those of URLs that are done with at the same time are written with one call of
the system. So whatever ends a run leaves whole lines, and maybe a piece of one, which the next run
cuts off.
"""

import errno
import hashlib
import json
import os
import re
import select
import stat
import sys
from collections.abc import Mapping

__all__ = ["ForeignFileError", "Results", "line_of"]

# More than a result can have.
_MAX_LINE = 1024 * 1024
_BEGIN = b'{"url":"'
_quote = json.encoder.encode_basestring
_CLOSED_IN_CHILDREN = getattr(os, "O_CLOEXEC", 0)
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_APPEND | _CLOSED_IN_CHILDREN

# What JSON may hold as it is, and a terminal obeys.
_CONTROLS = re.compile("[\x7f-\x9f]")


def line_of(
    url: str,
    status: int | None,
    size: int,
    seconds: float,
    final_url: str | None,
    error: Mapping[str, str] | None,
    more: Mapping[str, str | None] | None = None,
) -> str:
    """Return a result as a line of JSON. `json.dumps` takes six times as long."""
    shown = _quote(url)
    final = shown
    if final_url != url:
        final = "null" if final_url is None else _quote(final_url)
    others = ""
    for name, value in more.items() if more else ():
        others += f',"{name}":{_json(value)}'
    return (
        f'{{"url":{shown},"status":{"null" if status is None else status},"bytes":{size},'
        f'"seconds":{seconds:.6f},"final_url":{final},'
        f'"error":{"null" if error is None else _json(error)}{others}}}\n'
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class ForeignFileError(ValueError):
    """The file is there, and holds something else."""


class Results:
    """Where results go: ``path``, or standard output if that is None.

    Raises OSError where the file cannot be had, `ForeignFileError` where it holds no results.
    Keeps a number for each result of an earlier run, and nothing of this one.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._done: dict[int, int] = {}  # URLs by their digest, and how many times
        self._lines: list[str] = []  # to be written
        self._rest = b""
        #: How many results the file had.
        self.earlier = 0
        if path is None:
            sys.stdout.flush()
            self._fd = os.dup(sys.stdout.fileno())
            self._is_terminal = os.isatty(self._fd)
            return
        self._fd = _open(path)
        self._is_terminal = os.isatty(self._fd)
        try:
            # What is written to a pipe or a device can't be read again, and has room for many.
            if stat.S_ISREG(os.fstat(self._fd).st_mode):
                _lock(self._fd, path)
                self._read(path)
        except BaseException:
            os.close(self._fd)
            raise

    def take(self, url: str) -> bool:
        """Whether there is a result for a URL from before; each counts once."""
        if not self._done:
            return False
        key = _digest(url)
        times = self._done.get(key, 0)
        if times > 1:
            self._done[key] = times - 1
        elif times:
            del self._done[key]
        return times > 0

    def add(self, line: str) -> bool:
        """Have a line of `line_of` written by the next `flush`; True: it is the first of those."""
        self._lines.append(line)
        return len(self._lines) == 1

    def flush(self) -> None:
        """Write what was added. Raises OSError; what is not written then is so the next time."""
        lines, self._lines = self._lines, []
        text = "".join(lines)
        if self._is_terminal:
            text = _CONTROLS.sub(_escaped, text)
        self._rest += text.encode("utf-8", "backslashreplace")
        while self._rest:
            try:
                written = os.write(self._fd, self._rest)
            except BlockingIOError:
                # Whoever shares a pipe may have set it so that nobody waits in it.
                select.select([], [self._fd], [])
                continue
            self._rest = self._rest[written:]

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _read(self, path: str) -> None:
        """Learn what is done, and cut off what is no whole line."""
        with os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(0)
            end = number = 0
            while (line := file.readline(_MAX_LINE)).endswith(b"\n"):
                number += 1
                end += len(line)
                key = _digest(_url_of(line, path, number))
                self._done[key] = self._done.get(key, 0) + 1
            self.earlier = number
            if not _BEGIN.startswith(line[: len(_BEGIN)]):
                raise ForeignFileError(
                    f"line {number + 1} of {path!r} is no result of this command"
                )
        os.truncate(self._fd, end)


def _open(path: str) -> int:
    try:
        is_pipe = stat.S_ISFIFO(os.stat(path).st_mode)
    except FileNotFoundError:
        is_pipe = False
    # Who could read from a pipe as well would neither wait for its reader nor miss him.
    flags = os.O_WRONLY | _CLOSED_IN_CHILDREN if is_pipe else _NEW_FILE
    return os.open(path, flags, 0o666)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _lock(fd: int, path: str) -> None:
    """Keep the file from a second run at the same time, where the system can."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise OSError(errno.EBUSY, "another run writes to it", path) from None


def _url_of(line: bytes, path: str, number: int) -> str:
    try:
        url = json.loads(line)["url"]
    except (ValueError, KeyError, TypeError):
        url = None
    if not isinstance(url, str):
        raise ForeignFileError(f"line {number} of {path!r} is no result of this command")
    return url


def _digest(url: str) -> int:
    data = url.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest())
