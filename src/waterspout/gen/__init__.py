"""Coroutines that are generators, as they were before `async def`, and what both can wait for.

In a function under `coroutine`, ``yield`` waits: for futures, for whatever can be awaited, for
lists and dictionaries of these. The same functions serve `async def`, where they are awaited.
"""

from asyncio import TimeoutError

from waterspout.concurrent.futures import ReturnValueIgnoredError
from waterspout.gen.decorator import coroutine, is_coroutine_function
from waterspout.gen.errors import (
    BadYieldError,
    KeyReuseError,
    LeakedCallbackError,
    Return,
    UnknownKeyError,
)
from waterspout.gen.iterator import WaitIterator
from waterspout.gen.multi import Multi, multi, multi_future
from waterspout.gen.runner import Runner
from waterspout.gen.timing import sleep, with_timeout
from waterspout.gen.yielded import convert_yielded, maybe_future, moment

__all__ = [
    "BadYieldError",
    "KeyReuseError",
    "LeakedCallbackError",
    "Multi",
    "Return",
    "ReturnValueIgnoredError",
    "Runner",
    "TimeoutError",
    "UnknownKeyError",
    "WaitIterator",
    "convert_yielded",
    "coroutine",
    "is_coroutine_function",
    "maybe_future",
    "moment",
    "multi",
    "multi_future",
    "sleep",
    "with_timeout",
]
