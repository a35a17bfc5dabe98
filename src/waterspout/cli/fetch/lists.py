"""`URLList`: the lines of a list, read as they are needed, without holding up the loop.

A file is read in the loop: its lines are there. For a pipe or a terminal a thread waits: for a loop
to do so it would have to be set to never block, which others, who have it as their output, and the
shell after us, would find it to be.
"""

import asyncio
import contextlib
import os
import select
import stat
import sys
import threading
from collections.abc import Callable
from io import FileIO
from typing import Any

__all__ = ["MAX_LINE", "URLList"]

#: The longest line that is a URL, in characters.
MAX_LINE = 16 * 1024

# In bytes, so that more than that are left.
_MOST_BYTES = 4 * (MAX_LINE + 1)

_PIECE_SIZE = 64 * 1024

# What some editors begin a file with.
_MARK = b"\xef\xbb\xbf"


class URLList:
    """The URLs of a list; ``path`` is a file, or ``-`` for standard input. OSError, with that path,
    if it is not there or can't be read.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        is_ours = path != "-"
        self._file = FileIO(path if is_ours else sys.stdin.fileno(), closefd=is_ours)
        state = os.fstat(self._file.fileno())
        mode = state.st_mode
        self._is_file = not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or self._file.isatty())
        #: The size in bytes, where it is known, and how much of it was read.
        self.size = state.st_size if stat.S_ISREG(mode) else None
        self.position = 0
        self._rest = b""  # the begin of a line
        self._is_over = False

    async def read(self) -> list[str] | None:
        """Return the next URLs, some or none; None at the end of the list."""
        if self._is_over:
            return None
        try:
            data = self._read_piece() if self._is_file else await self._wait_for_piece()
        except OSError as error:
            error.filename = self._path
            raise
        if not data:
            self._is_over = True
            lines, self._rest = [self._rest], b""
        else:
            if not self.position:
                data = data.removeprefix(_MARK)
            self.position += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            # The rest of a line that is too long already is of no use.
            self._rest = self._rest.lstrip()[:_MOST_BYTES]
        return [url for line in lines if (url := _url(line)) is not None]

    def _read_piece(self) -> bytes:
        while (data := self._file.read(_PIECE_SIZE)) is None:  # Somebody has set it so.
            select.select([self._file], [], [])
        return data

    async def _wait_for_piece(self) -> bytes:
        loop = asyncio.get_running_loop()
        piece: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            try:
                told: tuple[Callable[[Any], None], object] = piece.set_result, self._read_piece()
            except (OSError, ValueError) as error:
                told = piece.set_exception, error
            with contextlib.suppress(RuntimeError):  # The loop has ended.
                loop.call_soon_threadsafe(settle, *told)

        def settle(tell: Callable[[Any], None], what: object) -> None:
            if not piece.done():
                tell(what)

        # Whoever ends the program does not wait for it.
        threading.Thread(target=read, daemon=True).start()
        return await piece

    def close(self) -> None:
        """Read no more."""
        self._is_over = True
        self._file.close()


def _url(line: bytes) -> str | None:
    """Return what a line says, None if that is nothing; what is too long is cut, and still is."""
    text = line.strip()[:_MOST_BYTES].decode("utf-8", "backslashreplace")[: MAX_LINE + 1]
    return None if not text or text.startswith("#") else text
