"""`Driver`: steps a coroutine whenever what it waits for is there, without a Task.

Theory of operation. A Task is scheduled, stepped, and reported an iteration of the loop later: 4 us
to 7 us before it has done anything. A flow needs little of that. So `begin` does its first step
then and there, what it waits for steps it again, and an ordinary future is given for its outcome.

A flow may wait for any asyncio future, which steps it an iteration after it is done, as it does
with a Task; and at a `gates.Gate`, which steps it at once.

Who cancels the future has cancelled it then and there, and the flow hears of it, by a
CancelledError, in the next pass of the loop.

What a driven flow is not: `asyncio.current_task()` within it is the caller's or none. So nothing of
the user's is called in it that may ask; `AsyncNet.settle` runs that in a Task.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from waterspout.net.gates import Gate

__all__ = ["Driver"]

# What a flow waits for that has yielded nothing: its next turn.
PAUSE = object()


class Driver:
    """See the module's docstring. Belongs to the loop's thread.

    With a ``context`` all steps are taken in it, otherwise in that of whoever brings them about. A
    ``future`` is for the outcome, instead of a new one.
    """

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, Any],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
        future: asyncio.Future[Any] | None = None,
    ) -> None:
        #: The outcome.
        self.future: asyncio.Future[Any] = loop.create_future() if future is None else future
        self._coroutine: Coroutine[Any, Any, Any] | None = coroutine  # None when it is over
        self._loop = loop
        self._context = context
        self._waits_for: Any = None

    def begin(self) -> None:
        """Do the first step; to be called in the running loop, once."""
        if self.future.done() and self._coroutine is not None:
            self._coroutine.close()  # Cancelled before the loop came to run it.
            self._coroutine = None
            return
        self.resume()
        if self._coroutine is not None:
            self.future.add_done_callback(self._on_outside)

    def resume(self) -> None:
        """Do the next step; called by what the coroutine waits for."""
        if self._context is None:
            self._advance(None)
        else:
            self._context.run(self._advance, None)

    def _on_future(self, done: asyncio.Future[Any]) -> None:
        if self._waits_for is done:
            self.resume()

    def _on_pause(self) -> None:
        if self._waits_for is PAUSE:
            self.resume()

    def _on_outside(self, _future: asyncio.Future[Any]) -> None:
        """Somebody else has cancelled the future, or set a result: of no use any more is ours."""
        waits_for = self._waits_for
        if self._coroutine is None:
            return  # It has ended since.
        if isinstance(waits_for, Gate):
            if waits_for.driver is self:
                waits_for.driver = None
        elif waits_for is not PAUSE:
            waits_for.remove_done_callback(self._on_future)
            waits_for.cancel()
        if self._context is None:
            self._advance(asyncio.CancelledError())
        else:
            self._context.run(self._advance, asyncio.CancelledError())

    def _advance(self, error: BaseException | None) -> None:
        coroutine = self._coroutine
        assert coroutine is not None
        self._waits_for = None
        try:
            awaited = coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            future = self._end()
            if not future.done():
                future.set_result(stop.value)
        except asyncio.CancelledError:
            self._end().cancel()
        except BaseException as failure:
            future = self._end()
            if not future.done():
                future.set_exception(failure)
            if not isinstance(failure, Exception):
                raise  # KeyboardInterrupt and SystemExit end the loop.
        else:
            self._waits_for = awaited
            if isinstance(awaited, Gate):
                awaited.driver = self
            elif awaited is None:
                self._waits_for = PAUSE
                self._loop.call_soon(self._on_pause)
            else:
                # What a Task does: the mark says that it was awaited and not just yielded.
                awaited._asyncio_future_blocking = False
                awaited.add_done_callback(self._on_future)

    def _end(self) -> asyncio.Future[Any]:
        """The coroutine is over; return the future for its outcome."""
        self._coroutine = None
        self.future.remove_done_callback(self._on_outside)
        return self.future

    def __repr__(self) -> str:
        name = getattr(self._coroutine, "__qualname__", "done")
        return f"<Driver {name}>"
