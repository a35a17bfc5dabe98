"""`Semaphore` and `BoundedSemaphore`: a number of coroutines at a time."""

from waterspout.locks.permits import Permits

__all__ = ["BoundedSemaphore", "Semaphore"]


class Semaphore(Permits):
    """Lets `value` coroutines in at a time; ``async with`` it, or `acquire` and `release`.

    ValueError if `value` is negative.
    """

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError(f"a semaphore begins with 0 or more permits, not {value}")
        super().__init__(value)


class BoundedSemaphore(Semaphore):
    """A semaphore that never has more permits than it began with."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._bound = value

    def release(self) -> None:
        """Give a permit back, or to the first in line. ValueError if none has been taken."""
        if self._value >= self._bound:
            raise ValueError(
                f"Semaphore released too many times: all of its {self._bound} permits are here;"
                " release() once for each acquire()"
            )
        super().release()
