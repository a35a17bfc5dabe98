"""Bodies of requests that are not bytes: files, iterators, asynchronous iterators, forms of those.

A `Source` gives a body piece by piece, to be written with back-pressure by `upload`. It knows what
can be known before: how long the body will be, and whether it can be had twice.
"""

import contextlib
import io
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Sequence
from types import AsyncGeneratorType, GeneratorType
from typing import Any

__all__ = [
    "AsyncSource",
    "FileSource",
    "IterableSource",
    "JoinedSource",
    "PathSource",
    "Source",
    "source_of",
]

# Bytes that are read from a file at a time.
_PIECE_SIZE = 64 * 1024


class Source:
    """Where a body comes from; ``body`` is what the user gave."""

    #: The size in bytes; -1 where it is not known.
    length = -1
    #: Whether the pieces have to be awaited: for a client with an event loop only.
    is_asynchronous = False
    #: Whether the body can be had again.
    is_repeatable = True

    def __init__(self, body: Any) -> None:
        self.body = body
        self._is_begun = False

    @property
    def is_used_up(self) -> bool:
        """Whether the body was sent, at least in part, and can't be had once more."""
        return self._is_begun and not self.is_repeatable

    async def produce(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Write the body, in pieces that are waited for."""
        self._is_begun = True
        async with contextlib.aclosing(self.pieces()) as pieces:
            async for piece in pieces:
                await write(piece)

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Return the body in pieces, from its beginning."""
        raise NotImplementedError

    def __repr__(self) -> str:
        length = self.length if self.length >= 0 else "unknown"
        return f"<{type(self).__name__} length={length}>"


class FileSource(Source):
    """A binary file, from where it stands now to its end. Read in the thread that sends."""

    def __init__(self, body: Any) -> None:
        super().__init__(body)
        seekable = getattr(body, "seekable", None)
        self.is_repeatable = seekable is not None and bool(seekable())
        if self.is_repeatable:
            self._start: int = body.tell()
            self.length = max(0, body.seek(0, io.SEEK_END) - self._start)
            body.seek(self._start)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Read on until the length is reached that was told, or the file ends."""
        if self.is_repeatable:
            self.body.seek(self._start)
        left = self.length
        while left:
            data = self.body.read(_PIECE_SIZE if left < 0 else min(left, _PIECE_SIZE))
            if not data:
                return
            piece = _checked(data)
            if left > 0:
                left -= len(piece)
            yield piece


class PathSource(Source):
    """A file by its path, opened each time it is sent: for any number of requests at once.

    OSError where it can't be read, ValueError where it is no file: what a pipe gives is not known
    before, and can't be had twice.
    """

    def __init__(self, body: "os.PathLike[str]") -> None:
        super().__init__(body)
        with open(body, "rb") as file:
            status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(
                f"{os.fspath(body)!r} is no regular file: open it to send what it gives"
            )
        self.length = status.st_size

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Read as much as was there at first."""
        left = self.length
        with open(self.body, "rb") as file:  # noqa: ASYNC230 - in the thread that sends
            while left and (piece := file.read(min(left, _PIECE_SIZE))):
                left -= len(piece)
                yield piece


class IterableSource(Source):
    """An iterable of bytes. One that is an iterator, a generator for instance, is for once."""

    def __init__(self, body: Iterable[Any]) -> None:
        super().__init__(body)
        self.is_repeatable = iter(body) is not body

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Iterate over it."""
        try:
            for piece in self.body:
                yield _checked(piece)
        finally:
            if isinstance(self.body, GeneratorType):
                self.body.close()


class AsyncSource(Source):
    """An asynchronous iterable of bytes."""

    is_asynchronous = True

    def __init__(self, body: AsyncIterable[Any]) -> None:
        super().__init__(body)
        self.is_repeatable = aiter(body) is not body

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Iterate over it."""
        try:
            async for piece in self.body:
                yield _checked(piece)
        finally:
            if isinstance(self.body, AsyncGeneratorType):
                await self.body.aclose()


class JoinedSource(Source):
    """Bytes and sources, one behind the other."""

    def __init__(self, body: Any, parts: Sequence[bytes | Source]) -> None:
        super().__init__(body)
        self._parts = parts
        sources = [part for part in parts if isinstance(part, Source)]
        self.is_asynchronous = any(source.is_asynchronous for source in sources)
        self.is_repeatable = all(source.is_repeatable for source in sources)
        if all(source.length >= 0 for source in sources):
            self.length = sum(
                part.length if isinstance(part, Source) else len(part) for part in parts
            )

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give one part after the other. What is not sent of a file is missed by who counts."""
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
                continue
            size = 0
            async with contextlib.aclosing(part.pieces()) as pieces:
                async for piece in pieces:
                    size += len(piece)
                    yield piece
            if 0 <= part.length != size:
                raise ValueError(f"a file of {part.length} bytes had only {size} when it was sent")


def source_of(body: Any) -> Source:
    """Return where a body comes from that is neither bytes nor text; TypeError if that is none."""
    if isinstance(body, os.PathLike):
        return PathSource(body)
    if hasattr(body, "read"):
        if isinstance(body, io.TextIOBase):
            raise TypeError("a file as body must be opened in binary mode")
        return FileSource(body)
    if hasattr(body, "__aiter__"):
        return AsyncSource(body)
    if isinstance(body, Iterable) and not isinstance(body, dict):
        return IterableSource(body)
    raise TypeError(
        "body must be bytes, str, a binary file, the Path of one, or an iterable of bytes, plain or"
        f" asynchronous; not {type(body).__name__}"
    )


def _checked(piece: Any) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, bytearray | memoryview):
        return bytes(piece)
    raise TypeError(f"the pieces of a body must be bytes, not {type(piece).__name__}")
