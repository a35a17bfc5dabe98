"""PeriodicCallback on a clock that the tests set."""

import asyncio
import datetime
import gc
import random
import weakref

import pytest

from waterspout.ioloop import IOLoop, PeriodicCallback


@pytest.fixture
def clock(fake_clock_loop):
    """The loop, and a function that runs it for some seconds of its own time."""
    IOLoop(asyncio_loop=fake_clock_loop)
    return fake_clock_loop


def run(loop, seconds):
    """Run the loop for `seconds` on its clock."""
    loop.call_at(loop.now + seconds, loop.stop)
    loop.run_forever()


@pytest.fixture
def times(clock):
    """Seconds after the start of the test at which the callback was called."""
    return Times(clock)


class Times(list):
    def __init__(self, loop):
        super().__init__()
        self.loop = loop
        self.start = loop.now

    def note(self):
        self.append(pytest.approx(self.loop.now - self.start, abs=1e-6))


def test_it_is_called_at_multiples_of_the_interval(clock, times):
    periodic = PeriodicCallback(times.note, 100)
    assert not periodic.is_running()
    periodic.start()
    assert periodic.is_running()
    run(clock, 0.55)
    assert times == [0.1, 0.2, 0.3, 0.4, 0.5]
    periodic.stop()
    assert not periodic.is_running()
    run(clock, 1)
    assert len(times) == 5


def test_the_interval_can_be_a_timedelta(clock, times):
    periodic = PeriodicCallback(times.note, datetime.timedelta(minutes=1))
    assert periodic.callback_time == 60_000
    periodic.start()
    run(clock, 150)
    assert times == [60, 120]


@pytest.mark.parametrize("interval", [0, -1, float("nan"), datetime.timedelta(0)])
def test_the_interval_is_positive(interval):
    with pytest.raises(ValueError, match="more than 0 milliseconds, not"):
        PeriodicCallback(print, interval)


@pytest.mark.parametrize("interval", ["1000", None])
def test_the_interval_is_a_number(interval):
    with pytest.raises(TypeError, match="callback_time is milliseconds, or a timedelta, not"):
        PeriodicCallback(print, interval)


def test_a_call_that_takes_time_does_not_shift_the_next(clock, times):
    def callback():
        times.note()
        clock.now += 0.03

    PeriodicCallback(callback, 100).start()
    run(clock, 0.35)
    assert times == [0.1, 0.2, 0.3]


def test_times_that_were_missed_are_left_out(clock, times):
    def callback():
        times.note()
        if len(times) == 1:
            clock.now += 0.25

    PeriodicCallback(callback, 100).start()
    run(clock, 0.65)
    assert times == [0.1, 0.4, 0.5, 0.6]


def test_a_loop_that_was_blocked_calls_once_and_goes_back_to_the_grid(clock, times):
    PeriodicCallback(times.note, 100).start()
    clock.call_later(0.15, lambda: setattr(clock, "now", times.start + 0.55))
    run(clock, 0.75)
    assert times == [0.1, 0.55, 0.6, 0.7]


def test_a_coroutine_is_not_called_again_before_it_has_ended(clock, times):
    async def callback():
        times.note()
        await asyncio.sleep(0.25)

    PeriodicCallback(callback, 100).start()
    run(clock, 1.05)
    assert times == [0.1, 0.4, 0.7, 1.0]


def test_a_timer_that_fires_early_does_not_make_the_same_time_come_twice(clock, times):
    clock.early = 0.0004
    clock._clock_resolution = 0.001
    PeriodicCallback(times.note, 100).start()
    run(clock, 0.35)
    assert len(times) == 3


def test_jitter_spreads_the_calls_around_the_interval(clock, times, monkeypatch):
    monkeypatch.setattr(random, "random", iter([0.0, 1.0, 0.5, 0.0, 0.0]).__next__)
    PeriodicCallback(times.note, 1000, jitter=0.1).start()
    run(clock, 4)
    assert times == [0.95, 2.0, 3.0, 3.95]


def test_the_interval_can_be_changed(clock, times):
    periodic = PeriodicCallback(times.note, 100)
    periodic.start()
    run(clock, 0.15)
    periodic.callback_time = 200
    run(clock, 0.5)
    assert times == [0.1, 0.2, 0.4, 0.6]


