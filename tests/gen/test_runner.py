"""`Runner`, driven by a program itself."""

import asyncio
import contextvars
from typing import Any

import pytest

from waterspout import gen


def test_a_generator_that_is_driven_by_hand(loop):
    seen = []

    def generator(future):
        seen.append((yield future))
        seen.append((yield gen.moment))
        return 3

    async def main():
        future, result = loop.create_future(), loop.create_future()
        gen_object = generator(future)
        runner = gen.Runner(contextvars.copy_context().run, gen_object, result, next(gen_object))
        assert "<Runner waiting " in repr(runner)
        runner.run()  # It waits: nothing happens.
        future.set_result(1)
        assert await result == 3
        assert runner.finished
        assert not runner.handle_exception(KeyError, KeyError(), None)

    loop.run_until_complete(main())
    assert seen == [1, None]


def test_a_generator_that_need_not_wait(loop):
    def generator(future):
        return (yield future) + 1

    async def main():
        future, result = loop.create_future(), loop.create_future()
        future.set_result(1)
        gen_object = generator(future)
        gen.Runner(contextvars.copy_context().run, gen_object, result, next(gen_object))
        assert result.result() == 2

    loop.run_until_complete(main())


def test_an_exception_from_outside(loop):
    def generator(wait):
        try:
            yield wait
        except KeyError:
            return "caught"

    async def main():
        for wait in (loop.create_future(), gen.moment):
            result = loop.create_future()
            gen_object = generator(wait)
            runner = gen.Runner(
                contextvars.copy_context().run, gen_object, result, next(gen_object)
            )
            assert runner.handle_exception(KeyError, KeyError("outside"), None)
            assert await result == "caught"

    loop.run_until_complete(main())


def test_a_result_that_is_not_wanted_any_more(loop):
    def generator(error):
        yield gen.moment
        if error:
            raise error

    async def main():
        for error in (None, KeyError()):
            result = loop.create_future()
            gen_object = generator(error)
            gen.Runner(contextvars.copy_context().run, gen_object, result, next(gen_object))
            result.cancel()
            await asyncio.sleep(0)

    loop.run_until_complete(main())


def test_it_needs_a_context(loop):
    nothing: Any = iter(())
    with pytest.raises(TypeError, match=r"contextvars\.Context"):
        gen.Runner(print, nothing, loop.create_future(), None)
