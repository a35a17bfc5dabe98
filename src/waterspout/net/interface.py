"""What a flow may ask of the network, whoever answers: threads that block, a loop, or a test.

Points in time are those of `Net.time`, in seconds; ``math.inf`` is no deadline. What can wait has
a deadline as an argument, so a timer that was armed for one request never hits the next.
"""

import math
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

__all__ = ["Address", "CallbackError", "DeadlineError", "Net", "Stream", "Waiter"]

T = TypeVar("T")


class DeadlineError(Exception):
    """What was asked for did not come about in time.

    It is no TimeoutError on purpose: that is an OSError, and also what the system says of a peer
    that went silent.
    """


class CallbackError(Exception):
    """A function of the user's raised what is the cause of this: no failure of the network.

    That is a callback, or the handler of a signal that came while a thread was blocked.
    """


class Address(NamedTuple):
    """Where a socket can be connected to."""

    family: int
    #: What ``socket.connect`` takes: host and port, and for IPv6 flow and scope; or a path.
    sockaddr: Any
    #: The local address to connect from, or the name of a network interface; None: any.
    source: str | None = None

    @property
    def host(self) -> str:
        """The IP address or the path, for messages."""
        return self.sockaddr if isinstance(self.sockaddr, str) else str(self.sockaddr[0])


class Stream(Protocol):
    """A connection: bytes in order, both ways. For one reader and one writer at a time.

    Failures are OSErrors. After one, or a cancellation, a stream is only good for `close`; after a
    `DeadlineError` of `read` it can be read again.
    """

    #: Seconds after the last `read` from which on `is_quiet` should ask the system. What is noticed
    #: by itself, and how soon, depends on the kind of stream.
    ask_after: float

    def read(self, deadline: float) -> bytes | Awaitable[bytes]:
        """Return the bytes that have come, at least one, or what they are to be awaited from.

        That is to be done at once: it begins to wait then, or now. ``b""`` is the end of the
        stream. As with `write`, who need not wait makes no coroutine.
        """
        ...

    # Some streams have `read_into` as well: as `read`, with room for the bytes, which saves copies.
    # It returns how many were put there, 0 at the end, or what to await; which may give bytes all
    # the same, that are for the caller to put there.
    #
    # Those of sockets have `pause`, that of their `Net`.

    def read_now(self) -> bytes | None:
        """Return what has come, as `read` does, but None instead of waiting for it."""
        ...

    def is_quiet(self, ask: bool) -> bool:
        """Whether the peer has said nothing since the last `read`: no bytes, no end, no error.

        With ``ask`` the system is asked, which costs a system call. Without, only that counts
        which has come to notice by itself.
        """
        ...

    def write(self, data: bytes, deadline: float) -> Awaitable[None] | None:
        """Send all of ``data``.

        Returns None if that is done, or near enough; otherwise what is to be awaited before the
        next write, because the peer doesn't keep up; it may end early when the peer has said
        something. So a write that need not wait costs no coroutine.
        """
        ...

    def close(self, farewell: bytes = b"") -> None:
        """Close at once; any number of times. ``farewell`` is sent if it can be without waiting."""
        ...

    def drop(self) -> None:
        """Let go of the connection without a word to the peer: after a fork it is the parent's."""
        ...


class Waiter(Protocol):
    """Where one flow waits until another one wakes it, maybe from another thread."""

    def wake(self) -> None:
        """End the wait, or the one to come; any number of times."""
        ...

    async def wait(self, deadline: float) -> None:
        """Return when `wake` was called; DeadlineError if that takes too long."""
        ...


class Net(Protocol):
    """The network, the clock, and the patience of whoever calls."""

    def time(self) -> float:
        """Return the time in seconds, on a clock that nobody sets."""
        ...

    async def resolve(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return the addresses of a host, the best first, at least one; ``socket.gaierror``.

        ``family`` is a ``socket.AF_`` constant, ``AF_UNSPEC`` for any.
        """
        ...

    async def connect(self, address: Address, deadline: float) -> Stream:
        """Return a new stream to an address."""
        ...

    # Some nets have a plain function beside it: `connect_now`, where that takes no wait; or
    # `begin_connecting`, which returns what the stream is to be awaited from, or else is told to
    # `leave` it; None where `connect` is to be called.

    async def connect_any(self, addresses: Sequence[Address], deadline: float) -> Stream:
        """Return a new stream to that of ``addresses``, at least one, which connects first.

        They are tried in this order, in parallel after a while, as `racing.Race` has it. If all
        fail, the OSError tells of each.
        """
        ...

    async def pause(self, deadline: float = math.inf) -> None:
        """Let others have their turn, where somebody shares this thread; DeadlineError if it is too
        late to go on.

        Who finds much to do does not wait, so no timer ends it, whoever keeps it busy.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when ``seconds`` have gone by."""
        ...

    async def aside(self, function: Callable[[], T]) -> T:
        """Return what a function returns that waits for a disk, and hold up nobody else."""
        ...

    def waiter(self) -> Waiter:
        """Return a place to wait at."""
        ...

    def remind(self, seconds: float, function: Callable[[], object]) -> None:
        """Have a function called after a while; in vain where there is no loop to do it.

        It replaces the one before, and is forgotten when the network is closed.
        """
        ...

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Any:
        """Start a coroutine over this Net now, and return what its outcome can be awaited from.

        What it raises is raised to who awaits it, and to nobody else.
        """
        ...

    async def settle(self, outcome: object, deadline: float) -> Any:
        """Return what a callback of the user's returned; await it before, if it is awaitable."""
        ...
