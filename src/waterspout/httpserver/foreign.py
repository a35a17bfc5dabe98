"""An exchange on a connection that is not the server's: on any ``HTTPConnection``.

An application is an ``HTTPServerConnectionDelegate``, and may be given requests by
``HTTP1ServerConnection``, by a test or by a program with a protocol of its own. Its handlers talk
to an exchange all the same.
"""

import asyncio
from time import monotonic
from typing import Any

from waterspout.httpserver.cancelling import cancel
from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.filesending import SentFile
from waterspout.httputil import HTTPConnection, HTTPHeaders, HTTPServerRequest, ResponseStartLine
from waterspout.ioloop import IOLoop
from waterspout.iostream import BaseIOStream, StreamClosedError
from waterspout.protocol.errors import LocalProtocolError
from waterspout.protocol.http1.messages import request_head
from waterspout.protocol.http1.writer import reason_phrase

__all__ = ["ForeignExchange"]


class ForeignExchange(Exchange):
    """Answers ``request`` through the ``HTTPConnection`` that it came in on.

    What only a connection of the server's can do is not there: deadlines, early hints, and sending
    a file without reading it. ``detach`` needs a connection that has it.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        uri, version = request.uri, request.version
        head = request_head(request.method, uri, version, request.headers)
        # There is no engine, and whatever would need one is defined anew here.
        engine: Any = None
        super().__init__(_Ends(request), engine, engine, head, monotonic())
        self.is_late = True
        self._request = request
        self._foreign: HTTPConnection = request.connection
        self._has_close = False
        self._sent: asyncio.Future[None] | None = None  # the last piece
        set_close_callback = getattr(self._foreign, "set_close_callback", None)
        if set_close_callback is not None:
            set_close_callback(self._on_close)

    @property
    def remote_ip(self) -> str:
        """The client's IP address, as the connection's ``context`` tells it."""
        return self._request.remote_ip or "0.0.0.0"  # noqa: S104

    @property
    def protocol(self) -> str:
        """``http`` or ``https``, as the connection's ``context`` tells it."""
        return self._request.protocol

    def respond(self, status: int, reason: str | None, fields: bytes, body: bytes) -> None:
        """Send a whole response."""
        length = -1 if _has_no_body(status) else len(body)
        self._start(status, reason, fields, length, b"" if self.head.method == "HEAD" else body)
        self.end_response()

    def start_response(self, status: int, reason: str | None, fields: bytes, length: int) -> None:
        """Send the head of a response; ``length`` is that of the body, -1 where not known."""
        self._start(status, reason, fields, length, b"")

    def _start(
        self, status: int, reason: str | None, fields: bytes, length: int, chunk: bytes
    ) -> None:
        if self._is_over():
            return
        if self.status:
            raise LocalProtocolError("the response has begun already")
        headers = HTTPHeaders.parse(fields.decode("latin-1"))
        if length >= 0:
            headers["Content-Length"] = str(length)
        if status == 101:
            headers["Connection"] = "Upgrade"
        elif self._has_close:
            headers["Connection"] = "close"
        phrase = reason_phrase(status) if reason is None else reason
        line = ResponseStartLine("HTTP/1.1", status, phrase)
        self.status = status
        self.bytes_sent += len(chunk)
        self._sent = self._foreign.write_headers(line, headers, chunk or None)

    def send_data(self, data: bytes) -> None:
        """Send a piece of the body."""
        if not self._is_over():
            self.bytes_sent += len(data)
            self._sent = self._foreign.write(data)

    def end_response(self) -> None:
        """End the response."""
        if not self._is_over():
            self._foreign.finish()
            self._end()

    def send_interim(self, status: int, fields: bytes) -> None:
        """Send nothing: an ``HTTPConnection`` has one head."""

    def send_file(self, file: SentFile, offset: int, count: int) -> "asyncio.Future[int]":
        """Send nothing, and say so: the bytes have to be sent by ``send_data``."""
        sent: asyncio.Future[int] = self.loop.create_future()
        sent.set_result(0)
        return sent

    def drain(self) -> "asyncio.Future[None]":
        """Return the future of what was sent last."""
        sent = self._sent
        if sent is not None and not self.is_lost:
            if sent.done():
                self._on_sent(sent)
            else:
                sent.add_done_callback(self._on_sent)  # before who waits for it goes on
            return sent
        drained: asyncio.Future[None] = self.loop.create_future()
        if self.is_lost:
            drained.set_exception(StreamClosedError())
            drained.exception()  # nobody has to look at it
        else:
            drained.set_result(None)
        return drained

    def detach(self) -> BaseIOStream:
        """Take the connection out of HTTP, where it can do that."""
        detach = getattr(self._foreign, "detach", None)
        if detach is None or self.finish_time:
            raise LocalProtocolError(f"there is nothing to detach from {self._foreign!r:.80}")
        stream: BaseIOStream = detach()
        self._end()
        return stream

    def close_after_response(self) -> None:
        """Say in the response that the connection ends with it."""
        self._has_close = True

    def abort(self) -> None:
        """Close the connection, where it can be closed; else the response ends as it is."""
        if not self.finish_time:
            self._end()
            end = getattr(self._foreign, "close", None) or self._foreign.finish
            end()

    # Inside

    def _is_over(self) -> bool:
        if self.finish_time:
            raise LocalProtocolError("the response is complete: nothing more can be sent")
        return self.is_lost

    def _end(self) -> None:
        self.finish_time = monotonic()
        self.close_callback = None

    def _on_sent(self, sent: "asyncio.Future[None]") -> None:
        """Take note that the client has gone, which a write may be the first to tell."""
        if not sent.cancelled() and isinstance(sent.exception(), StreamClosedError):
            self.was_told = True
            self._on_close()

    def _on_close(self) -> None:
        if self.finish_time or self.is_lost:
            return
        self.is_lost = True
        self.on_lost()
        if self.cancel_on_disconnect and not self.was_told:
            cancel(self, StreamClosedError())

    def __repr__(self) -> str:
        return f"<ForeignExchange {self.head.method} {self.head.target} on {self._foreign!r:.80}>"


class _Ends:
    """What an exchange asks its connection for, where that has nothing to tell."""

    exchange = None
    remote_address = None
    is_draining = False
    is_ending = False

    def __init__(self, request: HTTPServerRequest) -> None:
        self._connection = request.connection
        self.loop = IOLoop.current().asyncio_loop

    def get_ssl_certificate(self, binary_form: bool) -> dict[str, Any] | bytes | None:
        get_certificate = getattr(self._connection, "get_ssl_certificate", None)
        return None if get_certificate is None else get_certificate(binary_form)

    def on_failure(self, exchange: Exchange, status: int, error: BaseException) -> None:
        """Tell nobody: the connection has no server's owner."""


def _has_no_body(status: int) -> bool:
    return status < 200 or status in (204, 304)
