"""Tests of asynchronous programs by `unittest`: an event loop, a server and a client for each test.

For tests of pytest there are fixtures in `waterspout.pytest_plugin`.
"""

from waterspout.testing.case import AsyncTestCase
from waterspout.testing.context import setup_with_context_manager
from waterspout.testing.coroutine import gen_test
from waterspout.testing.http import AsyncHTTPSTestCase, AsyncHTTPTestCase
from waterspout.testing.logs import ExpectLog
from waterspout.testing.program import main
from waterspout.testing.socket import bind_unused_port
from waterspout.testing.timeout import get_async_test_timeout

__all__ = [
    "AsyncHTTPSTestCase",
    "AsyncHTTPTestCase",
    "AsyncTestCase",
    "ExpectLog",
    "bind_unused_port",
    "gen_test",
    "get_async_test_timeout",
    "main",
    "setup_with_context_manager",
]
