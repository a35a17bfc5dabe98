"""How a stream ends, and what its users hear of that."""

import asyncio

import pytest
from tests.iostream.connected import connected, why
from tests.wire.server_under_test import Wire, turns

from waterspout.iostream import IOStream, StreamClosedError
from waterspout.netutil import bind_sockets


async def test_close_ends_reads_and_writes(wire: Wire):
    stream, _ = connected(wire, send_buffer=4096)
    closed: list[bool] = []
    stream.set_close_callback(lambda: closed.append(True))
    reading = stream.read_bytes(1)
    writing = stream.write(b"x" * 1_000_000)
    error = ValueError("why")
    stream.close(exc_info=error)
    stream.close()
    assert await why(reading) is error
    assert await why(writing) is error
    assert stream.error is error
    assert stream.fileno() == -1
    assert stream.socket is None
    await turns()
    assert closed == [True]
    with pytest.raises(StreamClosedError):
        stream.write(b"x")


async def test_why_a_stream_is_closed(wire: Wire):
    first, _ = connected(wire)
    error = ValueError("here")
    try:
        raise error
    except ValueError:
        first.close(exc_info=True)
    assert first.error is error
    second, _ = connected(wire)
    second.close(exc_info=(ValueError, error, None))
    assert second.error is error
    third, _ = connected(wire)
    third.close()
    assert third.error is None


async def test_the_close_callback_tells_that_the_other_side_has_closed(wire: Wire):
    stream, peer = connected(wire)
    closed = asyncio.Event()
    stream.set_close_callback(closed.set)
    peer.close()
    await closed.wait()
    assert stream.closed()
    again = asyncio.Event()
    stream.set_close_callback(again.set)
    await again.wait()


async def test_the_close_callback_waits_for_what_has_come_before(wire: Wire):
    stream, peer = connected(wire)
    closed: list[bool] = []
    stream.set_close_callback(lambda: closed.append(True))
    await peer.send(b"abc")
    peer.close()
    await turns()
    assert closed == []
    assert await stream.read_bytes(3) == b"abc"
    await turns()
    assert closed == [True]


async def test_a_close_callback_that_is_taken_back(wire: Wire):
    stream, _ = connected(wire)
    stream.set_close_callback(lambda: pytest.fail("called"))
    stream.set_close_callback(None)
    stream.close()
    stream.set_close_callback(None)
    await turns()


async def test_nobody_has_to_wait_for_what_is_closed(wire: Wire):
    stream, _ = connected(wire, send_buffer=4096)
    reading, writing = stream.read_bytes(1), stream.write(b"x" * 1_000_000)
    reading.cancel()
    writing.cancel()
    stream.close()
    assert reading.cancelled()
    assert writing.cancelled()


async def test_a_write_that_nobody_waits_for_any_more_is_sent(wire: Wire):
    stream, peer = connected(wire, send_buffer=4096)
    stream.write(b"x" * 1_000_000).cancel()
    assert await peer.read(1_000_000) == b"x" * 1_000_000
    await stream.write(b"y")
    assert await peer.read(1) == b"y"


async def test_a_reset_is_the_reason(wire: Wire):
    [listener] = bind_sockets(0, "127.0.0.1")
    with listener:
        peer = await wire.connect_to(listener)
        stream = IOStream(listener.accept()[0])
        wire.streams.append(stream)
        reading = stream.read_bytes(1)
        peer.reset()
        assert isinstance(await why(reading), ConnectionResetError)


@pytest.mark.parametrize("is_watched", [True, False])
async def test_a_reset_after_bytes_that_are_read_first(wire: Wire, is_watched):
    # uvloop tells once that there are bytes and an error.
    [listener] = bind_sockets(0, "127.0.0.1")
    with listener:
        peer = await wire.connect_to(listener)
        stream = IOStream(listener.accept()[0])
        wire.streams.append(stream)
        closed: list[bool] = []
        if is_watched:
            stream.set_close_callback(lambda: closed.append(True))
        reading = stream.read_bytes(3)
        await peer.send(b"abcd")
        peer.reset()
        assert await reading == b"abc"
        assert await stream.read_bytes(1) == b"d"
        await turns()
        if is_watched:
            assert closed == [True]
        else:
            assert isinstance(await why(stream.read_bytes(1)), ConnectionResetError)
        assert isinstance(stream.error, ConnectionResetError)
