"""Sending a file: in pieces, as fast as the client reads, without holding the loop up."""

import asyncio
from collections.abc import Iterable
from typing import Any

from waterspout.web.openfile import OpenFile

__all__ = ["send_content", "send_file"]

# What is sent in one piece with its head. More goes in pieces, so that little is in memory.
_MAX_WHOLE = 64 * 1024
_PIECE_SIZE = 256 * 1024
# What is looked for in the page cache, and sent from there.
_PART_SIZE = 1024 * 1024


async def send_file(
    handler: Any, file: OpenFile, start: int, end: int, is_seen: bool = False
) -> None:
    """Send the bytes from ``start`` to ``end``, at least one, as the body of a response.

    Up to 64 KiB are written only, for ``finish`` to send them with the head. More go from the page
    cache into the socket, where that can be; else they are read and written in pieces, as always
    where the application has transforms, or ``is_seen`` says that the handler wants to see them.
    Raises ``EOFError`` where the file has become shorter; a response that has begun must not be
    completed then.
    """
    if end - start <= _MAX_WHOLE:
        handler.write(await _read(file, start, end))
        return
    handler.set_header("Content-Length", end - start)
    if is_seen or handler.application.transforms:
        # A transform takes longer for a piece than the network does.
        await _send_pieces(handler, file, start, end, _MAX_WHOLE)
        return
    await handler.flush()
    exchange = handler.request.connection
    while start < end:
        size = min(_PART_SIZE, end - start)
        if not file.is_at_hand(size, start):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, file.fetch, size, start)
        sent = await exchange.send_file(file, start, size)
        start += sent
        if sent < size:
            await _send_pieces(handler, file, start, end, _PIECE_SIZE)
            return


async def _send_pieces(handler: Any, file: OpenFile, start: int, end: int, piece_size: int) -> None:
    """Read a part of a file and write it, each piece when the client has taken the one before."""
    while start < end:
        piece = await _read(file, start, min(start + piece_size, end))
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
