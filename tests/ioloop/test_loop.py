"""IOLoop: which loop it is, starting and stopping, callbacks, timeouts, executors."""

import asyncio
import concurrent.futures
import datetime
import functools
import gc
import os
import signal
import socket
import threading
import time
import weakref
from typing import Any

import pytest

from waterspout.ioloop import AsyncIOLoop, IOLoop


def passes(io_loop, count=1):
    """Run the loop for some passes."""
    for _ in range(count):
        io_loop.stop()
        io_loop.start()


def in_thread(function):
    """Call the function in another thread; return what it returns."""
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


# Which loop


def test_current_makes_one_where_there_is_none():
    assert IOLoop.current(instance=False) is None
    io_loop = IOLoop.current()
    assert IOLoop.current() is io_loop
    assert IOLoop.current(instance=False) is io_loop
    assert IOLoop.instance() is io_loop
    io_loop.close()


def test_current_is_the_face_of_the_running_loop(loop):
    async def main():
        assert IOLoop.current(instance=False) is None
        io_loop = IOLoop.current()
        assert io_loop.asyncio_loop is loop
        assert IOLoop.current(instance=False) is io_loop
        return io_loop

    assert loop.run_until_complete(main()) is loop.run_until_complete(_current())
    assert IOLoop.current(instance=False) is None


async def _current():
    return IOLoop.current()


def test_current_is_the_face_of_the_loop_that_asyncio_was_given(loop):
    asyncio.set_event_loop(loop)
    assert IOLoop.current().asyncio_loop is loop


def test_the_running_loop_comes_first(io_loop, make_loop):
    other = IOLoop(asyncio_loop=make_loop())
    assert IOLoop.current() is other
    assert io_loop.run_sync(_current) is io_loop
    assert IOLoop.current() is other
    other.close()


def test_a_new_one_is_current_unless_told_otherwise():
    first = IOLoop()
    assert IOLoop.current() is first
    second = IOLoop()
    assert IOLoop.current() is second
    third = IOLoop(make_current=False)
    assert IOLoop.current() is second
    third.make_current()
    assert IOLoop.current() is third
    first.install()
    assert IOLoop.current() is first
    IOLoop.clear_current()
    assert IOLoop.current(instance=False) is None
    second.make_current()
    IOLoop.clear_instance()
    assert IOLoop.current(instance=False) is None
    for io_loop in first, second, third:
        io_loop.close()


def test_a_loop_has_one_face(loop):
    io_loop = IOLoop(asyncio_loop=loop)
    with pytest.raises(RuntimeError, match="already associated"):
        IOLoop(asyncio_loop=loop)
    assert IOLoop.current() is io_loop


def test_each_thread_has_its_own():
    io_loop = IOLoop.current()

    def work():
        assert IOLoop.current(instance=False) is None
        other = IOLoop.current()
        assert other is not io_loop
        assert other.run_sync(_current) is other
        other.close()
        assert IOLoop.current(instance=False) is None

    in_thread(work)
    assert IOLoop.current() is io_loop
    io_loop.close()


def test_loops_that_others_close_do_not_pile_up():
    async def main():
        return weakref.ref(IOLoop.current()), weakref.ref(asyncio.get_running_loop())

    references = asyncio.run(main())
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_a_closed_loop_is_not_current(make_loop):
    io_loop = IOLoop(asyncio_loop=make_loop())
    io_loop.close()
    assert IOLoop.current(instance=False) is None
    io_loop = IOLoop(asyncio_loop=make_loop())
    io_loop.asyncio_loop.close()
    assert IOLoop.current(instance=False) is None
    again = IOLoop.current()
    assert again is not io_loop
    again.close()


def test_closing_one_that_is_not_current_leaves_the_current_one(io_loop):
    IOLoop(make_current=False).close()
    assert IOLoop.current() is io_loop


def test_a_subclass_can_be_configured(loop):
    class Mine(IOLoop):
        pass

    try:
        IOLoop.configure(Mine)
        asyncio.set_event_loop(loop)
        assert type(IOLoop.current()) is Mine
    finally:
        IOLoop.configure(None)
    assert IOLoop.configured_class() is AsyncIOLoop


