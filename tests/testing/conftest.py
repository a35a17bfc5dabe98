"""Running tests inside of tests."""

import asyncio
import unittest
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_current_loop():
    """No test sees the loop that another one made current in this thread."""
    asyncio.set_event_loop(None)
    yield
    asyncio.set_event_loop(None)


@pytest.fixture
def outcome():
    """A function that runs the test `test` of a class, and returns the problems, in words."""

    def run(cls: type[unittest.TestCase]) -> list[str]:
        result: Any = unittest.TestResult()
        cls("test").run(result)
        assert result.testsRun == 1
        problems = [*result.failures, *result.errors]
        return [text.splitlines()[-1] for _, text in problems]

    return run
