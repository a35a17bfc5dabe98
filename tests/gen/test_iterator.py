"""Results in the order in which they come."""

import asyncio
from typing import Any

import pytest

from waterspout import gen


def test_the_order_is_theirs(loop):
    async def main():
        first, second, third = (loop.create_future() for _ in range(3))
        second.set_result("second")
        results = gen.WaitIterator(first, second, third)
        assert not results.done()
        assert results.current_index is None
        assert results.current_future is None
        found = [(await results.next(), results.current_index)]
        assert results.current_future is second
        loop.call_soon(third.set_result, "third")
        found.append((await results.next(), results.current_index))
        loop.call_soon(first.set_exception, KeyError("first"))
        with pytest.raises(KeyError):
            await results.next()
        assert results.current_index == 0
        assert results.done()
        now: Any = (results.current_index, results.current_future)
        assert now == (None, None)
        return found

    assert loop.run_until_complete(main()) == [("second", 1), ("third", 2)]


def test_names(loop):
    @gen.coroutine
    def main():
        results = gen.WaitIterator(a=gen.sleep(0), b=gen.maybe_future(2))
        found = []
        while not results.done():
            found.append(((yield results.next()), results.current_index))
        return found

    async def run():
        return await main()

    assert loop.run_until_complete(run()) == [(2, "b"), (None, "a")]


def test_async_for(loop):
    async def native():
        await asyncio.sleep(0)
        return "native"

    async def main():
        same = gen.maybe_future("same")
        return [each async for each in gen.WaitIterator(native(), same, same)]

    assert loop.run_until_complete(main()) == ["same", "same", "native"]


def test_misuse(loop):
    async def main():
        future = gen.maybe_future(1)
        with pytest.raises(ValueError, match="by position or by name, not both"):
            gen.WaitIterator(future, a=future)
        none = gen.WaitIterator()
        assert none.done()
        with pytest.raises(RuntimeError, match="ask done"):
            none.next()

    loop.run_until_complete(main())


def test_asked_twice(loop):
    async def main():
        first, second = loop.create_future(), loop.create_future()
        results = gen.WaitIterator(first, second)
        assert results.next() is results.next()
        results.next().cancel()
        first.set_result(1)
        await asyncio.sleep(0)
        # Nobody took it.
        assert await results.next() == 1
        second.set_result(2)
        assert await results.next() == 2
        assert repr(results) == "<WaitIterator unfinished=0 finished=0>"

    loop.run_until_complete(main())