def test_it_shows_itself(io_loop):
    kind = type(io_loop.asyncio_loop).__module__.partition(".")[0]
    assert repr(io_loop) == f"<AsyncIOLoop {kind} stopped handlers=0>"
    assert io_loop.run_sync(_shown) == f"<AsyncIOLoop {kind} running handlers=0>"
    io_loop.close()
    assert repr(io_loop) == f"<AsyncIOLoop {kind} closed handlers=0>"


async def _shown():
    return repr(IOLoop.current())


# Start, stop, close


def test_start_returns_after_stop_and_can_be_called_again(io_loop):
    calls: list[Any] = []
    for number in range(3):
        io_loop.add_callback(calls.append, number)
        io_loop.add_callback(io_loop.stop)
        io_loop.start()
        assert calls == list(range(number + 1))


def test_a_stop_that_comes_first_lets_one_pass_be_made(io_loop):
    calls: list[Any] = []

    def callback():
        calls.append(1)
        io_loop.add_callback(calls.append, 2)

    io_loop.add_callback(callback)
    io_loop.stop()
    io_loop.start()
    assert calls[0] == 1
    passes(io_loop, 2)
    assert calls == [1, 2]


def test_start_refuses_a_loop_that_runs(io_loop, app_errors):
    io_loop.add_callback(io_loop.start)
    io_loop.add_callback(io_loop.stop)
    io_loop.start()
    [(_, error)] = app_errors()
    assert isinstance(error, RuntimeError)


def test_stop_from_a_signal_handler_wakes_the_loop_up(io_loop):
    for stop in io_loop.stop, functools.partial(io_loop.add_callback_from_signal, io_loop.stop):
        previous = signal.signal(signal.SIGUSR1, lambda *_, stop=stop: stop())
        try:
            with concurrent.futures.ThreadPoolExecutor(1) as executor:
                # Most likely after the loop has gone to sleep: that takes but microseconds.
                io_loop.add_callback(executor.submit, os.kill, os.getpid(), signal.SIGUSR1)
                io_loop.start()
        finally:
            signal.signal(signal.SIGUSR1, previous)


def test_a_loop_that_runs_is_not_closed(io_loop, app_errors):
    io_loop.add_callback(io_loop.close)
    passes(io_loop)
    [(_, error)] = app_errors()
    assert str(error) == "Cannot close a running event loop"


def test_after_it_was_closed(make_loop):
    io_loop = IOLoop(asyncio_loop=make_loop())
    io_loop.close()
    io_loop.close()
    io_loop.stop()
    io_loop.add_callback(print)
    io_loop.spawn_callback(print)
    io_loop.add_callback_from_signal(print)
    io_loop.remove_handler(0)
    in_thread(lambda: io_loop.add_callback(print))
    for function in io_loop.start, lambda: io_loop.call_later(1, print):
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            function()


def test_closing_leaves_no_resource_open(make_loop):
    """Or there would be a ResourceWarning, which is an error in these tests."""
    io_loop = IOLoop(asyncio_loop=make_loop())
    io_loop.run_sync(functools.partial(io_loop.run_in_executor, None, int))
    io_loop.close()
    del io_loop
    gc.collect()


# Callbacks


def test_callbacks_are_called_in_turn_with_their_arguments(io_loop):
    calls: list[Any] = []

    def note(*args, **kwargs):
        calls.append((args, kwargs))

    io_loop.add_callback(note, 1, a=2)
    io_loop.spawn_callback(note, 3)
    io_loop.add_callback_from_signal(note, b=4)
    assert calls == []
    passes(io_loop)
    assert calls == [((1,), {"a": 2}), ((3,), {}), ((), {"b": 4})]


def test_a_callback_added_by_a_callback_comes_later(io_loop):
    calls: list[Any] = []

    def callback():
        io_loop.add_callback(calls.append, "later")
        calls.append("now")

    io_loop.add_callback(callback)
    passes(io_loop, 2)
    assert calls == ["now", "later"]


