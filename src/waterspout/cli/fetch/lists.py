"""`URLList`: the lines of a list, read as they are needed, without holding up the loop.

A file is read in the loop: its lines are there. A pipe or a terminal is waited for.
"""

import asyncio
import os
import stat
import sys
from typing import BinaryIO

__all__ = ["MAX_LINE", "URLList"]

#: The longest line that is a URL.
MAX_LINE = 16 * 1024

_PIECE_SIZE = 64 * 1024

# What some editors begin a file with.
_MARK = b"\xef\xbb\xbf"


class URLList:
    """The URLs of a list; ``path`` is a file, or ``-`` for standard input. OSError if it is not
    there.
    """

    def __init__(self, path: str) -> None:
        self._file: BinaryIO = sys.stdin.buffer if path == "-" else open(path, "rb")  # noqa: SIM115
        state = os.fstat(self._file.fileno())
        mode = state.st_mode
        self._is_file = not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or self._file.isatty())
        #: The size in bytes, where it is known, and how much of it was read.
        self.size = state.st_size if stat.S_ISREG(mode) else None
        self.position = 0
        self._rest = b""  # the begin of a line
        self._is_over = False
        self._reader: asyncio.StreamReader | None = None
        self._transport: asyncio.BaseTransport | None = None

    async def read(self) -> list[str] | None:
        """Return the next URLs, some or none; None at the end of the list."""
        if self._is_over:
            return None
        data = await self._read_piece()
        if not data:
            self._is_over = True
            lines, self._rest = [self._rest], b""
        else:
            if not self.position:
                data = data.removeprefix(_MARK)
            self.position += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            # The rest of a line that is too long already is of no use.
            self._rest = self._rest[: MAX_LINE + 1]
        return [url for line in lines if (url := _url(line)) is not None]

    async def _read_piece(self) -> bytes:
        if self._is_file:
            return self._file.read(_PIECE_SIZE)
        if self._reader is None:
            loop = asyncio.get_running_loop()
            self._reader = asyncio.StreamReader(_PIECE_SIZE)
            protocol = asyncio.StreamReaderProtocol(self._reader)
            self._transport, _ = await loop.connect_read_pipe(lambda: protocol, self._file)
        return await self._reader.read(_PIECE_SIZE)

    def close(self) -> None:
        """Read no more."""
        self._is_over = True
        if self._transport is not None:
            self._transport.close()
        elif self._file is not sys.stdin.buffer:
            self._file.close()


def _url(line: bytes) -> str | None:
    """Return what a line says, None if that is nothing; what is too long is cut."""
    text = line[: MAX_LINE + 1].strip().decode("utf-8", "backslashreplace")
    return None if not text or text.startswith("#") else text
