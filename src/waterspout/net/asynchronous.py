"""`AsyncNet`: a flow waits, and its loop goes on. Works on uvloop and on asyncio's own loops."""

import asyncio
import functools
import inspect
import math
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextvars import Context
from typing import Any, TypeVar

from waterspout.net.dns import begin_lookup
from waterspout.net.driver import Driver
from waterspout.net.gates import Gate, Gates
from waterspout.net.interface import Address, DeadlineError
from waterspout.net.opening import Opening
from waterspout.net.sockets import literal_address, new_loop_socket
from waterspout.net.transport import AsyncStream

__all__ = ["AsyncNet"]

T = TypeVar("T")

# Of which family sockets are connected by us. A unix socket whose server is busy can't be watched,
# and on Windows there are loops that watch no sockets.
_CONNECTED_HERE = (
    frozenset() if sys.platform == "win32" else frozenset({socket.AF_INET, socket.AF_INET6})
)


class AsyncWaiter:
    """A place where one flow waits in its loop."""

    __slots__ = ("_gate", "_is_awake", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, gates: Gates) -> None:
        self._loop = loop
        self._gate = Gate(gates)
        self._is_awake = False

    def wake(self) -> None:
        """End the wait."""
        if not self._is_awake:
            self._is_awake = True
            # Not at once: who wakes is a flow himself, and in the middle of something.
            self._loop.call_soon(self._gate.open)

    async def wait(self, deadline: float) -> None:
        """Return when `wake` was called."""
        try:
            if not self._is_awake:
                await self._gate.until(deadline)
        finally:
            self._gate.close_gate()