def test_another_thread_is_told_what_it_may_call(io_loop):
    """What it would ask for might come late, or never: nobody wakes the loop up."""
    ours, theirs = socket.socketpair()

    def mistakes():
        for method, *arguments in (
            (io_loop.call_later, 0, print),
            (io_loop.call_at, 0, print),
            (io_loop.add_timeout, datetime.timedelta(0), print),
            (io_loop.add_handler, ours, print, IOLoop.READ),
            (io_loop.update_handler, ours, IOLoop.READ),
        ):
            with pytest.raises(RuntimeError, match="another thread: from here only add_callback"):
                method(*arguments)
        return True

    async def main():
        return await io_loop.run_in_executor(None, mistakes)

    with ours, theirs:
        assert io_loop.run_sync(main)
        # One that does not run yet may be prepared anywhere.
        assert in_thread(lambda: io_loop.call_later(3600, print))


def test_an_executor_that_is_none(io_loop):
    with pytest.raises(TypeError, match="not 3"):
        io_loop.set_default_executor(3)


def test_a_callback_from_another_thread_wakes_the_loop_up(io_loop):
    started = threading.Event()

    def work():
        started.wait()
        io_loop.add_callback(callback)

    def callback():
        calls.append(threading.current_thread())
        io_loop.stop()

    calls: list[Any] = []
    io_loop.add_callback(started.set)
    thread = threading.Thread(target=work)
    thread.start()
    io_loop.start()
    thread.join()
    assert calls == [threading.current_thread()]


def test_a_callback_for_a_loop_that_runs_in_another_thread(io_loop, make_loop):
    """That this thread runs one of its own doesn't matter."""
    other = IOLoop(make_current=False, asyncio_loop=make_loop())
    thread = threading.Thread(target=other.start)
    thread.start()
    done = threading.Event()

    async def main():
        other.add_callback(done.set)
        other.add_callback(other.stop)

    io_loop.run_sync(main)
    thread.join()
    assert done.is_set()
    other.close()


def test_a_failing_callback_is_logged_and_survived(io_loop, app_errors):
    calls: list[Any] = []

    def fail():
        raise ValueError("plain")

    async def fail_later():
        await asyncio.sleep(0)
        raise ValueError("coroutine")

    io_loop.add_callback(fail)
    io_loop.add_callback(fail_later)
    io_loop.call_later(0, fail)
    io_loop.add_callback(calls.append, 1)
    passes(io_loop, 5)
    assert calls == [1]
    errors = app_errors()
    assert sorted(message for message, _ in errors) == sorted(
        f"Exception in callback {function!r}" for function in (fail, fail_later, fail)
    )
    assert {type(error) for _, error in errors} == {ValueError}


def test_a_runtime_error_in_add_callback_is_not_hidden(io_loop, monkeypatch):
    def fail(*args):
        raise RuntimeError("of another kind")

    monkeypatch.setattr(io_loop.asyncio_loop, "call_soon_threadsafe", fail)
    with pytest.raises(RuntimeError, match="of another kind"):
        io_loop.add_callback(print)
    monkeypatch.undo()


def test_add_future_calls_back_in_a_later_pass(io_loop):
    calls: list[Any] = []
    future = io_loop.asyncio_loop.create_future()
    future.set_result(42)

    def add():
        io_loop.add_future(future, calls.append)
        assert calls == []

    io_loop.add_callback(add)
    passes(io_loop, 3)
    assert calls == [future]


def test_add_future_takes_the_future_of_an_executor(io_loop):
    calls: list[Any] = []

    def callback(future):
        calls.append((future.result(), threading.current_thread()))
        io_loop.stop()

    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        io_loop.add_future(executor.submit(lambda: 42), callback)
        io_loop.start()
    assert calls == [(42, threading.current_thread())]


def test_add_future_logs_the_failure_of_the_callback(io_loop, app_errors):
    future = io_loop.asyncio_loop.create_future()
    future.set_exception(ValueError("no"))

    def callback(future):
        future.result()

    io_loop.add_future(future, callback)
    passes(io_loop, 2)
    [(message, error)] = app_errors()
    assert message == f"Exception in callback {callback!r}"
    assert str(error) == "no"


def test_add_future_takes_futures_only(io_loop):
    coroutine = _current()
    with pytest.raises(TypeError, match="needs a future"):
        io_loop.add_future(coroutine, print)
    coroutine.close()


# Timeouts


