"""`Queue`: one coroutine puts items in, another one gets them out."""

import asyncio
import datetime
from collections import deque
from typing import Any, Generic, TypeVar

from waterspout.gen.yielded import current_loop, succeeded
from waterspout.locks.event import Event
from waterspout.locks.line import Line
from waterspout.queues.errors import QueueEmpty, QueueFull

__all__ = ["Queue"]

T = TypeVar("T")


class Queue(Generic[T]):
    """Gives the item first that came first. ``async for item in queue`` gets one after the other.

    When `maxsize` items are in it, who puts another one waits; 0 stands for no limit. A subclass
    may keep the items in another way: `_init` makes the container in ``self._queue``, `_put` and
    `_get` add and remove one.

    TypeError if `maxsize` is None, ValueError if it is negative.
    """

    # What holds the items, whatever has a length.
    _queue: Any

    # Whether an item comes out as it went in; a subclass may change or drop it on the way.
    _is_plain = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_put" in cls.__dict__ or "_get" in cls.__dict__:
            cls._is_plain = False

    def __init__(self, maxsize: int = 0) -> None:
        if maxsize is None:
            raise TypeError("maxsize is a number, not None: 0 stands for no limit")
        if maxsize < 0:
            raise ValueError(f"maxsize is 0, for no limit, or more, not {maxsize}")
        self._maxsize = maxsize
        self._getters = Line()
        self._putters = Line()
        self._unfinished = 0
        self._finished = Event()
        self._finished.set()
        self._init()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} size={self.qsize()} maxsize={self._maxsize}"
            f" getters={len(self._getters)} putters={len(self._putters)} tasks={self._unfinished}>"
        )

    @property
    def maxsize(self) -> int:
        """How many items it holds at most; 0 if there is no limit."""
        return self._maxsize

    def qsize(self) -> int:
        """Return how many items are in it."""
        return len(self._queue)

    def empty(self) -> bool:
        """Tell whether there is nothing in it."""
        return not self._queue

    def full(self) -> bool:
        """Tell whether there is no room for more; never if there is no limit."""
        return 0 < self._maxsize <= len(self._queue)

    def put(
        self, item: T, timeout: float | datetime.timedelta | None = None
    ) -> "asyncio.Future[None]":
        """Put an item in, as soon as there is room; return a future that is done then.

        It fails with TimeoutError after `timeout`, a point of `IOLoop.time()` or a timedelta; who
        is cancelled while he waits puts nothing in.
        """
        if self._getters:
            self._hand_over(item)
        elif 0 < self._maxsize <= len(self._queue):
            return self._putters.join(timeout, None, item)
        else:
            self._add(item)
        return succeeded(current_loop(), None)

    def put_nowait(self, item: T) -> None:
        """Put an item in, or give it to who waits longest. QueueFull if there is no room."""
        if self._getters:
            self._hand_over(item)
        elif 0 < self._maxsize <= len(self._queue):
            raise QueueFull(f"{self!r} has no room for another item")
        else:
            self._add(item)

    def get(self, timeout: float | datetime.timedelta | None = None) -> "asyncio.Future[T]":
        """Return a future of an item, which is removed when it is done. Who waits longest is first.

        It fails with TimeoutError after `timeout`, a point of `IOLoop.time()` or a timedelta. Who
        is cancelled while he awaits it takes nothing out.
        """
        if self._putters:
            return succeeded(current_loop(), self.get_nowait())
        if self._queue:
            return succeeded(current_loop(), self._get())
        return self._getters.join(timeout, self._take_back)

    def get_nowait(self) -> T:
        """Remove an item and return it. QueueEmpty if there is none."""
        if self._putters:
            self._add(_serve_first(self._putters, None))
        elif not self._queue:
            raise QueueEmpty(f"{self!r} has nothing to give")
        return self._get()

    def task_done(self) -> None:
        """Tell that the work on an item is done; to be called once for each that was put in.

        When it was called for all, `join` is done. ValueError if it is called too often.
        """
        if self._unfinished <= 0:
            raise ValueError(
                "task_done() called too many times: there was one call for each item already"
            )
        self._unfinished -= 1
        if not self._unfinished:
            self._finished.set()

    def join(self, timeout: float | datetime.timedelta | None = None) -> "asyncio.Future[None]":
        """Return a future that is done when `task_done` was called for each item.

        It fails with TimeoutError after `timeout`, a point of `IOLoop.time()` or a timedelta.
        """
        return self._finished.wait(timeout)

    def __aiter__(self) -> "_Items[T]":
        return _Items(self)

    def _init(self) -> None:
        self._queue = deque()

    def _get(self) -> T:
        item: T = self._queue.popleft()
        return item

    def _put(self, item: T) -> None:
        self._queue.append(item)

    def _add(self, item: T) -> None:
        self._put(item)
        if not self._unfinished:
            self._finished.clear()
        self._unfinished += 1

    def _hand_over(self, item: T) -> None:
        """Give an item to who waits longest. Then nothing else is in the queue."""
        if not self._is_plain:
            self._add(item)
            self._serve()
            return
        if not self._unfinished:
            self._finished.clear()
        self._unfinished += 1
        _serve_first(self._getters, item)

    def _serve(self) -> None:
        getter = self._getters.pop()
        if getter is not None:
            getter.serve(self._get())

    def _take_back(self, item: T) -> None:
        """Take an item from one who was cancelled when he had it: it is the first again."""
        if isinstance(self._queue, deque):
            self._queue.appendleft(item)
        else:
            self._put(item)
        self._serve()


def _serve_first(line: Line, value: Any) -> Any:
    """Serve the first in a line, where somebody stands, with `value`; return what he brought."""
    place = line.pop()
    assert place is not None  # Nobody enters these by `async with`.
    place.serve(value)
    return place.item


class _Items(Generic[T]):
    """The items of a queue, as they come; it never ends."""

    def __init__(self, queue: Queue[T]) -> None:
        self._queue = queue

    def __anext__(self) -> "asyncio.Future[T]":
        return self._queue.get()
