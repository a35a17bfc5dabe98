"""A loop whose readers and writers are those of a thread."""

import asyncio
import os
import socket
from typing import Any

import pytest

from waterspout.ioloop import IOLoop
from waterspout.platform.asyncio import AddThreadSelectorEventLoop as _Added
from waterspout.platform.asyncio import SelectorThread

# To mypy it is abstract, since it has its methods from the loop inside.
AddThreadSelectorEventLoop: Any = _Added


@pytest.fixture
def loop():
    loop = AddThreadSelectorEventLoop(asyncio.new_event_loop())
    yield loop
    loop.close()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


def run(loop, main):
    return loop.run_until_complete(asyncio.wait_for(main(), 60))


def test_readers(loop, pair):
    ours, theirs = pair
    got = []

    async def main():
        done = asyncio.get_running_loop().create_future()

        def read(name):
            got.append((name, ours.recv(10)))
            if len(got) == 2:
                loop.remove_reader(ours)
                done.set_result(None)
            else:
                theirs.send(b"two")

        loop.add_reader(ours, read, "it")
        theirs.send(b"one")
        await done

    run(loop, main)
    assert got == [("it", b"one"), ("it", b"two")]
    assert loop.remove_reader(ours) is False


def test_writers(loop, pair):
    ours, theirs = pair

    async def main():
        done = asyncio.get_running_loop().create_future()

        def write():
            assert loop.remove_writer(ours.fileno())
            ours.send(b"x")
            done.set_result(None)

        loop.add_writer(ours.fileno(), write)
        await done
        assert theirs.recv(1) == b"x"

    run(loop, main)


def test_a_removed_one_is_not_called(loop, pair):
    ours, theirs = pair

    async def main():
        done = asyncio.get_running_loop().create_future()
        other = os.dup(ours.fileno())

        def read(own, other):
            # Both are ready at once; the one that comes first takes away the other.
            loop.remove_reader(own)
            assert loop.remove_reader(other)
            done.set_result(None)

        loop.add_reader(ours.fileno(), read, ours.fileno(), other)
        loop.add_reader(other, read, other, ours.fileno())
        theirs.send(b"x")
        await done
        await asyncio.sleep(0)
        os.close(other)

    run(loop, main)


def test_a_callback_that_fails_is_told_and_survived(loop, pair):
    ours, theirs = pair
    told = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        done = asyncio.get_running_loop().create_future()

        def read():
            if ours.recv(1) == b"b":
                done.set_result(None)
            else:
                theirs.send(b"b")
                raise KeyError("a")

        loop.add_reader(ours, read)
        theirs.send(b"a")
        await done

    run(loop, main)
    assert [type(each["exception"]) for each in told] == [KeyError]


def test_a_closed_one_is_found_by_who_uses_it(loop, pair):
    ours, _ = pair

    async def main():
        done = asyncio.get_running_loop().create_future()
        number = ours.detach()

        def read():
            loop.remove_reader(number)
            with pytest.raises(OSError, match="Bad file"):
                os.read(number, 1)
            done.set_result(None)

        loop.add_reader(number, read)
        os.close(number)
        loop.add_reader(socket.socket.fileno(pair[1]), lambda: None)
        await done

    run(loop, main)


def test_errors():
    loop = asyncio.new_event_loop()
    thread = SelectorThread(loop)
    gone = socket.socket()
    gone.close()
    with pytest.raises(ValueError, match="no file descriptor"):
        thread.add_reader(gone, print)
    assert "open readers=1 writers=0" in repr(thread)
    thread.close()
    thread.close()
    assert repr(thread) == "<SelectorThread closed readers=0 writers=0>"
    with pytest.raises(RuntimeError, match="is closed"):
        thread.add_writer(0, print)
    loop.close()


def test_the_rest_is_the_real_loops(pair):
    real = asyncio.new_event_loop()
    loop = AddThreadSelectorEventLoop(real)
    assert loop.time.__self__ is real
    assert not loop.is_closed()
    loop.close()
    assert real.is_closed()


def test_handlers_of_an_ioloop(pair):
    ours, theirs = pair
    io_loop = IOLoop(
        make_current=False, asyncio_loop=AddThreadSelectorEventLoop(asyncio.new_event_loop())
    )
    got = []

    def read(fd, events):
        got.append((fd, events, ours.recv(1)))
        io_loop.stop()

    io_loop.add_handler(ours, read, IOLoop.READ)
    theirs.send(b"x")
    io_loop.start()
    assert got == [(ours, IOLoop.READ, b"x")]
    io_loop.close()
