"""Several addresses at once: which is tried when, and what becomes of those that lose."""

import asyncio
import contextlib
import errno
import gc
import math
import socket
import sys
import time

import pytest
import uvloop

from waterspout.net import Address, AsyncNet, BlockingNet, DeadlineError, run_blocking
from waterspout.net.racing import ATTEMPT_DELAY, Race

V4 = socket.AF_INET
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "refused")


def addresses(count):
    return [Address(V4, (f"192.0.2.{number}", 80)) for number in range(count)]


def test_one_attempt_after_the_other():
    one, two, three = addresses(3)
    race = Race([one, two, three])
    assert race.next_start <= 0.0
    assert race.begin(100.0) is one
    assert race.next_start == 100.0 + ATTEMPT_DELAY
    assert race.begin(100.5) is two
    assert race.next_start == 100.5 + ATTEMPT_DELAY
    assert race.begin(101.0) is three
    assert race.next_start == math.inf
    assert not race.is_lost


def test_a_failure_lets_the_next_one_begin_at_once():
    one, two = addresses(2)
    race = Race([one, two])
    race.fail(race.begin(100.0), REFUSED)
    assert race.next_start <= 100.0
    assert not race.is_lost
    race.fail(race.begin(100.0), OSError(errno.EHOSTUNREACH, "no route"))
    assert race.is_lost
    assert race.next_start == math.inf
    error = race.failure()
    assert error.errno == errno.EHOSTUNREACH
    assert error.strerror == "192.0.2.0: refused; 192.0.2.1: no route"


def test_a_failure_of_the_first_while_the_second_is_under_way():
    one, two = addresses(2)
    race = Race([one, two])
    race.begin(100.0)
    race.begin(100.25)
    race.fail(one, REFUSED)
    assert race.next_start == math.inf
    assert not race.is_lost


def test_attempts_are_bounded_and_so_is_what_is_told_of_them():
    race = Race(addresses(200))
    tried = 0
    while not race.is_lost:
        race.fail(race.begin(100.0), REFUSED)
        tried += 1
    assert tried == 32
    error = race.failure()
    assert isinstance(error, ConnectionRefusedError)
    assert error.strerror == (
        "192.0.2.0: refused; 192.0.2.1: refused; 192.0.2.2: refused; and 29 more"
    )


def test_a_failure_without_a_number_is_told_as_it_is():
    race = Race(addresses(1))
    error = OSError("odd")
    race.fail(race.begin(0.0), error)
    assert race.failure() is error


# On sockets


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def hole():
    """An address that neither accepts nor refuses: its queue is full."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = Address(V4, listening.getsockname())
        for _ in range(8):
            filling = stack.enter_context(socket.socket())
            filling.settimeout(0.05)
            try:
                filling.connect(address.sockaddr)
            except TimeoutError:
                break
        else:
            pytest.skip("this system accepts more than it was asked to")
        yield address


@pytest.fixture
def refusing():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield Address(V4, unused.getsockname())


def block(candidates, deadline):
    stream = run_blocking(BlockingNet().connect_any(candidates, deadline))
    connected = getattr(stream, "_socket", None)  # hidden where it is compiled
    assert connected is None or connected.getblocking()
    stream.close(b"hello")


async def _await(candidates, deadline):
    net = AsyncNet(asyncio.get_running_loop())
    try:
        stream = await net.start(net.connect_any(candidates, deadline))
        stream.close(b"hello")
    finally:
        for _ in range(3):
            await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        net.close()
        assert not others


def wait(candidates, deadline):
    with asyncio.Runner() as runner:
        runner.run(_await(candidates, deadline))


def wait_on_uvloop(candidates, deadline):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_await(candidates, deadline))


@pytest.fixture(params=[block, wait, wait_on_uvloop])
def connect(request):
    def connect(*candidates, seconds=20.0):
        request.param(candidates, time.monotonic() + seconds)

    yield connect
    gc.collect()  # a socket that was left open is a warning, and that an error


def heard(listener):
    """Whether a connection that won comes next, but for those that lost; return its address."""
    listener.settimeout(20)
    while True:
        accepted, peer = listener.accept()
        with accepted:
            accepted.settimeout(20)
            try:
                if accepted.recv(5) == b"hello":
                    return peer
            except ConnectionError:
                pass


@pytest.mark.slow
def test_a_silent_address_does_not_hold_up_the_next(connect, hole, listener):
    good = Address(V4, listener.getsockname())
    connect(hole, good)
    heard(listener)
    connect(good, hole)
    heard(listener)
    connect(hole, hole, good, good)
    heard(listener)


def test_an_address_that_refuses_does_not_either(connect, refusing, listener):
    good = Address(V4, listener.getsockname())
    connect(refusing, good)
    heard(listener)


def test_an_address_that_cannot_be_tried_does_not_either(connect, listener):
    good = Address(V4, listener.getsockname())
    strange = Address(V4, ("127.0.0.1", 1), source="192.0.2.77")
    connect(strange, good)
    heard(listener)


def test_all_refuse(connect, refusing):
    with pytest.raises(ConnectionRefusedError, match=r"127\.0\.0\.1: .*; 127\.0\.0\.1: "):
        connect(refusing, refusing)


@pytest.mark.slow
def test_none_answers_in_time(connect, hole):
    with pytest.raises(DeadlineError):
        connect(hole, hole, hole, seconds=0.4)


def test_too_late_to_begin(connect, hole):
    with pytest.raises(DeadlineError):
        connect(hole, hole, seconds=-1)


def test_without_a_deadline(connect, refusing, listener):
    good = Address(V4, listener.getsockname())
    connect(refusing, good, seconds=math.inf)
    heard(listener)


def test_who_loses_in_the_same_moment_is_closed(connect, listener):
    """Both connect at once where the loop was busy meanwhile."""
    good = Address(V4, listener.getsockname())
    for _ in range(5):
        connect(good, good)
        heard(listener)


# Where from


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 is the only one")
def test_from_a_local_address(connect, listener):
    good = Address(V4, listener.getsockname(), source="127.0.0.2")
    connect(good)
    assert heard(listener)[0] == "127.0.0.2"


def test_from_an_address_that_is_not_ours(connect, listener):
    good = Address(V4, listener.getsockname(), source="192.0.2.77")
    with pytest.raises(OSError, match=r"cannot connect from '192\.0\.2\.77': "):
        connect(good)


@pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="interfaces have no names here")
def test_from_an_interface(connect, listener):
    good = Address(V4, listener.getsockname(), source="lo")
    connect(good)
    heard(listener)
    with pytest.raises(OSError, match="cannot connect from 'nothing': "):
        connect(Address(V4, listener.getsockname(), source="nothing"))


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no unix sockets here")
def test_to_a_unix_socket(connect, tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        connect(Address(socket.AF_UNIX, path))
        heard(listening)
    with pytest.raises(ConnectionRefusedError):
        connect(Address(socket.AF_UNIX, path))
    with pytest.raises(FileNotFoundError):
        connect(Address(socket.AF_UNIX, str(tmp_path / "no")))
