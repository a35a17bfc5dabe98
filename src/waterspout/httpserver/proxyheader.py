"""Receives a PROXY header from a socket, before anything else reads from it.

TLS begins behind the header, so no byte too many may be taken: what has come is looked at in the
kernel's buffer, and then just the header is read.
"""

import asyncio
import socket

from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.proxyheader import ProxyHeaderParser

__all__ = ["receive_proxy_header"]

_LOOK_SIZE = 4096


async def receive_proxy_header(accepted: socket.socket, timeout: float) -> tuple[str, int] | None:
    """Return the address that a proxy tells, None where it tells none.

    ``timeout`` is in seconds. Raises ``RemoteProtocolError`` where the header is no good or does
    not come in time, and ``OSError`` where the client has gone. Belongs to the running loop.
    """
    parser = ProxyHeaderParser()
    try:
        async with asyncio.timeout(timeout):
            while not parser.is_complete:
                await _receive(accepted, parser)
    except TimeoutError:
        raise RemoteProtocolError(f"no whole PROXY header in {timeout:g} s") from None
    return parser.address


async def _receive(accepted: socket.socket, parser: ProxyHeaderParser) -> None:
    """Wait for bytes, and take those that are the header's."""
    try:
        data = accepted.recv(_LOOK_SIZE, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        await _readable(accepted)
        return
    if not data:
        if parser.has_begun:
            raise RemoteProtocolError("the connection ended inside its PROXY header")
        raise ConnectionResetError("the connection ended before its PROXY header")
    size = parser.feed(data)
    while size > 0:
        size -= len(accepted.recv(size))


async def _readable(accepted: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(accepted, _tell, readable)
    try:
        await readable
    finally:
        loop.remove_reader(accepted)


def _tell(readable: "asyncio.Future[None]") -> None:
    if not readable.done():
        readable.set_result(None)
