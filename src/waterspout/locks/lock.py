"""`Lock`: one coroutine at a time."""

from waterspout.locks.permits import Permits

__all__ = ["Lock"]


class Lock(Permits):
    """Lets one coroutine in at a time; ``async with`` it, or `acquire` and `release`.

    It knows no owner: who has it may not acquire it again, and anybody may release it.
    """

    def __init__(self) -> None:
        super().__init__(1)

    def release(self) -> None:
        """Unlock it, or hand it to the first in line. RuntimeError if it is not locked."""
        if self._value:
            raise RuntimeError("release of an unlocked lock: release() once for each acquire()")
        super().release()
