"""What a coroutine leaves behind: nothing that needs the collector of garbage."""

import asyncio
import datetime
import gc
import weakref

import pytest

from waterspout import gen


class Cargo:
    """Something whose end can be seen."""


@gen.coroutine
def double(number):
    yield gen.moment
    return 2 * number


@gen.coroutine
def _end_at_once(cargo):
    return len([cargo])
    yield


@gen.coroutine
def _end_late(cargo):
    yield gen.moment
    yield [gen.sleep(0), double(1)]
    yield {"a": gen.sleep(0)}
    yield _native(cargo)


@gen.coroutine
def _fail_at_once(cargo):
    raise KeyError(cargo)
    yield


@gen.coroutine
def _fail_late(cargo):
    yield gen.sleep(0)
    raise KeyError(cargo)


@gen.coroutine
def _fail_inside(cargo):
    yield gen.multi([_fail_late(cargo), _fail_at_once(cargo)], quiet_exceptions=KeyError)


@gen.coroutine
def _fail_in_native(cargo):
    yield _native_failing(cargo)


@gen.coroutine
def _catch(cargo):
    for each in (_fail_at_once, _fail_late, _fail_inside, _native_failing):
        try:
            yield each(cargo)
        except KeyError:
            pass


@gen.coroutine
def _wait_for_ever(cargo):
    yield [_wait_inside(cargo), gen.sleep(3600)]


@gen.coroutine
def _wait_inside(cargo):
    yield asyncio.get_running_loop().create_future()


@gen.coroutine
def _iterate(cargo):
    results = gen.WaitIterator(double(1), _fail_late(cargo))
    while not results.done():
        try:
            yield results.next()
        except KeyError:
            pass


@gen.coroutine
def _limit(cargo):
    yield gen.with_timeout(0, asyncio.get_running_loop().create_future())


@gen.coroutine
def _limit_in_time(cargo):
    yield gen.with_timeout(datetime.timedelta(hours=1), _fail_late(cargo))


async def _native(cargo):
    await double(1)
    return len([cargo])


async def _native_failing(cargo):
    await _fail_late(cargo)


@pytest.mark.parametrize(
    "coroutine",
    [
        _end_at_once,
        _end_late,
        _fail_at_once,
        _fail_late,
        _fail_inside,
        _fail_in_native,
        _catch,
        _wait_for_ever,
        _iterate,
        _limit,
        _limit_in_time,
    ],
    ids=lambda coroutine: coroutine.__name__,
)
@pytest.mark.slow
def test_nothing_is_left_behind(loop, coroutine):
    """No circles of references: what a coroutine had is gone with its future."""

    async def check():
        cargo = Cargo()
        futures = [coroutine(cargo)]
        references = [weakref.ref(cargo), weakref.ref(futures[0])]
        if coroutine is _wait_for_ever:
            await asyncio.sleep(0)
            futures[0].cancel()
        try:
            # Not in a variable: this frame is in the traceback.
            await futures.pop()
        except (KeyError, TimeoutError, asyncio.CancelledError):
            pass
        await asyncio.sleep(0)
        return references

    gc.collect()
    gc.disable()
    try:
        cargo, future = loop.run_until_complete(check())
        assert cargo() is None, gc.get_referrers(cargo())
        assert future() is None, gc.get_referrers(future())
    finally:
        gc.enable()
