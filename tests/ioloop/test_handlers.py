"""File descriptors: who is called, when, and with what."""

import os
import socket

import pytest

from waterspout.ioloop import IOLoop
from waterspout.ioloop.callbacks import Callbacks
from waterspout.ioloop.handlers import Handlers


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    with left, right:
        yield left, right


@pytest.fixture
def events(io_loop):
    """What handlers were called with, once each; the loop stops after each call.

    uvloop stops a pass later, and calls them again until then.
    """

    class Events(list):
        def note(self, fd, event):
            if (fd, event) not in self:
                self.append((fd, event))
            io_loop.stop()

    return Events()


def test_a_handler_is_called_when_there_is_something_to_read(io_loop, pair, events):
    io_loop.add_handler(pair[0], events.note, IOLoop.READ)
    pair[1].send(b"x")
    io_loop.start()
    assert events == [(pair[0], IOLoop.READ)]


def test_a_handler_is_called_when_it_can_write(io_loop, pair, events):
    io_loop.add_handler(pair[0], events.note, IOLoop.WRITE)
    io_loop.start()
    assert events == [(pair[0], IOLoop.WRITE)]


def test_a_handler_gets_the_number_that_was_given(io_loop, pair, events):
    io_loop.add_handler(pair[0].fileno(), events.note, IOLoop.WRITE)
    io_loop.start()
    assert events == [(pair[0].fileno(), IOLoop.WRITE)]
    io_loop.remove_handler(pair[0])  # By the object or by the number is the same.
    assert repr(io_loop).endswith("handlers=0>")


def test_a_hang_up_shows_as_something_to_read(io_loop, pair, events):
    io_loop.add_handler(pair[0], events.note, IOLoop.READ | IOLoop.ERROR)
    pair[1].close()
    io_loop.start()
    assert events == [(pair[0], IOLoop.READ)]


def test_update_changes_what_is_waited_for(io_loop, pair, events):
    left, right = pair
    right.send(b"x")
    io_loop.add_handler(left, events.note, IOLoop.WRITE)
    io_loop.update_handler(left, IOLoop.READ)
    io_loop.start()
    assert events == [(left, IOLoop.READ)]
    io_loop.update_handler(left, IOLoop.READ | IOLoop.WRITE)
    io_loop.start()
    assert (left, IOLoop.WRITE) in events
    events.clear()
    io_loop.update_handler(left, IOLoop.NONE)
    io_loop.stop()
    io_loop.start()
    assert events == []
    io_loop.update_handler(left, IOLoop.WRITE)
    io_loop.start()
    assert events == [(left, IOLoop.WRITE)]


def test_removed_is_not_called(io_loop, pair, events):
    io_loop.add_handler(pair[0], events.note, IOLoop.READ | IOLoop.WRITE)
    io_loop.remove_handler(pair[0])
    io_loop.remove_handler(pair[0])
    io_loop.stop()
    io_loop.start()
    assert events == []


def test_a_handler_that_removes_itself_is_called_once(io_loop, pair):
    """Though both events have occurred."""
    calls = []

    def handler(fd, event):
        calls.append(event)
        io_loop.remove_handler(fd)

    pair[1].send(b"x")
    io_loop.add_handler(pair[0], handler, IOLoop.READ | IOLoop.WRITE)
    for _ in range(3):
        io_loop.stop()
        io_loop.start()
    assert len(calls) == 1


def test_one_handler_for_one_descriptor(io_loop, pair):
    io_loop.add_handler(pair[0], print, IOLoop.READ)
    for fd in pair[0], pair[0].fileno():
        with pytest.raises(ValueError, match=r"fd \d+ added twice"):
            io_loop.add_handler(fd, print, IOLoop.READ)
    with pytest.raises(ValueError, match=r"fd \d+ has no handler"):
        io_loop.update_handler(pair[1], IOLoop.READ)


def test_an_object_that_was_closed_too_early_can_be_removed(io_loop, events):
    left, right = socket.socketpair()
    io_loop.add_handler(left, events.note, IOLoop.READ)
    number = left.fileno()
    left.close()
    io_loop.remove_handler(left)
    io_loop.remove_handler(left)
    right.close()
    # The number can be used again.
    left, right = socket.socketpair()
    with left, right:
        assert number in (left.fileno(), right.fileno())
        io_loop.add_handler(number, events.note, IOLoop.WRITE)
        io_loop.start()
        assert events == [(number, IOLoop.WRITE)]
        io_loop.remove_handler(number)


def test_exceptions_are_logged_and_survived(io_loop, pair, app_errors):
    calls = []
    error = ValueError("no")

    def handler(fd, event):
        calls.append(event)
        if len(calls) == 2:
            io_loop.remove_handler(fd)
            io_loop.stop()
        raise error

    io_loop.add_handler(pair[0], handler, IOLoop.WRITE)
    io_loop.start()
    assert len(calls) == 2
    assert app_errors() == [(f"Exception in callback {handler!r}", error)] * 2


def test_a_handler_can_be_a_coroutine_function(io_loop, pair):
    async def handler(fd, event):
        io_loop.remove_handler(fd)
        io_loop.stop()

    io_loop.add_handler(pair[0], handler, IOLoop.WRITE)
    io_loop.start()


def test_closing_the_loop_closes_descriptors_if_told_so(make_loop):
    for all_fds in False, True:
        left, right = socket.socketpair()
        read, write = os.pipe()
        loop = IOLoop(asyncio_loop=make_loop())
        loop.add_handler(left, print, IOLoop.READ)
        loop.add_handler(read, print, IOLoop.READ)
        loop.close(all_fds)
        assert (left.fileno() == -1) is all_fds
        if all_fds:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.close(read)
        else:
            os.close(read)
            left.close()
        right.close()
        os.close(write)


def test_they_show_themselves(io_loop, pair):
    handlers = Handlers(io_loop.asyncio_loop, Callbacks())
    handlers.add(pair[0], print, IOLoop.READ)
    assert repr(handlers) == f"<Handlers fds=[{pair[0].fileno()}]>"
    handlers.clear(all_fds=False)


def test_split_fd(io_loop, pair):
    assert io_loop.split_fd(7) == (7, 7)
    assert io_loop.split_fd(pair[0]) == (pair[0].fileno(), pair[0])


def test_close_fd(io_loop, pair):
    io_loop.close_fd(pair[0])
    assert pair[0].fileno() == -1
    read, write = os.pipe()
    io_loop.close_fd(read)
    io_loop.close_fd(read)
    with pytest.raises(BrokenPipeError):
        os.write(write, b"x")
    io_loop.close_fd(write)
