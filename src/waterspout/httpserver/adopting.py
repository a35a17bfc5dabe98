"""Serves clients on streams that a program brings."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from waterspout.iostream import BaseIOStream, StreamClosedError
from waterspout.iostream.takeover import release
from waterspout.log import gen_log

__all__ = ["adopt"]


async def adopt(
    loop: asyncio.AbstractEventLoop,
    stream: BaseIOStream,
    make: Callable[[], Any],
    write_timeout: float,
) -> None:
    """Give the connection of ``stream`` to the protocol that ``make`` returns.

    It gets what the stream has received and nobody has read. Nothing happens where the stream is
    closed; it is closed where the client reads nothing for ``write_timeout`` seconds of what is
    still to be sent, and where this is cancelled.
    """
    try:
        connection, ahead = await release(stream, write_timeout)
    except StreamClosedError:
        return
    except TimeoutError:
        gen_log.info("closed %r: the client reads nothing of what it is sent", stream)
        stream.close()
        return
    except asyncio.CancelledError:
        stream.close()
        raise
    beginning = _Beginning(make(), ahead)
    if isinstance(connection, socket.socket):
        connection.setblocking(False)
        await loop.connect_accepted_socket(lambda: beginning, connection)
    else:
        connection.resume_reading()
        beginning.connection_made(connection)


class _Beginning(asyncio.Protocol):
    """Begins a connection with bytes that have come before."""

    def __init__(self, protocol: Any, ahead: bytes) -> None:
        self._protocol = protocol
        self._ahead = ahead

    def connection_made(self, transport: Any) -> None:
        """Leave the transport to the protocol, and give it what has come."""
        transport.set_protocol(self._protocol)
        self._protocol.connection_made(transport)
        if self._ahead:
            self._protocol.data_received(self._ahead)
