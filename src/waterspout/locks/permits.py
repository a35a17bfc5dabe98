"""What locks and semaphores have in common: a number of permits, and a line in front of them."""

import asyncio
import datetime
from collections.abc import Awaitable, Generator
from types import TracebackType
from typing import Any, NoReturn

from waterspout.gen.yielded import current_loop, succeeded
from waterspout.locks.line import Line

__all__ = ["Permit", "Permits"]


class Permits:
    """Gives out permits, as many as there are. One that comes back goes to the first in line."""

    def __init__(self, value: int) -> None:
        self._value = value
        self._line = Line()

    def __repr__(self) -> str:
        state = f"free={self._value}" if self._value else "locked"
        return f"<{type(self).__name__} {state} waiting={len(self._line)}>"

    def acquire(
        self, timeout: float | datetime.timedelta | None = None
    ) -> "asyncio.Future[Permit]":
        """Return a future of a permit, which is taken when it is done. Then call `release`, or::

            async with lock: ...

            with (yield lock.acquire()): ...

        Who waits longest gets the next one. It fails with TimeoutError after `timeout`, a point of
        `IOLoop.time()` or a timedelta. Who is cancelled while he waits takes none.
        """
        if self._value > 0:
            self._value -= 1
            return succeeded(current_loop(), Permit(self))
        return self._line.join(timeout, self._take_back)

    def release(self) -> None:
        """Give a permit back, or to the first in line."""
        place = self._line.pop()
        if place is None:
            self._value += 1
        else:
            place.serve(None if place.is_entry else Permit(self))

    # Coroutines would be made and run for nothing: there is mostly no reason to wait.

    def __aenter__(self) -> Awaitable[None]:
        if self._value > 0:
            self._value -= 1
            return _DONE
        entering: Awaitable[None] = self._line.enter(self._take_back)
        return entering

    def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Awaitable[None]:
        self.release()
        return _DONE

    def __enter__(self) -> NoReturn:
        name = type(self).__name__
        raise RuntimeError(
            f"A {name} cannot be waited for by `with`: write `async with`, or"
            f" `with (yield {name.lower()}.acquire())` in a coroutine of generators"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__enter__()

    def _take_back(self, permit: "Permit | None") -> None:
        self.release()


class _Done:
    """Nothing to wait for."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        return _NOTHING  # type: ignore[no-any-return]


_DONE: Awaitable[None] = _Done()
_NOTHING: Any = iter(())


class Permit:
    """A permit that was taken; as a context manager it is given back at the end."""

    __slots__ = ("_permits",)

    def __init__(self, permits: Permits) -> None:
        self._permits = permits

    def __repr__(self) -> str:
        return f"<Permit of={self._permits!r}>"

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._permits.release()
