"""Coroutines, locks, queues and futures beside Tornado's: one program, run on either."""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import datetime
import importlib
import inspect
from typing import Any

import pytest

pytest.importorskip("tornado", reason="Tornado is not installed")

VALUE = contextvars.ContextVar("VALUE", default=0)
SOON = datetime.timedelta(0)
HOUR = datetime.timedelta(hours=1)


class Toolbox:
    """The modules of one framework, and what a program notes."""

    def __init__(self, framework: str) -> None:
        self.gen, self.locks, self.queues, self.concurrent = (
            importlib.import_module(f"{framework}.{name}")
            for name in ("gen", "locks", "queues", "concurrent")
        )
        self.notes: list[Any] = []

    def note(self, *values: Any) -> None:
        """Note values, exceptions by their kind."""
        self.notes.append(
            tuple(type(v).__name__ if isinstance(v, BaseException) else v for v in values)
        )

    @contextlib.contextmanager
    def noting(self, *values: Any):
        """Note how a block ends."""
        try:
            yield
        except (Exception, asyncio.CancelledError) as error:
            self.note(*values, error)
        else:
            self.note(*values, "fine")


PROGRAMS: list[Any] = []


def program(function: Any) -> Any:
    """Take one into the comparison."""
    PROGRAMS.append(function)
    return function


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_programs(program):
    notes = []
    for framework in ("tornado", "waterspout"):
        toolbox = Toolbox(framework)

        async def main(toolbox=toolbox):
            outcome = program(toolbox)
            if inspect.isawaitable(outcome):
                await asyncio.wait_for(outcome, 30)

        asyncio.run(main())
        notes.append(toolbox.notes)
    assert notes[0] == notes[1]
    assert notes[0]


@program
def values(box):
    gen = box.gen

    async def native(value):
        await asyncio.sleep(0)
        return value

    @gen.coroutine
    def old(value):
        yield gen.moment
        raise gen.Return(value)

    @gen.coroutine
    def plain(value):
        return value

    @gen.coroutine
    def main():
        box.note((yield old(1)), (yield native(2)), (yield plain(3)), (yield None))
        box.note((yield gen.moment), (yield gen.sleep(0)), (yield []), (yield {}))
        box.note((yield [old(1), native(2), None, plain(3), [old(4)], {"a": old(5)}]))
        box.note((yield {"a": old(1), "b": {"c": native(2)}}))
        box.note((yield gen.multi(old(each) for each in range(3))))
        box.note((yield gen.maybe_future(5)), (yield gen.maybe_future(old(6))))
        same = old(7)
        box.note((yield same), (yield same), (yield [same, same]))
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            # In a list, Tornado may never hear of it.
            box.note((yield executor.submit(abs, -8)))

    return main()


@program
def errors(box):
    gen = box.gen

    @gen.coroutine
    def fail(error, late):
        if late:
            yield gen.moment
        raise error

    async def native(error):
        await fail(error, True)

    @gen.coroutine
    def main():
        for late in (True, False):
            with box.noting(late):
                yield fail(KeyError(), late)
            with box.noting(late, "list"):
                yield [fail(KeyError(), late), gen.sleep(0)]
            with box.noting(late, "first"):
                yield gen.multi([fail(KeyError(), late), fail(ValueError(), False)], ValueError)
            with box.noting(late, "dict"):
                yield gen.multi({"a": fail(KeyError(), late)}, quiet_exceptions=(KeyError,))
        with box.noting("native"):
            yield native(KeyError())
        for bad in (42, "text", (gen.sleep(0),), {1, 2}, object(), [1], {"a": 1}):
            with box.noting(repr(type(bad))):
                yield bad
        gone: Any = asyncio.Future()
        gone.cancel()
        with box.noting("cancelled"):
            yield gone
        with box.noting("cancelled in a list"):
            yield [gen.sleep(0), gone]
        again = native(KeyError())
        for _ in range(2):
            with box.noting("again"):
                yield again
        box.note("end")

    return main()


@program
def contexts(box):
    gen = box.gen

    @gen.coroutine
    def inner(value):
        VALUE.set(VALUE.get() + value)
        yield gen.moment
        VALUE.set(VALUE.get() + value)
        yield gen.sleep(0)
        return VALUE.get()

    async def native(value):
        VALUE.set(VALUE.get() + value)
        await asyncio.sleep(0)
        return VALUE.get(), await inner(1000)

    @gen.coroutine
    def main():
        VALUE.set(100)
        box.note((yield [inner(1), inner(2)]), (yield native(3)), VALUE.get())

    return main()


