"""What is waited for when a connection is taken away from its stream."""

import asyncio
from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout.iostream.takeover import release


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
