"""Methods that run in the threads of an executor, and an executor that has none."""

import asyncio
import concurrent.futures
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

__all__ = ["DummyExecutor", "dummy_executor", "run_on_executor"]

P = ParamSpec("P")
T = TypeVar("T")


class DummyExecutor(concurrent.futures.Executor):
    """An executor that calls the function at once, in the thread of the caller."""

    def submit(  # type: ignore[override]  # by name too, as it may be in Tornado
        self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> "concurrent.futures.Future[T]":
        """Call the function; return its outcome in a future that is done.

        KeyboardInterrupt and SystemExit are raised here.
        """
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, cancel_futures: bool = False) -> None:
        """Do nothing: there are no threads."""


#: One for all: it has no state.
dummy_executor = DummyExecutor()


@overload
def run_on_executor(fn: Callable[..., T], /) -> "Callable[..., asyncio.Future[T]]": ...


@overload
def run_on_executor(
    *, executor: str = "executor"
) -> "Callable[[Callable[..., T]], Callable[..., asyncio.Future[T]]]": ...


def run_on_executor(*args: Any, **kwargs: Any) -> Any:
    """Make a method run on the executor of its object, and return an asyncio future.

    The executor is the attribute `executor`, or the one that is named::

        @run_on_executor
        def read(self, path): ...

        @run_on_executor(executor="_threads")
        def read(self, path): ...

    The method must be called where an event loop runs. To cancel the future takes the call back,
    if it has not begun. TypeError for other arguments.
    """
    if len(args) == 1 and not kwargs and callable(args[0]):
        return _on_executor(args[0], "executor")
    attribute = kwargs.pop("executor", "executor")
    if args or kwargs or not isinstance(attribute, str):
        raise TypeError(
            "run_on_executor is put on a method as it is, or with executor= and the name of the"
            " attribute that holds the executor"
        )
    return lambda fn: _on_executor(fn, attribute)


def _on_executor(fn: Callable[..., T], attribute: str) -> "Callable[..., asyncio.Future[T]]":
    @functools.wraps(fn)
    def submit(self: Any, /, *args: Any, **kwargs: Any) -> "asyncio.Future[T]":
        executor: concurrent.futures.Executor = getattr(self, attribute)
        loop = asyncio.get_running_loop()
        return asyncio.wrap_future(executor.submit(fn, self, *args, **kwargs), loop=loop)

    return submit
