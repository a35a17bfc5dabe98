"""A server's life until a signal ends it: what a program awaits after it has begun to listen."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from waterspout.httpserver.server import HTTPServer

__all__ = ["run_until_signal"]


async def run_until_signal(
    *servers: HTTPServer,
    grace: float | None = 30.0,
    readiness_delay: float = 0.0,
    signals: Iterable[int] = (signal.SIGTERM, signal.SIGINT),
) -> int:
    """Wait for a signal, drain all ``servers`` and return how many connections had to be cut.

    The first of ``signals`` begins the drain, a second one cuts at once what is left;
    ``HTTPServer.drain`` says what ``grace`` and ``readiness_delay`` are, in seconds. To be
    awaited in the main thread. Meanwhile the signals are handled here; afterwards they are what
    they were before, where Python had set them. If it is cancelled it waits no longer, and closes
    nothing.
    """
    received: asyncio.Queue[None] = asyncio.Queue()
    with _handled(signals, lambda: received.put_nowait(None)):
        await received.get()
        drains = [
            asyncio.ensure_future(server.drain(grace, readiness_delay=readiness_delay))
            for server in servers
        ]
        hurry = asyncio.ensure_future(_cut_on_signal(received, servers))
        try:
            return sum(await asyncio.gather(*drains))
        finally:
            hurry.cancel()


async def _cut_on_signal(received: "asyncio.Queue[None]", servers: Iterable[HTTPServer]) -> None:
    await received.get()
    for server in servers:
        server.cut_connections()


@contextmanager
def _handled(signals: Iterable[int], callback: Callable[[], object]) -> Iterator[None]:
    """Have ``callback`` called, in a turn of the loop, for each of ``signals``."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in signals}
    for number in before:
        try:
            loop.add_signal_handler(number, callback)
        except NotImplementedError:  # Windows
            signal.signal(number, _caller(loop, callback))
    try:
        yield
    finally:
        for number, handler in before.items():
            try:
                loop.remove_signal_handler(number)
            except NotImplementedError:
                pass
            if handler is not None:
                signal.signal(number, handler)


def _caller(
    loop: asyncio.AbstractEventLoop, callback: Callable[[], object]
) -> Callable[[int, FrameType | None], None]:
    """Return a handler of the interpreter's, which may interrupt anything, for a callback."""

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)

    return handle
