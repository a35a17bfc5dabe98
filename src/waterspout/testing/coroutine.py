"""`gen_test`: a test that is a coroutine."""

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any, overload

from waterspout.gen import Return, convert_yielded
from waterspout.testing.timeout import get_async_test_timeout

__all__ = ["gen_test"]

Test = Callable[..., Any]


@overload
def gen_test(func: Test, timeout: float | None = None) -> Test: ...


@overload
def gen_test(func: None = None, timeout: float | None = None) -> Callable[[Test], Test]: ...


def gen_test(
    func: Test | None = None, timeout: float | None = None
) -> Test | Callable[[Test], Test]:
    """Run a test method of `AsyncTestCase` as a coroutine, on the loop of the test::

        @gen_test
        async def test_fetch(self): ...

        @gen_test(timeout=10)
        def test_slowly(self):
            yield ...

    After `timeout` seconds it is cancelled, and fails with a TimeoutError that shows where it was.
    None stands for `get_async_test_timeout`.
    """
    if func is None:
        return functools.partial(gen_test, timeout=timeout)

    @functools.wraps(func)
    def test(self: Any, *args: Any, **kwargs: Any) -> Any:
        seconds = get_async_test_timeout() if timeout is None else timeout
        return self.io_loop.run_sync(
            functools.partial(_run, func, self, *args, **kwargs), timeout=seconds
        )

    return test


async def _run(func: Test, *args: Any, **kwargs: Any) -> Any:
    outcome = func(*args, **kwargs)
    if inspect.isgenerator(outcome):
        return await _drive(outcome)
    return await outcome if inspect.isawaitable(outcome) else outcome


async def _drive(generator: Generator[Any, Any, Any]) -> Any:
    """Run a generator as `gen.coroutine` would; the traceback of a cancellation has its line."""
    resume = functools.partial(generator.send, None)
    try:
        while True:
            yielded = resume()
            try:
                resume = functools.partial(generator.send, await convert_yielded(yielded))
            except BaseException as error:
                resume = functools.partial(generator.throw, error)
    except StopIteration as stop:
        return stop.value
    except Return as returned:
        return returned.value
