"""What has not been sent, without a connection."""

import asyncio
import socket

import pytest

from waterspout.httpserver.unsent import Unsent
from waterspout.iostream import StreamClosedError


class Transport:
    size = 0

    def get_write_buffer_size(self) -> int:
        return self.size


@pytest.fixture
def loop():
    """A loop that never runs: nothing here waits."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def looked_at(size: int) -> tuple[Transport, Unsent]:
    transport = Transport()
    unsent = Unsent(transport)
    transport.size = size
    unsent.look()
    return transport, unsent


def test_less_has_moved():
    transport, unsent = looked_at(10)
    transport.size = 9
    assert unsent.has_moved()
    assert unsent.size() == 9
    assert not unsent.has_moved()


def test_more_may_have_moved_and_counts_once():
    transport, unsent = looked_at(10)
    transport.size = 11
    assert unsent.has_moved()
    transport.size = 12
    assert not unsent.has_moved()
    unsent.look()
    transport.size = 13
    assert unsent.has_moved()


def test_nothing_has_not_moved():
    transport, unsent = looked_at(10)
    transport.size = 0
    assert not unsent.has_moved()


def test_who_waits_is_released(loop):
    _, unsent = looked_at(10)
    waiters = [unsent.waiter(loop) for _ in range(2)]
    waiters[0].cancel()
    unsent.release()
    assert waiters[1].result() is None
    unsent.fail(None)


def test_who_waits_in_vain_hears_of_it(loop):
    _, unsent = looked_at(10)
    waiters = [unsent.waiter(loop) for _ in range(2)]
    waiters[0].cancel()
    unsent.fail(OSError("gone"))
    assert isinstance(waiters[1].exception(), StreamClosedError)
    unsent.release()


def test_a_socket_that_is_closed_already_needs_no_reset():
    class Closed(Transport):
        def get_extra_info(self, name: str) -> socket.socket:
            sock = socket.socket()
            sock.close()
            return sock

    Unsent(Closed()).reset_on_close()
