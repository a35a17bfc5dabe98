"""How a generator is driven through what it waits for.

Theory of operation. The generator runs until it yields something that is not done. What is done
already is sent in at once, and so is the value of an `async def` coroutine that ended without
waiting. Only when there is something to wait for, a future is made for the caller, and the `Driver`
itself is put down as the callback of what is waited for: one call of the event loop a step, no
Task. asyncio calls it in the context that it was put down with, so the generator has one and the
same context in all its steps.

Cancelling is Task's: to cancel the caller's future is a request. It is passed to what the
generator waits for, comes back as CancelledError in the generator, and counts when the generator
has ended. A request that finds the generator's wait just ended meets its next one; so nothing is
lost of what it had been waiting for.
"""

import asyncio
from asyncio import Future, Task, _get_running_loop
from collections.abc import Callable, Generator
from contextvars import Context
from types import CoroutineType, GeneratorType, TracebackType
from typing import Any

from waterspout.gen.errors import Return
from waterspout.gen.yielded import (
    Yieldable,
    convert_yielded,
    current_loop,
    failed,
    moment,
    succeeded,
)
from waterspout.ioloop import start_nested

__all__ = ["CoroutineFuture", "Driver", "Runner", "begin"]


class CoroutineFuture(Future[Any]):
    """The outcome of a coroutine that waits. To cancel it is to cancel the coroutine."""

    __slots__ = ("driver",)
    #: Who drives the coroutine; None when it has ended.
    driver: "Driver | None"

    def cancel(self, msg: Any = None) -> bool:
        """Ask the coroutine to end: it sees CancelledError. False if it has ended."""
        if self.done():
            return False
        if self.driver is None:
            return super().cancel(msg)
        self.driver.cancel(msg)
        return True


