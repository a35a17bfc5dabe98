"""A stream on a socket: reads that wait for what they want, writes until they are sent."""

import asyncio
import errno
import gc
import logging
import socket
import weakref
from typing import Any

import pytest
from tests.iostream.connected import connected, why
from tests.wire.server_under_test import Wire, turns

from waterspout.iostream import (
    IOStream,
    StreamBufferFullError,
    StreamClosedError,
    UnsatisfiableReadError,
)
from waterspout.iostream.targets import Pattern
from waterspout.netutil import bind_sockets, bind_unix_socket

# Read


async def test_read_bytes(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"abcdef")
    assert await stream.read_bytes(2) == b"ab"
    assert await stream.read_bytes(0) == b""
    assert await stream.read_bytes(100, partial=True) == b"cdef"
    reading = stream.read_bytes(3)
    assert stream.reading()
    await peer.send(b"gh")
    await turns()
    assert not reading.done()
    await peer.send(b"ijk")
    assert await reading == b"ghi"
    assert not stream.reading()
    assert await stream.read_bytes(2) == b"jk"


async def test_read_partial_waits_for_something(wire: Wire):
    stream, peer = connected(wire)
    reading = stream.read_bytes(10, partial=True)
    await turns()
    assert not reading.done()
    await peer.send(b"ab")
    assert await reading == b"ab"


async def test_read_bytes_refuses_what_is_no_number(wire: Wire):
    stream, _ = connected(wire)
    with pytest.raises(ValueError, match="of -1 bytes"):
        stream.read_bytes(-1)
    with pytest.raises(TypeError):
        stream.read_bytes("a")  # type: ignore[arg-type]
    assert not stream.reading()


async def test_read_until(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"one\r")
    reading = stream.read_until(b"\r\n")
    await turns()
    await peer.send(b"\ntwo\r\nthree")
    assert await reading == b"one\r\n"
    assert await stream.read_until(b"\r\n") == b"two\r\n"
    delimiter = bytearray(b"!")
    reading = stream.read_until(delimiter)  # type: ignore[arg-type]
    delimiter[:] = b"?"
    await peer.send(b"?!")
    assert await reading == b"three?!"
    with pytest.raises(ValueError, match="not empty"):
        stream.read_until(b"")


@pytest.mark.parametrize("has_come", [True, False])
@pytest.mark.parametrize(("size", "is_good"), [(4, True), (3, True), (2, False), (1, False)])
async def test_read_until_within_a_number_of_bytes(wire: Wire, caplog, has_come, size, is_good):
    caplog.set_level(logging.INFO)
    stream, peer = connected(wire)
    if has_come:
        await peer.send(b"abX")
        reading = stream.read_until(b"X", max_bytes=size)
    else:
        reading = stream.read_until(b"X", max_bytes=size)
        await peer.send(b"abX")
    if is_good:
        assert await reading == b"abX"
    else:
        assert isinstance(await why(reading), UnsatisfiableReadError)
        assert stream.closed()
        assert f"delimiter b'X' not found within {size} bytes" in caplog.text


async def test_a_read_that_cannot_be_met_once_the_stream_is_closed(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"abX")
    peer.close()
    assert await stream.read_bytes(1) == b"a"
    while not stream.closed():
        with pytest.raises(StreamClosedError):
            await stream.read_bytes(100)
    assert isinstance(await why(stream.read_until(b"X", max_bytes=1)), UnsatisfiableReadError)
    assert await stream.read_until(b"X", max_bytes=2) == b"bX"


async def test_read_until_regex(wire: Wire):
    stream, peer = connected(wire)
    reading = stream.read_until_regex(rb"\d\r?\n")
    await peer.send(b"ab1\n")
    assert await reading == b"ab1\n"
    reading = stream.read_until_regex(rb"\n", max_bytes=3)
    await peer.send(b"abcd")
    assert isinstance(await why(reading), UnsatisfiableReadError)


