"""`SelectorThread`: readers and writers for a loop that has none, such as Windows' proactor loop.

Theory of operation. The thread is always in one of two states: it waits for a request, or it is in
`select` for it. The loop gives it a request, which is the file descriptors there are, and gets
back those that are ready. Their callbacks are run in the loop, and only behind them the next
request is given: so a descriptor that a callback has read is not found ready once more. What is
added or removed meanwhile interrupts the `select`, by a byte through a pair of sockets.
"""

import asyncio
import selectors
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

__all__ = ["AddThreadSelectorEventLoop", "SelectorThread"]


class HasFileno(Protocol):
    """A socket or another object around a file descriptor."""

    def fileno(self) -> int:
        """Return the file descriptor."""


FileDescriptor: TypeAlias = int | HasFileno
_Call: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]


class SelectorThread:
    """Calls `callback(*args)` in `real_loop` whenever a descriptor can be read or written.

    The methods are those of asyncio's loops and belong to the thread of the loop. `close` ends the
    thread; to be called before the loop is closed.
    """

    def __init__(self, real_loop: asyncio.AbstractEventLoop) -> None:
        self._real_loop = real_loop
        self._readers: dict[int, _Call] = {}
        self._writers: dict[int, _Call] = {}
        self._is_closed = False
        # What is waited for, or None; guarded by the condition.
        self._request: tuple[list[int], list[int]] | None = None
        self._requested = threading.Condition()
        self._waker, self._wakened = socket.socketpair()
        self._waker.setblocking(False)
        self._wakened.setblocking(False)
        self._readers[self._wakened.fileno()] = (self._drain, ())
        self._thread = threading.Thread(
            name="waterspout selector", target=self._select_on_request, daemon=True
        )
        self._thread.start()
        # In a pass of the loop: until then it may be that it never runs.
        real_loop.call_soon(self._ask)

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "open"
        return f"<SelectorThread {state} readers={len(self._readers)} writers={len(self._writers)}>"

    def close(self) -> None:
        """End the thread, and call nobody any more. Nothing is done if it is closed."""
        if self._is_closed:
            return
        with self._requested:
            self._is_closed = True
            self._requested.notify()
        self._wake()
        self._thread.join()
        self._readers.clear()
        self._writers.clear()
        self._waker.close()
        self._wakened.close()

    def add_reader(self, fd: FileDescriptor, callback: Callable[..., Any], *args: Any) -> None:
        """Call `callback(*args)` when `fd` can be read; it takes the place of an earlier one."""
        self._add(self._readers, fd, callback, args)

    def add_writer(self, fd: FileDescriptor, callback: Callable[..., Any], *args: Any) -> None:
        """Call `callback(*args)` when `fd` can be written; it takes the place of an earlier one."""
        self._add(self._writers, fd, callback, args)

    def remove_reader(self, fd: FileDescriptor) -> bool:
        """Wait no more until `fd` can be read; tell whether that was waited for."""
        return self._remove(self._readers, fd)

    def remove_writer(self, fd: FileDescriptor) -> bool:
        """Wait no more until `fd` can be written; tell whether that was waited for."""
        return self._remove(self._writers, fd)

    # In the loop

    def _add(
        self,
        table: dict[int, _Call],
        fd: FileDescriptor,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
    ) -> None:
        if self._is_closed:
            raise RuntimeError("the SelectorThread is closed: nobody would be called")
        number = _number_of(fd)
        if number < 0:
            raise ValueError(f"{fd!r} has no file descriptor: it is closed")
        table[number] = (callback, args)
        self._wake()

    def _remove(self, table: dict[int, _Call], fd: FileDescriptor) -> bool:
        if table.pop(_number_of(fd), None) is None:
            return False
        self._wake()
        return True

    def _ask(self) -> None:
        """Give the thread what is waited for now."""
        with self._requested:
            if not self._is_closed:
                self._request = (list(self._readers), list(self._writers))
                self._requested.notify()

    def _on_ready(self, readable: Iterable[int], writable: Iterable[int]) -> None:
        for table, ready in ((self._readers, readable), (self._writers, writable)):
            for number in ready:
                # Each by itself: what one fails with is told by the loop, and the others go on.
                self._real_loop.call_soon(self._call, table, number)
        self._real_loop.call_soon(self._ask)

    def _call(self, table: dict[int, _Call], number: int) -> None:
        # One that was called before may have removed it.
        if (call := table.get(number)) is not None:
            callback, args = call
            callback(*args)

    def _drain(self) -> None:
        try:
            while self._wakened.recv(1024):
                pass
        except BlockingIOError:
            pass

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except (BlockingIOError, OSError):
            pass  # It is full of such bytes, or the end has begun.

    # In the thread

    def _select_on_request(self) -> None:
        while True:
            with self._requested:
                self._requested.wait_for(lambda: self._request is not None or self._is_closed)
                if self._is_closed or self._request is None:
                    return
                (readers, writers), self._request = self._request, None
            readable, writable = _select(readers, writers)
            try:
                self._real_loop.call_soon_threadsafe(self._on_ready, readable, writable)
            except RuntimeError:
                return  # The loop is closed.


