"""What is waited for when a connection is taken away from its stream."""

import asyncio
import socket
from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout.iostream import IOStream
from waterspout.iostream.takeover import release, take_over


class SlowlyRead:
    """A stream of whose unsent bytes the other side reads some, each time it is looked."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes
        self.sending = asyncio.get_running_loop().create_future()
        self._outgoing = self
        self._transport: Any = None

    def write(self, data: bytes) -> Any:
        assert data == b""
        return self.sending

    @property
    def size(self) -> int:
        return self.sizes.pop(0)


async def test_a_slow_reader_is_waited_for_as_long_as_it_reads(wire: Wire):
    # Looked at before each wait, and after it.
    stream: Any = SlowlyRead([30, 20, 20, 10, 10, 10])
    with pytest.raises(TimeoutError):
        await release(stream, 0.0)
    assert stream.sizes == []


@pytest.mark.parametrize("size", [10, 1_000_000])
async def test_a_connection_that_was_taken_over_goes_on_in_tls(
    wire: Wire, server_tls, client_tls, size: int
):
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    transport.pause_reading()
    transport.write(b"x" * (size - 1) + b"\n")
    stream: Any = take_over(transport, b"STARTTLS\n")
    client = IOStream(theirs)
    wire.streams.extend([stream, client])
    assert await stream.read_until(b"\n") == b"STARTTLS\n"
    if size > 10:
        with pytest.raises(ValueError, match="is not idle"):
            stream.start_tls(True, server_tls)
    go_on = stream.write(b"go on\n")
    assert len(await client.read_until(b"\n")) == size
    assert await client.read_until(b"\n") == b"go on\n"
    await go_on
    upgraded = stream.start_tls(True, server_tls)
    secret = await client.start_tls(False, client_tls, "localhost")
    server = await upgraded
    wire.streams.extend([secret, server])
    await secret.write(b"in secret\n")
    assert await server.read_until(b"\n") == b"in secret\n"
    with pytest.raises(TypeError, match="speaks TLS itself"):
        await release(server, 0.0)
    assert not server.closed()
