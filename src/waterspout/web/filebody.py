"""Sending a file: in pieces, as fast as the client reads, without holding the loop up."""

import asyncio
from collections.abc import Iterable
from typing import Any

from waterspout.web.openfile import OpenFile

__all__ = ["send_content", "send_file"]

# What is sent in one piece with its head. More goes in pieces, so that little is in memory.
_MAX_WHOLE = 64 * 1024
_PIECE_SIZE = 256 * 1024


async def send_file(handler: Any, file: OpenFile, start: int, end: int) -> None:
    """Write the bytes from ``start`` to ``end``, at least one, as the body of a response.

    Up to 64 KiB are written only, for ``finish`` to send them with the head. More are sent in
    pieces, behind a head that says how many come. Raises ``EOFError``
    where the file has become shorter; a response that has begun must not be completed then.
    """
    if end - start <= _MAX_WHOLE:
        handler.write(await _read(file, start, end))
        return
    handler.set_header("Content-Length", end - start)
    # A transform takes longer for a piece than the network does.
    size = _MAX_WHOLE if handler.application.transforms else _PIECE_SIZE
    while start < end:
        piece = await _read(file, start, min(start + size, end))
        handler.write(piece)
        start += len(piece)
        sent = handler.flush()
        if sent.done():
            # The client is fast. So that others get their turn.
            await asyncio.sleep(0)
        await sent


async def send_content(handler: Any, content: Iterable[bytes] | bytes) -> None:
    """Write what ``get_content`` returned, each piece when the client is ready for it."""
    if isinstance(content, bytes):
        handler.write(content)
        return
    for piece in content:
        handler.write(piece)
        await handler.flush()


async def _read(file: OpenFile, start: int, end: int) -> bytes:
    size = end - start
    piece = file.read_now(size, start)
    if piece is None:
        loop = asyncio.get_running_loop()
        piece = await loop.run_in_executor(None, file.read, size, start)
    if len(piece) != size:
        raise EOFError(f"{file.path} was cut short at {start + len(piece)} while it was sent")
    return piece
