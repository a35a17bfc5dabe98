"""Hands requests to delegates: heads and bodies as they come in, to who may know no handlers."""

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

from waterspout.httpserver.answering import start_answering
from waterspout.httpserver.exchange import Exchange
from waterspout.httputil import (
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
)
from waterspout.iostream import StreamClosedError

__all__ = ["Delivery", "deliver"]


class Delivery:
    """Serves the requests of connections through an ``HTTPServerConnectionDelegate``."""

    def __init__(self, delegate: HTTPServerConnectionDelegate) -> None:
        self._delegate = delegate

    def start_exchange(self, exchange: Exchange) -> None:
        """Hand over a request, each in a context of its own."""
        context = copy_context()
        start: Callable[[Any, Any], HTTPMessageDelegate] = self._delegate.start_request
        delegate = context.run(start, exchange.server_connection, exchange)
        start_answering(exchange, deliver(exchange, delegate), context)

    def start_at_head(self, exchange: Exchange) -> bool:
        """Take every request before its body."""
        self.start_exchange(exchange)
        return True


async def deliver(exchange: Exchange, delegate: HTTPMessageDelegate) -> None:
    """Hand one request to ``delegate``, and read no faster than it takes the pieces of the body.

    It answers through the exchange, now or later. One of ``finish`` and ``on_connection_close``
    is called at the end: the latter where the client goes, is refused or has had its whole answer
    before its body was read, and where the delegate itself fails, whose error is raised.
    """
    exchange.receiver = delegate
    try:
        head = exchange.head
        start_line = RequestStartLine(head.method, head.target, head.version)
        await _waited_for(delegate.headers_received(start_line, head.headers))
        if exchange.has_body and not await _deliver_body(exchange, delegate):
            exchange.on_lost()
            return
        if exchange.is_lost:
            return
        exchange.receiver = None
        delegate.finish()
    except BaseException:
        if exchange.receiver is not None:
            exchange.on_lost()
        raise


async def _deliver_body(exchange: Exchange, delegate: HTTPMessageDelegate) -> bool:
    """Hand over the pieces of the body; tell whether it has been received to its end."""
    while True:
        try:
            piece = await exchange.read_piece()
        except StreamClosedError:
            return False
        if not piece:
            return True
        await _waited_for(delegate.data_received(piece))


async def _waited_for(value: Awaitable[Any] | None) -> None:
    if value is not None:
        await value