def _select(readers: list[int], writers: list[int]) -> tuple[list[int], list[int]]:
    """Return which descriptors can be read and written, when there is one."""
    events = dict.fromkeys(readers, selectors.EVENT_READ)
    for number in writers:
        events[number] = events.get(number, 0) | selectors.EVENT_WRITE
    refused = []
    with selectors.DefaultSelector() as selector:
        for number, event in events.items():
            try:
                selector.register(number, event)
            except (OSError, ValueError):
                # A file, which is always ready; or one that was closed, and who uses it sees that.
                refused.append((number, event))
        ready = refused or [(key.fd, event) for key, event in selector.select()]
    return (
        [number for number, event in ready if event & selectors.EVENT_READ],
        [number for number, event in ready if event & selectors.EVENT_WRITE],
    )


def _number_of(fd: FileDescriptor) -> int:
    return fd if isinstance(fd, int) else fd.fileno()


class AddThreadSelectorEventLoop(asyncio.AbstractEventLoop):
    """`real_loop` with `add_reader`, `add_writer` and so on by a `SelectorThread`."""

    #: What is not the real loop's.
    MY_ATTRIBUTES = frozenset(
        {
            "_real_loop",
            "_selector",
            "add_reader",
            "add_writer",
            "close",
            "remove_reader",
            "remove_writer",
        }
    )

    def __init__(self, real_loop: asyncio.AbstractEventLoop) -> None:
        self._real_loop = real_loop
        self._selector = SelectorThread(real_loop)

    def __getattribute__(self, name: str) -> Any:
        if name in AddThreadSelectorEventLoop.MY_ATTRIBUTES:
            return super().__getattribute__(name)
        return getattr(self._real_loop, name)

    def close(self) -> None:
        """End the thread and close the loop."""
        self._selector.close()
        self._real_loop.close()

    def add_reader(  # type: ignore[override]
        self, fd: FileDescriptor, callback: Callable[..., Any], *args: Any
    ) -> None:
        """Call `callback(*args)` when `fd` can be read; it takes the place of an earlier one."""
        self._selector.add_reader(fd, callback, *args)

    def add_writer(  # type: ignore[override]
        self, fd: FileDescriptor, callback: Callable[..., Any], *args: Any
    ) -> None:
        """Call `callback(*args)` when `fd` can be written; it takes the place of an earlier one."""
        self._selector.add_writer(fd, callback, *args)

    def remove_reader(self, fd: FileDescriptor) -> bool:
        """Wait no more until `fd` can be read; tell whether that was waited for."""
        return self._selector.remove_reader(fd)

    def remove_writer(self, fd: FileDescriptor) -> bool:
        """Wait no more until `fd` can be written; tell whether that was waited for."""
        return self._selector.remove_writer(fd)
