"""The blocking stream: system calls, deadlines kept by the kernel."""

import math
import socket
import sys
import threading
import time
from typing import cast

import pytest

from waterspout.net import BlockingNet, DeadlineError, run_blocking
from waterspout.net.blocking import BlockingStream

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
def pair():
    """A stream, the socket that it counts the calls of, and the peer's socket."""
    ours, theirs = socket.socketpair()
    counted = Counted(ours)
    yield BlockingStream(cast(socket.socket, counted)), counted, theirs
    ours.close()
    theirs.close()


def read(stream, seconds=20.0):
    return stream.read(time.monotonic() + seconds)


def write(stream, data, seconds=20.0):
    assert stream.write(data, time.monotonic() + seconds) is None


def test_two_system_calls_for_each_exchange(pair):
    stream, counted, theirs = pair
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


def test_the_system_says_that_the_peer_is_gone():
    class Silent:
        def recv(self, size):
            raise TimeoutError(110, "Connection timed out")

        send = recv

    stream = BlockingStream(cast(socket.socket, Silent()))
    with pytest.raises(TimeoutError, match="Connection timed out"):
        stream.read(math.inf)


@pytest.mark.skipif(sys.platform == "win32", reason="that is what it does there")
def test_where_the_kernel_keeps_no_deadlines(pair, monkeypatch):
    monkeypatch.setattr("waterspout.net.blocking._HAS_KERNEL_DEADLINES", False)
    stream, _, theirs = pair
    with pytest.raises(DeadlineError):
        read(stream, 0.05)
    with pytest.raises(DeadlineError):
        write(stream, b"x" * 50_000_000, 0.05)
    theirs.send(b"x")
    assert stream.read(math.inf) == b"x"


def test_a_farewell(pair):
    stream, _, theirs = pair
    stream.close(b"bye")
    stream.close(b"bye")
    assert theirs.recv(10) == b"bye"
    assert theirs.recv(10) == b""


def test_a_dropped_stream(pair):
    stream, counted, _ = pair
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
