"""`AsyncTestCase`: each test has an event loop of its own."""

import asyncio
import inspect
import unittest
from collections.abc import Callable
from typing import Any

from waterspout.ioloop import IOLoop
from waterspout.platform.asyncio import AsyncIOMainLoop
from waterspout.testing.leftovers import end_tasks
from waterspout.testing.logs import is_expected
from waterspout.testing.timeout import get_async_test_timeout

__all__ = ["AsyncTestCase"]


class AsyncTestCase(unittest.TestCase):
    """A TestCase with an event loop for each test: `io_loop`, which is current meanwhile.

    A test is a method under `gen_test`, or a plain one that calls `wait`, which runs the loop until
    somebody calls `stop`. A coroutine without `gen_test`, which nobody would run, is a TypeError,
    and so is a result that nobody would look at a ValueError.

    What a callback of the loop fails with is logged and raised by `wait`, or at the end of the
    test; not if an `ExpectLog` has expected it. Then tasks that are left are cancelled, and what
    one of them fails with is raised; handlers and the loop are closed, with their sockets.
    """

    io_loop: IOLoop

    def __init__(self, methodName: str = "runTest") -> None:  # noqa: N803
        super().__init__(methodName)
        self._is_stopped = False
        self._is_waiting = False
        self._stop_result: Any = None
        self._failure: BaseException | None = None

    def get_new_ioloop(self) -> IOLoop:
        """Return the loop for a test; to be overridden where another kind is needed.

        It is closed at the end, unless it is an `AsyncIOMainLoop`.
        """
        return IOLoop(make_current=False)

    def setUp(self) -> None:
        """Make the loop; to be called first by a method that overrides it."""
        super().setUp()
        self._is_stopped = False
        self._stop_result = self._failure = None
        self.io_loop = self.get_new_ioloop()
        self.io_loop.make_current()
        self.io_loop.on_callback_failure = self._on_callback_failure

    def tearDown(self) -> None:
        """Close the loop with what is left in it; to be called last by a method that overrides it.

        AssertionError where tasks do not end when they are cancelled.
        """
        try:
            if not self.io_loop.asyncio_loop.is_closed():
                end_tasks(self.io_loop.asyncio_loop)
        finally:
            self.io_loop.on_callback_failure = None
            asyncio.set_event_loop(None)
            if not isinstance(self.io_loop, AsyncIOMainLoop):
                self.io_loop.close(all_fds=True)
        super().tearDown()
        self._raise_failure()

    def stop(self, _arg: Any = None, **kwargs: Any) -> None:
        """End `wait`, the present one or else the next, and let it return the argument.

        Keywords are returned as a dictionary; TypeError if there is an argument too.
        """
        if kwargs:
            if _arg is not None:
                raise TypeError("stop takes an argument or keywords, not both")
            _arg = kwargs
        self._stop_result = _arg
        if self._is_waiting:
            self.io_loop.stop()
            self._is_waiting = False
        self._is_stopped = True

    def wait(
        self, condition: Callable[[], bool] | None = None, timeout: float | None = None
    ) -> Any:
        """Run the loop until `stop` is called, and return what that was given.

        With `condition` it goes on after a `stop` while that is false. After `timeout` seconds, or
        those of `get_async_test_timeout`, the test fails; 0 stands for no limit. Raises what a
        callback failed with.
        """
        seconds = get_async_test_timeout() if timeout is None else timeout
        if not self._is_stopped and self._failure is None:
            timer = self.io_loop.call_later(seconds, self._expire, seconds) if seconds else None
            try:
                while True:
                    self._is_waiting = True
                    self.io_loop.start()
                    if self._is_over(condition):
                        break
            finally:
                self._is_waiting = False
                if timer is not None:
                    self.io_loop.remove_timeout(timer)
        self._is_stopped = False
        self._raise_failure()
        result, self._stop_result = self._stop_result, None
        return result

    def _is_over(self, condition: Callable[[], bool] | None) -> bool:
        return self._failure is not None or condition is None or condition()

    def _expire(self, seconds: float) -> None:
        message = f"Async operation timed out after {seconds} seconds"
        self._fail(self.failureException(message))

    def _on_callback_failure(self, error: BaseException) -> None:
        if not is_expected(error):
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
        self.stop()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # It has this frame.

    # Called by unittest.
    def _callTestMethod(self, method: Callable[[], Any]) -> None:  # noqa: N802
        outcome = method()
        if inspect.iscoroutine(outcome) or inspect.isgenerator(outcome):
            outcome.close()
            raise TypeError(
                f"{method.__qualname__} is a coroutine that nobody runs:"
                " decorate it with waterspout.testing.gen_test"
            )
        if inspect.isasyncgen(outcome):
            raise TypeError(f"{method.__qualname__} is an async generator: a test yields nothing")
        if outcome is not None:
            raise ValueError(
                f"Return value from test method ignored: {method.__qualname__} gave {outcome!r}"
            )
