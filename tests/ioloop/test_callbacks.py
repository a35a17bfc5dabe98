"""What becomes of a callback's failures, and of the coroutines that it starts."""

import asyncio
import concurrent.futures
import functools
import gc
import weakref

import pytest

from waterspout.ioloop.callbacks import Callbacks, is_awaited


def run(loop, callback, *args, **kwargs):
    """Run the callback in the loop, and what it returns to its end; return both."""
    callbacks = Callbacks()

    async def main():
        future = callbacks.run(callback, args, kwargs)
        if future is not None:
            await asyncio.wait([future])
            await asyncio.sleep(0)
        return future

    future = loop.run_until_complete(main())
    assert repr(callbacks) == "<Callbacks unfinished=0>"
    return future


def test_it_gets_its_arguments(loop):
    calls = []
    run(loop, lambda *args, **kwargs: calls.append((args, kwargs)), 1, a=2)
    assert calls == [((1,), {"a": 2})]


@pytest.mark.parametrize("value", [None, 42, [], "text"])
def test_plain_values_are_ignored(loop, value):
    assert run(loop, lambda: value) is None


def test_a_failure_is_logged(loop, app_errors):
    error = ValueError("no")

    def callback():
        raise error

    for function in callback, functools.partial(callback):
        assert run(loop, function) is None
        assert app_errors() == [(f"Exception in callback {function!r}", error)]


def test_the_failure_of_a_coroutine_is_logged(loop, app_errors):
    error = ValueError("no")

    async def callback():
        await asyncio.sleep(0)
        raise error

    run(loop, callback)
    assert app_errors() == [(f"Exception in callback {callback!r}", error)]


def test_the_failure_of_an_executor_is_logged(loop, app_errors):
    error = ValueError("no")

    def work():
        raise error

    with concurrent.futures.ThreadPoolExecutor(1) as executor:

        def callback():
            return executor.submit(work)

        run(loop, callback)
    assert app_errors() == [(f"Exception in callback {callback!r}", error)]


def test_a_cancellation_is_no_failure(loop, app_errors):
    def plain():
        raise asyncio.CancelledError

    async def coroutine():
        raise asyncio.CancelledError

    run(loop, plain)
    run(loop, coroutine)
    assert app_errors() == []


def test_an_interruption_is_not_survived(loop):
    def callback():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(loop, callback)


def test_a_coroutine_is_kept_until_it_ends(loop):
    """Though asyncio has but a weak reference to its task."""
    callbacks = Callbacks()
    futures: weakref.WeakSet[asyncio.Future[None]] = weakref.WeakSet()

    async def callback():
        future = asyncio.get_running_loop().create_future()
        futures.add(future)
        await future

    async def main():
        callbacks.run(callback, (), {})
        await asyncio.sleep(0)
        gc.collect()
        assert repr(callbacks) == "<Callbacks unfinished=1>"
        for future in futures:
            future.set_result(None)
            del future
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()
        assert len(futures) == 0

    loop.run_until_complete(main())


def test_what_is_awaited():
    async def coroutine():
        pass

    awaited = coroutine()
    assert is_awaited(awaited)
    awaited.close()
    assert is_awaited(concurrent.futures.Future())
    assert not is_awaited(42)
    assert not is_awaited(coroutine)
