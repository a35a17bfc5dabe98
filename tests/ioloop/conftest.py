"""Loops for the tests of the event loop: asyncio's, uvloop's, and one with a clock of its own."""

import asyncio
import selectors

import pytest

from waterspout.ioloop import IOLoop


def _uvloop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    return loop


@pytest.fixture(params=[asyncio.new_event_loop, _uvloop], ids=["asyncio", "uvloop"])
def make_loop(request):
    """A function that makes a loop of the kind; the test closes it."""
    return request.param


@pytest.fixture
def loop(make_loop):
    """An asyncio loop that the test may leave open."""
    loop = make_loop()
    yield loop
    _end(loop)


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks that the test has left, and close the loop."""
    if not loop.is_closed():
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        loop.close()


@pytest.fixture
def io_loop(loop):
    """The IOLoop of `loop`, which is current in this thread."""
    return IOLoop(asyncio_loop=loop)


@pytest.fixture(autouse=True)
def no_current_loop():
    """No test sees the loop that another one made current in this thread."""
    asyncio.set_event_loop(None)
    yield
    asyncio.set_event_loop(None)


@pytest.fixture
def app_errors(caplog):
    """A function that returns what was logged to `app_log`, and forgets it."""

    def take():
        records = [record for record in caplog.records if record.name == "waterspout.application"]
        caplog.clear()
        return [(record.getMessage(), record.exc_info and record.exc_info[1]) for record in records]

    return take


class FakeClockLoop(asyncio.SelectorEventLoop):
    """A loop that doesn't wait: when it has nothing to do, it sets its clock to the next timer."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.early = 0.0  # How much too early timers fire, in seconds.
        super().__init__(_FakeSelector(self))

    def time(self) -> float:
        return self.now


class _FakeSelector(selectors.DefaultSelector):
    def __init__(self, loop: FakeClockLoop) -> None:
        super().__init__()
        self.loop = loop

    def select(self, timeout=None):
        if timeout:
            self.loop.now += timeout - self.loop.early
        return super().select(0)


@pytest.fixture
def fake_clock_loop():
    loop = FakeClockLoop()
    yield loop
    _end(loop)
