"""`BlockingNet`: each call is done when it returns, in the thread that calls.

Theory of operation. A deadline costs two system calls a fetch if Python keeps it: `settimeout`
makes a socket non-blocking, and then a poll() goes before each send and recv. So where this is
compiled the socket stays blocking, and the kernel keeps the deadline (SO_RCVTIMEO, SO_SNDTIMEO).
What is set there stays set, and is set anew only where it is longer than the time that is left; a
shorter one wakes us early, which is noticed by the clock. In the usual case, one client with one
timeout, nothing is ever set again.

The kernel's time begins anew after a signal. The calls in C come back then, and it is set to what
is left. Python's own go on by themselves: so where those are made `settimeout` keeps the deadline,
by the same rule. That is where this is interpreted, on Windows, and with sockets of another kind.
"""

import contextlib
import math
import os
import selectors
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from time import sleep
from typing import Any, Generic, TypeVar

from waterspout.net.dns import resolve_blocking
from waterspout.net.interface import Address, CallbackError, DeadlineError
from waterspout.net.sockets import READ_SIZE, UNDER_WAY, has_arrived, literal_address, new_socket
from waterspout.net.system import connect, keep_deadline, monotonic, receive, receive_into, send

__all__ = ["BlockingNet", "BlockingStream", "run_blocking"]

T = TypeVar("T")

# How much longer than the time left may be waited for, so that a peer that drips bytes doesn't cost
# a system call for each.
_TOLERANCE = 0.02

# Bytes to read at a time, as long as that is enough: room for them costs nothing.
_FIRST_READ_SIZE = 16 * 1024

_INTERNET = (socket.AF_INET, socket.AF_INET6)

# What a call ends with that did nothing.
_WOKEN = (BlockingIOError, InterruptedError, TimeoutError)

# What the error of a socket says whose own timeout is over.
_TIMED_OUT = ("timed out",)

# Seconds, a little less than the milliseconds that a selector counts to.
_LONGEST_SELECT = 2e6


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a flow over `BlockingNet` to its end, and return what it returns."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise RuntimeError("a blocking call cannot await: there is no event loop to come back from")


class BlockingStream:
    """A connected socket; see `interface.Stream`."""

    def __init__(self, connected: socket.socket) -> None:
        # To ask costs half a microsecond: nothing next to a pause of a millisecond. In a tight loop
        # nobody asks, but what the server did in the few microseconds since its response would
        # hardly be here; unless it came together with that, and there was no room left for it.
        self.ask_after = 0.001
        self._socket = connected
        # A socket of another kind is one whose methods do more.
        self._descriptor = connected.fileno() if type(connected) is socket.socket else -1
        self._read_size = _FIRST_READ_SIZE
        self._is_full = False  # whether the last read had room for no more
        self._armed = math.inf  # what the kernel's deadline is set to, in seconds

    def connect(self, sockaddr: Any, deadline: float) -> None:
        """Connect the socket, which is one of the Internet, and is not yet."""
        self._arm(deadline - monotonic())
        while True:
            try:
                connect(self._socket, self._descriptor, sockaddr)
                return
            except _WOKEN as error:
                self._on_waking(error, deadline)

    def read(self, deadline: float) -> bytes:
        """Return the bytes that have come; see `interface.Stream`."""
        left = deadline - monotonic()
        if left < self._armed - _TOLERANCE:
            self._arm(left)
        while True:
            try:
                data = receive(self._socket, self._descriptor, self._read_size)
            except _WOKEN as error:
                self._on_waking(error, deadline)
                continue
            self._is_full = len(data) == self._read_size
            if self._is_full:
                self._read_size = READ_SIZE
            return data

    def read_into(self, room: memoryview, deadline: float) -> int:
        """Put the bytes that have come into ``room``; return how many they are."""
        left = deadline - monotonic()
        if left < self._armed - _TOLERANCE:
            self._arm(left)
        while True:
            try:
                size = receive_into(self._socket, self._descriptor, room)
            except _WOKEN as error:
                self._on_waking(error, deadline)
                continue
            self._is_full = size == len(room)
            return size

    def read_now(self) -> bytes | None:
        """Return what has come, None if there is nothing."""
        if not has_arrived(self._socket.fileno()):
            return None
        data = self._socket.recv(READ_SIZE)
        self._is_full = len(data) == READ_SIZE
        return data

    async def pause(self, deadline: float) -> None:
        """Return at once."""
        if monotonic() >= deadline:
            raise DeadlineError

    def is_quiet(self, ask: bool) -> bool:
        """Whether the peer has said nothing."""
        return not ((ask or self._is_full) and has_arrived(self._socket.fileno()))

    def write(self, data: bytes | memoryview, deadline: float) -> None:
        """Send all of ``data``."""
        left = deadline - monotonic()
        if left < self._armed - _TOLERANCE:
            self._arm(left)
        while True:
            try:
                sent = send(self._socket, self._descriptor, data)
            except _WOKEN as error:
                self._on_waking(error, deadline)
                continue
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
            left = deadline - monotonic()
            if left < self._armed - _TOLERANCE:
                self._arm(left)

    def close(self, farewell: bytes = b"") -> None:
        """Close the socket."""
        self._descriptor = -1
        try:
            if farewell:
                self._socket.setblocking(False)
                self._socket.send(farewell)
        except OSError:
            pass
        self._socket.close()

    def drop(self) -> None:
        """Close the socket in this process."""
        self._descriptor = -1
        self._socket.close()

    def _on_waking(self, error: OSError, deadline: float) -> None:
        """We were woken: at the deadline, because an earlier one was set, or by a signal."""
        _check_woken(error)
        self._arm(deadline - monotonic())

    def _arm(self, left: float) -> None:
        """Have no call wait for longer than ``left`` seconds."""
        if left <= 0:
            raise DeadlineError
        keep_deadline(self._socket, self._descriptor, left)
        self._armed = left

    def __repr__(self) -> str:
        return f"<BlockingStream {self._socket.fileno()}>"


