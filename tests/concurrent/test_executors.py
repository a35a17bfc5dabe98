"""Methods on executors."""

import concurrent.futures
import threading

import pytest

from waterspout.concurrent import DummyExecutor, dummy_executor, run_on_executor


class Worker:
    def __init__(self, executor):
        self.executor = executor
        self._other = dummy_executor

    @run_on_executor
    def divide(self, a, b=2):
        """Divide."""
        return a / b, threading.get_ident()

    @run_on_executor(executor="_other")
    def thread(self):
        return threading.get_ident()

    @run_on_executor()
    def name(self):
        return self.name.__name__


def test_methods(loop):
    async def main():
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            worker = Worker(executor)
            half, thread = await worker.divide(3)
            assert half == 1.5
            assert thread != threading.get_ident()
            assert (await worker.divide(a=3, b=3))[0] == 1
            with pytest.raises(ZeroDivisionError):
                await worker.divide(1, 0)
            assert await worker.thread() == threading.get_ident()
            assert await worker.name() == "name"
            assert Worker.divide.__doc__ == "Divide."

    loop.run_until_complete(main())


def test_to_cancel_takes_the_call_back(loop):
    async def main():
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            go = threading.Event()
            executor.submit(go.wait)
            future = Worker(executor).divide(1)
            future.cancel()
            go.set()
        assert future.cancelled()

    loop.run_until_complete(main())


def test_it_needs_a_loop():
    with pytest.raises(RuntimeError, match="no running event loop"):
        Worker(dummy_executor).divide(1)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((1, 2), {}), ((None,), {}), ((), {"pool": "x"}), ((), {"executor": 1}), ((abs,), {"x": 1})],
)
def test_wrong_arguments(args, kwargs):
    with pytest.raises(TypeError, match="put on a method as it is"):
        run_on_executor(*args, **kwargs)


def test_the_executor_without_threads():
    executor = DummyExecutor()
    assert executor.submit(divmod, 7, 2).result() == (3, 1)
    assert isinstance(executor.submit(divmod, 7, 0).exception(), ZeroDivisionError)
    executor.shutdown()
    with pytest.raises(SystemExit):
        executor.submit(exit)
