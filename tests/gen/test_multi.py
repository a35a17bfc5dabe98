"""Several things to wait for at once."""

import asyncio
from typing import Any

import pytest

from waterspout import gen


@gen.coroutine
def number(value, waits=0):
    for _ in range(waits):
        yield gen.moment
    return value


@gen.coroutine
def fail(text, waits=0):
    for _ in range(waits):
        yield gen.moment
    raise KeyError(text)


def test_results(loop):
    async def native():
        return 5

    async def main():
        assert await gen.multi([]) == []
        assert await gen.multi({}) == {}
        assert await gen.multi([number(1, 2), native(), number(3), None]) == [1, 5, 3, None]
        assert await gen.multi({"a": number(1, 2), "b": number(2)}) == {"a": 1, "b": 2}
        assert await gen.multi(number(each) for each in range(3)) == [0, 1, 2]
        assert await gen.multi([[number(1)], {"a": number(2, 1)}]) == [[1], {"a": 2}]
        same = number(4, 1)
        assert await gen.multi_future([same, same]) == [4, 4]
        assert gen.Multi is gen.multi

    loop.run_until_complete(main())


def test_it_waits_for_all_and_fails_with_the_first(loop, app_errors):
    async def main():
        slow = number(1, 5)
        with pytest.raises(KeyError, match="first"):
            await gen.multi([slow, fail("first", 3), fail("second")])
        assert slow.done()

    loop.run_until_complete(main())
    [(message, error)] = app_errors()
    assert message == "One more of those waited for together failed"
    assert error.args == ("second",)


def test_quiet_exceptions(loop, app_errors):
    async def main():
        for quiet in (KeyError, (ValueError, LookupError)):
            with pytest.raises(KeyError, match="first"):
                await gen.multi([fail("first"), fail("second")], quiet_exceptions=quiet)

    loop.run_until_complete(main())
    assert app_errors() == []


def test_a_child_that_was_cancelled(loop, app_errors):
    async def main():
        gone = loop.create_future()
        gone.cancel()
        gathering = gen.multi([number(1), gone])
        with pytest.raises(asyncio.CancelledError):
            await gathering
        assert gathering.cancelled()
        with pytest.raises(KeyError):
            await gen.multi([fail("first"), gone])

    loop.run_until_complete(main())
    assert app_errors() == []


def test_to_cancel_it_cancels_the_children(loop):
    async def main():
        children = [loop.create_future(), number(1), gen.sleep(3600)]
        gathering = gen.multi(children)
        assert gathering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gathering
        assert [child.cancelled() for child in children] == [True, False, True]
        assert not gathering.cancel()

    loop.run_until_complete(main())


def test_a_bad_child(loop):
    bad: Any = 42

    async def main():
        with pytest.raises(gen.BadYieldError):
            gen.multi([number(1), bad])

    loop.run_until_complete(main())
