"""Streams in a loop: reading, writing, ends, deadlines. On asyncio's loop and on uvloop."""

import asyncio
import errno
import math
import socket
import time

import pytest
from tests.httpclient.places import full_backlog
from tests.net.loops import in_loop, soon

from waterspout.net import AsyncNet, DeadlineError, asynchronous
from waterspout.net.interface import Address


async def read(stream, deadline):
    got = stream.read(deadline)
    return got if isinstance(got, bytes) else await got


async def connect(net):
    """Return a stream and the socket of its peer."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = Address(socket.AF_INET, listener.getsockname())
        stream, (peer, _) = await asyncio.gather(
            net.start(net.connect(address, soon(20))), loop.sock_accept(listener)
        )
    peer.setblocking(False)
    return stream, peer


def stream_test(function):
    """Make a test of a coroutine function whose arguments are a net, a stream, and its peer."""

    async def main(net):
        stream, peer = await connect(net)
        try:
            await function(net, stream, peer)
        finally:
            stream.close()
            peer.close()

    main.__name__ = function.__name__
    main.__doc__ = function.__doc__
    return in_loop(main)


@stream_test
async def test_there_and_back(net, stream, peer):
    loop = asyncio.get_running_loop()
    assert stream.write(b"ping", soon(20)) is None
    assert await loop.sock_recv(peer, 10) == b"ping"
    reading = net.start(read(stream, soon(20)))
    peer.send(b"pong")
    assert await reading == b"pong"
    assert stream.read_now() is None
    assert stream.is_quiet(ask=True)


@stream_test
async def test_what_comes_unasked(net, stream, peer):
    peer.send(b"one")
    for _ in range(10_000):
        if not stream.is_quiet(ask=True):
            break
        time.sleep(0.001)  # noqa: ASYNC251 - the loop must not notice
    assert stream.is_quiet(ask=False)
    for _ in range(10_000):
        if not stream.is_quiet(ask=False):
            break
        await asyncio.sleep(0)
    assert await net.start(read(stream, 0.0)) == b"one"


@stream_test
async def test_an_end(net, stream, peer):
    reading = net.start(read(stream, soon(20)))
    peer.shutdown(socket.SHUT_WR)
    assert await reading == b""
    assert stream.read_now() == b""
    assert not stream.is_quiet(ask=False)
    stream.write(b"still heard", soon(20))
    assert await asyncio.get_running_loop().sock_recv(peer, 20) == b"still heard"


@stream_test
async def test_a_reset(net, stream, peer):
    reading = net.start(read(stream, soon(20)))
    reset(peer)
    with pytest.raises(ConnectionResetError):
        await reading
    with pytest.raises(ConnectionResetError):
        stream.write(b"x", soon(20))


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()


@pytest.mark.parametrize("looks", [True, False])
def test_what_was_said_before_a_reset(run, looks):
    """It is had even where the loop first hears of the reset, when it writes."""

    async def say_and_go(net, stream, peer):
        peer.send(b"enough")
        reset(peer)
        stream.write(b"x", soon(20))
        said = stream.read_now() if looks else None
        if said is None:
            said = await net.start(read(stream, soon(20)))
        assert said == b"enough"
        with pytest.raises(ConnectionError):
            await net.start(read(stream, soon(20)))

    stream_test(say_and_go)(run)


@stream_test
async def test_who_writes_on_without_a_pause_hears_of_a_reset(net, stream, peer):
    """A loop that is not let run can't tell, but what it knows already is told."""
    reset(peer)

    async def write_on():
        while True:
            waiting = stream.write(b"x" * 100_000, soon(20))
            stream.read_now()
            if waiting is not None:
                await waiting

    with pytest.raises(ConnectionError):
        await net.start(write_on())


@stream_test
async def test_a_deadline_of_a_read(net, stream, peer):
    with pytest.raises(DeadlineError):
        await net.start(read(stream, soon()))
    peer.send(b"late")
    assert await net.start(read(stream, soon(20))) == b"late"


@stream_test
async def test_a_peer_that_does_not_read(net, stream, peer):
    async def flow(deadline):
        while True:
            waiting = stream.write(b"x" * 1_000_000, deadline)
            if waiting is not None:
                await waiting

    with pytest.raises(DeadlineError):
        await net.start(flow(soon()))
    writing = net.start(flow(soon(20)))
    assert not writing.done()
    stream.close()
    with pytest.raises(ConnectionError):
        await writing


@stream_test
async def test_a_peer_that_does_not_stop(net, stream, peer):
    """It is held back as long as nobody reads, and nothing gets lost."""
    loop = asyncio.get_running_loop()
    data = bytes(range(256)) * 40_000
    sending = asyncio.ensure_future(loop.sock_sendall(peer, data))
    for _ in range(1000):  # many more passes than it takes to fill what there is between the two
        await asyncio.sleep(0)
    assert not sending.done()
    received = b""
    while len(received) < len(data):
        received += await net.start(read(stream, soon(20)))
    assert received == data
    await sending