async def test_a_pattern_in_many_bytes_is_found_without_more_of_them(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"x" * (Pattern.SMALL + 1))
    reading = stream.read_until_regex(rb"\n")
    await turns()
    await peer.send(b"\n")
    assert await reading == b"x" * (Pattern.SMALL + 1) + b"\n"


async def test_a_pattern_in_many_bytes_that_have_come(wire: Wire):
    stream, peer = connected(wire)
    data = b"x" * 100_000 + b"\n"
    sending = asyncio.ensure_future(peer.send(data + b"y" * 10_000))
    await turns()
    assert await stream.read_until_regex(rb"\n") == data
    await sending


async def test_read_into(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"abc")
    assert await stream.read_bytes(1) == b"a"
    buffer = bytearray(5)
    reading = stream.read_into(buffer)
    await turns()
    assert not reading.done()
    await peer.send(b"defgh")
    assert await reading == 5
    assert buffer == b"bcdef"
    buffer.append(0)  # nothing holds it any more
    assert await stream.read_bytes(2) == b"gh"


async def test_read_into_partial(wire: Wire):
    stream, peer = connected(wire)
    buffer = bytearray(5)
    reading = stream.read_into(buffer, partial=True)
    await peer.send(b"ab")
    assert await reading == 2
    assert buffer == b"ab\0\0\0"
    assert await stream.read_into(bytearray(), partial=False) == 0


async def test_read_into_that_fails_takes_nothing(wire: Wire):
    stream, peer = connected(wire)
    reading = stream.read_into(bytearray(5))
    await peer.send(b"abc")
    await turns()
    peer.close()
    assert await why(reading) is None
    assert await stream.read_bytes(3) == b"abc"


async def test_read_into_that_is_cancelled_takes_nothing(wire: Wire):
    stream, peer = connected(wire)
    reading = stream.read_into(bytearray(5))
    await peer.send(b"abc")
    await turns()
    reading.cancel()
    assert not stream.reading()
    assert await stream.read_bytes(3) == b"abc"


async def test_nothing_goes_into_a_buffer_that_was_taken_back(wire: Wire):
    stream, peer = connected(wire)
    stream.set_close_callback(lambda: None)
    buffer = bytearray(5)
    stream.read_into(buffer).cancel()
    await peer.send(b"abc")
    await turns()
    assert buffer == bytes(5)
    buffer.append(0)  # nothing holds it
    assert await stream.read_bytes(3) == b"abc"


async def test_a_large_buffer_that_was_taken_back(wire: Wire):
    stream, peer = connected(wire, max_buffer_size=10)
    reading = stream.read_into(bytearray(100))
    await peer.send(b"x" * 49 + b"\n")
    await turns()
    reading.cancel()
    assert await stream.read_until(b"\n") == b"x" * 49 + b"\n"
    again = stream.read_into(bytearray(100))
    await peer.send(b"x" * 50)
    await turns()
    again.cancel()
    line = stream.read_until(b"\n")
    await peer.send(b"x")
    assert isinstance(await why(line), StreamBufferFullError)


async def test_read_until_close(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"abc")
    reading = stream.read_until_close()
    await turns()
    await peer.send(b"def")
    peer.close()
    assert await reading == b"abcdef"
    assert stream.closed()
    assert await stream.read_until_close() == b""


async def test_one_read_at_a_time(wire: Wire):
    stream, peer = connected(wire)
    first = stream.read_bytes(1)
    for read in (lambda: stream.read_bytes(1), lambda: stream.read_into(bytearray(1))):
        with pytest.raises(AssertionError, match="Already reading"):
            read()
    await peer.send(b"a")
    assert await first == b"a"


async def test_a_read_that_is_cancelled_takes_nothing(wire: Wire):
    stream, peer = connected(wire)
    reading = stream.read_until(b"\n")
    await peer.send(b"abc")
    await turns()
    reading.cancel()
    await turns()
    reading = stream.read_bytes(4)
    await peer.send(b"d")
    assert await reading == b"abcd"


