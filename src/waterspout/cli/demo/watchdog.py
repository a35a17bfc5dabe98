"""`Watchdog`: looks from beside whether a handler holds the event loop, and at which line."""

import queue
import sys
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType

from waterspout.cli.demo.places import place
from waterspout.cli.demo.records import Event

__all__ = ["Watchdog", "held_at"]


class Watchdog:
    """A thread that takes a look at the thread which made it; nobody else can while that blocks.

    A look is taken ``patience`` seconds after it was asked for. What it finds is reported as an
    event ``held``.
    """

    def __init__(self, patience: float, report: Callable[[Event], None]) -> None:
        self._patience = patience
        self._report = report
        self._watched = threading.get_ident()
        self._looks: queue.SimpleQueue[tuple[float, str, CodeType]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def look_later(self, uri: str, code: CodeType) -> None:
        """Ask for a look for the function with ``code``, which works on ``uri``."""
        self._looks.put((time.monotonic() + self._patience, uri, code))

    def _run(self) -> None:
        while True:
            due, uri, code = self._looks.get()
            time.sleep(max(0.0, due - time.monotonic()))
            held = held_at(sys._current_frames().get(self._watched), code)
            if held is not None:
                self._report(Event("held", time.monotonic(), uri, held))


def held_at(frame: FrameType | None, code: CodeType) -> str | None:
    """Return the place where a stack is in the function with ``code``; None if it is not in it."""
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return None if frame is None else place(code, frame.f_lineno)
