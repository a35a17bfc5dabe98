"""Signals as something to wait for, beside sockets, without an event loop."""

import os
import selectors
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Signals", "held_back"]


@contextmanager
def held_back(numbers: Iterable[int]) -> Iterator[None]:
    """Let these signals wait until the end of the ``with`` statement.

    A process that is started in it begins with them held back, and can set up what it does with
    them before it lets them come.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class Signals:
    """Takes ``numbers`` for the time of a ``with`` statement; for the main thread."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = tuple(numbers)
        self._previous: dict[int, Any] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        self._out, self._in = os.pipe()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._selector.register(self._out, selectors.EVENT_READ)
        self._previous_wakeup = signal.set_wakeup_fd(self._in, warn_on_full_buffer=False)
        for number in self._numbers:
            self._previous[number] = signal.signal(number, _note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_wakeup)
        self._selector.close()
        os.close(self._in)
        os.close(self._out)

    def add(self, line: Any) -> None:
        """Wait on what has a ``fileno`` too."""
        self._selector.register(line, selectors.EVENT_READ)

    def remove(self, line: Any) -> None:
        """Wait on it no more."""
        self._selector.unregister(line)

    def wait(self, timeout: float | None) -> tuple[list[int], list[Any]]:
        """Return the signals that came, and what can be read, after ``timeout`` seconds or earlier.

        The same signal may be there several times; None waits for ever.
        """
        ready = [key.fileobj for key, _ in self._selector.select(timeout)]
        if self._out not in ready:
            return [], ready
        ready.remove(self._out)
        try:
            numbers = list(os.read(self._out, 4096))
        except BlockingIOError:
            numbers = []
        return numbers, ready


def _note(signum: int, frame: FrameType | None) -> None:
    """Do nothing: the number is written to the pipe before this is called."""
