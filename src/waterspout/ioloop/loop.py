"""`IOLoop`: Tornado's names for what an asyncio event loop does."""

import asyncio
import concurrent.futures
import datetime
import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeVar, cast, overload

from waterspout.ioloop.callbacks import Callbacks
from waterspout.ioloop.event_loop import new_event_loop, thread_event_loop
from waterspout.ioloop.handlers import (
    ERROR,
    NONE,
    READ,
    WRITE,
    Handler,
    Handlers,
    Selectable,
    close_fd,
    split_fd,
)
from waterspout.ioloop.running import CLOSED, run_sync
from waterspout.util import Configurable

__all__ = ["IOLoop"]

T = TypeVar("T")

# Where an asyncio loop keeps its IOLoop. A map from the one to the other would keep both alive, as
# the IOLoop has its loop; this way they go together, however the loop is closed.
_FACE = "_waterspout_ioloop"


class IOLoop(Configurable):
    """A thin face on an asyncio event loop, in `asyncio_loop`. There is one for each loop.

    `IOLoop()` makes a new event loop (uvloop's where that is installed) and makes it the current
    one of this thread, unless `make_current` is false. `IOLoop(asyncio_loop=loop)` is the face of a
    loop that exists; `IOLoop.current()` finds or makes the right one, and is what programs call.

    Only `add_callback` may be called from another thread while the loop runs; all else belongs to
    the loop's thread. Elsewhere, and when the loop is closed, it is a RuntimeError to ask for what
    would come late or never.
    """

    NONE = NONE
    READ = READ
    WRITE = WRITE
    ERROR = ERROR

    asyncio_loop: asyncio.AbstractEventLoop

    # The subclasses for a loop that is made here, and for one that exists; `asyncioloop` sets them.
    _of_new: ClassVar[type["IOLoop"]]
    _of_existing: ClassVar[type["IOLoop"]]

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        """Return IOLoop."""
        return IOLoop

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        """Return AsyncIOLoop."""
        return cls._of_new

    def initialize(
        self, make_current: bool = True, *, asyncio_loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        """Take the arguments of the constructor. RuntimeError if the loop has an IOLoop."""
        if asyncio_loop is not None and hasattr(asyncio_loop, _FACE):
            raise RuntimeError(
                f"{getattr(asyncio_loop, _FACE)!r} already associated with {asyncio_loop!r}"
            )
        self.asyncio_loop = new_event_loop() if asyncio_loop is None else asyncio_loop
        setattr(self.asyncio_loop, _FACE, self)
        self._callbacks = Callbacks()  # Also for the other modules of this package.
        self._handlers = Handlers(self.asyncio_loop, self._callbacks)
        self._executor: concurrent.futures.Executor | None = None
        if make_current:
            self.make_current()

    def __repr__(self) -> str:
        loop = self.asyncio_loop
        state = "closed" if loop.is_closed() else "running" if loop.is_running() else "stopped"
        kind = type(loop).__module__.partition(".")[0]
        return f"<{type(self).__name__} {kind} {state} handlers={len(self._handlers)}>"

    # Which loop

    @overload
    @staticmethod
    def current() -> "IOLoop": ...

    @overload
    @staticmethod
    def current(instance: Literal[True]) -> "IOLoop": ...

    @overload
    @staticmethod
    def current(instance: bool) -> "IOLoop | None": ...

    @staticmethod
    def current(instance: bool = True) -> "IOLoop | None":
        """Return the IOLoop of this thread: of the loop that runs in it, or was made its current.

        If there is none, make one; or return None if `instance` is false. A loop that was closed
        counts as none.
        """
        loop = thread_event_loop()
        if loop is None or loop.is_closed():
            return IOLoop() if instance else None
        face: IOLoop | None = getattr(loop, _FACE, None)
        if face is None and instance:
            is_configured = IOLoop.configured_class() is not IOLoop._of_new
            kind = IOLoop if is_configured else IOLoop._of_existing
            return kind(make_current=False, asyncio_loop=loop)
        return face

    @staticmethod
    def instance() -> "IOLoop":
        """Return `current()`; an old name of it."""
        return IOLoop.current()

    def make_current(self) -> None:
        """Make this the IOLoop of this thread, and its loop asyncio's, while none is running."""
        asyncio.set_event_loop(self.asyncio_loop)

    def install(self) -> None:
        """Call `make_current`; an old name of it."""
        self.make_current()

    @staticmethod
    def clear_current() -> None:
        """Take from this thread its IOLoop, and asyncio's loop; neither is closed."""
        asyncio.set_event_loop(None)

    @staticmethod
    def clear_instance() -> None:
        """Call `clear_current`; an old name of it."""
        IOLoop.clear_current()

    # Start and stop

    def start(self) -> None:
        """Run the loop, and return when `stop` was called.

        Raises RuntimeError if the loop is closed, or one is running in this thread.
        """
        self._check_open()
        self.asyncio_loop.run_forever()

    def stop(self) -> None:
        """Make `start` return after the present pass; if it was not called yet, after its first.

        May be called in callbacks and in signal handlers, but not from other threads: let
        `add_callback(loop.stop)` do it.
        """
        if self.asyncio_loop.is_closed():
            return
        self.asyncio_loop.stop()
        # A signal handler is run while the loop sleeps in its selector, and doesn't wake it.
        self.asyncio_loop.call_soon_threadsafe(_wake_up)

    def run_sync(self, func: Callable[[], Any], timeout: float | None = None) -> Any:
        """Start the loop, call `func` in it, and stop when all is done; return the outcome.

        `func` is a coroutine function, or a function that returns None or something to await;
        TypeError if it returns anything else. After `timeout` seconds it is cancelled, and
        TimeoutError raised. Raises what `func` raises; RuntimeError if the loop is stopped before.
        """
        return run_sync(self.asyncio_loop, func, timeout)

    def close(self, all_fds: bool = False) -> None:
        """Remove all handlers, and close the loop; if `all_fds`, close what they were added for.

        RuntimeError if the loop is running: `start` must have returned. Nothing is done if it is
        closed. Threads of the default executor are not waited for.
        """
        if self.asyncio_loop.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self.asyncio_loop.is_closed():
            return
        is_current = thread_event_loop() is self.asyncio_loop
        self._handlers.clear(all_fds)
        self.asyncio_loop.close()
        delattr(self.asyncio_loop, _FACE)
        if is_current:
            self.clear_current()

    # Callbacks

    @property
    def on_callback_failure(self) -> Callable[[Exception], object] | None:
        """Called with what a callback failed with, when that has been logged; may be set."""
        return self._callbacks.on_failure

    @on_callback_failure.setter
    def on_callback_failure(self, call: Callable[[Exception], object] | None) -> None:
        self._callbacks.on_failure = call

    def add_callback(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call `callback(*args, **kwargs)` in the next pass of the loop. May be called anywhere.

        It may be a coroutine function. What fails in it is logged to `log.app_log`, and survived.
        Without effect if the loop is closed.
        """
        loop = self.asyncio_loop
        is_here = asyncio._get_running_loop() is loop
        self._call_soon(
            loop.call_soon if is_here else loop.call_soon_threadsafe, callback, args, kwargs
        )

    def spawn_callback(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call `add_callback`; the name says that nobody waits for the outcome."""
        self.add_callback(callback, *args, **kwargs)

    def add_callback_from_signal(
        self, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        """Do as `add_callback`, from the handler of a signal: the loop is woken from its sleep."""
        self._call_soon(self.asyncio_loop.call_soon_threadsafe, callback, args, kwargs)

    def _call_soon(
        self,
        call_soon: Callable[..., object],
        callback: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        try:
            call_soon(self._callbacks.run, callback, args, kwargs)
        except RuntimeError:
            if not self.asyncio_loop.is_closed():
                raise

    def add_future(
        self,
        future: "asyncio.Future[T] | concurrent.futures.Future[T]",
        callback: Callable[[Any], Any],
    ) -> None:
        """Call `callback(future)` in the loop when `future` is done; in a later pass, if it is.

        TypeError for what is no future; a coroutine, for instance.
        """
        if isinstance(future, concurrent.futures.Future):
            future.add_done_callback(lambda done: self.add_callback(callback, done))
        elif asyncio.isfuture(future):
            future.add_done_callback(lambda done: self._callbacks.run(callback, (done,), {}))
        else:
            raise TypeError(f"add_future needs a future, not {future!r}")

    # Timeouts

    def time(self) -> float:
        """Return the time in seconds on the scale of `call_at` and `add_timeout`: `time.time()`."""
        return time.time()

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> object:
        """Call `callback(*args, **kwargs)` after `delay` seconds; return what takes it back.

        The delay is measured by a clock that nobody sets. Errors are treated as in `add_callback`.
        """
        self._check_usable()
        delay = max(0, delay)
        return self.asyncio_loop.call_later(delay, self._callbacks.run, callback, args, kwargs)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> object:
        """Call `callback(*args, **kwargs)` at `when`, a point of `time()`; return as `call_later`.

        How long that is from now is settled at once: to set the computer's clock moves nothing.
        """
        return self.call_later(when - self.time(), callback, *args, **kwargs)

    def add_timeout(
        self,
        deadline: float | datetime.timedelta,
        callback: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> object:
        """Call `call_at` for a number, `call_later` for a timedelta; TypeError for any other."""
        if isinstance(deadline, datetime.timedelta):
            return self.call_later(deadline.total_seconds(), callback, *args, **kwargs)
        if isinstance(deadline, int | float):
            return self.call_at(deadline, callback, *args, **kwargs)
        raise TypeError(
            f"a deadline is a point of time(), in seconds, or a timedelta, not {deadline!r:.80}"
        )

    def remove_timeout(self, timeout: object) -> None:
        """Take back what `call_later`, `call_at` or `add_timeout` returned; also if it was run."""
        cast(asyncio.TimerHandle, timeout).cancel()

    # Executors

    def run_in_executor(
        self,
        executor: concurrent.futures.Executor | None,
        func: Callable[..., T],
        *args: Any,
    ) -> "asyncio.Future[T]":
        """Call `func(*args)` in a thread or process of `executor`; return the future of its value.

        None stands for the default executor, which is a pool of threads until another is set.
        """
        self._check_open()
        if executor is None:
            executor = self._executor
        return self.asyncio_loop.run_in_executor(executor, func, *args)

    def set_default_executor(self, executor: concurrent.futures.Executor) -> None:
        """Let `run_in_executor(None, ...)` use `executor`, of whatever kind.

        A pool of threads is from now on asyncio's default as well, and shut down when the loop is
        closed. Any other stays yours to shut down. TypeError for what is no executor.
        """
        if not isinstance(executor, concurrent.futures.Executor):
            raise TypeError(f"an executor is a concurrent.futures.Executor, not {executor!r}")
        self._executor = executor
        if isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            self.asyncio_loop.set_default_executor(executor)

    # File descriptors

    def add_handler(self, fd: int | Selectable, handler: Handler, events: int) -> None:
        """Call `handler(fd, events)` whenever `fd` can be read (READ) or written (WRITE).

        `fd` is a file descriptor or an object with ``fileno()`` and ``close()``; the handler gets
        what was given. An error or hang-up shows as READ or WRITE, whichever was asked for.

        ValueError if `fd` has a handler. NotImplementedError on Windows' proactor loop, to which
        `platform.asyncio.AddThreadSelectorEventLoop` adds what is missing.
        """
        self._check_usable()
        self._handlers.add(fd, handler, events)

    def update_handler(self, fd: int | Selectable, events: int) -> None:
        """Wait for `events` from now on. ValueError if `fd` has no handler."""
        self._check_usable()
        self._handlers.update(fd, events)

    def remove_handler(self, fd: int | Selectable) -> None:
        """Wait for `fd` no more; to be called before it is closed. Nothing if it has no handler."""
        self._handlers.remove(fd)

    def split_fd(self, fd: int | Selectable) -> tuple[int, int | Selectable]:
        """Return the number of a file descriptor, and what was given for it."""
        return split_fd(fd)

    def close_fd(self, fd: int | Selectable) -> None:
        """Close a file descriptor, or the object around one; nothing if it is closed."""
        close_fd(fd)

    # Mistakes

    def _check_usable(self) -> None:
        """Raise RuntimeError where nobody would hear what is asked for in time."""
        loop = self.asyncio_loop
        if asyncio._get_running_loop() is not loop:
            if loop.is_running():
                raise RuntimeError(
                    f"{self!r} runs in another thread: from here only add_callback may be called,"
                    " which can do the rest there"
                )
            self._check_open()

    def _check_open(self) -> None:
        if self.asyncio_loop.is_closed():
            raise RuntimeError(CLOSED)


def _wake_up() -> None:
    """Do nothing, in the loop."""
