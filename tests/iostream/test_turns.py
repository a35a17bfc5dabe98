"""A peer that is as fast as the program: others have their turn all the same."""

import asyncio
from typing import Any

import pytest
from tests.iostream.connected import connected
from tests.wire.server_under_test import Wire, turns

from waterspout.iostream import StreamClosedError

# How often something is done for one stream before others have their turn, by its size in bytes.
BOUNDS = [(1, 65), (8192, 8), (100_000, 2)]


async def count_before_others(once: Any) -> int:
    """Do something again and again until others have had their turn; return how often."""
    had_turn: list[bool] = []
    asyncio.get_running_loop().call_soon(had_turn.append, True)
    count = 0
    while not had_turn and count < 1000:
        await once()
        count += 1
    return count


@pytest.mark.parametrize(("size", "most"), BOUNDS)
async def test_who_writes_on_and_on(wire: Wire, size: int, most: int):
    stream, peer = connected(wire)

    async def write() -> None:
        await stream.write(b"x" * size)

    reading = asyncio.ensure_future(peer.rest())
    for _ in range(3):
        assert await count_before_others(write) <= most
    stream.close()
    await reading


@pytest.mark.parametrize(("size", "most"), BOUNDS)
async def test_who_writes_twice_before_it_waits(wire: Wire, size: int, most: int):
    stream, peer = connected(wire)

    async def write() -> None:
        stream.write(b"")
        await stream.write(b"x" * size)

    reading = asyncio.ensure_future(peer.rest())
    for _ in range(3):
        assert await count_before_others(write) <= most
    stream.close()
    await reading


@pytest.mark.parametrize("size", [1, 100, 30_000])
async def test_who_reads_on_and_on(wire: Wire, size: int):
    stream, peer = connected(wire)

    async def send() -> None:
        while True:
            await peer.send(b"x" * 50_000)

    sending = asyncio.ensure_future(send())
    for read in (
        lambda: stream.read_bytes(size),
        lambda: stream.read_bytes(size, partial=True),
        lambda: stream.read_into(bytearray(size)),
        lambda: stream.read_until(b"x"),
    ):
        for _ in range(3):
            assert await count_before_others(read) <= 65
    sending.cancel()


async def test_what_has_left_is_done_whatever_becomes_of_the_stream(wire: Wire):
    stream, peer = connected(wire)
    written = [stream.write(b"x") for _ in range(70)]
    assert [future.done() for future in written].count(False)
    stream.close()
    assert [future.exception() for future in written] == [None] * 70
    assert await peer.rest() == b"x" * 70


async def test_what_has_come_can_be_had_after_the_close(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"x" * 100)
    assert await stream.read_bytes(1) == b"x"
    stream.close()
    for _ in range(99):
        assert await stream.read_bytes(1) == b"x"
    with pytest.raises(StreamClosedError):
        await stream.read_bytes(1)


async def test_a_read_that_gives_way_may_be_cancelled(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(bytes(range(100)))
    reads = []
    for _ in range(90):
        reading = stream.read_bytes(1)
        if not reading.done():
            reading.cancel()
            await turns(1)
        else:
            reads.append(reading.result())
    assert len(reads) < 90
    assert b"".join(reads) == bytes(range(len(reads)))


async def test_a_read_that_gives_way_ends_with_the_stream(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"x" * 100)
    reading = stream.read_bytes(1)
    while reading.done():
        reading = stream.read_bytes(1)
    stream.close()
    with pytest.raises(StreamClosedError):
        await reading
    await turns()