def test_start_twice_is_start_once(clock, times):
    periodic = PeriodicCallback(times.note, 100)
    periodic.start()
    periodic.start()
    run(clock, 0.25)
    assert times == [0.1, 0.2]


def test_stop_and_start_begin_a_new_grid(clock, times):
    periodic = PeriodicCallback(times.note, 100)
    periodic.stop()
    periodic.start()
    run(clock, 0.15)
    periodic.stop()
    periodic.start()
    run(clock, 0.2)
    assert times == [0.1, 0.25, 0.35]


def test_the_callback_can_stop_it(clock, times):
    def callback():
        times.note()
        periodic.stop()

    periodic = PeriodicCallback(callback, 100)
    periodic.start()
    run(clock, 0.5)
    assert times == [0.1]


def test_the_callback_can_start_it_anew(clock, times):
    def callback():
        times.note()
        periodic.stop()
        periodic.start()

    periodic = PeriodicCallback(callback, 100)
    periodic.start()
    run(clock, 0.35)
    assert times == [0.1, 0.2, 0.3]


def test_started_anew_it_waits_for_the_coroutine_of_before(clock, times):
    async def callback():
        times.note()
        await asyncio.sleep(0.25)

    periodic = PeriodicCallback(callback, 100)
    periodic.start()
    run(clock, 0.15)
    periodic.stop()
    run(clock, 0.01)
    periodic.start()  # At 0.16, and the coroutine ends at 0.35.
    run(clock, 0.3)
    assert times == [0.1, 0.36]


def test_stopped_while_its_coroutine_runs(clock, times):
    async def callback():
        await asyncio.sleep(0.25)
        times.note()

    periodic = PeriodicCallback(callback, 100)
    periodic.start()
    run(clock, 0.15)
    periodic.stop()
    run(clock, 1)
    assert times == [0.35]


def test_exceptions_are_logged_and_survived(clock, times, app_errors):
    error = ValueError("no")

    def callback():
        times.note()
        raise error

    periodic = PeriodicCallback(callback, 100)
    periodic.start()
    run(clock, 0.25)
    assert times == [0.1, 0.2]
    assert app_errors() == [(f"Exception in callback {callback!r}", error)] * 2


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError()])
def test_exceptions_of_coroutines_are_survived(clock, times, app_errors, error):
    async def callback():
        times.note()
        await asyncio.sleep(0)
        raise error

    PeriodicCallback(callback, 100).start()
    run(clock, 0.25)
    assert times == [0.1, 0.2]
    is_failure = isinstance(error, ValueError)
    expected = [(f"Exception in callback {callback!r}", error)] * 2 if is_failure else []
    assert app_errors() == expected


def test_a_call_that_is_interrupted_is_not_the_last(clock, times):
    def callback():
        times.note()
        if len(times) == 1:
            raise KeyboardInterrupt

    PeriodicCallback(callback, 100).start()
    with pytest.raises(KeyboardInterrupt):
        clock.run_forever()
    run(clock, 0.25)
    assert times == [0.1, 0.2, 0.3]


def test_nobody_has_to_keep_it(clock, times):
    futures: weakref.WeakSet[asyncio.Future[None]] = weakref.WeakSet()

    async def callback():
        times.note()
        future = clock.create_future()
        futures.add(future)
        await future  # Nothing but this coroutine refers to it.

    PeriodicCallback(callback, 100).start()
    for _ in range(2):
        run(clock, 0.14)
        gc.collect()
        [future] = futures
        future.set_result(None)
        del future
    run(clock, 0.001)
    assert times == [0.1, 0.2]


def test_it_shows_itself(clock):
    periodic = PeriodicCallback(print, 1500)
    assert repr(periodic) == f"<PeriodicCallback stopped {print!r} every 1500 ms>"
    periodic.start()
    assert "running" in repr(periodic)


def test_on_a_real_clock(io_loop):
    calls = []

    def callback():
        calls.append(io_loop.asyncio_loop.time())
        if len(calls) == 3:
            io_loop.stop()

    start = io_loop.asyncio_loop.time()
    periodic = PeriodicCallback(callback, 2)
    periodic.start()
    io_loop.start()
    assert periodic.io_loop is io_loop
    # uvloop's timers count whole milliseconds, and may be one early.
    assert calls[2] - start >= 0.005
