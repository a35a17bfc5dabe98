"""The seam between wire and application: who receives messages, and who sends them."""

from asyncio import Future
from collections.abc import Awaitable

from waterspout.httputil.startline import RequestStartLine, ResponseStartLine
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["HTTPConnection", "HTTPMessageDelegate", "HTTPServerConnectionDelegate"]


class HTTPConnection:
    """Sends one message: ``write_headers``, then ``write`` as often as needed, then ``finish``.

    The futures are done when the bytes have left or wait within the bound of the write buffer;
    to await them is to respect a slow reader.
    """

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "Future[None]":
        """Send the head and, where ``chunk`` is given, the first piece of the body."""
        raise NotImplementedError

    def write(self, chunk: bytes) -> "Future[None]":
        """Send a piece of the body."""
        raise NotImplementedError

    def finish(self) -> None:
        """End the message."""
        raise NotImplementedError


class HTTPMessageDelegate:
    """Receives one message, call by call. What is not overridden does nothing."""

    def headers_received(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
    ) -> Awaitable[None] | None:
        """Take the head; what is returned is awaited before the body is read."""

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Take a piece of the body; what is returned is awaited before more is read."""

    def finish(self) -> None:
        """Take note that the message is whole."""

    def on_connection_close(self) -> None:
        """Take note that the connection closed before ``finish``, in place of it."""


class HTTPServerConnectionDelegate:
    """Receives the requests of connections: one ``HTTPMessageDelegate`` for each."""

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Return who takes the request that begins; answer it through ``request_conn``."""
        raise NotImplementedError

    def on_close(self, server_conn: object) -> None:
        """Take note that a connection has been closed."""