@stream_test
async def test_a_farewell(net, stream, peer):
    loop = asyncio.get_running_loop()
    stream.close(b"bye")
    stream.close(b"bye")
    assert await loop.sock_recv(peer, 10) == b"bye"
    assert await loop.sock_recv(peer, 10) == b""
    with pytest.raises(ConnectionError):
        stream.read_now()


@stream_test
async def test_a_cancelled_reader(net, stream, peer):
    reading = net.start(read(stream, math.inf))
    reading.cancel()
    peer.send(b"x")
    assert await net.start(read(stream, soon(20))) == b"x"


@in_loop
async def test_a_connection_that_is_refused(net):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = Address(socket.AF_INET, unused.getsockname())
        with pytest.raises(ConnectionRefusedError):
            await net.start(net.connect(address, soon(20)))


@in_loop
async def test_a_connection_that_is_not_wanted_any_more(net):
    """Cancelled in each pass of the loop in turn, it leaves nothing open, and no gate."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address(socket.AF_INET, listener.getsockname())

        async def connect_and_read():
            stream = await net.connect(address, math.inf)
            try:
                await stream.read(math.inf)
            finally:
                stream.close()

        for passes in range(12):
            connecting = net.start(connect_and_read())
            for _ in range(passes):
                await asyncio.sleep(0)
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            for _ in range(1000):
                await asyncio.sleep(0)
                if repr(net._gates) == "<Gates 0>":
                    break
            else:
                pytest.fail(repr(net._gates))


@in_loop
async def test_a_connection_that_is_left(net):
    """In each pass of the loop in turn, awaited by nobody: it is closed, and there is no gate."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = Address(socket.AF_INET, listener.getsockname())
        for passes in range(6):
            opening = net.begin_connecting(address, math.inf)
            for _ in range(passes):
                await asyncio.sleep(0)
            opening.leave()
            opening.leave()
            peer, _ = await loop.sock_accept(listener)
            peer.setblocking(False)
            try:
                assert await loop.sock_recv(peer, 1) == b""
            except ConnectionResetError:
                pass
            peer.close()
            assert repr(net._gates) == "<Gates 0>"


class Distant(socket.socket):
    """A socket whose connection is never there at once."""

    is_begun = False

    def connect_ex(self, address):
        if self.is_begun:
            return errno.EALREADY
        self.is_begun = True
        return super().connect_ex(address)


def distant(address):
    made = Distant(address.family)
    made.setblocking(False)
    return made


@in_loop
async def test_a_connection_that_takes_its_time(net):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asynchronous, "new_loop_socket", distant)
        stream, peer = await connect(net)
        peer.send(b"x")
        assert await net.start(read(stream, soon(20))) == b"x"
        stream.close()
        peer.close()
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = Address(socket.AF_INET, unused.getsockname())
            with pytest.raises(ConnectionRefusedError):
                await net.start(net.connect(address, soon(20)))


@in_loop
async def test_a_connection_that_nobody_accepts(net):
    with full_backlog() as port:
        address = Address(socket.AF_INET, ("127.0.0.1", port))
        with pytest.raises(DeadlineError):
            await net.start(net.connect(address, soon(0.01)))
        connecting = net.start(net.connect(address, math.inf))
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        net.begin_connecting(address, math.inf).leave()
    await asyncio.sleep(0)
    assert repr(net._gates) == "<Gates 0>"


@in_loop
async def test_names(net):
    found = await net.start(net.resolve("localhost", 80, socket.AF_INET, soon(20)))
    assert found == [Address(socket.AF_INET, ("127.0.0.1", 80))]
    found = await net.start(net.resolve("::1", 80, socket.AF_UNSPEC, 0.0))
    assert found == [Address(socket.AF_INET6, ("::1", 80, 0, 0))]
    with pytest.raises(socket.gaierror):
        await net.start(net.resolve("::1", 80, socket.AF_INET, soon(20)))


def test_the_end_of_a_loop(run):
    """What waits is cancelled, and what is open can be closed."""
    ended = []

    async def main():
        net = AsyncNet(asyncio.get_running_loop())
        stream, peer = await connect(net)
        net.on_end_of_loop = lambda: ended.append(stream.close())
        peer.send(b"x")
        assert await net.start(read(stream, math.inf)) == b"x"
        ended.append(net.start(read(stream, math.inf)))
        ended.append(peer)

    run(main)
    reading, peer, closed = ended
    assert reading.cancelled()
    assert closed is None
    assert peer.recv(10) == b""
    peer.close()
