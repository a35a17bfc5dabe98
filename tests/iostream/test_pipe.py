"""A stream on one end of a pipe."""

import asyncio
import os

import pytest
from tests.wire.server_under_test import Wire, turns

from waterspout.iostream import PipeIOStream, StreamClosedError


def pipe(wire: Wire, **options) -> tuple[PipeIOStream, PipeIOStream]:
    """Return a stream to read from, and the one to write to."""
    reading, writing = os.pipe()
    streams = PipeIOStream(reading, **options), PipeIOStream(writing)
    wire.streams.extend(streams)
    return streams


async def test_lines_and_the_end(wire: Wire):
    reader, writer = pipe(wire)
    first = reader.read_until(b"\n")
    await writer.write(b"one\ntwo\nrest")
    assert await first == b"one\n"
    assert await reader.read_until(b"\n") == b"two\n"
    writer.close()
    assert writer.closed()
    assert writer.fileno() == -1
    assert await reader.read_until_close() == b"rest"
    assert reader.closed()


async def test_much_is_written_as_it_is_read(wire: Wire):
    reader, writer = pipe(wire)
    data = os.urandom(1 << 20)
    writing = writer.write(data)
    await turns()
    assert not writing.done()
    assert writer.writing()
    assert await reader.read_bytes(len(data)) == data
    await writing
    assert not writer.writing()


async def test_who_reads_nothing_any_more_breaks_the_pipe(wire: Wire):
    reader, writer = pipe(wire)
    reader.close()
    with pytest.raises(StreamClosedError) as caught:
        await writer.write(b"x")
    assert isinstance(caught.value.real_error, BrokenPipeError)
    assert writer.closed()


async def test_the_end_breaks_off_a_read(wire: Wire):
    reader, writer = pipe(wire)
    reading = reader.read_bytes(5)
    await writer.write(b"ab")
    await turns()
    writer.close()
    with pytest.raises(StreamClosedError) as caught:
        await reading
    assert caught.value.real_error is None


async def test_each_end_sees_that_the_other_is_closed(wire: Wire):
    for first, second in (pipe(wire), pipe(wire)[::-1]):
        told = asyncio.Event()
        first.set_close_callback(told.set)
        second.close()
        await told.wait()
        assert first.closed()


async def test_what_is_no_pipe(wire: Wire, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match="Bad file descriptor"):
        PipeIOStream(reading)


async def test_the_wrong_end(wire: Wire):
    reader, writer = pipe(wire)
    for awaitable in (writer.read_bytes(1), reader.write(b"x")):
        with pytest.raises(StreamClosedError) as caught:
            await awaitable
        assert isinstance(caught.value.real_error, OSError)
