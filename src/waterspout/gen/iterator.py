"""`WaitIterator`: the results of several futures, in the order in which they come."""

import asyncio
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any, Self

from waterspout.concurrent.futures import chain_future
from waterspout.gen.multi import converted
from waterspout.gen.yielded import Yieldable, current_loop

__all__ = ["WaitIterator"]


class WaitIterator:
    """Gives the results of futures one by one, the first that is done first::

        results = WaitIterator(first, second)  # or by names: WaitIterator(a=first, b=second)
        while not results.done():
            result = yield results.next()

        async for result in WaitIterator(first, second): ...

    `current_future` is the future whose result, or exception, was the last one given, and
    `current_index` its number among the arguments, or its name; both are None before the first
    and after the last. To stop early cancels nothing. Used in the thread of the loop only.

    ValueError for arguments of both kinds.
    """

    current_index: int | str | None
    current_future: "asyncio.Future[Any] | None"

    def __init__(self, *args: Yieldable, **kwargs: Yieldable) -> None:
        if args and kwargs:
            raise ValueError("WaitIterator takes futures by position or by name, not both")
        self.current_index = None
        self.current_future = None
        self._finished: deque[tuple[int | str, asyncio.Future[Any]]] = deque()
        self._next: asyncio.Future[Any] | None = None
        self._unfinished = len(args) + len(kwargs)
        self._watch(kwargs or range(len(args)), converted(kwargs.values() or args))

    def _watch(self, keys: Iterable[int | str], futures: "list[asyncio.Future[Any]]") -> None:
        for key, future in zip(keys, futures, strict=True):
            if future.done():
                self._on_done(key, future)
            else:
                future.add_done_callback(partial(self._on_done, key))

    def __repr__(self) -> str:
        return f"<WaitIterator unfinished={self._unfinished} finished={len(self._finished)}>"

    def done(self) -> bool:
        """Tell whether all results have been given."""
        if self._finished or self._unfinished:
            return False
        self.current_index = self.current_future = None
        return True

    def next(self) -> "asyncio.Future[Any]":
        """Return a future of the next result, another one than those that were given.

        Asked again before it is done, it is the same one. RuntimeError where there is no more.
        """
        if self._next is not None and not self._next.done():
            return self._next
        if self.done():
            raise RuntimeError("WaitIterator has given all results: ask done() before next()")
        result: asyncio.Future[Any] = current_loop().create_future()
        if self._finished:
            self._give(result)
        else:
            self._next = result
        return result

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> "asyncio.Future[Any]":
        if self.done():
            raise StopAsyncIteration
        return self.next()

    def _on_done(self, key: int | str, future: "asyncio.Future[Any]") -> None:
        self._unfinished -= 1
        self._finished.append((key, future))
        result, self._next = self._next, None
        if result is not None and not result.done():
            self._give(result)

    def _give(self, result: "asyncio.Future[Any]") -> None:
        self.current_index, self.current_future = self._finished.popleft()
        chain_future(self.current_future, result)