async def test_a_read_from_who_has_closed(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"abc")
    peer.close()
    assert await stream.read_bytes(2) == b"ab"
    assert await why(stream.read_bytes(2)) is None
    assert stream.closed()
    assert await stream.read_bytes(1) == b"c"
    with pytest.raises(StreamClosedError):
        stream.read_bytes(1)


async def test_more_than_the_buffer_may_hold(wire: Wire, caplog):
    stream, peer = connected(wire, max_buffer_size=10)
    await peer.send(b"x" * 100)
    assert stream.read_chunk_size == 5
    assert await stream.read_bytes(10) == b"x" * 10
    assert isinstance(await why(stream.read_until(b"\n")), StreamBufferFullError)
    assert stream.closed()
    assert isinstance(stream.error, StreamBufferFullError)
    assert "Reached maximum read buffer size" in caplog.text


async def test_exactly_what_the_buffer_may_hold(wire: Wire):
    stream, peer = connected(wire, max_buffer_size=10)
    await peer.send(b"x" * 9 + b"\n")
    assert await stream.read_until(b"\n") == b"x" * 9 + b"\n"
    await peer.send(b"y" * 10)
    peer.close()
    assert await stream.read_until_close() == b"y" * 10


async def test_a_read_beyond_what_the_buffer_may_hold(wire: Wire):
    stream, _ = connected(wire, max_buffer_size=10)
    with pytest.raises(StreamBufferFullError, match="max_buffer_size, 10"):
        stream.read_bytes(11)
    assert stream.closed()


async def test_who_does_not_read_keeps_the_rest_in_the_kernel(wire: Wire):
    stream, peer = connected(wire, max_buffer_size=1000)
    closed: list[bool] = []
    stream.set_close_callback(lambda: closed.append(True))
    await peer.send(b"x" * 5000)
    await turns()
    assert len(stream._incoming.data) <= stream.read_chunk_size
    peer.close()
    received = b""
    while len(received) < 5000:
        received += await stream.read_bytes(100, partial=True)
    await turns()
    assert received == b"x" * 5000
    assert closed == [True]


# Write


async def test_write(wire: Wire):
    stream, peer = connected(wire)
    await stream.write(b"abc")
    await stream.write(memoryview(b"def"))
    await stream.write(bytearray(b"ghi"))
    await stream.write(b"")
    assert not stream.writing()
    assert await peer.read(9) == b"abcdefghi"
    with pytest.raises(TypeError):
        stream.write("abc")  # type: ignore[arg-type]


async def test_a_write_waits_until_it_is_sent(wire: Wire):
    stream, peer = connected(wire, send_buffer=4096)
    large = bytes(range(256)) * 4096
    futures = [stream.write(large), stream.write(b"one"), stream.write(b"two"), stream.write(b"")]
    await turns()
    assert stream.writing()
    assert not any(future.done() for future in futures)
    assert await peer.read(len(large) + 6) == large + b"onetwo"
    await asyncio.gather(*futures)
    assert not stream.writing()


async def test_writes_are_done_one_after_the_other(wire: Wire):
    stream, peer = connected(wire, send_buffer=4096)
    pieces = [b"%d" % number * 100_000 for number in range(5)]
    done: list[int] = []

    async def write(number: int) -> None:
        await stream.write(pieces[number])
        done.append(number)

    writing = asyncio.gather(*[write(number) for number in range(5)])
    assert await peer.read(500_000) == b"".join(pieces)
    await writing
    assert done == [0, 1, 2, 3, 4]


async def test_more_than_may_be_unsent(wire: Wire):
    stream, peer = connected(wire, max_write_buffer_size=1000, send_buffer=4096)
    with pytest.raises(StreamBufferFullError):
        stream.write(b"x" * 1001)
    sent = 0
    while not stream.writing():
        stream.write(b"x" * 1000)
        sent += 1000
    with pytest.raises(StreamBufferFullError):
        stream.write(b"x" * 1000)
    assert stream.writing()
    assert not stream.closed()
    assert await peer.read(sent) == b"x" * sent


async def test_a_write_to_who_has_closed(wire: Wire):
    stream, peer = connected(wire)
    peer.close()
    assert isinstance(await why(stream.write(b"x")), BrokenPipeError)
    assert stream.closed()


