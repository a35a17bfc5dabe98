"""The blocking stream: system calls, deadlines kept by the kernel."""

import errno
import math
import signal
import socket
import struct
import sys
import threading
import time
from typing import cast

import pytest
from tests.httpclient.places import full_backlog
from tests.httpclient.scripted_server import eventually

from waterspout.net import BlockingNet, CallbackError, DeadlineError, run_blocking
from waterspout.net.blocking import BlockingStream
from waterspout.net.interface import Address

NET = BlockingNet()


class Counted:
    """A socket that counts the calls of its methods."""

    def __init__(self, wrapped: socket.socket) -> None:
        self._wrapped = wrapped
        self.calls: list[str] = []

    def __getattr__(self, name):
        method = getattr(self._wrapped, name)

        def call(*arguments):
            self.calls.append(name)
            return method(*arguments)

        return call


@pytest.fixture
def counted_pair():
    """A stream, the socket that it counts the calls of, and the peer's socket."""
    ours, theirs = socket.socketpair()
    counted = Counted(ours)
    yield BlockingStream(cast(socket.socket, counted)), counted, theirs
    ours.close()
    theirs.close()


@pytest.fixture(params=["plain", "another kind"])
def pair(request):
    """A stream over a socket, its socket, and the peer's.

    That of a plain one asks the system itself where it is compiled; others are asked to do it.
    """
    ours, theirs = socket.socketpair()
    wrapped = ours if request.param == "plain" else cast(socket.socket, Counted(ours))
    yield BlockingStream(wrapped), ours, theirs
    ours.close()
    theirs.close()


def read(stream, seconds=20.0):
    return stream.read(time.monotonic() + seconds)


def write(stream, data, seconds=20.0):
    assert stream.write(data, time.monotonic() + seconds) is None


WAYS_TO_WAIT = {
    "read": read,
    "read_into": lambda stream, seconds: stream.read_into(
        memoryview(bytearray(1)), time.monotonic() + seconds
    ),
    "write": lambda stream, seconds: write(stream, b"x" * 50_000_000, seconds),
}


def test_two_system_calls_for_each_exchange(counted_pair):
    stream, counted, theirs = counted_pair
    for number in range(5):
        write(stream, b"ping")
        theirs.send(b"pong")
        assert read(stream) == b"pong"
        if not number:
            counted.calls.clear()
    assert counted.calls == ["send", "recv"] * 4


def test_an_end(pair):
    stream, _, theirs = pair
    theirs.close()
    assert read(stream) == b""
    assert stream.read_now() == b""
    assert not stream.is_quiet(ask=True)
    assert stream.is_quiet(ask=False)


def test_without_waiting(pair):
    stream, _, theirs = pair
    assert stream.read_now() is None
    assert stream.is_quiet(ask=True)
    theirs.send(b"x")
    assert not stream.is_quiet(ask=True)
    assert stream.read_now() == b"x"


@pytest.mark.parametrize("more", [b"x", b""])
@pytest.mark.parametrize("way", ["read", "read_now", "read_into"])
def test_who_may_have_left_something_looks(pair, way, more):
    """A read that fills its room may be all there was, or not."""
    stream, ours, theirs = pair
    size = {"read": 16 * 1024, "read_now": 64 * 1024, "read_into": 100}[way]
    theirs.sendall(bytes(size) + more)
    eventually(lambda: len(ours.recv(size + 2, socket.MSG_PEEK)) == size + len(more))
    if way == "read_into":
        room = memoryview(bytearray(size))
        assert stream.read_into(room, time.monotonic() + 20) == size
    else:
        assert len(read(stream) if way == "read" else stream.read_now()) == size
    assert stream.is_quiet(ask=False) is not bool(more)
    if more:
        assert read(stream) == more
        assert stream.is_quiet(ask=False)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.05])
def test_a_deadline(pair, seconds):
    stream, _, _ = pair
    for _ in range(2):
        begun = time.monotonic()
        with pytest.raises(DeadlineError):
            read(stream, seconds)
        assert max(0, seconds - 0.001) <= time.monotonic() - begun < 5


