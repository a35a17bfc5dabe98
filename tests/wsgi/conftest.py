"""Tests that are coroutines, the server they talk to, and both ways to run an application."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.wire.server_under_test import pytest_pyfunc_call, wire

__all__ = ["executor", "pytest_pyfunc_call", "wire"]


@pytest.fixture(params=["loop", "threads"])
def executor(request):
    """None, or threads; they have ended with the test."""
    if request.param == "loop":
        yield None
    else:
        with ThreadPoolExecutor(4) as threads:
            yield threads
