"""Responses that are asked for piece by piece: how a flow waits for who reads.

Theory of operation. `Flow.fetch` is what it always is, but its request has a `Tap`. The exchange
gives that the head and each piece, and is suspended there until the next is wanted. So nothing is
read ahead of the reader but what is in the stream's buffer, and all that holds for a fetch (slots,
redirects, errors, what is closed and what is kept) holds here as it stands.

In a thread the reader drives the coroutine itself: what it gives comes out of ``send``. In a loop
the flow waits at a gate, which the reader opens; the flow goes on in the reader's own step, and if
the next piece is there already the loop need not turn.

Who leaves early makes `Tap.give` return True, and the exchange is over.
"""

import _thread
import asyncio
import contextlib
import math
import warnings
from collections.abc import Awaitable, Coroutine, Generator
from typing import TYPE_CHECKING, Any

from waterspout.httpclient.response import HTTPResponse
from waterspout.net import AsyncNet

if TYPE_CHECKING:
    from waterspout.httpclient.exchange import Exchange

__all__ = ["AsyncPull", "AsyncTap", "BlockingPull", "BlockingTap", "Tap"]


class Tap:
    """Takes a response from its exchange. With ``raise_error`` only one whose code is 200 to 299:
    another is read whole, and is the error of the fetch.
    """

    def __init__(self, raise_error: bool) -> None:
        self._raise_error = raise_error

    def wants(self, code: int) -> bool:
        """Whether a response with this code is to be given here."""
        return not self._raise_error or 200 <= code < 300

    def give(self, item: Any) -> Awaitable[bool]:
        """Return what to await until the next item is wanted; True: no more is."""
        raise NotImplementedError


class _Given:
    """An item on its way to who drives the coroutine."""

    __slots__ = ("_item",)

    def __init__(self, item: Any) -> None:
        self._item = item

    def __await__(self) -> Generator[Any, bool | None, bool]:
        has_left = yield self._item
        return has_left is True


class BlockingTap(Tap):
    """Hands items to the thread that drives the flow."""

    def give(self, item: Any) -> Awaitable[bool]:
        """Return what to await until the next item is wanted; True: no more is."""
        return _Given(item)


class BlockingPull:
    """Drives a flow from one item to the next. For one thread at a time.

    The first item is the exchange. Pieces that it has at hand it gives without the flow, which is
    what most of the time would go into.
    """

    def __init__(self, flow: Coroutine[Any, Any, HTTPResponse]) -> None:
        self._flow: Any = flow  # None when it is over
        self._is_whole = False  # whether it ended by itself, and well
        self._exchange: Exchange | None = None
        self._is_reading = False

    def take(self) -> Any:
        """Return the next item, or None if there is none; raise what the flow raises."""
        if self._flow is None:
            return _nothing(self._is_whole)
        if self._is_reading:
            raise RuntimeError("the response is being read already")
        try:
            self._is_reading = True
            return self._take()
        finally:
            self._is_reading = False

    def _take(self) -> Any:
        go_on, argument = self._flow.send, None
        if self._exchange is not None:
            try:
                piece = self._exchange.next_piece()
                if piece is not None:
                    return piece
            except BaseException as error:
                go_on, argument = self._flow.throw, error
        try:
            item = go_on(argument)
        except StopIteration:
            self._flow = None
            self._is_whole = True
            return None
        except BaseException:
            self._flow = None
            raise
        if self._exchange is None:
            self._exchange = item
        return item

    def leave(self) -> None:
        """End the flow, wherever it is; any number of times. RuntimeError while it is read."""
        if self._is_reading:
            raise RuntimeError("the response is being read, by another thread")
        self._is_whole = False
        self._exchange = None
        flow, self._flow = self._flow, None
        if flow is not None:
            try:
                flow.send(True)
            except StopIteration:
                return
            flow.close()

    def __del__(self) -> None:
        flow = self._flow
        if flow is None:
            return
        # Not here: the collector may run while this very thread holds the lock of the pool. And by
        # one call, as Ctrl-C may come between two.
        try:
            _thread.start_new_thread(flow.close, ())
        except RuntimeError:
            flow.close()  # The interpreter is about to end.
        warnings.warn("a streamed response was not left", ResourceWarning, stacklevel=2)


class AsyncTap(Tap):
    """Where a driven flow waits for its reader, and the other way round. Belongs to the loop."""

    def __init__(self, raise_error: bool, net: AsyncNet) -> None:
        super().__init__(raise_error)
        #: What was given and not taken yet.
        self.item: Any = None
        #: Where the reader waits.
        self.reader: asyncio.Future[None] | None = None
        self.gate = net.gate()
        self._has_left = False

    async def give(self, item: Any) -> bool:
        """Return when the next item is wanted; True: no more is."""
        self.item = item
        self.wake()
        if not self._has_left:
            await self.gate.until(math.inf)
        return self._has_left

    def wake(self) -> None:
        """Let the reader look."""
        if self.reader is not None and not self.reader.done():
            self.reader.set_result(None)

    def leave(self) -> None:
        """Want no more. The flow goes on now, if it waits here."""
        self._has_left = True
        self.gate.open()


class AsyncPull:
    """Takes items from a flow that is driven by the loop, and has ``future`` for its outcome; those
    at hand without it, as `BlockingPull` does.
    """

    def __init__(self, tap: AsyncTap, future: "asyncio.Future[HTTPResponse]") -> None:
        self._tap = tap
        self._loop = future.get_loop()
        self._has_left = False
        self._exchange: Exchange | None = None
        self._future = future
        future.add_done_callback(lambda future: tap.wake())

    async def take(self) -> Any:
        """Return the next item, or None if there is none; raise what the flow raises.

        Who is cancelled here has lost nothing: the item is there for the next call.
        """
        tap = self._tap
        if tap.reader is not None:
            raise RuntimeError("the response is being read already")
        if self._has_left:
            return _nothing(False)
        if tap.item is None and tap.gate.driver is not None:
            error = None
            if self._exchange is not None:
                try:
                    piece = self._exchange.next_piece()
                    if piece is not None:
                        return piece
                except Exception as failure:
                    error = failure
            tap.gate.open(error)
        if tap.item is None and not self._future.done():
            tap.reader = self._loop.create_future()
            try:
                await tap.reader
            finally:
                tap.reader = None
        item, tap.item = tap.item, None
        if item is None:
            tap.gate.close_gate()
            self._future.result()
        elif self._exchange is None:
            self._exchange = item
        return item

    def leave(self) -> None:
        """End the flow, wherever it is; any number of times. It need not be waited for."""
        self._has_left = True
        tap = self._tap
        tap.leave()
        tap.gate.close_gate()
        tap.item = None
        if not self._future.done():
            # The loop may be closed, and then there is nobody to hear of it.
            with contextlib.suppress(RuntimeError):
                self._future.cancel()
        elif not self._future.cancelled():
            self._future.exception()  # which was told, or is of no interest any more

    def __del__(self) -> None:
        if self._future.done():
            return
        warnings.warn("a streamed response was not left", ResourceWarning, stacklevel=2)
        future = self._future
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(future.cancel)


def _nothing(is_whole: bool) -> None:
    """There is no more to take: None, if that is the whole of the response."""
    if not is_whole:
        raise RuntimeError("the response was left, or has failed: there is no more to read")