def test_deadlines_of_all_lengths_one_after_the_other(pair):
    """A short one that was set before does not hit the next, nor does a long one."""
    stream, _, theirs = pair
    with pytest.raises(DeadlineError):
        read(stream, 0.02)
    timer = threading.Timer(0.1, theirs.send, [b"late"])
    timer.start()
    assert read(stream, 20) == b"late"
    timer.join()
    with pytest.raises(DeadlineError):
        read(stream, 0.02)
    timer = threading.Timer(0.1, theirs.send, [b"late"])
    timer.start()
    assert stream.read(math.inf) == b"late"
    timer.join()
    with pytest.raises(DeadlineError):
        read(stream, 0.02)


def test_a_peer_that_does_not_read(pair):
    stream, _, _ = pair
    with pytest.raises(DeadlineError):
        write(stream, b"x" * 50_000_000, 0.05)


def test_a_peer_that_reads_a_little_at_a_time(pair):
    """Every send makes progress, and still the deadline holds."""
    stream, _, theirs = pair
    over = threading.Event()

    def sip():
        while not over.wait(0.01):
            theirs.recv(1000)

    sipper = threading.Thread(target=sip)
    sipper.start()
    try:
        with pytest.raises(DeadlineError):
            write(stream, b"x" * 50_000_000, 0.1)
    finally:
        over.set()
        sipper.join()


def test_a_large_write(pair):
    stream, _, theirs = pair
    data = bytes(range(256)) * 40_000
    received = bytearray()

    def drink():
        while len(received) < len(data):
            received.extend(theirs.recv(65536))

    drinker = threading.Thread(target=drink)
    drinker.start()
    write(stream, data)
    drinker.join()
    assert received == data


def test_pieces_are_small_until_that_is_too_little(pair):
    stream, _, theirs = pair
    ours_first = 16 * 1024
    theirs.send(b"a" * (ours_first - 1))
    assert len(read(stream)) == ours_first - 1
    data = bytes(range(256)) * 512
    sender = threading.Thread(target=theirs.sendall, args=[data])
    sender.start()
    first = read(stream)
    assert first == data[: len(first)]
    assert len(first) <= ours_first
    received = bytearray(first)
    while len(received) < len(data):
        piece = read(stream)
        assert 0 < len(piece) <= 64 * 1024
        received += piece
    sender.join()
    assert received == data


@pytest.mark.parametrize("size", [1, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 65 * 1024])
def test_what_was_sent_at_once_comes_whole(pair, size):
    stream, ours, theirs = pair
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    for _ in range(3):
        data = bytes(range(251)) * (size // 251 + 1)
        theirs.sendall(data[:size])
        received = read(stream)
        while len(received) < size:
            received += read(stream)
        assert received == data[:size]


@pytest.mark.parametrize("data", [b"", b"bytes", bytearray(b"array"), memoryview(b"a view")[2:]])
def test_what_can_be_sent(pair, data):
    stream, _, theirs = pair
    write(stream, data)
    write(stream, b".")
    assert theirs.recv(100) == bytes(data) + b"."


@pytest.mark.parametrize("data", ["text", None, 5, [b"list"]])
def test_what_can_not_be_sent(pair, data):
    stream, _, _ = pair
    with pytest.raises(TypeError):
        write(stream, data)


def test_the_peer_has_gone(pair):
    stream, _, theirs = pair
    theirs.close()
    with pytest.raises(BrokenPipeError) as caught:
        write(stream, b"x")
    assert caught.value.errno == errno.EPIPE


def test_a_closed_stream_is_no_other_ones(pair):
    """The number of its descriptor may belong to another file by now."""
    stream, _, _ = pair
    stream.close()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"secret")
        for ask in (lambda: read(stream), lambda: write(stream, b"x")):
            with pytest.raises(OSError, match="Bad file descriptor"):
                ask()