# Connect


async def test_connect(wire: Wire):
    [listener] = bind_sockets(0, "127.0.0.1")
    with listener:
        stream = IOStream(socket.socket())
        wire.streams.append(stream)
        connecting = stream.connect(listener.getsockname())
        with pytest.raises(AssertionError, match="Already connecting"):
            stream.connect(listener.getsockname())
        early = stream.write(b"early ")
        assert await connecting is stream
        await early
        stream.set_nodelay(True)
        assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        stream.set_nodelay(False)
        assert not stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert stream.get_fd_error() is None
        with listener.accept()[0] as peer:
            await stream.write(b"late")
            stream.close()
            assert peer.recv(100, socket.MSG_WAITALL) == b"early late"


async def test_connect_to_a_unix_socket(wire: Wire, tmp_path):
    path = str(tmp_path / "socket")
    with bind_unix_socket(path) as listener:
        stream = IOStream(socket.socket(socket.AF_UNIX))
        wire.streams.append(stream)
        await stream.connect(path)
        stream.set_nodelay(True)
        with listener.accept()[0] as peer:
            peer.send(b"abc")
            assert await stream.read_bytes(3) == b"abc"


async def test_connect_where_nobody_listens(wire: Wire):
    [listener] = bind_sockets(0, "127.0.0.1")
    address = listener.getsockname()
    listener.close()
    stream = IOStream(socket.socket())
    early = stream.connect(address), stream.write(b"x")
    for future in early:
        assert isinstance(await why(future), ConnectionRefusedError)
    assert stream.closed()
    assert isinstance(stream.get_fd_error(), StreamClosedError)
    with pytest.raises(StreamClosedError):
        stream.connect(address)


async def test_connect_to_no_address(wire: Wire, tmp_path):
    stream = IOStream(socket.socket(socket.AF_UNIX))
    error = await why(stream.connect(str(tmp_path / "nowhere")))
    assert isinstance(error, OSError)
    assert error.errno == errno.ENOENT


async def test_a_stream_shows_itself(wire: Wire):
    stream, peer = connected(wire)
    await peer.send(b"ab")
    await stream.read_bytes(1)
    assert repr(stream) == f"<IOStream fd={stream.fileno()} unread=1 unsent=0>"
    stream.close()
    assert repr(stream) == "<IOStream closed unread=1 unsent=0>"


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_an_echo(wire: Wire, size):
    stream, peer = connected(wire)

    async def echo() -> None:
        while True:
            await stream.write(await stream.read_bytes(size, partial=True))

    task = asyncio.ensure_future(echo())
    sent = bytes(range(256)) * 40
    for start in range(0, len(sent), 1000):
        await peer.send(sent[start : start + 1000])
    assert await peer.read(len(sent)) == sent
    peer.close()
    await why(task)


@pytest.mark.parametrize("end", ["reset", "delimiter", "write", "connect"])
async def test_what_fails_leaves_nothing_to_collect(wire: Wire, end):
    streams: list[weakref.ref[IOStream]] = []

    async def fail() -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            stream = IOStream(ours)
            streams.append(weakref.ref(stream))
            reading: asyncio.Future[Any]
            if end == "reset":
                theirs.send(b"never read")
                stream.write(b"never read")
                reading = stream.read_until_regex(b"!")
                theirs.close()
            elif end == "delimiter":
                theirs.send(b"never read")
                reading = stream.read_until(b"!", max_bytes=5)
            elif end == "write":
                theirs.close()
                reading = stream.write(b"in vain")
            else:
                stream.close()
                stream = IOStream(socket.socket(socket.AF_UNIX))
                streams.append(weakref.ref(stream))
                reading = stream.connect("/nobody/listens")
            await asyncio.wait([reading])
            assert isinstance(stream.error, OSError | UnsatisfiableReadError)
            await turns()

    gc.disable()
    try:
        await fail()
        await turns()
        assert [stream() for stream in streams] == [None] * len(streams)
    finally:
        gc.enable()
