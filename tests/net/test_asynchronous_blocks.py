"""Streams in a loop that have much to read: into blocks, or into the room of who waits."""

import asyncio
import os
import socket

import pytest
from tests.net.loops import soon
from tests.net.test_asynchronous_streams import read, stream_test

from waterspout.net import DeadlineError, transport

# Interpreted, what comes is `bytes` also for who waits with room.
IS_COMPILED = not transport.__file__.endswith(".py")

MUCH = os.urandom(3_000_000)


async def send(peer, data):
    await asyncio.get_running_loop().sock_sendall(peer, data)


async def read_all(net, stream, size):
    """Read until there is so much; return it."""
    data = b""
    while len(data) < size:
        piece = await net.start(read(stream, soon(20)))
        assert piece
        data += piece
    return data


async def read_into(stream, room, deadline):
    """Fill a part of ``room``; return how much, and whether that was done for us."""
    got = stream.read_into(room, deadline)
    if not isinstance(got, bytes | int):
        got = await got
    if isinstance(got, int):
        return got, True
    room[: len(got)] = got
    return len(got), False


async def have_much(net, stream, peer):
    """Have the stream read in blocks from now on."""
    sending = asyncio.ensure_future(send(peer, MUCH))
    assert await read_all(net, stream, len(MUCH)) == MUCH
    await sending


@stream_test
async def test_little_is_read_as_ever(net, stream, peer):
    reading = net.start(read_into(stream, memoryview(bytearray(10)), soon(20)))
    peer.send(b"abc")
    assert await reading == (3, False)


@stream_test
async def test_pieces_of_all_sizes(net, stream, peer):
    for size in (1, 20_000, 65_536, 65_537, 1, 300_000, 16_384, 16_385, 2_000_000, 1):
        stream.write(b"?", soon(20))
        sending = asyncio.ensure_future(send(peer, MUCH[:size]))
        assert await read_all(net, stream, size) == MUCH[:size]
        await sending
        assert stream.read_now() is None


@stream_test
async def test_room_is_filled(net, stream, peer):
    await have_much(net, stream, peer)
    data = bytearray(len(MUCH))
    sending = asyncio.ensure_future(send(peer, MUCH))
    filled = 0
    while filled < len(MUCH):
        room = memoryview(data)[filled:]
        size, is_filled = await net.start(read_into(stream, room, soon(20)))
        assert is_filled == IS_COMPILED
        filled += size
    assert data == MUCH
    await sending
    assert stream.is_quiet(ask=True)


@stream_test
async def test_what_there_is_no_room_for_is_kept(net, stream, peer):
    await have_much(net, stream, peer)
    if not IS_COMPILED:
        return
    room = bytearray(10)
    reading = net.start(read_into(stream, memoryview(room), soon(20)))
    peer.send(b"0123456789abc")
    assert await reading == (10, True)
    assert room == b"0123456789"
    assert await read_all(net, stream, 3) == b"abc"


@stream_test
async def test_a_block_that_nothing_came_for_is_not_what_was_read(net, stream, peer):
    """A loop asks for room before it knows whether anything is there: after a block that was filled
    to its end, for instance.
    """
    await have_much(net, stream, peer)
    stream.get_buffer(-1)
    room = bytearray(10)
    reading = net.start(read_into(stream, memoryview(room), soon(20)))
    peer.send(b"0123456789")
    assert await reading == (10, IS_COMPILED)
    assert room == b"0123456789"


@stream_test
async def test_what_came_before_is_for_who_comes_with_room(net, stream, peer):
    await have_much(net, stream, peer)
    peer.send(b"abc")
    for _ in range(10_000):
        if not stream.is_quiet(ask=False):
            break
        await asyncio.sleep(0)
    room = bytearray(10)
    assert await net.start(read_into(stream, memoryview(room), soon(20))) == (3, False)
    assert room[:3] == b"abc"


@stream_test
async def test_a_peer_that_does_not_stop(net, stream, peer):
    """It is held back here as well, and no piece is longer than a block."""
    await have_much(net, stream, peer)
    data = MUCH * 5
    sending = asyncio.ensure_future(send(peer, data))
    for _ in range(1000):
        await asyncio.sleep(0)
    assert not sending.done()
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < len(data):
        pieces.append(await net.start(read(stream, soon(20))))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 256 * 1024
    await sending


@stream_test
async def test_the_end(net, stream, peer):
    await have_much(net, stream, peer)
    reading = net.start(read_into(stream, memoryview(bytearray(10)), soon(20)))
    peer.shutdown(socket.SHUT_WR)
    assert await reading == (0, False)
    assert await net.start(read_into(stream, memoryview(bytearray(10)), soon(20))) == (0, False)
    stream.write(b"still heard", soon(20))
    assert await asyncio.get_running_loop().sock_recv(peer, 20) == b"still heard"


@stream_test
async def test_a_reset(net, stream, peer):
    await have_much(net, stream, peer)
    reading = net.start(read_into(stream, memoryview(bytearray(10)), soon(20)))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    with pytest.raises(ConnectionResetError):
        await reading


@stream_test
async def test_room_is_left_alone_after_a_deadline(net, stream, peer):
    await have_much(net, stream, peer)
    room = bytearray(10)
    with pytest.raises(DeadlineError):
        await net.start(read_into(stream, memoryview(room), soon()))
    peer.send(b"late")
    assert await read_all(net, stream, 4) == b"late"
    assert room == bytes(10)


@stream_test
async def test_room_is_left_alone_after_the_stream_was_closed(net, stream, peer):
    await have_much(net, stream, peer)
    room = bytearray(10)
    reading = net.start(read_into(stream, memoryview(room), soon(20)))
    peer.send(b"late")
    reading.cancel()
    stream.close()
    with pytest.raises(asyncio.CancelledError):
        await reading
    for _ in range(100):
        await asyncio.sleep(0)
    assert room == bytes(10)


@stream_test
async def test_a_peer_that_does_not_read(net, stream, peer):
    """Writers are held back as before."""
    await have_much(net, stream, peer)
    waiting = None
    while waiting is None:
        waiting = stream.write(MUCH, soon())

    async def wait():
        await waiting

    with pytest.raises(DeadlineError):
        await net.start(wait())


@stream_test
async def test_a_pause(net, stream, peer):
    """Others get their turn, and what comes in it is not lost."""
    await have_much(net, stream, peer)

    async def read_later():
        await stream.pause(soon(20))
        heard.append("read")
        return await read(stream, soon(20))

    heard: list[str] = []
    peer.send(b"abc")
    asyncio.get_running_loop().call_soon(heard.append, "other")
    reading = net.start(read_later())
    assert heard == []
    assert await reading == b"abc"
    assert heard == ["other", "read"]
    with pytest.raises(DeadlineError):
        await stream.pause(soon(0))
