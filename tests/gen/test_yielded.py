"""What can be yielded, as a future."""

import asyncio
import concurrent.futures

import pytest

from waterspout import gen


class Promise:
    """Can be awaited, and is no coroutine."""

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "kept"


async def native(value):
    await asyncio.sleep(0)
    return value


async def failing():
    raise KeyError("native")


def test_futures_are_themselves(loop):
    async def main():
        future = loop.create_future()
        assert gen.convert_yielded(future) is future
        assert gen.maybe_future(future) is future

    loop.run_until_complete(main())


def test_coroutines_are_started_at_once(loop):
    begun = []

    async def ended():
        begun.append(1)
        return 1

    async def main():
        future = gen.convert_yielded(ended())
        assert begun == [1]
        assert future.done()
        assert await future == 1
        assert await gen.convert_yielded(native(2)) == 2
        with pytest.raises(KeyError):
            await gen.convert_yielded(failing())
        assert await gen.convert_yielded(Promise()) == "kept"

    loop.run_until_complete(main())


def test_a_moment_is_one_pass(loop):
    order: list[str] = []

    async def main():
        for moment in (None, gen.moment):
            loop.call_soon(order.append, "other")
            future = gen.convert_yielded(moment)
            assert not future.done()
            await future
            order.append("own")
        loop.call_soon(order.append, "other")
        await gen.moment
        order.append("own")
        gen.convert_yielded(None).cancel()
        await gen.moment

    loop.run_until_complete(main())
    assert order == ["other", "own"] * 3


def test_futures_of_executors(loop):
    @gen.coroutine
    def main():
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            first = yield executor.submit(divmod, 7, 2)
            submitted = executor.submit(abs, -1)
            second = yield [executor.submit(divmod, 9, 2), gen.maybe_future(submitted)]
            with pytest.raises(ZeroDivisionError):
                yield executor.submit(divmod, 1, 0)
        return first, second

    async def run():
        return await main()

    assert loop.run_until_complete(run()) == ((3, 1), [(4, 1), 1])


def test_maybe_future(loop):
    async def main():
        assert await gen.maybe_future(None) is None
        assert await gen.maybe_future([1]) == [1]

    loop.run_until_complete(main())


def test_types_of_ones_own(loop):
    class Ticket:
        """Known to `convert_yielded` by registration only."""

    @gen.coroutine
    def main():
        return (yield [Ticket(), Ticket()])

    async def check():
        with pytest.raises(gen.BadYieldError):
            await main()
        gen.convert_yielded.register(Ticket, lambda ticket: gen.convert_yielded(native("seat")))
        return await main()

    assert loop.run_until_complete(check()) == ["seat", "seat"]
