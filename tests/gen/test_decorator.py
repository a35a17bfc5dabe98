"""Coroutines of generators: what they return, raise, wait for and leave behind."""

import asyncio
import contextvars
import gc
import sys
from typing import Any

import pytest

from waterspout import gen
from waterspout.ioloop import IOLoop

VALUE = contextvars.ContextVar("VALUE", default=0)


def run(loop, coroutine):
    """Run a coroutine to its end."""

    async def main():
        return await coroutine()

    return loop.run_until_complete(main())


@gen.coroutine
def double(number):
    yield gen.moment
    return 2 * number


@gen.coroutine
def at_once(number):
    raise gen.Return(2 * number)
    yield


@gen.coroutine
def fail():
    yield gen.moment
    raise KeyError("late")


def test_values(loop):
    @gen.coroutine
    def main():
        first = yield double(1)
        second = yield at_once(first)
        third = yield native(second)
        return first, second, third

    async def native(number):
        await asyncio.sleep(0)
        return await double(number)

    async def native_main():
        return await main()

    assert run(loop, main) == (2, 4, 8)
    assert loop.run_until_complete(native_main()) == (2, 4, 8)


def test_a_plain_function(loop):
    @gen.coroutine
    def plain(value):
        if value is None:
            raise KeyError("none")
        if value == 2:
            raise gen.Return("two")
        return value

    async def main():
        assert plain(1).result() == 1
        assert plain(2).result() == "two"
        assert isinstance(plain(None).exception(), KeyError)

    run(loop, main)


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts what it is asked to call."""

    def __init__(self) -> None:
        self.calls = 0
        super().__init__()

    def call_soon(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        self.calls += 1
        return super().call_soon(*args, **kwargs)


def test_what_never_waits_makes_no_task():
    """Neither a task, nor a call of the loop."""

    async def native():
        return await inner()

    @gen.coroutine
    def inner():
        return 1
        yield

    @gen.coroutine
    def main():
        return [(yield inner()), (yield native()), (yield [inner(), native()])]

    async def check():
        before = loop.calls
        future = main()
        assert loop.calls == before
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return future.result()

    loop = CountingLoop()
    assert loop.run_until_complete(check()) == [1, 1, [1, 1]]
    loop.close()


def test_a_step_is_one_call_of_the_loop():
    loop = CountingLoop()
    future = loop.create_future()

    @gen.coroutine
    def main():
        yield future
        loop.stop()

    async def begin():
        return main()

    ended = loop.run_until_complete(begin())
    before = loop.calls
    future.set_result(None)
    loop.run_forever()
    loop.close()
    assert ended.done()
    assert loop.calls == before + 1


def test_exceptions(loop):
    @gen.coroutine
    def main():
        caught = []
        for each in (fail, native, at_once_failed):
            try:
                yield each()
            except KeyError as error:
                caught.append(error.args[0])
        yield fail()
        raise AssertionError

    @gen.coroutine
    def at_once_failed():
        raise KeyError("at once")
        yield

    async def native():
        raise KeyError("native")

    with pytest.raises(KeyError, match="late"):
        run(loop, main)


def test_a_traceback_shows_the_generators(loop):
    @gen.coroutine
    def outer():
        yield fail()

    with pytest.raises(KeyError) as caught:
        run(loop, outer)
    names = [entry.name for entry in caught.traceback]
    assert [name for name in names if name in ("outer", "fail")] == ["outer", "fail"]


def test_bad_yields(loop):
    @gen.coroutine
    def main():
        messages = []
        for bad in (42, "text", (gen.sleep(0), gen.sleep(0)), [1], {"a": object()}):
            try:
                yield bad
            except gen.BadYieldError as error:
                messages.append(str(error))
        return messages

    messages = run(loop, main)
    assert len(messages) == 5
    assert "yielded 42, which nobody can wait for: yield a future" in messages[0]


def test_a_future_yielded_twice(loop):
    async def native():
        return 1

    @gen.coroutine
    def main():
        future = double(1)
        assert (yield future) == (yield future) == 2
        again = native()
        assert (yield again) == 1
        with pytest.raises(RuntimeError, match="already awaited"):
            yield again

    run(loop, main)


def test_a_future_of_another_loop(loop, make_loop):
    other = make_loop()

    @gen.coroutine
    def main():
        with pytest.raises(RuntimeError, match="belongs to another event loop"):
            yield other.create_future()

    run(loop, main)
    other.close()


def test_a_coroutine_function_is_refused():
    async def native():
        """Has no yield."""

    with pytest.raises(TypeError, match="leave out the decorator"):
        gen.coroutine(native)


def test_is_coroutine_function():
    async def native():
        """Is of another kind."""

    assert gen.is_coroutine_function(double)
    assert not gen.is_coroutine_function(native)
    assert not gen.is_coroutine_function(vars(double)["__wrapped__"])
    assert not gen.is_coroutine_function(None)
    assert double.__name__ == "double"


def test_return():
    assert gen.Return().value is None
    assert gen.Return(3).value == 3
    assert gen.Return(3).args == (3,)


def test_the_context_is_carried(loop):
    @gen.coroutine
    def inner():
        VALUE.set(VALUE.get() + 1)
        yield gen.moment
        VALUE.set(VALUE.get() + 1)
        yield gen.sleep(0)
        return VALUE.get()

    @gen.coroutine
    def main():
        VALUE.set(5)
        both = yield [inner(), inner()]
        return [*both, (yield native()), VALUE.get()]

    async def native():
        VALUE.set(9)
        await asyncio.sleep(0)
        return VALUE.get()

    async def outer():
        return await main(), VALUE.get()

    assert loop.run_until_complete(outer()) == ([7, 7, 9, 5], 0)


def test_without_a_running_loop(io_loop):
    """It begins all the same, on the current loop."""
    begun = []

    async def native():
        return await double(4)

    @gen.coroutine
    def main():
        begun.append(1)
        yield gen.moment
        return (yield native())

    @gen.coroutine
    def native_first():
        return (yield native())

    future, other = main(), native_first()
    assert begun == [1]
    assert io_loop.run_sync(lambda: future) == 8
    assert io_loop.run_sync(lambda: other) == 8


def test_the_methods_of_the_loop(io_loop, app_errors):
    done = []

    @gen.coroutine
    def main():
        io_loop.add_future(double(3), lambda future: done.append(future.result()))
        io_loop.spawn_callback(lambda: done.append("spawned"))
        io_loop.spawn_callback(fail)
        yield gen.sleep(0)
        yield gen.moment
        yield gen.moment
        return 1

    assert io_loop.run_sync(main) == 1
    assert sorted(done, key=str) == [6, "spawned"]
    [(_, error)] = app_errors()
    assert isinstance(error, KeyError)


def test_run_sync_cancels_at_its_timeout(fake_clock_loop):
    io_loop = IOLoop(asyncio_loop=fake_clock_loop)
    seen = []

    @gen.coroutine
    def main():
        try:
            yield gen.sleep(1000)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        io_loop.run_sync(main, timeout=1)
    assert seen == ["cancelled"]


@pytest.mark.parametrize("late", [False, True])
def test_exits_are_not_caught(loop, late):
    @gen.coroutine
    def main():
        if late:
            yield gen.moment
        raise SystemExit(3)

    async def check():
        future = main()
        await asyncio.sleep(0)
        await future

    with pytest.raises(SystemExit):
        loop.run_until_complete(check())
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with pytest.raises((SystemExit, asyncio.CancelledError)):
            loop.run_until_complete(task)


def test_an_exception_that_nobody_sees_is_told(loop):
    """By asyncio, when the future goes."""
    told = []
    loop.set_exception_handler(lambda loop, context: told.append(context["exception"]))

    async def check():
        fail()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    loop.run_until_complete(check())
    gc.collect()
    assert [type(error) for error in told] == [KeyError]


def test_deep_and_long(loop):
    """Thousands of steps that have nothing to wait for need no more stack than one."""

    @gen.coroutine
    def main():
        total = 0
        for _ in range(sys.getrecursionlimit() * 2):
            total += yield at_once(1)
        return total

    assert run(loop, main) == 4 * sys.getrecursionlimit()
