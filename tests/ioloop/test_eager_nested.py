"""A coroutine that is started at once, by a task or by a callback."""

import asyncio
from typing import Any

import pytest

from waterspout.ioloop import start_nested


def test_nested_starts(loop):
    """In a task and in none: the outcome, and the current task as it was."""

    async def inner(outcome, wait):
        assert asyncio.current_task() is not outer
        if wait:
            await asyncio.sleep(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    outer: Any = None
    done = loop.create_future()

    def starts():
        assert start_nested(inner(1, False), loop) == 1
        with pytest.raises(KeyError):
            start_nested(inner(KeyError(), False), loop)
        assert asyncio.current_task() is outer
        return start_nested(inner(2, True), loop)

    async def main():
        nonlocal outer
        outer = asyncio.current_task()
        return await starts()

    assert loop.run_until_complete(main()) == 2
    outer = None
    loop.call_soon(lambda: done.set_result(starts()))
    assert loop.run_until_complete(loop.run_until_complete(done)) == 2
