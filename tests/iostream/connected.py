"""A stream, the raw socket at its other end, and why a stream has closed."""

import socket
from collections.abc import Awaitable
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire

from waterspout.iostream import IOStream, StreamClosedError

__all__ = ["connected", "why"]


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


async def why(awaitable: Awaitable[object]) -> BaseException | None:
    """Return the ``real_error`` of the StreamClosedError that comes."""
    with pytest.raises(StreamClosedError) as caught:
        await awaitable
    return caught.value.real_error
