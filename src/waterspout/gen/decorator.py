"""`coroutine`: makes of a generator function one that returns a future."""

import asyncio
from collections.abc import Callable, Generator
from contextvars import copy_context
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, overload

from waterspout.gen.runner import begin

__all__ = ["coroutine", "is_coroutine_function"]

P = ParamSpec("P")
T = TypeVar("T")

_MARK = "_is_waterspout_coroutine"


@overload
def coroutine(
    func: Callable[P, Generator[Any, Any, T]],
) -> "Callable[P, asyncio.Future[T]]": ...


@overload
def coroutine(func: Callable[P, T]) -> "Callable[P, asyncio.Future[T]]": ...


def coroutine(func: Callable[..., Any]) -> "Callable[..., asyncio.Future[Any]]":
    """Make a function return a future, and wait where it says ``yield``, if it is a generator.

    It begins when it is called, and runs until it has to wait; what it returns, or raises, is in
    the future, also if it never waited. It may ``yield`` whatever `convert_yielded` knows, and gets
    the result, or the exception. To cancel the future raises CancelledError in the function, where
    it waits. It has a copy of the caller's context (`contextvars`), one for all of its steps.

    Somebody must await the future, or ask for its outcome: an exception that nobody saw is only
    logged, by asyncio. The future belongs to the running loop; without one, to the loop of
    `IOLoop.current()`. TypeError for a function of `async def`.
    """
    if iscoroutinefunction(func):
        raise TypeError(
            f"{func!r} is a coroutine function already: leave out the decorator, or write def and"
            " yield instead of async def and await"
        )

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> "asyncio.Future[Any]":
        context = copy_context()
        return context.run(begin, context, func, args, kwargs)

    setattr(call, _MARK, True)
    return call


def is_coroutine_function(func: Any) -> bool:
    """Tell whether a function was made by `coroutine`; false for one of `async def`."""
    return getattr(func, _MARK, False) is True
