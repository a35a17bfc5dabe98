"""Checks, without a request."""

import asyncio
import threading

import pytest

from waterspout.web import Checks


def results(checks: Checks) -> dict[str, str]:
    return asyncio.run(checks.results())


async def passes():
    return None


async def fails():
    raise OSError("no")


def test_plain_and_async_functions():
    checks = Checks(
        {"a": lambda: None, "b": lambda: False, "c": lambda: 1 / 0, "d": passes, "e": fails}
    )
    assert results(checks) == {"a": "ok", "b": "failed", "c": "failed", "d": "ok", "e": "failed"}


def test_none_are_fine():
    assert results(Checks()) == {}


def test_each_has_a_time_limit():
    async def main():
        never = asyncio.Event()
        cancelled = []

        async def hangs():
            try:
                await never.wait()
            finally:
                cancelled.append(True)

        checks = Checks({"a": passes}, timeout=3600.0)
        checks.add("b", hangs, timeout=0.0)
        assert await checks.results() == {"a": "ok", "b": "timed out"}
        return cancelled

    assert asyncio.run(main()) in ([True], [])


def test_a_thread_that_hangs_is_not_joined_by_another():
    release = threading.Event()
    runs = []

    def hangs():
        runs.append(1)
        release.wait(30)

    async def main():
        checks = Checks(timeout=0.01, max_age=0.0)
        checks.add("a", hangs)
        for _ in range(3):
            assert await checks.results() == {"a": "timed out"}
        release.set()

    asyncio.run(main())
    assert runs == [1]


def test_who_asks_and_goes_takes_nothing_from_the_others():
    async def main():
        gate = asyncio.Event()

        async def check():
            await gate.wait()

        checks = Checks({"a": check})
        goes, stays = (asyncio.create_task(checks.results()) for _ in range(2))
        await asyncio.sleep(0)
        goes.cancel()
        gate.set()
        return await stays

    assert asyncio.run(main()) == {"a": "ok"}


def test_mistakes_are_told():
    checks = Checks({"a": passes})
    with pytest.raises(ValueError, match="called 'a' already"):
        checks.add("a", passes)
    with pytest.raises(TypeError, match="the check 'b' is a function"):
        checks.add("b", 3)  # type: ignore[arg-type]


def test_it_shows_itself():
    checks = Checks({"a": passes})
    assert repr(checks) == "<Checks ['a']>"
    results(checks)
    assert repr(checks) == "<Checks {'a': 'ok'}>"
