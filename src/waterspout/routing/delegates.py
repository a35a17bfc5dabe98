"""Delegates that routers make: one looks for the right one, one calls a function."""

from collections.abc import Awaitable, Callable
from inspect import iscoroutine
from typing import Any

from waterspout.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)

__all__ = ["CallableDelegate", "RoutingDelegate"]


class RoutingDelegate(HTTPMessageDelegate):
    """Takes the head of a request, has ``find`` look for its delegate, and passes all on to it."""

    def __init__(
        self,
        find: Callable[[HTTPServerRequest], HTTPMessageDelegate | None],
        server_conn: object,
        request_conn: HTTPConnection,
    ) -> None:
        self._find = find
        self._server_conn = server_conn
        self._request_conn = request_conn
        self._delegate: HTTPMessageDelegate | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Find the delegate; where there is none the answer will be 404."""
        if not isinstance(start_line, RequestStartLine):
            raise TypeError("a server receives a RequestStartLine")
        request = HTTPServerRequest(
            start_line=start_line,
            headers=headers,
            connection=self._request_conn,
            server_connection=self._server_conn,
        )
        self._delegate = self._find(request) or _NotFound(self._request_conn)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass on."""
        return None if self._delegate is None else self._delegate.data_received(chunk)

    def finish(self) -> None:
        """Pass on."""
        if self._delegate is not None:
            self._delegate.finish()

    def on_connection_close(self) -> None:
        """Pass on."""
        if self._delegate is not None:
            self._delegate.on_connection_close()


class CallableDelegate(HTTPMessageDelegate):
    """Gathers the body of a request, and calls a function, plain or ``async``, with the request."""

    def __init__(
        self, callback: Callable[[HTTPServerRequest], Any], request: HTTPServerRequest
    ) -> None:
        self._callback = callback
        self._request = request
        self._chunks: list[bytes] = []

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Keep a piece of the body."""
        self._chunks.append(chunk)
        return None

    def finish(self) -> None:
        """Call the function."""
        self._request.body = b"".join(self._chunks)
        self._chunks.clear()
        rest = self._callback(self._request)
        if iscoroutine(rest):
            connection: Any = self._request.connection
            connection.answer(rest)

    def on_connection_close(self) -> None:
        """Forget the body."""
        self._chunks.clear()


class _NotFound(HTTPMessageDelegate):
    """Answers 404 to a request that belongs to nobody."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def finish(self) -> None:
        line = ResponseStartLine("HTTP/1.1", 404, "Not Found")
        self._connection.write_headers(line, HTTPHeaders({"Content-Length": "0"}))
        self._connection.finish()
