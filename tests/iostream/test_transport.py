"""A stream on a transport, whose every word is a test's to say."""

import asyncio
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, turns

from waterspout.iostream import StreamClosedError
from waterspout.iostream.transport import TransportIOStream


class FakeTransport:
    """A transport that does not read, as it is handed over."""

    def __init__(self) -> None:
        self.protocol: Any = None
        self.is_reading = False
        self.is_closed = False
        self.written = b""

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def get_extra_info(self, name: str) -> Any:
        return None

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True


def made(wire: Wire) -> tuple[TransportIOStream, FakeTransport]:
    transport = FakeTransport()
    stream = TransportIOStream(transport)
    wire.streams.append(stream)
    return stream, transport


async def test_it_reads_while_somebody_reads(wire: Wire):
    stream, transport = made(wire)
    assert not transport.is_reading
    reading = stream.read_bytes(4)
    assert transport.is_reading
    transport.protocol.data_received(b"ab")
    assert transport.is_reading
    transport.protocol.data_received(b"cdef")
    assert await reading == b"abcd"
    transport.protocol.data_received(b"gh")
    assert not transport.is_reading
    assert await stream.read_bytes(4) == b"efgh"
    assert not transport.is_reading


async def test_what_came_while_nobody_read(wire: Wire):
    stream, transport = made(wire)
    transport.protocol.data_received(b"abc")
    closed: list[bool] = []
    stream.set_close_callback(lambda: closed.append(True))
    transport.protocol.eof_received()
    await turns()
    assert closed == []
    assert await stream.read_bytes(3) == b"abc"
    await turns()
    assert closed == [True]
    assert stream.closed()
    assert transport.is_closed


async def test_the_end_while_nobody_reads(wire: Wire):
    stream, transport = made(wire)
    transport.protocol.data_received(b"abc")
    transport.protocol.connection_lost(None)
    assert stream.closed()
    assert await stream.read_bytes(2) == b"ab"
    assert await stream.read_until_close() == b"c"


async def test_the_end_while_somebody_reads(wire: Wire):
    stream, transport = made(wire)
    reading = stream.read_bytes(10)
    error = ConnectionResetError("gone")
    transport.protocol.data_received(b"abc")
    transport.protocol.connection_lost(error)
    with pytest.raises(StreamClosedError) as caught:
        await reading
    assert caught.value.real_error is error
    assert await stream.read_bytes(3) == b"abc"


async def test_it_does_not_write_too_much(wire: Wire):
    stream, transport = made(wire)
    await stream.write(b"abc")
    transport.protocol.pause_writing()
    writing = stream.write(b"def")
    await turns()
    assert not writing.done()
    assert transport.written == b"abc"
    transport.protocol.resume_writing()
    await writing
    assert transport.written == b"abcdef"


async def test_a_write_that_was_held_back_when_the_end_came(wire: Wire):
    stream, transport = made(wire)
    transport.protocol.pause_writing()
    writing = stream.write(b"def")
    transport.protocol.connection_lost(None)
    with pytest.raises(StreamClosedError):
        await asyncio.wait_for(writing, 10)


async def test_the_end_is_waited_for_no_longer_than_it_may_take(wire: Wire, monkeypatch):
    monkeypatch.setattr("waterspout.iostream.transport._LINGER", 0.0)
    stream, transport = made(wire)
    aborted = asyncio.Event()
    transport.abort = aborted.set  # type: ignore[method-assign]
    stream.close()
    await aborted.wait()


async def test_what_has_ended_is_not_waited_for(wire: Wire):
    for close_first in (True, False):
        stream, transport = made(wire)
        if close_first:
            stream.close()
        transport.protocol.connection_lost(None)
        assert stream.closed()
        assert stream._end_timer is None or stream._end_timer.cancelled()