class AsyncNet:
    """The network for those who await in ``loop``. Belongs to the loop's thread."""

    __slots__ = ("_gates", "_reminder", "_watch", "loop", "on_end_of_loop")

    time = staticmethod(time.monotonic)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._gates = Gates(loop)
        self._reminder: asyncio.TimerHandle | None = None
        #: Called before the loop is closed, if something was connected: to close what is idle.
        self.on_end_of_loop: Callable[[], object] | None = None
        self._watch: AsyncGenerator[None, None] | None = None

    async def resolve(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return the addresses of a host, the best first."""
        literal = literal_address(host, port)
        if literal is not None and family in (socket.AF_UNSPEC, literal.family):
            return [literal]
        # Not loop.getaddrinfo: asyncio's holds up the end of the loop, uvloop's has four threads.
        try:
            lookup = begin_lookup(host, port, family)
        except RuntimeError as error:
            why = f"there is no thread to look it up in: {error}"
            raise socket.gaierror(socket.EAI_AGAIN, why) from error
        waiter = self.waiter()
        wake = functools.partial(_call_in, self.loop, waiter.wake)
        lookup.listen(wake)
        try:
            await waiter.wait(deadline)
        finally:
            lookup.leave(wake)
        return lookup.result()

    async def connect(self, address: Address, deadline: float) -> AsyncStream:
        """Return a new stream to an address."""
        opening = self.begin_connecting(address, deadline)
        if opening is not None:
            return await opening
        return await self._within(self._open(address), deadline, AsyncStream.close)

    def begin_connecting(self, address: Address, deadline: float) -> Opening | None:
        """Begin what `connect` does: to be awaited, or left. None: that is not for this address."""
        if self._watch is None:
            self._watch_loop()
        if address.family not in _CONNECTED_HERE:
            return None
        made = new_loop_socket(address)
        try:
            opening = Opening(self.loop, self._gates, made)
            opening.begin(address.sockaddr)
        except BaseException:
            made.close()
            raise
        opening.until(deadline)
        return opening

    async def connect_any(self, addresses: Sequence[Address], deadline: float) -> AsyncStream:
        """Return a new stream to the address that connects first."""
        if len(addresses) == 1:
            return await self.connect(addresses[0], deadline)
        if self._watch is None:
            self._watch_loop()
        return await self._within(self._open_any(addresses), deadline, AsyncStream.close)

    async def _open(self, address: Address) -> AsyncStream:
        return await self._wrap(await self._dial(address))

    async def _open_any(self, addresses: Sequence[Address]) -> AsyncStream:
        from waterspout.net.dialing import dial_first  # most hosts have one address

        return await self._wrap(await dial_first(self.loop, addresses, self._dial))

    async def _dial(self, address: Address) -> socket.socket:
        """Return a socket that is connected to an address."""
        made = new_loop_socket(address)
        try:
            await self.loop.sock_connect(made, address.sockaddr)
        except BaseException:
            made.close()
            raise
        return made

    async def _wrap(self, made: socket.socket) -> AsyncStream:
        """Return the stream of a connected socket."""
        # From here on the socket is the transport's to close.
        stream = AsyncStream(self.loop, self._gates, made)
        try:
            await self.loop.create_connection(lambda: stream, sock=made)  # type: ignore[type-var]
        except BaseException:
            # uvloop may not have told the stream of its connection, and doesn't of its end then.
            stream.close_gate()
            raise
        return stream

    async def _within(
        self,
        awaitable: Awaitable[T],
        deadline: float,
        drop: Callable[[T], object] | None = None,
    ) -> T:
        """Await in a Task what knows no deadline; cancel that when it is too late.

        ``drop`` gets what it returns all the same.
        """
        task = asyncio.ensure_future(awaitable, loop=self.loop)
        waiter = AsyncWaiter(self.loop, self._gates)
        task.add_done_callback(lambda task: waiter.wake())
        try:
            await waiter.wait(deadline)
        except BaseException:
            if not task.done():
                if not self.loop.is_closed():  # who could not hear of it
                    task.cancel()
            elif not task.cancelled() and task.exception() is None and drop is not None:
                drop(task.result())
            raise
        return task.result()

    @property
    def gates(self) -> int:
        """How many gates there are: one for each connection, and for who waits elsewhere."""
        return len(self._gates)

    async def pause(self, deadline: float = math.inf) -> None:
        """Let the loop do what it has to do."""
        await asyncio.sleep(0)
        if time.monotonic() >= deadline:
            raise DeadlineError

    async def sleep(self, seconds: float) -> None:
        """Return when ``seconds`` have gone by; the loop goes on."""
        if self._watch is None:
            self._watch_loop()
        try:
            await self.waiter().wait(time.monotonic() + seconds)
        except DeadlineError:
            pass

    async def aside(self, function: Callable[[], T]) -> T:
        """Call a function in a thread of the loop's."""
        return await self.loop.run_in_executor(None, function)

    def remind(self, seconds: float, function: Callable[[], object]) -> None:
        """Have a function called by the loop after a while."""
        if self._reminder is not None:
            self._reminder.cancel()
        self._reminder = self.loop.call_later(seconds, function)

    def waiter(self) -> AsyncWaiter:
        """Return a place to wait at."""
        return AsyncWaiter(self.loop, self._gates)

    def gate(self, kind: type[Gate] = Gate) -> Any:
        """Return a gate, for a driven flow to wait at; whoever wants one closes it."""
        return kind(self._gates)

    def start(
        self, coroutine: Coroutine[Any, Any, T], context: Context | None = None
    ) -> asyncio.Future[T]:
        """Start a flow; if the loop does not run yet, with its first iteration.

        With a ``context`` the flow, and what it calls, runs in that.
        """
        driver = Driver(coroutine, self.loop, context)
        running = asyncio._get_running_loop()
        if running is self.loop:
            driver.begin()
        elif running is None and not self.loop.is_running():
            self.loop.call_soon(driver.begin)
        else:
            coroutine.close()
            raise RuntimeError(
                "this belongs to an event loop that another thread runs: call it there "
                "(loop.call_soon_threadsafe), or use what blocks"
                if running is None
                else "this belongs to an event loop other than the one that is running"
            )
        return driver.future

    async def settle(self, outcome: object, deadline: float) -> Any:
        """Return ``outcome``; if it is awaitable, await it in a Task of its own."""
        if outcome is None or not inspect.isawaitable(outcome):
            return outcome
        if asyncio.isfuture(outcome) and outcome.done():
            return outcome.result()
        return await self._within(outcome, deadline)

    def close(self) -> None:
        """Stop the timers, and forget what was to be called at the end of the loop."""
        self._gates.close()
        if self._reminder is not None:
            self._reminder.cancel()
            self._reminder = None
        self.on_end_of_loop = None
        watch, self._watch = self._watch, None
        if watch is not None:
            try:
                watch.athrow(GeneratorExit).send(None)
            except (StopAsyncIteration, GeneratorExit, RuntimeError):
                pass

    def abandon(self) -> None:
        """End what was under way when the loop was closed, so that it lets go of its sockets."""
        self._gates.cancel_all()

    def _watch_loop(self) -> None:
        """Have all flows cancelled when `asyncio.run` is about to close the running loop.

        It does that to Tasks, which flows are not. What asyncio closes there, while the loop can
        still run, are asynchronous generators that were begun in it. So one is begun.
        """
        self._watch = _generator(self)
        try:
            self._watch.asend(None).send(None)
        except StopIteration:
            pass

    def _on_end_of_loop(self) -> None:
        if self._watch is None:
            return  # It is `close` that ends the generator.
        self._watch = None
        self._gates.cancel_all()
        if self.on_end_of_loop is not None:
            self.on_end_of_loop()


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Have a function called in a loop by another thread; without effect if that is closed."""
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        pass


async def _generator(net: AsyncNet) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        net._on_end_of_loop()
