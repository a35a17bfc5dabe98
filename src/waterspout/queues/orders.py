"""Queues that give another item first than the one that came first."""

import heapq
from typing import Any, TypeVar

from waterspout.queues.queue import Queue

__all__ = ["LifoQueue", "PriorityQueue"]

T = TypeVar("T")


class PriorityQueue(Queue[T]):
    """Gives the least item first; often they are tuples ``(priority, data)``."""

    _queue: list[Any]

    def _init(self) -> None:
        self._queue = []

    def _get(self) -> T:
        item: T = heapq.heappop(self._queue)
        return item

    def _put(self, item: T) -> None:
        heapq.heappush(self._queue, item)


class LifoQueue(Queue[T]):
    """Gives the item first that came last."""

    _queue: list[Any]

    def _init(self) -> None:
        self._queue = []

    def _get(self) -> T:
        item: T = self._queue.pop()
        return item

    def _put(self, item: T) -> None:
        self._queue.append(item)
