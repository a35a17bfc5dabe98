"""One request and its response: what a handler talks to, instead of the connection."""

import asyncio
from collections.abc import Callable
from typing import Any

from waterspout.httputil import HTTPConnection, HTTPHeaders, RequestStartLine, ResponseStartLine
from waterspout.iostream import StreamClosedError
from waterspout.protocol.http1 import RequestHead
from waterspout.protocol.http1.writer import split_framing

__all__ = ["Exchange"]


class Exchange(HTTPConnection):
    """A request that has been received, and the way to answer it.

    Owned by its connection; used in the thread of the event loop. When the response is complete
    or the connection is lost the exchange is over: it sends nothing more, and what is written
    to it is refused or, if the client has gone, dropped.
    """

    __slots__ = ("_close_callback", "_connection", "body", "finish_time", "head", "start_time")

    def __init__(self, connection: Any, head: RequestHead, start_time: float) -> None:
        self._connection = connection
        self.head = head
        self.start_time = start_time
        #: When the response was complete, on the clock of ``time.monotonic``; 0.0 until then.
        self.finish_time = 0.0
        #: The whole body of the request.
        self.body = b""
        self._close_callback: Callable[[], object] | None = None

    # The client

    @property
    def remote_address(self) -> Any:
        """The client's address as its socket knows it; None on a unix socket."""
        return self._connection.remote_address

    @property
    def remote_ip(self) -> str:
        """The client's IP address; ``0.0.0.0`` on a unix socket."""
        address = self._connection.remote_address
        return address[0] if isinstance(address, tuple) else "0.0.0.0"  # noqa: S104

    @property
    def protocol(self) -> str:
        """``https`` where the connection is encrypted, else ``http``."""
        return "https" if self._connection.is_encrypted else "http"

    @property
    def is_closed(self) -> bool:
        """Whether the client has gone before its response was complete."""
        return bool(self._connection.is_lost)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be sent: the response is complete, or the client has gone."""
        return self._connection.exchange is not self

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Have ``callback`` called if the client goes before the response is complete."""
        self._close_callback = callback

    # The response

    def respond(self, status: int, reason: str | None, fields: bytes, body: bytes) -> None:
        """Send a whole response.

        ``fields`` are encoded field lines without those that frame a message. ``reason`` None is
        the usual one.
        """
        self._connection.respond(self, status, reason, fields, body)

    def start_response(self, status: int, reason: str | None, fields: bytes, length: int) -> None:
        """Send the head of a response; ``length`` is that of the body, -1 where not known."""
        self._connection.start_response(self, status, reason, fields, length)

    def send_data(self, data: bytes) -> None:
        """Send a piece of the body, without waiting. ``drain`` waits."""
        self._connection.send_data(self, data)

    def end_response(self) -> None:
        """End a response that was sent in pieces."""
        self._connection.end_response(self)

    def abort(self) -> None:
        """Close the connection at once, so that the client sees its response is not whole."""
        self._connection.abort()

    def close_after_response(self) -> None:
        """Let the connection end with this response."""
        self._connection.close_after_response()

    def drain(self) -> "asyncio.Future[None]":
        """Return a future that is done when the write buffer is below its bound."""
        return self._connection.drain(self)  # type: ignore[no-any-return]

    # The same by the names of ``httputil.HTTPConnection``

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """Send the head of the response and maybe a first piece of its body."""
        if not isinstance(start_line, ResponseStartLine):
            raise TypeError("a server sends a ResponseStartLine")
        framing = split_framing(headers)
        if framing.has_close:
            self.close_after_response()
        self.start_response(start_line.code, start_line.reason, framing.fields, framing.length)
        if chunk:
            self.send_data(chunk)
        return self.drain()

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send a piece of the body."""
        self.send_data(chunk)
        return self.drain()

    def finish(self) -> None:
        """End the response."""
        self.end_response()

    # From the connection

    def on_lost(self) -> None:
        """Take note that the client has gone."""
        callback = self._close_callback
        self._close_callback = None
        if callback is not None:
            callback()

    def __repr__(self) -> str:
        return f"<Exchange {self.head.method} {self.head.target} on {self._connection!r}>"


def closed_future(error: BaseException | None = None) -> "asyncio.Future[None]":
    """Return a future that has failed with ``StreamClosedError``, retrieved already."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_exception(StreamClosedError(error))
    future.exception()
    return future
