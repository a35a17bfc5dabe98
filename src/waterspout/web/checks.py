"""Checks of what a program depends on: each with a time limit, run once for all who ask.

It knows no request. Whoever asks for health often, or attacks by asking, costs one run of each
check in ``max_age`` seconds.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from waterspout.log import app_log

__all__ = ["Checks"]

Check = Callable[[], object]


class Checks:
    """Named functions that tell whether something works: a database, a full disk.

    A check fails by raising, by returning ``False``, and by taking longer than its ``timeout``
    (seconds). One that is ``async`` runs on the loop and is cancelled at its limit; a plain one
    runs in a thread, as it may block, and is not run again before it has ended. A result is good
    for ``max_age`` seconds. To be used in the thread of one event loop.
    """

    def __init__(
        self,
        checks: Mapping[str, Check] | None = None,
        *,
        timeout: float = 5.0,
        max_age: float = 1.0,
    ) -> None:
        self._timeout = timeout
        self._max_age = max_age
        self._checks: dict[str, tuple[Check, float]] = {}
        self._threads: dict[str, asyncio.Future[object]] = {}
        self._run: asyncio.Task[dict[str, str]] | None = None
        self._results: dict[str, str] = {}
        self._good_until = 0.0
        for name, check in (checks or {}).items():
            self.add(name, check)

    def add(self, name: str, check: Check, timeout: float | None = None) -> None:
        """Add a check; ``timeout`` in seconds, None for that of all. A name stands once."""
        if name in self._checks:
            raise ValueError(f"there is a check called {name!r} already")
        if not callable(check):
            raise TypeError(f"the check {name!r} is a function, not {check!r}")
        self._checks[name] = (check, self._timeout if timeout is None else timeout)
        self._good_until = 0.0

    async def results(self) -> dict[str, str]:
        """Return ``ok``, ``failed`` or ``timed out`` for each name; why is in the log."""
        if not self._checks or monotonic() < self._good_until:
            return self._results
        if self._run is None or self._run.done():
            self._run = asyncio.get_running_loop().create_task(self._run_all())
        return await asyncio.shield(self._run)

    async def _run_all(self) -> dict[str, str]:
        names = list(self._checks)
        found = await asyncio.gather(*(self._run_one(name) for name in names))
        self._results = dict(zip(names, found, strict=True))
        self._good_until = monotonic() + self._max_age
        return self._results

    async def _run_one(self, name: str) -> str:
        check, timeout = self._checks[name]
        try:
            result = await asyncio.wait_for(self._call(name, check), timeout)
        except TimeoutError:
            app_log.warning("the check %r has taken longer than %g s", name, timeout)
            return "timed out"
        except Exception:
            app_log.warning("the check %r failed", name, exc_info=True)
            return "failed"
        if result is False:
            app_log.warning("the check %r failed", name)
            return "failed"
        return "ok"

    async def _call(self, name: str, check: Check) -> object:
        if inspect.iscoroutinefunction(check):
            return await check()
        running = self._threads.get(name)
        if running is None or running.done():
            loop = asyncio.get_running_loop()
            running = self._threads[name] = loop.run_in_executor(None, check)
            running.add_done_callback(_forget_error)
        result = await asyncio.shield(running)
        return await result if isinstance(result, Awaitable) else result

    def __repr__(self) -> str:
        return f"<Checks {self._results or sorted(self._checks)}>"


def _forget_error(future: "asyncio.Future[object]") -> None:
    """Have nobody reported who failed after the time was up."""
    if not future.cancelled():
        future.exception()