@program
def timeouts(box):
    gen = box.gen

    @gen.coroutine
    def fail():
        yield gen.moment
        raise KeyError

    @gen.coroutine
    def main():
        never: Any = asyncio.Future()
        for timeout in (SOON, 0, -1, datetime.timedelta(-1)):
            with box.noting(str(timeout)):
                yield gen.with_timeout(timeout, never)
        with box.noting("in time"):
            box.note((yield gen.with_timeout(HOUR, gen.sleep(0))))
            yield gen.with_timeout(HOUR, fail())
        for message in ("text", lambda: "made", None):
            try:
                yield gen.with_timeout(SOON, never, message=message)
            except gen.TimeoutError as error:
                box.note(str(error), type(error).__name__)
        with box.noting("done in vain"):
            box.note((yield gen.with_timeout(0, gen.maybe_future(1))))
        for none in ("x", object()):
            with box.noting("bad"):
                yield gen.with_timeout(none, never)
        with box.noting("bad yield"):
            yield gen.with_timeout(HOUR, 42)
        box.note(never.done())

    return main()


@program
def iterators(box):
    gen = box.gen

    @gen.coroutine
    def after(waits, outcome):
        for _ in range(waits):
            yield gen.moment
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def main():
        results = gen.WaitIterator(after(6, "a"), after(0, "b"), after(3, KeyError()))
        while not results.done():
            with box.noting("next"):
                box.note(await results.next(), results.current_index)
            box.note(results.current_index, results.current_future.done())
        box.note(results.current_index, results.current_future)
        results = gen.WaitIterator(x=after(2, "x"), y=after(0, "y"))
        async for result in results:
            box.note(result, results.current_index)
        with box.noting("both"):
            gen.WaitIterator(after(0, 1), z=after(0, 2))
        box.note(gen.WaitIterator().done())

    return main()


@program
def functions(box):
    gen = box.gen

    @gen.coroutine
    def decorated():
        """Of its own."""
        yield

    async def native():
        """Native."""

    for function in (decorated, native, decorated.__wrapped__, None, len):
        box.note(gen.is_coroutine_function(function))
    box.note(decorated.__name__, decorated.__doc__)
    box.note(gen.Return(1).value, gen.Return(1).args, gen.Return().value)
    for name in ("BadYieldError", "KeyReuseError", "LeakedCallbackError", "UnknownKeyError"):
        box.note(name, getattr(gen, name).__mro__[1:])
    box.note(gen.TimeoutError is TimeoutError, gen.Multi.__name__)


@program
def registered(box):
    gen = box.gen

    class Own:
        """Of a program's own."""

    def convert(own):
        return gen.maybe_future("converted")

    gen.convert_yielded.register(Own, convert)

    @gen.coroutine
    def main():
        box.note((yield Own()), (yield [Own(), Own()]), (yield gen.with_timeout(HOUR, Own())))

    return main()


@program
def locks(box):
    locks = box.locks

    async def enter(lock, name):
        async with lock as value:
            box.note(name, value)
            await asyncio.sleep(0)
            box.note(name, "leaves")

    async def main():
        for lock in (locks.Lock(), locks.Semaphore(), locks.BoundedSemaphore(2)):
            await asyncio.gather(*(enter(lock, name) for name in "abcd"))
            with await lock.acquire() as value:
                box.note(value)
            with box.noting("with"), lock:
                box.note("never")
            with box.noting("released"):
                lock.release()
                lock.release()
        for value in (0, 1, -1):
            with box.noting(value):
                locks.Semaphore(value)
            with box.noting("bounded", value):
                locks.BoundedSemaphore(value).release()
        for lock in (locks.Lock(), locks.Semaphore(), locks.BoundedSemaphore()):
            await lock.acquire()
            for timeout in (SOON, 0, -1):
                with box.noting(str(timeout)):
                    await lock.acquire(timeout=timeout)
            waiting = [lock.acquire(), lock.acquire(HOUR), lock.acquire()]
            waiting[0].cancel()
            lock.release()
            box.note([each.done() for each in waiting])
            lock.release()
            box.note([each.done() for each in waiting])
            with await waiting[1]:
                box.note("inside")

    return main()


@program
def events(box):
    locks = box.locks

    async def main():
        event = locks.Event()
        waiting = [event.wait(), event.wait(SOON), event.wait(HOUR)]
        box.note(event.is_set())
        with box.noting("timeout"):
            await waiting[1]
        waiting[2].cancel()
        event.set()
        event.set()
        box.note(event.is_set(), [each.done() for each in waiting], await waiting[0])
        box.note(await event.wait(), event.wait().done(), await event.wait(SOON))
        event.clear()
        box.note(event.is_set(), event.wait().done())

        condition = locks.Condition()
        condition.notify()
        waiting = [condition.wait(timeout) for timeout in (None, SOON, HOUR, None, None)]
        box.note(await waiting[1])
        waiting[2].cancel()
        condition.notify()
        box.note([each.done() for each in waiting])
        condition.notify(5)
        box.note([each.done() for each in waiting], [await waiting[0], await waiting[4]])
        condition.notify_all()
        box.note(await condition.wait(-1))

    return main()


