"""Queues: who puts, who gets, who waits, and who has gone."""

import asyncio
import datetime
import gc
import weakref
from typing import Any

import pytest

from waterspout import gen
from waterspout.queues import LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull

HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture(params=[Queue, PriorityQueue, LifoQueue])
def make_queue(request):
    """A class of queues."""
    return request.param


def waiting(queue: Any) -> tuple[int, int]:
    """Return how many wait to get and to put."""
    return len(queue._getters), len(queue._putters)


@pytest.mark.parametrize(
    ("cls", "expected"),
    [(Queue, [2, 3, 1]), (PriorityQueue, [1, 2, 3]), (LifoQueue, [1, 3, 2])],
)
def test_orders(loop, cls, expected):
    async def main():
        queue = cls()
        for item in (2, 3, 1):
            await queue.put(item)
        assert queue.qsize() == 3
        return [await queue.get() for _ in range(3)]

    assert loop.run_until_complete(main()) == expected


def test_producer_and_consumer(loop, make_queue):
    queue = make_queue(maxsize=2)
    found = []

    @gen.coroutine
    def produce():
        for item in range(10):
            yield queue.put(item)

    async def consume():
        async for item in queue:
            found.append(item)
            await asyncio.sleep(0)
            queue.task_done()

    async def main():
        consumer = asyncio.create_task(consume())
        await produce()
        await queue.join()
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer

    loop.run_until_complete(main())
    assert sorted(found) == list(range(10))
    assert waiting(queue) == (0, 0)


def test_without_waiting(loop, make_queue):
    async def main():
        queue = make_queue(1)
        assert (queue.empty(), queue.full(), queue.maxsize) == (True, False, 1)
        with pytest.raises(QueueEmpty, match="nothing to give"):
            queue.get_nowait()
        queue.put_nowait("item")
        assert (queue.empty(), queue.full()) == (False, True)
        with pytest.raises(QueueFull, match="no room"):
            queue.put_nowait("other")
        later = queue.put("other")
        assert not later.done()
        items = [queue.get_nowait()]
        assert later.done()
        items.append(queue.get_nowait())
        assert sorted(items) == ["item", "other"]
        getter = queue.get()
        queue.put_nowait("third")
        assert getter.result() == "third"
        name = type(queue).__name__
        assert repr(queue) == f"<{name} size=0 maxsize=1 getters=0 putters=0 tasks=3>"

    loop.run_until_complete(main())


def test_who_waits_longest_is_served_first(loop):
    async def main():
        queue: Queue[int] = Queue(1)
        getters = [queue.get() for _ in range(3)]
        putters = [queue.put(each) for each in range(5)]
        assert [getter.result() for getter in getters] == [0, 1, 2]
        assert [putter.done() for putter in putters] == [True, True, True, True, False]
        assert [queue.get_nowait(), queue.get_nowait()] == [3, 4]

    loop.run_until_complete(main())


def test_join(fake_clock_loop, make_queue):
    async def main():
        queue = make_queue()
        assert queue.join().done()
        queue.put_nowait(1)
        queue.put_nowait(2)
        with pytest.raises(TimeoutError):
            await queue.join(SECOND)
        joined = queue.join()
        for _ in range(2):
            queue.get_nowait()
            assert not joined.done()
            queue.task_done()
        await joined
        with pytest.raises(ValueError, match=r"task_done\(\) called too many times"):
            queue.task_done()

    fake_clock_loop.run_until_complete(main())


def test_timeouts(fake_clock_loop, make_queue):
    async def main():
        queue = make_queue(1)
        for timeout in (SECOND, 0):
            with pytest.raises(gen.TimeoutError, match="Timeout"):
                await queue.get(timeout)
        await queue.put(1, SECOND)
        for timeout in (SECOND, 0):
            with pytest.raises(gen.TimeoutError):
                await queue.put(2, timeout)
        assert await queue.get(SECOND) == 1
        assert queue.empty()
        assert waiting(queue) == (0, 0)

    fake_clock_loop.run_until_complete(main())


@pytest.mark.slow
def test_thousands_that_gave_up_leave_nothing(loop, make_queue):
    async def main():
        queue = make_queue(1)
        getters = [queue.get(0 if each % 2 else HOUR) for each in range(10_000)]
        for getter in getters[::2]:
            getter.cancel()
        await asyncio.gather(*getters, return_exceptions=True)
        assert waiting(queue) == (0, 0)
        queue.put_nowait(0)
        putters = [queue.put(each, 0 if each % 2 else HOUR) for each in range(10_000)]
        for putter in putters[::2]:
            putter.cancel()
        await asyncio.gather(*putters, return_exceptions=True)
        assert waiting(queue) == (0, 0)
        assert queue.get_nowait() == 0
        assert queue.empty()
        queue.task_done()
        assert queue.join().done()

    loop.run_until_complete(main())


def test_nothing_refers_to_an_item_that_was_taken(loop, make_queue):
    class Item:
        def __lt__(self, other):
            return False

    async def main():
        queue = make_queue(1)
        gone = []
        for _ in range(3):
            item = Item()
            gone.append(weakref.ref(item))
            queue.put(item)
            del item
        for _ in gone:
            assert isinstance(await queue.get(), Item)
        return [each() for each in gone]

    gc.disable()
    try:
        assert loop.run_until_complete(main()) == [None] * 3
    finally:
        gc.enable()


def test_an_item_is_not_lost(loop, make_queue):
    """Who was cancelled when he had it, and before he could go on, leaves it to the next."""

    async def get(queue):
        return await queue.get()

    async def main():
        queue = make_queue()
        first = asyncio.create_task(get(queue))
        await asyncio.sleep(0)
        queue.put_nowait(1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        queue.put_nowait(2)
        assert sorted([queue.get_nowait(), queue.get_nowait()]) == [1, 2]

        second = asyncio.create_task(get(queue))
        await asyncio.sleep(0)
        third = asyncio.create_task(get(queue))
        await asyncio.sleep(0)
        queue.put_nowait(3)
        second.cancel()
        assert await third == 3

    loop.run_until_complete(main())


def test_a_container_of_ones_own(loop):
    class Distinct(Queue[int]):
        def _init(self):
            self._queue = set()

        def _put(self, item):
            self._queue.add(item)

        def _get(self):
            return self._queue.pop()

    async def main():
        queue = Distinct()
        queue.put_nowait(1)
        queue.put_nowait(1)
        assert queue.qsize() == 1
        assert await queue.get() == 1
        getter = queue.get()
        queue.put_nowait(2)
        assert await getter == 2

    loop.run_until_complete(main())


def test_wrong_sizes():
    none: Any = None
    with pytest.raises(TypeError, match="a number, not None"):
        Queue(none)
    with pytest.raises(ValueError, match="not -1"):
        Queue(-1)
