"""Event loops beside Tornado's: one program, run on either, notes the same."""

import asyncio
import concurrent.futures
import datetime
import importlib
import logging
import os
import socket
import threading
from typing import Any

import pytest

pytest.importorskip("tornado", reason="Tornado is not installed")

# Tornado warns of make_current and of the like.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PROGRAMS: list[Any] = []


def program(function):
    """Take one into the comparison."""
    PROGRAMS.append(function)
    return function


class Recorder(logging.Handler):
    """Notes the beginning of what is logged."""

    def __init__(self, notes):
        super().__init__()
        self.notes = notes

    def emit(self, record):
        """Note it."""
        self.notes.append(record.getMessage().split("<")[0].split(" functools")[0].strip())


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_programs(program):
    notes = []
    for framework in ("tornado", "waterspout"):
        ioloop = importlib.import_module(f"{framework}.ioloop")
        log = importlib.import_module(f"{framework}.log").app_log
        noted: list[object] = []
        recorder = Recorder(noted)
        log.addHandler(recorder)
        log.propagate = False
        asyncio.set_event_loop(None)  # or asyncio makes one when it is asked for the first time
        try:
            program(ioloop, noted.append)
        finally:
            log.propagate = True
            log.removeHandler(recorder)
            asyncio.set_event_loop(None)
        notes.append(noted)
    assert notes[0] == notes[1]
    assert notes[0]


def outcome(function, *arguments):
    """Return what a function returns, or the kind of what it raises."""
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__


@program
def order(ioloop, note):
    loop = ioloop.IOLoop()
    loop.add_callback(note, "first")
    loop.add_callback(note, "second")
    loop.spawn_callback(note, "third")
    loop.add_callback_from_signal(note, "signal")
    loop.add_callback(loop.stop)
    loop.start()
    loop.call_later(0.04, note, "later")
    loop.call_later(0.02, note, "sooner")
    loop.call_later(-1, note, "past")
    loop.add_timeout(datetime.timedelta(milliseconds=60), note, "timedelta")
    loop.add_timeout(loop.time() + 0.08, note, "deadline")
    gone = loop.call_later(0.01, note, "removed")
    loop.remove_timeout(gone)
    loop.remove_timeout(gone)
    loop.call_at(loop.time() + 0.1, loop.stop)
    loop.start()
    loop.close()


@program
def failures(ioloop, note):
    loop = ioloop.IOLoop()

    async def fail_later():
        await asyncio.sleep(0)
        raise KeyError

    def fail():
        raise KeyError

    async def go_on():
        for _ in range(5):
            await asyncio.sleep(0)
        loop.call_later(0.001, fail)
        loop.call_later(0.002, loop.stop)

    loop.add_callback(fail)
    loop.add_callback(fail_later)
    loop.add_callback(note, "went on")
    loop.add_callback(go_on)
    loop.start()
    for bad in (fail, fail_later, lambda: None):
        note(outcome(loop.run_sync, bad))
    note(outcome(loop.run_sync, lambda: asyncio.sleep(3600), 0.001))
    note(outcome(loop.add_timeout, None, note))
    note(outcome(ioloop.PeriodicCallback, note, 0))
    loop.close()


@program
def which(ioloop, note):
    IOLoop = ioloop.IOLoop  # noqa: N806
    note(IOLoop.current(instance=False))
    loop = IOLoop()
    note([IOLoop.current() is loop, IOLoop.instance() is loop])
    other = IOLoop(make_current=False)
    note(IOLoop.current() is loop)
    other.make_current()
    note(IOLoop.current() is other)
    loop.install()
    note(IOLoop.current() is loop)
    IOLoop.clear_current()
    note(IOLoop.current(instance=False))

    def work():
        note(IOLoop.current(instance=False))
        own = IOLoop()
        note([IOLoop.current() is own, own is loop])
        own.close()
        note(IOLoop.current(instance=False))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    async def running():
        return IOLoop.current() is loop, loop.asyncio_loop is asyncio.get_running_loop()

    note(loop.run_sync(running))
    loop.close()
    other.close()
    note(type(IOLoop(make_current=True)).__name__)
    IOLoop.current().close()


@program
def futures_and_executors(ioloop, note):
    loop = ioloop.IOLoop()
    main = threading.get_ident()

    def done(future):
        note([future.result(), threading.get_ident() == main])

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        loop.set_default_executor(pool)
        loop.add_future(pool.submit(abs, -1), done)
        loop.add_future(loop.run_in_executor(None, abs, -2), done)
        note(loop.run_sync(lambda: loop.run_in_executor(pool, abs, -3)))
        note(loop.run_sync(lambda: asyncio.sleep(0.01, 4)))
    loop.close()


@program
def descriptors(ioloop, note):
    loop = ioloop.IOLoop()
    ours, theirs = socket.socketpair()

    def handle(fd, events):
        note([fd is ours, events == loop.READ, fd.recv(9)])
        loop.remove_handler(fd)
        loop.stop()

    loop.add_handler(ours, handle, loop.READ)
    note(outcome(loop.add_handler, ours, handle, loop.READ))
    loop.update_handler(ours, loop.READ)
    theirs.send(b"text")
    loop.start()
    loop.remove_handler(ours)
    note(loop.split_fd(ours) == (ours.fileno(), ours))
    note(loop.split_fd(7))
    number = os.dup(ours.fileno())
    loop.close_fd(number)
    loop.close_fd(number)
    note(outcome(os.fstat, number))
    loop.add_handler(theirs, handle, loop.READ)
    loop.close(all_fds=True)
    note([ours.fileno() == -1, theirs.fileno() == -1])
    ours.close()


@program
def periods(ioloop, note):
    loop = ioloop.IOLoop()
    calls = []

    async def slow():
        calls.append("begins")
        await asyncio.sleep(0)
        calls.append("ends")
        if len(calls) == 6:
            periodic.stop()
            loop.stop()

    def fail():
        calls.append("fails")
        if len(calls) == 9:
            failing.stop()
            loop.stop()
        raise KeyError

    periodic = ioloop.PeriodicCallback(slow, datetime.timedelta(milliseconds=1))
    failing = ioloop.PeriodicCallback(fail, 1, jitter=0.1)
    note([periodic.callback_time, periodic.is_running()])
    for each in (periodic, failing):
        each.start()
        note(each.is_running())
        loop.start()
        note(each.is_running())
        each.stop()
    note(calls)
    loop.close()


@program
def configured(ioloop, note):
    platform: Any = importlib.import_module(f"{ioloop.__name__.split('.')[0]}.platform.asyncio")

    class Mine(platform.AsyncIOLoop):  # type: ignore[misc]
        def initialize(self, **kwargs):
            super().initialize(**kwargs)
            self.mine = True

    ioloop.IOLoop.configure(Mine)
    try:
        loop = ioloop.IOLoop()
        note([type(loop).__name__, loop.mine])
        loop.close()
    finally:
        ioloop.IOLoop.configure(None)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    main = platform.AsyncIOMainLoop()
    note([ioloop.IOLoop.current() is main, main.asyncio_loop is loop])
    note(outcome(platform.AsyncIOMainLoop))
    main.close()
    note(loop.is_closed())
