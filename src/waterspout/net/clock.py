"""`Clock`: the time of a Net, for those who ask several times a fetch."""

import time
from collections.abc import Callable

from waterspout.net.system import monotonic

__all__ = ["Clock"]


class Clock:
    """Tells the time of ``read``, which is that of a Net, in seconds.

    Where that is the system's, as it is but for tests, compiled code asks the system itself.
    """

    def __init__(self, read: Callable[[], float]) -> None:
        self._read = read
        self._is_systems = read is time.monotonic

    def now(self) -> float:
        """Return the time."""
        return monotonic() if self._is_systems else self._read()
