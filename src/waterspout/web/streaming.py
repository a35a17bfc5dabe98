"""Handlers that take a request's body piece by piece, as it comes in."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from waterspout.httpserver import Exchange
from waterspout.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from waterspout.routing.table import Route
from waterspout.web.errors import handle_exception, log_lost
from waterspout.web.execution import PASSED_ON, go_on, govern, make_handler, prepare, watch
from waterspout.web.handler import RequestHandler

__all__ = ["HandlerDelegate", "stream_request_body"]

T = TypeVar("T", bound=type[RequestHandler])


def stream_request_body(cls: T) -> T:
    """Have a handler class take the bodies of its requests through ``data_received``.

    ``prepare`` is called when the head is there, ``data_received`` for each piece, and the
    method (``post``, ``put``) at the end, all plain or ``async``. What ``data_received`` returns
    is awaited before more is read from the client. ``request.body`` is empty, and there are no
    arguments of a form. ``prepare`` may change the bounds of this one body, by
    ``self.request.connection.set_max_body_size`` and ``set_body_timeout``; a client that waits for
    ``100 Continue`` gets it when ``prepare`` is through. If the client goes before the end of the
    body ``on_connection_close`` is called and the method is not; a handler that finishes before
    the end closes the connection.
    """
    handler_class: Any = cls
    if not (isinstance(handler_class, type) and issubclass(handler_class, RequestHandler)):
        raise TypeError(f"stream_request_body is for subclasses of RequestHandler, not {cls!r}")
    cls._streams_request_body = True
    return cls


class HandlerDelegate(HTTPMessageDelegate):
    """Hands a request to a handler: when it is whole, or where the handler streams, as it comes."""

    def __init__(self, application: Any, request: HTTPServerRequest, route: Route) -> None:
        self._application = application
        self._request = request
        if not isinstance(request.connection, Exchange):
            request.connection = _on_foreign_connection(request)
        self._route = route
        self._chunks: list[bytes] = []
        self._is_streaming: bool = route.handler_class._streams_request_body
        self._handler: Any = None
        self._is_waiting = False  # for a coroutine of the handler

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Begin, where the handler streams; what is returned waits for its ``prepare``."""
        return self._begin() if self._is_streaming else None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass a piece of the body on, or keep it."""
        if not self._is_streaming:
            self._chunks.append(chunk)
        elif not self._handler._finished:
            return self._run(self._handler.data_received, chunk)
        return None

    def finish(self) -> None:
        """Call the handler's method; where it has not begun yet, begin."""
        exchange: Any = self._request.connection
        if self._is_streaming:
            rest = self._go_on()
        else:
            exchange.body = self._request.body = b"".join(self._chunks)
            self._chunks.clear()
            waiting = self._begin()
            rest = self._go_on() if waiting is None else self._go_on_after(waiting)
        if rest is not None:
            exchange.answer(rest)
            watch(self._handler, exchange)

    def on_connection_close(self) -> None:
        """Tell a handler that has begun and not finished."""
        self._chunks.clear()
        if self._handler is not None and not self._handler._finished:
            self._handler.on_connection_close()
            if self._is_streaming and not self._is_waiting:
                log_lost(self._handler)

    def _begin(self) -> Awaitable[None] | None:
        exchange: Any = self._request.connection
        exchange.handler_class = self._route.handler_class
        self._handler = make_handler(self._application, self._request, self._route)
        govern(self._handler, exchange)
        return self._run(prepare, self._handler, self._route)

    def _run(self, call: Any, *args: Any) -> Awaitable[None] | None:
        """Call what belongs to the handler; return what waits for it. Its errors are answered."""
        try:
            waiting = call(*args)
        except PASSED_ON:
            raise
        except BaseException as error:
            handle_exception(self._handler, error)
            return None
        return None if waiting is None else self._wait(waiting)

    async def _wait(self, waiting: Awaitable[None]) -> None:
        self._is_waiting = True
        try:
            await waiting
        except PASSED_ON:
            raise
        except BaseException as error:
            handle_exception(self._handler, error)
            if isinstance(error, asyncio.CancelledError):
                raise
        self._is_waiting = False
        if self._is_streaming:
            log_lost(self._handler)  # the client may have gone, and nobody goes on then

    def _go_on(self) -> Any:
        if self._handler._finished:
            return None
        return go_on(self._handler, self._route, self._request.connection)

    async def _go_on_after(self, waiting: Awaitable[None]) -> None:
        await waiting
        rest = self._go_on()
        if rest is not None:
            await rest


def _on_foreign_connection(request: HTTPServerRequest) -> Exchange:
    # Hardly any program needs it.
    from waterspout.httpserver.foreign import ForeignExchange

    return ForeignExchange(request)
