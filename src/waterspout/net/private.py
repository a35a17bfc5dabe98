"""`PrivateNet`: for those who block, with a server in the same process and no thread for it.

Theory of operation. The server lives in an event loop of its own, which nobody runs but who waits
for it: a read runs the loop, in the thread that calls, until the bytes are there. Between two calls
the server stands still. Where several threads wait at the same time one of them runs the loop for
all; what is done in it is handed in from outside.

It may be done inside of another loop that runs in the same thread, which stands still meanwhile.
"""

import asyncio
import asyncio.tasks
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from waterspout.net.asynchronous import AsyncNet
from waterspout.net.blocking import BlockingNet
from waterspout.net.interface import Address
from waterspout.net.memory import MemoryNet, MemoryStream, nowhere

__all__ = ["PrivateNet"]

T = TypeVar("T")


class PrivateStream:
    """The blocking face of a `MemoryStream`; see `interface.Stream`."""

    ask_after = 1.0

    def __init__(self, room: "PrivateLoop", stream: MemoryStream) -> None:
        self._room = room
        self._stream = stream

    async def start_tls(self, context: Any) -> "PrivateStream":
        """Tell the server that it speaks in secret."""
        await self._stream.start_tls(context)
        return self

    def read(self, deadline: float) -> bytes:
        """Return the bytes that have come."""
        return self._room.run(_read(self._stream, deadline))

    def read_now(self) -> bytes | None:
        """Return what has come, None if there is nothing."""
        return self._stream.read_now()

    def is_quiet(self, ask: bool) -> bool:
        """Whether the peer has said nothing."""
        return self._room.run(_look(self._room.net, self._stream, ask))

    def write(self, data: bytes, deadline: float) -> None:
        """Send all of ``data``."""
        self._room.run(_write(self._stream, data, deadline))

    def close(self, farewell: bytes = b"") -> None:
        """Close; the server hears of it as soon as it runs again."""
        self._room.submit(self._stream.close)

    def drop(self) -> None:
        """Let go of the connection: after a fork it is the parent's."""
        self._stream.drop()

    def __repr__(self) -> str:
        return f"<PrivateStream over {self._stream!r}>"


async def _read(stream: MemoryStream, deadline: float) -> bytes:
    got = stream.read(deadline)
    return got if isinstance(got, bytes) else await got


async def _write(stream: MemoryStream, data: bytes, deadline: float) -> None:
    waiting = stream.write(data, deadline)
    if waiting is not None:
        await waiting


async def _look(net: AsyncNet, stream: MemoryStream, ask: bool) -> bool:
    await net.pause()
    return stream.is_quiet(ask)


class PrivateLoop:
    """An event loop that is run by whoever waits for something in it, one thread at a time."""

    def __init__(self, make_protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        self.loop = asyncio.SelectorEventLoop()
        self.net = MemoryNet(self.loop, make_protocol)
        self._turn = threading.Condition()
        self._is_running = False

    def submit(self, function: Callable[[], object]) -> None:
        """Have a function called in the loop when it runs again."""
        try:
            self.loop.call_soon_threadsafe(function)
        except RuntimeError:
            pass  # It is closed, and so is everything in it.

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a flow over `net` to its end, and with it whatever else happens in the loop."""
        outcome: list[asyncio.Future[T]] = []

        def begin() -> None:
            self.net.start(coroutine).add_done_callback(end)

        def end(future: "asyncio.Future[T]") -> None:
            with self._turn:
                outcome.append(future)
                self._turn.notify_all()
            self.loop.stop()

        try:
            self.loop.call_soon_threadsafe(begin)
        except RuntimeError:
            coroutine.close()
            raise RuntimeError("the client was closed while it was in use") from None
        while not outcome:
            with self._turn:
                while self._is_running and not outcome:
                    self._turn.wait()
                if outcome:
                    break
                self._is_running = True
            try:
                with _outside_of_loops():
                    self.loop.run_forever()
            finally:
                with self._turn:
                    self._is_running = False
                    self._turn.notify_all()
        return outcome[0].result()

    def close(self) -> None:
        """Cancel what is left, wait until it has ended, and close the loop."""
        with self._turn:
            if self.loop.is_closed() or self._is_running:
                return
            self._is_running = True
        try:
            with _outside_of_loops():
                self.loop.run_until_complete(self._end())
                self.loop.run_until_complete(self.loop.shutdown_asyncgens())
                self.loop.run_until_complete(self.loop.shutdown_default_executor())
        finally:
            self.loop.close()
            with self._turn:
                self._is_running = False
                self._turn.notify_all()

    async def _end(self) -> None:
        # Connections first: a server cancels by itself what answers a client that goes.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks = asyncio.all_tasks(self.loop) - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.net.close()


class PrivateNet(BlockingNet):
    """The network for those who wait, where every connection leads to a server in this process.

    ``make_protocol`` makes the server's end of each, called in the private loop. For any number of
    threads. To be closed.
    """

    def __init__(self, make_protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        self._room: PrivateLoop | None = None
        self._make_protocol = make_protocol
        self._lock = threading.Lock()

    async def resolve(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return an address, whatever the host."""
        return [nowhere(host, port)]

    def connect_now(  # type: ignore[override]
        self, address: Address, deadline: float
    ) -> PrivateStream:
        """Return a new stream."""
        with self._lock:
            if self._room is None:
                self._room = PrivateLoop(self._make_protocol)
        room = self._room
        return PrivateStream(room, room.run(room.net.connect(address, deadline)))

    async def connect_any(  # type: ignore[override]
        self, addresses: Sequence[Address], deadline: float
    ) -> PrivateStream:
        """Return a new stream."""
        return self.connect_now(addresses[0], deadline)

    def close(self) -> None:
        """End the server and its loop."""
        room = self._room
        if room is not None:
            room.close()


@contextlib.contextmanager
def _outside_of_loops() -> Iterator[None]:
    """Let a loop run in this thread even where another one does, which stands still meanwhile."""
    outer = asyncio._get_running_loop()
    if outer is None:
        yield
        return
    swap: Any = getattr(asyncio.tasks, "_swap_current_task", None)  # from Python 3.12 on
    task = swap(outer, None) if swap is not None else None
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        if swap is not None:
            swap(outer, task)
