"""From blocking code into the loop and back: run a coroutine to its end, return what it returns."""

import asyncio
import concurrent.futures
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from waterspout.ioloop.callbacks import is_awaited
from waterspout.ioloop.event_loop import new_event_loop

__all__ = ["CLOSED", "run", "run_sync"]

T = TypeVar("T")

CLOSED = "Event loop is closed: IOLoop.current() finds or makes one that is open"


def run(main: Coroutine[Any, Any, T], *, debug: bool = False) -> T:
    """Run the coroutine `main` to its end in a new event loop, and return what it returns.

    As `asyncio.run`, but on uvloop where it is installed: tasks that are left are cancelled, async
    generators closed, the executor shut down, the loop closed; Ctrl-C cancels `main`, and is raised
    as KeyboardInterrupt after it. `debug` is asyncio's debug mode, as PYTHONASYNCIODEBUG sets it.

    Raises what `main` raises; RuntimeError in a thread that has a running loop.
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError(
            "This thread has a running event loop: await the coroutine, don't run it"
        )
    runner = asyncio.Runner(debug=debug or None, loop_factory=new_event_loop)
    try:
        with _interrupt_held_back():
            runner.get_loop()
        return runner.run(main)
    finally:
        runner.close()
        if asyncio.iscoroutine(main):
            main.close()  # it has not begun where Ctrl-C came first


@contextmanager
def _interrupt_held_back() -> Iterator[None]:
    """Raise KeyboardInterrupt only afterwards: to make a loop takes long, and it must be closed."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interrupts = 0

    def count(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += 1

    signal.signal(signal.SIGINT, count)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if interrupts:
        raise KeyboardInterrupt


def run_sync(
    loop: asyncio.AbstractEventLoop, func: Callable[[], Any], timeout: float | None = None
) -> Any:
    """Start `loop`, call `func` in it, stop the loop when all is done, and return the outcome.

    `func` returns None or something to await; TypeError if it returns anything else. After
    `timeout` seconds what it does is cancelled, and TimeoutError raised when it has heeded that.
    The loop can be started again afterwards. Tasks that it was not told of are left as they are.

    Raises what `func` raises; RuntimeError if the loop is stopped before, or can't be started.
    """
    if loop.is_running() or asyncio._get_running_loop() is not None:
        raise RuntimeError("This thread's event loop is already running: await, don't run_sync")
    if loop.is_closed():
        raise RuntimeError(CLOSED)
    is_expired = False
    timer: asyncio.TimerHandle | None = None

    def expire() -> None:
        nonlocal is_expired
        is_expired = task.cancel()

    async def main() -> Any:
        nonlocal timer
        if timeout is not None:
            timer = loop.call_later(timeout, expire)
        return await _call(func)

    task = loop.create_task(main())
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError as cancelled:
        if is_expired:
            # With the cancellation, whose traceback shows where it was waited.
            raise TimeoutError(f"Operation timed out after {timeout} seconds") from cancelled
        raise
    finally:
        if timer is not None:
            timer.cancel()


async def _call(func: Callable[[], Any]) -> Any:
    outcome = func()
    if outcome is None:
        return None
    if not is_awaited(outcome):
        raise TypeError(f"{func!r} returned {outcome!r}, which can't be awaited")
    if isinstance(outcome, concurrent.futures.Future):
        outcome = asyncio.wrap_future(outcome)
    return await outcome
