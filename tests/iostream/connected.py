"""A stream, and the raw socket at its other end."""

import socket
from typing import Any

from tests.wire.server_under_test import Client, Wire

from waterspout.iostream import IOStream

__all__ = ["connected"]


def connected(
    wire: Wire, *, send_buffer: int | None = None, **options: Any
) -> tuple[IOStream, Client]:
    """Return a stream, and who is at its other end, which the test closes."""
    ours, theirs = socket.socketpair()
    if send_buffer is not None:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    client = Client(theirs)
    wire.clients.append(client)
    stream = IOStream(ours, **options)
    wire.streams.append(stream)
    return stream, client
