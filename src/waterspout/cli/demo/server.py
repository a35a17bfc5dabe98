"""The server of the demonstration: three handlers that take equally long, and keep records.

It runs in a process of its own, writes its records to standard output as lines of `Event`, and
ends when its standard input does: that is when the process that started it has gone, however.
"""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from waterspout.cli.demo.records import Event
from waterspout.cli.demo.watchdog import Watchdog
from waterspout.ioloop import IOLoop
from waterspout.web import Application, RequestHandler

__all__ = ["Awaiting", "Blocking", "Offloading", "main"]

THREADS = ThreadPoolExecutor(10)  # asyncio's own has 4 more than there are processors.


class Recorded(RequestHandler):
    """Writes down when the work on a request begins and ends."""

    delay: float
    watchdog: Watchdog

    def prepare(self) -> None:
        """Begin."""
        request = self.request
        report(Event("began", time.monotonic(), request.uri, request.remote_ip))
        self.watchdog.look_later(request.uri, type(self).get.__code__)

    def on_finish(self) -> None:
        """End."""
        report(Event("ended", time.monotonic(), self.request.uri))


class Blocking(Recorded):
    """Keeps the event loop waiting for what it waits for itself."""

    def get(self) -> None:  # noqa: D102
        time.sleep(self.delay)
        self.write("Hello, world")


class Awaiting(Recorded):
    """Gives the event loop back until what it waits for is there."""

    async def get(self) -> None:  # noqa: D102
        await asyncio.sleep(self.delay)
        self.write("Hello, world")


class Offloading(Recorded):
    """Lets a thread wait; the event loop is free meanwhile."""

    async def get(self) -> None:  # noqa: D102
        loop = IOLoop.current()
        await loop.run_in_executor(THREADS, time.sleep, self.delay)
        self.write("Hello, world")


def main(delay: float) -> None:
    """Serve on a port that the system chooses; each answer takes ``delay`` seconds."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    Recorded.delay = delay
    Recorded.watchdog = Watchdog(delay / 2, report)
    rules = [
        ("/", Blocking),
        ("/blocking", Blocking),
        ("/async", Awaiting),
        ("/threaded", Offloading),
    ]
    # Nobody reads a log here, and who presses Ctrl-C has left many an answer unread.
    server = Application(rules, log_function=lambda handler: None).listen(0, "127.0.0.1")
    report(Event("listening", time.monotonic(), detail=str(server.sockets[0].getsockname()[1])))
    IOLoop.current().start()


def report(event: Event) -> None:
    """Write an event; called by several threads, and so by one system call."""
    try:
        os.write(1, event.to_line())
    except BrokenPipeError:
        os._exit(0)  # Who listened has gone, a moment before `_end_with_parent` notices.


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)  # Also out of a handler that blocks.