@pytest.fixture
def clock(fake_clock_loop, monkeypatch):
    """An IOLoop on a clock that doesn't wait; `time.time()` goes along."""
    monkeypatch.setattr(time, "time", lambda: 1e9 + fake_clock_loop.now)
    return IOLoop(asyncio_loop=fake_clock_loop)


@pytest.mark.parametrize(
    "schedule",
    [
        lambda clock, *call: clock.call_later(3, *call),
        lambda clock, *call: clock.call_at(clock.time() + 3, *call),
        lambda clock, *call: clock.add_timeout(clock.time() + 3, *call),
        lambda clock, *call: clock.add_timeout(datetime.timedelta(seconds=3), *call),
    ],
    ids=["call_later", "call_at", "add_timeout", "timedelta"],
)
def test_a_timeout(clock, schedule):
    start = clock.time()
    calls: list[Any] = []

    def callback(*args, **kwargs):
        calls.append((clock.time() - start, args, kwargs))

    schedule(clock, functools.partial(callback, a=1), 2)
    clock.remove_timeout(schedule(clock, callback))
    clock.call_later(4, clock.stop)
    clock.start()
    assert calls == [(pytest.approx(3, abs=1e-3), (2,), {"a": 1})]


def test_timeouts_take_keyword_arguments(clock):
    calls: list[Any] = []

    def callback(**kwargs):
        calls.append(kwargs)

    clock.call_later(0, callback, a=1)
    clock.call_at(clock.time(), callback, b=2)
    clock.add_timeout(clock.time(), callback, c=3)
    clock.call_later(1, clock.stop)
    clock.start()
    assert sorted(calls, key=str) == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_a_timeout_in_the_past_comes_at_once(io_loop):
    calls: list[Any] = []
    io_loop.call_later(-1, calls.append, 1)
    io_loop.call_at(io_loop.time() - 1, calls.append, 2)
    io_loop.add_timeout(datetime.timedelta(-1), calls.append, 3)
    io_loop.call_later(0.001, io_loop.stop)
    io_loop.start()
    assert sorted(calls) == [1, 2, 3]


def test_a_timeout_can_be_removed_after_it_came(io_loop):
    handle = io_loop.call_later(0, io_loop.stop)
    io_loop.start()
    io_loop.remove_timeout(handle)
    io_loop.remove_timeout(handle)


def test_a_deadline_is_a_number_or_a_timedelta(io_loop):
    with pytest.raises(TypeError, match="a deadline is a point of time"):
        io_loop.add_timeout("tomorrow", print)


def test_the_time_is_that_of_the_day(io_loop):
    before = time.time()
    assert before <= io_loop.time() <= time.time()


# Executors


def test_run_in_executor(io_loop):
    thread = io_loop.run_sync(
        lambda: io_loop.run_in_executor(None, lambda *args: (args, threading.current_thread()), 1)
    )
    assert thread[0] == (1,)
    assert thread[1] is not threading.current_thread()


def test_the_default_executor_can_be_set(io_loop):
    name = "mine"

    async def names():
        ours = await io_loop.run_in_executor(None, lambda: threading.current_thread().name)
        return ours, await asyncio.to_thread(lambda: threading.current_thread().name)

    io_loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix=name))
    assert io_loop.run_sync(names) == ("mine_0", "mine_0")


def test_the_default_executor_can_be_of_any_kind(io_loop):
    class Here(concurrent.futures.Executor):
        def submit(self, function, /, *args, **kwargs):
            future: concurrent.futures.Future = concurrent.futures.Future()
            future.set_result((function(*args), threading.current_thread()))
            return future

    executor = Here()
    io_loop.set_default_executor(executor)
    value = io_loop.run_sync(lambda: io_loop.run_in_executor(None, int, "42"))
    assert value == (42, threading.current_thread())
    value = io_loop.run_sync(lambda: io_loop.run_in_executor(Here(), int, "43"))
    assert value[0] == 43


def test_an_executor_that_was_set_is_shut_down_with_the_loop(make_loop):
    io_loop = IOLoop(asyncio_loop=make_loop())
    executor = concurrent.futures.ThreadPoolExecutor(1)
    io_loop.set_default_executor(executor)
    io_loop.close()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(int)