def _check_woken(error: OSError) -> None:
    """Raise ``error`` as what it is, unless that is that a call has waited long enough."""
    if not isinstance(error, TimeoutError) or error.args == _TIMED_OUT:
        return
    if error.errno is None:
        raise CallbackError from error  # by the handler of a signal
    raise error  # ETIMEDOUT: the peer doesn't acknowledge any more.


class BlockingWaiter:
    """Blocks its thread until another one wakes it.

    An Event has more than a lock does, all of it in Python: what the handler of a signal raises
    there, as Ctrl-C does, may become an error of the Event's own.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def wake(self) -> None:
        """End the wait."""
        with contextlib.suppress(RuntimeError):  # It was open already.
            self._lock.release()

    async def wait(self, deadline: float) -> None:
        """Return when `wake` was called."""
        left = min(max(0.0, deadline - monotonic()), threading.TIMEOUT_MAX)
        if not self._lock.acquire(timeout=left):
            raise DeadlineError
        self.wake()


class BlockingNet:
    """The network for those who wait; one instance serves any number of threads."""

    __slots__ = ()

    time = staticmethod(monotonic)

    async def resolve(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return the addresses of a host, the best first."""
        literal = literal_address(host, port)
        if literal is not None and family in (socket.AF_UNSPEC, literal.family):
            return [literal]
        return resolve_blocking(host, port, family, deadline)

    async def connect(self, address: Address, deadline: float) -> BlockingStream:
        """Return a new stream to an address."""
        return self.connect_now(address, deadline)

    def connect_now(self, address: Address, deadline: float) -> BlockingStream:
        """Do what `connect` does, without a coroutine."""
        left = deadline - monotonic()
        if left <= 0:
            raise DeadlineError
        made = new_socket(address)
        try:
            if address.family in _INTERNET:
                stream = BlockingStream(made)
                stream.connect(address.sockaddr, deadline)
                return stream
            made.settimeout(None if left == math.inf else left)
            made.connect(address.sockaddr)
            made.settimeout(None)
        except TimeoutError as error:
            made.close()
            _check_woken(error)
            raise DeadlineError from None
        except BaseException:
            made.close()
            raise
        return BlockingStream(made)

    async def connect_any(self, addresses: Sequence[Address], deadline: float) -> BlockingStream:
        """Return a new stream to the address that connects first."""
        if len(addresses) == 1:
            return await self.connect(addresses[0], deadline)
        return BlockingStream(_race(addresses, deadline))

    def close(self) -> None:
        """End what this net runs itself, if anything."""

    async def pause(self, deadline: float = math.inf) -> None:
        """Return at once: a thread has nobody to share with."""
        if monotonic() >= deadline:
            raise DeadlineError

    async def sleep(self, seconds: float) -> None:
        """Block the thread for so long."""
        sleep(seconds)  # noqa: ASYNC251 (to block is what this Net is for)

    async def aside(self, function: Callable[[], T]) -> T:
        """Call a function."""
        return function()

    def remind(self, seconds: float, function: Callable[[], object]) -> None:
        """Do nothing: there is nobody to do it later."""

    def waiter(self) -> BlockingWaiter:
        """Return a place to wait at."""
        return BlockingWaiter()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Done[T]":
        """Run ``coroutine`` to its end."""
        try:
            return Done(run_blocking(coroutine), None)
        except Exception as error:
            return Done(None, error)

    async def settle(self, outcome: object, deadline: float) -> Any:
        """Return ``outcome``; run it to its end before, if it is awaitable.

        It must not await anything but what this Net gave to it: RuntimeError.
        """
        if outcome is None:
            return None
        if isinstance(outcome, Coroutine):
            return run_blocking(outcome)
        if isinstance(outcome, Awaitable):
            return run_blocking(_await(outcome))
        return outcome


def _race(addresses: Sequence[Address], deadline: float) -> socket.socket:
    """Return a socket that is connected to one of ``addresses``, blocking."""
    from waterspout.net.racing import Race  # most hosts have one address

    race = Race(addresses)
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as losers:
        while not race.is_lost:
            now = monotonic()
            if now >= deadline:
                raise DeadlineError
            if race.next_start <= now:
                address = race.begin(now)
                try:
                    made = losers.enter_context(new_socket(address))
                    made.setblocking(False)
                    state = made.connect_ex(address.sockaddr)
                    if state and state not in UNDER_WAY:
                        raise OSError(state, os.strerror(state))
                except OSError as error:
                    race.fail(address, error)
                    continue
                selector.register(made, selectors.EVENT_WRITE, address)
            until = min(race.next_start, deadline, now + _LONGEST_SELECT)
            for key, _ in selector.select(max(0.0, until - now)):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                state = ready.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not state:
                    return _winner(ready)
                selector.unregister(ready)
                race.fail(key.data, OSError(state, os.strerror(state)))
    raise race.failure()


def _winner(connected: socket.socket) -> socket.socket:
    """Return the socket of the same connection, out of reach of what closes the losers."""
    winner = socket.socket(connected.family, connected.type, fileno=connected.detach())
    winner.setblocking(True)
    return winner


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable


class Done(Generic[T]):
    """An outcome that is there already, for those who await it."""

    __slots__ = ("_error", "_value")

    def __init__(self, value: T | None, error: Exception | None) -> None:
        self._value = value
        self._error = error

    def __await__(self) -> Generator[Any, None, T]:
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]
        yield  # what makes this a generator