@program
def queues(box):
    queues = box.queues

    async def main():
        for cls in (queues.Queue, queues.PriorityQueue, queues.LifoQueue):
            queue = cls(2)
            box.note(queue.maxsize, queue.qsize(), queue.empty(), queue.full(), queue.join().done())
            putters = [queue.put(item) for item in (3, 1, 2, 5, 4)]
            box.note([each.done() for each in putters], queue.qsize(), queue.full())
            with box.noting("full"):
                queue.put_nowait(0)
            putters[3].cancel()
            box.note(queue.get_nowait(), [each.done() for each in putters])
            box.note(await queue.get(), [each.done() for each in putters])
            box.note(await queue.get(HOUR), await queue.get(SOON))
            with box.noting("empty"):
                queue.get_nowait()
            for timeout in (SOON, 0, -1):
                with box.noting(str(timeout)):
                    await queue.get(timeout)
            getters = [queue.get() for _ in range(3)]
            getters[0].cancel()
            queue.put_nowait("x")
            await queue.put("y")
            box.note([await each for each in getters[1:]], queue.empty())
            queue.put_nowait("z")
            queue.put_nowait("z")
            with box.noting("put"):
                await queue.put("late", timeout=SOON)
            with box.noting("join"):
                await queue.join(SOON)
            joined = queue.join()
            count = 0
            with box.noting("task_done"):
                while True:
                    queue.task_done()
                    count += 1
            box.note(count, joined.done(), queue.qsize())
        for size in (None, -1, 0, 1):
            with box.noting(size):
                queues.Queue(size)

    return main()


@program
def iterated_queues(box):
    queue = box.queues.Queue()

    async def consume():
        async for item in queue:
            box.note(item)
            queue.task_done()
            if item == 4:
                return

    async def main():
        consumer = asyncio.ensure_future(consume())
        for item in range(5):
            await queue.put(item)
        await queue.join()
        await consumer

    return main()


@program
def subclassed_queues(box):
    base: Any = box.queues.Queue

    class Distinct(base):  # type: ignore[misc]
        def _init(self):
            self._queue = set()

        def _put(self, item):
            self._queue.add(item)

        def _get(self):
            return self._queue.pop()

    async def main():
        queue = Distinct(maxsize=2)
        for item in (1, 1, 2, 3):
            queue.put(item)
        box.note(queue.qsize(), sorted([await queue.get(), await queue.get(), await queue.get()]))
        getter = queue.get()
        queue.put_nowait(5)
        box.note(await getter)

    return main()


@program
def executors(box):
    class Own:
        def __init__(self):
            self.executor = self.other = box.concurrent.dummy_executor

        @box.concurrent.run_on_executor
        def divide(self, a, b=2):
            return a / b

        @box.concurrent.run_on_executor(executor="other")
        def name(self):
            return "other"

    async def main():
        own = Own()
        box.note(await own.divide(3), await own.divide(3, b=3), await own.name())
        with box.noting("zero"):
            await own.divide(1, 0)
        box.note(isinstance(own.name(), asyncio.Future))
        with concurrent.futures.ThreadPoolExecutor(1) as own.executor:
            box.note(await own.divide(1))

    return main()


@program
def futures(box):
    module = box.concurrent

    async def main():
        for kind in (asyncio.Future, concurrent.futures.Future):
            box.note(module.is_future(kind()), module.is_future(1), module.is_future(None))
            for early in (True, False):
                for other in (asyncio.Future, concurrent.futures.Future):
                    a: Any = kind()
                    b: Any = other()
                    if early:
                        a.set_result(1)
                    module.chain_future(a, b)
                    if not early:
                        a.set_result(1)
                    for _ in range(3):
                        await asyncio.sleep(0)
                    box.note(b.result() if b.done() else "pending")
            future: Any = kind()
            module.future_set_result_unless_cancelled(future, 1)
            with box.noting("twice"):
                module.future_set_result_unless_cancelled(future, 2)
            module.future_add_done_callback(future, lambda future: box.note(future.result()))
            future = kind()
            future.cancel()
            module.future_set_result_unless_cancelled(future, 1)
            module.future_set_exc_info(future, (KeyError, KeyError(), None))
            module.future_set_exception_unless_cancelled(future, KeyError())
            box.note(future.cancelled())
            future = kind()
            module.future_set_exc_info(future, (KeyError, KeyError(), None))
            box.note(future.exception())

    return main()