def begin(context: Context, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call `func`; if it is a generator function, run it until it waits. Return its future.

    To be called in `context`, which is the generator's from now on.
    """
    loop = current_loop()
    try:
        generator = func(*args, **kwargs)
    except (Return, StopIteration) as returned:
        return succeeded(loop, returned.value)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return failed(loop, error)
    if not isinstance(generator, GeneratorType):
        return succeeded(loop, generator)
    driver: Driver = Driver(context, generator, None, loop)
    driver.run()
    return driver.promise()


class Driver:
    """Drives one generator to its end; what it returns or raises is set in `result_future`.

    A future that is not given is made when it is needed. Used in the thread of `loop` only, and
    run in `context`.
    """

    def __init__(
        self,
        context: Context,
        gen: Generator[Any, Any, Any],
        result_future: "asyncio.Future[Any] | None",
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.gen: Generator[Any, Any, Any] | None = gen
        self.result_future = result_future
        #: What is waited for, or is done and to be sent in. None: `_value` or `_error` is.
        self.future: asyncio.Future[Any] | None = None
        self.running = False
        self.finished = False
        self._loop = loop
        self._context = context
        self._value: Any = None
        self._error: BaseException | None = None
        self._is_waiting = False
        self._must_cancel = False
        self._message: Any = None

    def promise(self) -> "asyncio.Future[Any]":
        """Return the future of who began; it is made here if the generator waits.

        A function of its own, as `_future_of`, so that no frame which may be in a traceback has a
        future among its variables: exception, frame and future would be a circle.
        """
        future, self.result_future = self.result_future, None
        if future is None:
            future = CoroutineFuture(loop=self._loop)
            future.driver = self
            self.result_future = future
        return future

    def __repr__(self) -> str:
        state = "finished" if self.finished else "waiting" if self._is_waiting else "running"
        name = getattr(self.gen, "__qualname__", "")
        return f"<{type(self).__name__} {state} {name} for={self.future!r}>"

    def __call__(self, future: object) -> None:
        """Go on, as the callback of what was waited for."""
        del future  # As in `_step`.
        self._is_waiting = False
        self.run()

    def run(self) -> None:
        """Run the generator until it has to wait, or to its end; nothing if it waits or runs."""
        if self.running or self.finished or self._is_waiting:
            return
        self.running = True
        try:
            while self._step():
                pass
        finally:
            self.running = False

    def _step(self) -> bool:
        """Send in what there is; return whether the generator may go on at once."""
        gen: Any = self.gen
        value, self._value = self._value, None
        error, self._error = self._error, None
        future, self.future = self.future, None
        if future is not None:
            try:
                # It raises nothing but the news of a cancellation: a traceback of the error gets
                # no line of ours.
                error = future.exception()
                if error is None:
                    value = future.result()
            except asyncio.CancelledError as cancelled:
                error = cancelled
            future = None
        try:
            yielded = gen.send(value) if error is None else gen.throw(error)
        except (Return, StopIteration) as returned:
            self._finish(returned.value)
            return False
        except BaseException as raised:
            self._fail(raised)
            if isinstance(raised, KeyboardInterrupt | SystemExit):
                raise
            return False
        finally:
            # Its traceback has this frame.
            error = None
        is_done = self.handle_yield(yielded)
        # A future that failed in the generator has the generator's frame, and that has this one.
        yielded = None
        return is_done

    def handle_yield(self, yielded: Yieldable) -> bool:
        """Take what the generator yielded. True if that is done, and `run` may go on at once."""
        if yielded is None or yielded is moment:
            if self._must_cancel:
                # This wait nobody else can end.
                self._must_cancel = False
                self._error = asyncio.CancelledError(*_arguments(self._message))
            self._is_waiting = True
            self._loop.call_soon(self, None, context=self._context)
            return False
        try:
            self.future = self._future_of(yielded)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._error = error
        if self.future is None or self.future.done():
            return True
        self._is_waiting = True
        self.future.add_done_callback(self, context=self._context)
        if self._must_cancel and self.future.cancel(msg=self._message):
            self._must_cancel = False
        return False

    def _future_of(self, yielded: Any) -> "asyncio.Future[Any] | None":
        """Return the future to wait for; None if `_value` is what came of it at once."""
        if isinstance(yielded, Future):
            future: asyncio.Future[Any] = yielded
        elif type(yielded) is CoroutineType and _get_running_loop() is self._loop:
            outcome = start_nested(yielded, self._loop)
            if not isinstance(outcome, Task):
                self._value = outcome
                return None
            return outcome
        else:
            future = convert_yielded(yielded)
        if future.get_loop() is not self._loop:
            raise RuntimeError(
                f"a coroutine yielded {future!r:.100}, which belongs to another event loop"
            )
        return future

    def handle_exception(
        self, typ: type[Exception], value: Exception, tb: TracebackType | None
    ) -> bool:
        """Raise an exception in the generator, where it is neither running nor finished.

        Returns whether it was.
        """
        if self.running or self.finished:
            return False
        self._error = value.with_traceback(tb)
        if self._is_waiting and self.future is None:
            return True  # In the next pass of the loop; it can't be taken back.
        if self.future is not None:
            self.future.remove_done_callback(self)
            self.future = None
        self._is_waiting = False
        self._context.run(self.run)
        return True

    def cancel(self, message: Any = None) -> None:
        """Raise CancelledError in the generator, once what it waits for has been cancelled."""
        future = self.future
        if self._is_waiting:
            if future is None:
                self._error = asyncio.CancelledError(*_arguments(message))
                return
            if future.cancel(msg=message):
                return
        self._must_cancel = True
        self._message = message

    def _finish(self, value: Any) -> None:
        if self._must_cancel:
            self._fail(asyncio.CancelledError(*_arguments(self._message)))
            return
        future = self._end()
        if future is None:
            self.result_future = succeeded(self._loop, value)
        elif not future.done():
            future.set_result(value)

    def _fail(self, error: BaseException) -> None:
        future = self._end()
        if future is None:
            self.result_future = failed(self._loop, error)
        elif future.done():
            pass
        elif isinstance(error, asyncio.CancelledError):
            future.cancel(*error.args[:1])
        else:
            future.set_exception(error)

    def _end(self) -> "asyncio.Future[Any] | None":
        """Let go of all that could make a circle; return the future to be set."""
        self.finished = True
        self.gen = None
        future, self.result_future = self.result_future, None
        if isinstance(future, CoroutineFuture):
            future.driver = None
        return future


class Runner(Driver):
    """Drives a generator that has begun; `coroutine` does without one, and programs seldom need it.

    `gen` has yielded `first_yielded`, in the context whose bound method `run` is `ctx_run`. Its
    outcome is set in `result_future`. Used in the thread of that one's loop only.
    """

    def __init__(
        self,
        ctx_run: Callable[..., Any],
        gen: Generator[Any, Any, Any],
        result_future: "asyncio.Future[Any]",
        first_yielded: Yieldable,
    ) -> None:
        context = getattr(ctx_run, "__self__", None)
        if not isinstance(context, Context):
            raise TypeError(
                f"ctx_run is the method run of a contextvars.Context, not {ctx_run!r:.80}"
            )
        super().__init__(context, gen, result_future, result_future.get_loop())
        if context.run(self.handle_yield, first_yielded):
            context.run(self.run)


def _arguments(message: Any) -> tuple[Any, ...]:
    return () if message is None else (message,)
