"""`FakeNet`: a network that does what a script says, with a clock that moves when somebody waits.

For tests of flows. Nothing suspends, so a flow over it is run by `blocking.run_blocking`.
"""

import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from waterspout.net.blocking import BlockingNet, Done
from waterspout.net.interface import Address, DeadlineError
from waterspout.net.racing import Race

__all__ = ["FakeNet", "FakeStream"]

T = TypeVar("T")

#: What the peer does next: says something (``b""``: ends), fails, or takes its time, in seconds.
Step = bytes | Exception | float


class FakeStream:
    """A stream whose peer does one ``step`` after the other. Notes in ``sent`` what it is told."""

    ask_after = 1.0

    def __init__(self, net: "FakeNet", steps: Iterable[Step]) -> None:
        self.steps = list(steps)
        self.sent = bytearray()
        self.is_closed = False
        self._net = net

    async def read(self, deadline: float) -> bytes:
        """Return what the peer says next; without any more steps it keeps silent."""
        while True:
            step = self.steps.pop(0) if self.steps else float("inf")
            if isinstance(step, bytes):
                return step
            if isinstance(step, Exception):
                raise step
            self._net.wait(step, deadline)

    def read_now(self) -> bytes | None:
        """Return what the peer says without taking its time."""
        if not self.steps or not isinstance(self.steps[0], bytes):
            return None
        step = self.steps.pop(0)
        assert isinstance(step, bytes)
        return step

    def is_quiet(self, ask: bool) -> bool:
        """Whether the next step is not an end or a failure, which comes unasked."""
        return not (ask and self.steps and (self.steps[0] == b"" or _fails(self.steps[0])))

    def write(self, data: bytes, deadline: float) -> Awaitable[None] | None:
        """Note ``data``."""
        if self.is_closed:
            raise BrokenPipeError("the stream is closed")
        self.sent += data
        return None

    def close(self, farewell: bytes = b"") -> None:
        """Note that the stream was closed."""
        self.is_closed = True

    def drop(self) -> None:
        """Note that the stream was closed."""
        self.is_closed = True


def _fails(step: Step) -> bool:
    return isinstance(step, Exception)


class FakeWaiter:
    """What waits here for long lets the script of the net go on."""

    def __init__(self, net: "FakeNet") -> None:
        self._net = net
        self._is_awake = False

    def wake(self) -> None:
        """End the wait."""
        self._is_awake = True

    async def wait(self, deadline: float) -> None:
        """Let others act until one of them wakes this one."""
        while not self._is_awake:
            if not self._net.others:
                self._net.wait(float("inf"), deadline)
            self._net.others.pop(0)()


class FakeNet:
    """See the module's docstring.

    ``scripts`` are those of the connections that will be opened, in order: steps, an exception that
    connecting fails with, or a number of seconds that it takes.
    """

    def __init__(self, *scripts: Iterable[Step] | Exception | float) -> None:
        #: The time.
        self.now = 1000.0
        self.scripts = list(scripts)
        #: Hosts with addresses; a host that is not listed has one.
        self.hosts: dict[str, list[Address] | Exception] = {}
        #: The connections that were opened, and the addresses that were tried.
        self.streams: list[FakeStream] = []
        self.tried: list[Address] = []
        #: What happens while somebody waits for a slot: others give theirs back.
        self.others: list[Callable[[], object]] = []
        #: What was to be called after a while.
        self.reminder: Callable[[], object] | None = None

    def time(self) -> float:
        """Return the time that the script has come to."""
        return self.now

    def wait(self, seconds: float, deadline: float) -> None:
        """Let time pass; DeadlineError if that is too long."""
        if self.now + seconds > deadline:
            self.now = max(self.now, deadline)
            raise DeadlineError
        if seconds == float("inf"):
            raise AssertionError("the flow waits for ever")
        self.now += seconds

    async def resolve(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return what ``hosts`` says."""
        found = self.hosts.get(host, [Address(socket.AF_INET, ("192.0.2.1", port))])
        if isinstance(found, Exception):
            raise found
        return found

    async def connect(self, address: Address, deadline: float) -> FakeStream:
        """Do what the next script says."""
        self.tried.append(address)
        script = self.scripts.pop(0)
        if isinstance(script, Exception):
            raise script
        if isinstance(script, float):
            self.wait(script, deadline)
            script = ()
        stream = FakeStream(self, script)
        self.streams.append(stream)
        return stream

    async def connect_any(self, addresses: Sequence[Address], deadline: float) -> FakeStream:
        """Let the next scripts race, as `racing.Race` has it."""
        if len(addresses) == 1:
            return await self.connect(addresses[0], deadline)
        race = Race(addresses)
        arrivals: list[float] = []
        while not race.is_lost:
            if race.next_start <= self.now:
                address = race.begin(self.now)
                if isinstance(self.scripts[0], float):
                    self.tried.append(address)
                    arrivals.append(self.now + self.scripts.pop(0))  # type: ignore[operator]
                    continue
                try:
                    return await self.connect(address, deadline)
                except OSError as error:
                    race.fail(address, error)
                    continue
            first = min(arrivals, default=float("inf"))
            self.wait(min(race.next_start, first) - self.now, deadline)
            if first <= self.now:
                self.streams.append(FakeStream(self, ()))
                return self.streams[-1]
        raise race.failure()

    async def pause(self, deadline: float = float("inf")) -> None:
        """Return at once."""
        self.wait(0.0, deadline)

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.wait(seconds, float("inf"))

    async def aside(self, function: Callable[[], T]) -> T:
        """Call a function."""
        return function()

    def remind(self, seconds: float, function: Callable[[], object]) -> None:
        """Note the function."""
        self.reminder = function

    def waiter(self) -> FakeWaiter:
        """Return a place to wait at."""
        return FakeWaiter(self)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Done[T]:
        """Run ``coroutine`` to its end."""
        return BlockingNet().start(coroutine)

    async def settle(self, outcome: object, deadline: float) -> Any:
        """Return ``outcome``; run it to its end before, if it is awaitable."""
        return await BlockingNet().settle(outcome, deadline)