def test_a_reset():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = BlockingStream(socket.create_connection(listener.getsockname()))
        theirs, _ = listener.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        with pytest.raises(ConnectionResetError) as caught:
            read(stream)
        assert caught.value.errno == errno.ECONNRESET
        stream.close()


@pytest.fixture
def alarms():
    """Set what is to be done on a signal that comes every millisecond until there were five."""
    count = 0

    def begin(act):
        def on_alarm(number, frame):
            nonlocal count
            count += 1
            if count == 5:
                signal.setitimer(signal.ITIMER_REAL, 0)
                act()

        signal.signal(signal.SIGALRM, on_alarm)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)

    before = signal.getsignal(signal.SIGALRM)
    yield begin
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_signals_do_not_end_a_read(pair, alarms):
    """Their handlers run while it goes on; PEP 475."""
    stream, _, theirs = pair
    alarms(lambda: theirs.send(b"from the handler"))
    assert read(stream) == b"from the handler"


@pytest.fixture
def many_alarms():
    """A signal that comes every five milliseconds; it ends after a minute, and so do its tests."""
    left = 12_000

    def on_alarm(number, frame):
        nonlocal left
        left -= 1
        if not left:
            raise AssertionError("no deadline was kept")

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("way", WAYS_TO_WAIT)
def test_signals_do_not_put_off_a_deadline(pair, many_alarms, way):
    stream, _, _ = pair
    with pytest.raises(DeadlineError):
        WAYS_TO_WAIT[way](stream, 0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_what_a_handler_raises_ends_a_read(pair, alarms):
    stream, _, theirs = pair

    def act():
        raise KeyboardInterrupt

    alarms(act)
    with pytest.raises(KeyboardInterrupt):
        read(stream)
    theirs.send(b"later")
    assert read(stream) == b"later"


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_what_a_handler_raises_ends_a_write(pair, alarms):
    stream, ours, _ = pair
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    def act():
        raise KeyboardInterrupt

    alarms(act)
    with pytest.raises(KeyboardInterrupt):
        write(stream, b"x" * 50_000_000)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("way", WAYS_TO_WAIT)
def test_a_handler_that_says_that_time_is_up(pair, alarms, way):
    """That is no deadline of ours, and nothing that the system says."""
    stream, _, _ = pair

    def act():
        raise TimeoutError("of the program")

    alarms(act)
    with pytest.raises(CallbackError) as caught:
        WAYS_TO_WAIT[way](stream, 20)
    assert repr(caught.value.__cause__) == "TimeoutError('of the program')"


def test_others_run_while_one_waits(pair):
    stream, _, theirs = pair
    sender = threading.Thread(target=lambda: theirs.send(b"from another thread"))
    sender.start()
    assert read(stream) == b"from another thread"
    sender.join()


def test_the_system_says_that_the_peer_is_gone():
    class Silent:
        def recv(self, size):
            raise TimeoutError(110, "Connection timed out")

        send = recv

    stream = BlockingStream(cast(socket.socket, Silent()))
    with pytest.raises(TimeoutError, match="Connection timed out"):
        stream.read(math.inf)


def test_a_socket_of_another_kind_keeps_deadlines_itself(counted_pair):
    stream, counted, theirs = counted_pair
    with pytest.raises(DeadlineError):
        read(stream, 0.05)
    with pytest.raises(DeadlineError):
        write(stream, b"x" * 50_000_000, 0.05)
    theirs.send(b"x")
    assert stream.read(math.inf) == b"x"
    assert "settimeout" in counted.calls
    assert "setsockopt" not in counted.calls


def test_a_farewell(pair):
    stream, _, theirs = pair
    stream.close(b"bye")
    stream.close(b"bye")
    assert theirs.recv(10) == b"bye"
    assert theirs.recv(10) == b""


def test_a_dropped_stream(counted_pair):
    stream, counted, _ = counted_pair
    stream.drop()
    assert counted.calls == ["close"]


def test_waiting_for_another_thread():
    waiter = NET.waiter()
    with pytest.raises(DeadlineError):
        run_blocking(waiter.wait(time.monotonic() + 0.01))
    timer = threading.Timer(0.01, waiter.wake)
    timer.start()
    run_blocking(waiter.wait(math.inf))
    run_blocking(waiter.wait(0.0))
    timer.join()
    waiter.wake()
    run_blocking(waiter.wait(math.inf))


def test_a_flow_that_awaits_something_else():
    class Forever:
        def __await__(self):
            yield

    async def flow():
        await Forever()

    with pytest.raises(RuntimeError, match="no event loop"):
        run_blocking(flow())


def test_settling():
    async def coroutine():
        return 5

    class Awaitable:
        def __await__(self):
            return iter(())

    assert run_blocking(NET.settle(None, 0.0)) is None
    assert run_blocking(NET.settle("text", 0.0)) == "text"
    assert run_blocking(NET.settle(coroutine(), 0.0)) == 5
    assert run_blocking(NET.settle(Awaitable(), 0.0)) is None


def test_what_was_started_is_done():
    async def good():
        return 5

    async def bad():
        raise ZeroDivisionError

    async def flow(started):
        return await started

    assert run_blocking(flow(NET.start(good()))) == 5
    started = NET.start(bad())
    with pytest.raises(ZeroDivisionError):
        run_blocking(flow(started))


def test_reading_into_room(pair):
    stream, _counted, theirs = pair
    room = bytearray(8)
    theirs.sendall(b"12345")
    assert stream.read_into(memoryview(room)[2:], math.inf) == 5
    assert room == b"\0\x0012345\0"
    theirs.sendall(b"abcdef")
    assert stream.read_into(memoryview(room)[:4], math.inf) == 4
    assert read(stream) == b"ef"
    theirs.close()
    assert stream.read_into(memoryview(room), math.inf) == 0


def test_reading_into_room_has_a_deadline(pair):
    stream, _, _ = pair
    for seconds in (0.001, 0.0):
        with pytest.raises(DeadlineError):
            stream.read_into(memoryview(bytearray(1)), time.monotonic() + seconds)


def test_nothing_is_sent_after_the_deadline(pair):
    stream, _, theirs = pair
    with pytest.raises(DeadlineError):
        write(stream, b"late", 0.0)
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        theirs.recv(10)


def soon(seconds: float) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
@pytest.mark.parametrize("seconds", [20.0, math.inf])
def test_connecting(host, seconds):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with socket.create_server((host, 0), family=family) as listener:
        port = listener.getsockname()[1]
        stream = NET.connect_now(Address(family, (host, port)), soon(seconds))
        theirs, _ = listener.accept()
        theirs.send(b"x")
        assert read(stream) == b"x"
        stream.close()
        theirs.close()


def test_nobody_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            NET.connect_now(Address(socket.AF_INET, unused.getsockname()), soon(20))


@pytest.mark.parametrize("port", [-1, 65_536, 2**70])
def test_a_port_that_is_none(port):
    with pytest.raises(OverflowError):
        NET.connect_now(Address(socket.AF_INET, ("127.0.0.1", port)), soon(20))


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.01])
def test_nobody_accepts(seconds):
    with full_backlog() as port, pytest.raises(DeadlineError):
        NET.connect_now(Address(socket.AF_INET, ("127.0.0.1", port)), soon(seconds))


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_signals_do_not_end_connecting(alarms):
    """And the deadline is kept for all that."""
    handled = []
    alarms(lambda: handled.append(True))
    with full_backlog() as port, pytest.raises(DeadlineError):
        NET.connect_now(Address(socket.AF_INET, ("127.0.0.1", port)), soon(0.2))
    assert handled


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_what_a_handler_raises_ends_connecting(alarms):
    def act():
        raise KeyboardInterrupt

    with full_backlog() as port:
        alarms(act)
        with pytest.raises(KeyboardInterrupt):
            NET.connect_now(Address(socket.AF_INET, ("127.0.0.1", port)), math.inf)
