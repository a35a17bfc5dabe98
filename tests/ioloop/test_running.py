"""From blocking code into the loop and back."""

import asyncio
import concurrent.futures
import gc
import signal
import sys
import traceback

import pytest

import waterspout
from waterspout.ioloop import IOLoop, run, running
from waterspout.ioloop.event_loop import new_event_loop


async def value_of(value):
    await asyncio.sleep(0)
    return value


@pytest.fixture(params=["asyncio", "uvloop"])
def installed(request, monkeypatch):
    """The name of the library whose loop `run` will use."""
    if request.param == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)
    else:
        pytest.importorskip("uvloop")
    return request.param


def test_run_returns_what_the_coroutine_returns(installed):
    async def main():
        await asyncio.sleep(0)
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    assert run(main()) == installed
    assert waterspout.run is run


def test_run_raises_what_the_coroutine_raises(installed):
    async def main():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run(main())


def test_run_cleans_up(installed):
    ended = []

    async def forever():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("task")

    async def generate():
        try:
            yield 1
        finally:
            ended.append("generator")

    async def main():
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        generator = generate()
        await anext(generator)
        return task, generator, asyncio.get_running_loop()

    task, _, loop = run(main())
    assert task.cancelled()
    assert ended == ["task", "generator"]
    assert loop.is_closed()


def test_run_in_debug_mode(installed):
    async def main():
        return asyncio.get_running_loop().get_debug()

    assert run(main(), debug=True) is True
    assert run(main()) is sys.flags.dev_mode


def test_run_refuses_a_thread_that_has_a_running_loop(installed):
    async def main():
        coroutine = value_of(1)
        with pytest.raises(RuntimeError, match="running event loop"):
            run(coroutine)
        coroutine.close()

    run(main())


def test_run_refuses_what_is_no_coroutine():
    with pytest.raises((TypeError, ValueError), match=r"a coroutine (was expected|or an)"):
        run(value_of)  # type: ignore[arg-type]


def test_run_gives_an_ioloop():
    async def main():
        io_loop = IOLoop.current()
        assert io_loop.asyncio_loop is asyncio.get_running_loop()
        return io_loop

    io_loop = run(main())
    assert IOLoop.current(instance=False) is None
    io_loop.close()  # Has no more to do.


def test_run_sync_calls_a_coroutine_function(io_loop):
    async def main():
        assert IOLoop.current() is io_loop
        return await value_of(42)

    assert io_loop.run_sync(main) == 42
    assert io_loop.run_sync(main) == 42


def test_run_sync_calls_a_plain_function_in_the_loop(io_loop):
    assert io_loop.run_sync(lambda: print(asyncio.get_running_loop())) is None


def test_run_sync_waits_for_whatever_can_be_awaited(io_loop):
    class Awaitable:
        def __await__(self):
            return value_of(42).__await__()

    def future():
        future = asyncio.get_running_loop().create_future()
        io_loop.add_callback(future.set_result, 42)
        return future

    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        for function in Awaitable, future, lambda: executor.submit(lambda: 42):
            assert io_loop.run_sync(function) == 42


def test_run_sync_refuses_any_other_value(io_loop):
    with pytest.raises(TypeError, match="returned 42, which can't be awaited"):
        io_loop.run_sync(lambda: 42)


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError, KeyboardInterrupt])
def test_run_sync_raises_what_the_function_raises(io_loop, error):
    def plain():
        raise error("no")

    async def coroutine():
        await asyncio.sleep(0)
        raise error("no")

    for function in plain, coroutine:
        with pytest.raises(error, match="no"):
            io_loop.run_sync(function)
    assert io_loop.run_sync(lambda: value_of(42)) == 42


def test_run_sync_times_out(io_loop):
    ended = []

    async def main():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    with pytest.raises(TimeoutError, match=r"Operation timed out after 0.001 seconds") as caught:
        io_loop.run_sync(main, timeout=0.001)
    # Its traceback shows where that was.
    cause = caught.value.__cause__
    assert isinstance(cause, asyncio.CancelledError)
    assert "main" in [frame.name for frame in traceback.extract_tb(cause.__traceback__)]
    assert ended == [True]


def test_run_sync_returns_what_is_returned_in_spite_of_the_timeout(io_loop):
    async def main():
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return "late"

    assert io_loop.run_sync(main, timeout=0.001) == "late"


def test_run_sync_takes_its_timeout_back(io_loop, monkeypatch):
    loop = io_loop.asyncio_loop
    call_later = loop.call_later
    timers = []

    def note(*args):
        timers.append(call_later(*args))
        return timers[-1]

    monkeypatch.setattr(loop, "call_later", note)
    assert io_loop.run_sync(lambda: value_of(42), timeout=3600) == 42
    with pytest.raises(asyncio.CancelledError):
        io_loop.run_sync(_cancelled, timeout=3600)
    assert [timer.cancelled() for timer in timers] == [True, True]


async def _cancelled():
    raise asyncio.CancelledError


def test_run_sync_tells_that_the_loop_was_stopped(io_loop):
    async def main():
        io_loop.stop()
        await future

    future = io_loop.asyncio_loop.create_future()
    with pytest.raises(RuntimeError, match="stopped before"):
        io_loop.run_sync(main)
    # The loop can be started again, and goes on with what it had.
    future.set_result(None)
    io_loop.run_sync(lambda: None)


def test_run_sync_refuses_a_loop_that_runs_or_is_closed(io_loop, make_loop):
    calls = []

    async def main():
        other = IOLoop(make_current=False, asyncio_loop=make_loop())
        for loop in io_loop, other:
            with pytest.raises(RuntimeError, match="already running"):
                loop.run_sync(lambda: calls.append(1))
        other.close()

    io_loop.run_sync(main)
    io_loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        io_loop.run_sync(main)
    assert calls == []


def test_ctrl_c_while_the_loop_is_made_leaves_nothing_open(monkeypatch, recwarn):
    made = []

    def interrupted():
        made.append(new_event_loop())
        signal.raise_signal(signal.SIGINT)
        return made[0]

    async def main():
        raise AssertionError("it is not begun")

    monkeypatch.setattr(running, "new_event_loop", interrupted)
    # What starts the tests in the background may have had them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            running.run(main())
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert made[0].is_closed()
    gc.collect()
    assert not [str(warning.message) for warning in recwarn]


def test_a_handler_of_the_programs_own_is_left_in_place(monkeypatch):
    heard: list[int] = []

    def interrupted():
        signal.raise_signal(signal.SIGINT)
        return new_event_loop()

    async def main():
        return list(heard)

    monkeypatch.setattr(running, "new_event_loop", interrupted)
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        assert running.run(main()) == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)
