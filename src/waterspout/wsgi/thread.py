"""The way from a thread of an executor to the exchange, which belongs to the event loop."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from waterspout.httpserver import Exchange
from waterspout.log import app_log
from waterspout.wsgi.reply import ClientGoneError

__all__ = ["ThreadSink"]

# Bytes on their way to the client above which the thread waits, and what a piece counts beside
# its own: so the number of pieces is bounded too.
_MAX_IN_FLIGHT = 64 * 1024
_PIECE_COST = 256
# How often a thread that waits looks whether the event loop has been closed.
_WATCH_INTERVAL = 1.0


class ThreadSink:
    """An exchange for one thread: what is sent is handed to the event loop, in its order.

    ``wait`` blocks while much is on its way. When the client has gone before the end of its
    response, or has been given another one, everything raises ``ClientGoneError``.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._loop = exchange.loop
        self._home = threading.get_ident()  # the thread of the event loop
        # Under the condition's lock:
        self._condition = threading.Condition()
        self._calls: list[Callable[[], object]] = []
        self._size = 0  # of what the calls send
        self._in_flight = 0
        self._is_scheduled = False
        self._is_over = exchange.is_lost
        # The thread's own: the end of the response is on its way, if it has not arrived.
        self._has_ended = False

    # In the thread

    def respond(self, status: int, reason: str | None, fields: bytes, body: bytes) -> None:
        """Send a whole response."""
        self._has_ended = True
        self._hand_over(partial(self._exchange.respond, status, reason, fields, body), len(body))

    def start_response(self, status: int, reason: str | None, fields: bytes, length: int) -> None:
        """Send the head of a response; ``length`` -1 where it is not known."""
        self._hand_over(partial(self._exchange.start_response, status, reason, fields, length), 0)

    def send_data(self, data: bytes) -> None:
        """Send a piece of the body."""
        self._hand_over(partial(self._exchange.send_data, data), len(data))

    def end_response(self) -> None:
        """End a response that was sent in pieces."""
        self._has_ended = True
        self._hand_over(self._exchange.end_response, 0)

    def abort(self) -> None:
        """Cut the connection, so that the client sees that its response is not whole."""
        self._hand_over(self._exchange.abort, 0)

    def wait(self) -> None:
        """Block until little is on its way to the client."""
        if threading.get_ident() == self._home:
            return  # an executor without threads of its own: it would wait for itself
        with self._condition:
            while self._in_flight > _MAX_IN_FLIGHT and not self._is_over:
                if not self._condition.wait(_WATCH_INTERVAL) and self._loop.is_closed():
                    self._is_over = True
            self._check()

    def _hand_over(self, call: Callable[[], object], size: int) -> None:
        with self._condition:
            self._check()
            self._calls.append(call)
            self._size += size + _PIECE_COST
            self._in_flight += size + _PIECE_COST
            is_first = not self._is_scheduled
            self._is_scheduled = True
        if is_first:
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop is closed
                raise ClientGoneError from None

    def _check(self) -> None:
        if self._is_over or self._is_lost():
            raise ClientGoneError

    def _is_lost(self) -> bool:
        return not self._has_ended and (self._exchange.is_lost or self._exchange.finish_time > 0.0)

    # In the event loop

    def _deliver(self) -> None:
        with self._condition:
            calls, self._calls = self._calls, []
            size, self._size = self._size, 0
            self._is_scheduled = False
        exchange = self._exchange
        for call in calls:
            if exchange.is_lost or exchange.finish_time:
                break
            try:
                call()
            except Exception:
                app_log.exception("%r could not be answered", exchange)
                exchange.fail()
        drained = exchange.drain()
        if drained.done():
            self._acknowledge(size, drained)
        else:
            drained.add_done_callback(partial(self._acknowledge, size))

    def _acknowledge(self, size: int, drained: "asyncio.Future[Any]") -> None:
        with self._condition:
            self._in_flight -= size
            self._is_over = self._is_over or self._is_lost()
            self._condition.notify_all()
