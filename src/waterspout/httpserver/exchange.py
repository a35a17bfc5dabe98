"""One request and its response: what a handler talks to, instead of the connection."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from time import monotonic
from typing import TYPE_CHECKING, Any

from waterspout.httpserver.answering import start_answering
from waterspout.httpserver.channel import Channel
from waterspout.httpserver.requestid import request_id_of
from waterspout.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from waterspout.iostream import StreamClosedError
from waterspout.log import app_log, printable
from waterspout.protocol.errors import LocalProtocolError
from waterspout.protocol.http1.messages import RequestHead
from waterspout.protocol.http1.server import ServerConnection
from waterspout.protocol.http1.writer import reason_phrase, split_framing

if TYPE_CHECKING:
    from waterspout.httpserver.filesending import SentFile
    from waterspout.iostream import BaseIOStream

__all__ = ["Exchange"]

_NEVER = float("inf")


class Exchange:
    """A request that has been received, and the way to answer it: an ``HTTPConnection``.

    Made by its connection, used in the thread of the event loop. When the response is complete
    the exchange is over, and to send more raises ``LocalProtocolError``. When the client has gone
    what is sent is dropped.
    """

    def __init__(
        self,
        connection: Any,
        engine: ServerConnection,
        write: Callable[[bytes], object],
        head: RequestHead,
        start_time: float,
    ) -> None:
        self._begin(connection, connection and connection.loop, engine, write, head, start_time)

    def _begin(
        self,
        connection: Any,
        loop: asyncio.AbstractEventLoop,
        engine: ServerConnection,
        write: Callable[[bytes], object],
        head: RequestHead,
        start_time: float,
    ) -> None:
        self._connection = connection
        #: The event loop that serves the connection.
        self.loop = loop
        self._engine = engine
        self._write = write
        self.head = head
        #: When the head had been read, on the clock of ``time.monotonic``.
        self.start_time = start_time
        #: When the response was complete, on the same clock; 0.0 until then.
        self.finish_time = 0.0
        #: The whole body of the request.
        self.body = b""
        #: Whether the client has gone before the response was complete.
        self.is_lost = False
        #: Whether ``start_time`` is no longer now, for something has been waited for since.
        self.is_late = False
        #: Whether a file is being sent, and nothing else may be until its end.
        self.is_held = False
        #: Called if the client goes before the response is complete.
        self.close_callback: Callable[[], object] | None = None
        #: Called when the server lets go of its clients, by answers without an end.
        self.drain_callback: Callable[[], object] | None = None
        #: Who takes the request's body piece by piece: is told if the client goes before its end.
        self.receiver: HTTPMessageDelegate | None = None
        #: What the application found out when it was offered the request; the application's own.
        self.memo: Any = None
        #: The class of the handler that answers; None for others, and where there is none yet.
        self.handler_class: Any = None
        #: Who logs it when it is over, where no handler does; what is refused or fails is logged as
        #: that.
        self.access_log: Callable[[Exchange], None] | None = None
        #: The status of the final response; 0 before it.
        self.status = 0
        #: Bytes of the request's body, once that has ended in some way; without chunks' frames.
        self.body_bytes_received = 0
        #: Bytes of the response so far, from its head on.
        self.bytes_sent = 0
        #: Bytes of its body so far, without chunks' frames; ``body_bytes_sent`` knows of HEAD.
        self._body_bytes = 0
        #: Whether the server itself has answered, for it could not accept the request.
        self.is_refused = False
        self._request_id: str | None = None
        #: When the response has to be complete, on the clock of ``start_time``.
        self.deadline = _NEVER
        #: Whether ``set_request_timeout`` has been called.
        self.has_own_timeout = False
        #: Whether what answers is cancelled if the client goes, where the server's policy says so.
        self.cancel_on_disconnect = True
        #: What answers, as far as it had to wait.
        self.tasks: list[asyncio.Task[Any]] | None = None
        #: Why that has been cancelled, or None.
        self.cancel_reason: Exception | None = None
        #: Whether who was waiting for the client has heard that it has gone.
        self.was_told = False
        #: When what was cancelled is given up.
        self.end_timer: asyncio.TimerHandle | None = None
        #: What undoes the content coding of the request's body (``decompression.Decoding``).
        self.decoding: Any = None

    # The request's body, for an application that has taken the request at its head

    @property
    def has_body(self) -> bool:
        """Whether the head announces a body."""
        return self.head.content_length > 0 or self.head.is_chunked

    def read_piece(self) -> "asyncio.Future[bytes]":
        """Return a future of the next piece of the body, as it comes in; ``b""`` at its end.

        What is not asked for is not read from the client: so it is kept back. The first call lets
        a client that waits for ``100 Continue`` go on. The future fails with ``StreamClosedError``
        where the client has gone, was refused, or has had its answer already; one that is
        cancelled loses nothing. One at a time: else ``RuntimeError``.
        """
        if self._connection.exchange is not self:
            future: asyncio.Future[bytes] = self._connection.loop.create_future()
            future.set_exception(StreamClosedError())
            future.exception()  # nobody has to look at it
            return future
        if self.decoding is not None:
            return self.decoding.read_piece()  # type: ignore[no-any-return]
        return self._connection.read_piece()  # type: ignore[no-any-return]

    def set_max_body_size(self, max_body_size: int) -> None:
        """Set how large this request's body may be, in bytes, before any of it has been read.

        Where it is decoded that bounds what it unfolds to as well.
        """
        if self._connection.exchange is self:
            self._connection.set_max_body_size(max_body_size)
            if self.decoding is not None:
                self.decoding.max_size = max_body_size

    def set_body_timeout(self, timeout: float) -> None:
        """Set how many seconds the client may take to send this request's body."""
        if self._connection.exchange is self:
            self._connection.set_body_timeout(timeout)

    def set_request_timeout(self, timeout: float | None) -> None:
        """Set how many seconds this request may take, from its head on; None is for ever.

        When they have passed the coroutines that answer are cancelled.
        """
        if self.cancel_reason is not None:
            return
        self.has_own_timeout = True
        self.deadline = _NEVER if timeout is None else self.start_time + timeout
        if self._connection.exchange is self:
            self._connection.move_deadline()

    # The client

    @property
    def server_connection(self) -> Any:
        """The connection, as ``HTTPServerConnectionDelegate`` is told of it."""
        return self._connection

    @property
    def is_draining(self) -> bool:
        """Whether the server is about to stop; see ``HTTPServer.drain``."""
        return self._connection.is_draining  # type: ignore[no-any-return]

    @property
    def context(self) -> "Exchange":
        """What knows the client by ``remote_ip``, ``address`` and ``protocol``: this."""
        return self

    @property
    def address(self) -> Any:
        """Another name of ``remote_address``."""
        return self.remote_address

    @property
    def remote_address(self) -> Any:
        """The client's address as its socket knows it; None on a unix socket."""
        return self._connection.remote_address

    @property
    def remote_ip(self) -> str:
        """The client's IP address, as told by a proxy that is believed, or else of the peer.

        ``0.0.0.0`` on a unix socket.
        """
        address = self._connection.remote_address
        peer = address[0] if isinstance(address, tuple) else "0.0.0.0"  # noqa: S104
        forwarding = self._connection.forwarding
        return peer if forwarding is None else forwarding.remote_ip(self.head, peer)

    @property
    def protocol(self) -> str:
        """``https`` where the connection is encrypted, or a believed proxy says so; or ``http``."""
        own = "https" if self._connection.is_encrypted else "http"
        forwarding = self._connection.forwarding
        return own if forwarding is None else forwarding.protocol(self.head, own)

    def get_ssl_certificate(self, binary_form: bool = False) -> dict[str, Any] | bytes | None:
        """Return the certificate that the client has shown; see ``HTTPServerRequest``."""
        return self._connection.get_ssl_certificate(binary_form)  # type: ignore[no-any-return]

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Have ``callback`` called if the client goes before the response is complete.

        Where it has gone already that is soon.
        """
        self.close_callback = callback
        if self.is_lost:
            self.loop.call_soon(self.on_lost)

    def set_drain_callback(self, callback: Callable[[], object] | None) -> None:
        """Have ``callback`` called when the server lets go of its clients, or soon if it has."""
        self.drain_callback = callback
        if callback is not None and self._connection.is_ending:
            self.loop.call_soon(self.on_drain)

    # The response

    def respond(self, status: int, reason: str | None, fields: bytes, body: bytes) -> None:
        """Send a whole response.

        ``fields`` are encoded field lines without those that frame a message. ``reason`` None is
        the usual one.
        """
        if self._can_send():
            message = self._engine.respond(status, reason, fields, body)
            self.status = status
            self.bytes_sent += len(message)
            self._body_bytes += len(body)
            self._write(message)
            self._complete()

    def send_interim(self, status: int, fields: bytes) -> None:
        """Send a response 1xx, before the final one; a client of HTTP/1.0 gets none.

        ``fields`` are encoded field lines. Raises ``LocalProtocolError`` once the response has
        begun, and for a status that is not interim: 100, or 102 to 199.
        """
        if self._can_send():
            interim = self._engine.send_interim(status, fields)
            if interim:
                self._write(interim)

    def start_response(self, status: int, reason: str | None, fields: bytes, length: int) -> None:
        """Send the head of a response; ``length`` is that of the body, -1 where not known.

        After 101 the connection speaks what ``Upgrade`` says: ``detach`` comes next.
        """
        if self._can_send():
            if status == 101:
                self._switch(fields)
                return
            head = self._engine.send_response(status, reason, fields, length)
            self.status = status
            self.bytes_sent += len(head)
            self._write(head)

    def send_data(self, data: bytes) -> None:
        """Send a piece of the body, without waiting; ``drain`` waits."""
        if self._can_send():
            self._check_held()
            framed = self._engine.send_data(data)
            if framed:
                self.bytes_sent += len(framed)
                self._body_bytes += len(data)
                self._write(framed)

    def send_file(self, file: "SentFile", offset: int, count: int) -> "asyncio.Future[int]":
        """Send a part of a file as the next part of a body whose length has been announced.

        What is not in the page cache makes the loop wait: have it there. The future tells how many
        bytes were sent when the client has caught up; nothing may be sent until then, and the file
        stays open. They are fewer than ``count`` where the file has fewer, and where its bytes
        have to be sent by ``send_data``, as with TLS, where it is 0. It fails with
        ``StreamClosedError`` where the client has gone. To cancel it is to send nothing more.
        """
        if not self._can_send():
            future: asyncio.Future[int] = self._connection.loop.create_future()
            future.set_exception(StreamClosedError())
            future.exception()  # nobody has to look at it
            return future
        self._check_held()
        sent: asyncio.Future[int] = self._connection.send_file(file, offset, count)
        sent.add_done_callback(self._on_file_sent)
        return sent

    def _on_file_sent(self, sent: "asyncio.Future[int]") -> None:
        if not sent.cancelled() and sent.exception() is None:
            self.bytes_sent += sent.result()
            self._body_bytes += sent.result()

    def end_response(self) -> None:
        """End a response that was sent in pieces."""
        if self._can_send():
            try:
                last = self._engine.send_end()
            except LocalProtocolError:
                # The client counts on bytes that will not come. Only the end of the connection
                # can tell it.
                self.abort()
                raise
            if last:
                self.bytes_sent += len(last)
                self._write(last)
            self._complete()

    def _switch(self, fields: bytes) -> None:
        """Send the head of a response 101 (RFC 9110 section 15.2.2)."""
        if b"\nupgrade:" not in b"\n" + fields.lower():
            raise LocalProtocolError("a response 101 must name the new protocol in Upgrade")
        head = self._engine.send_switch(fields + b"Connection: Upgrade\r\n")
        self.status = 101
        self.bytes_sent += len(head)
        self._connection.switch(head)

    def detach(self) -> "BaseIOStream":
        """Take the connection out of HTTP and return the stream on it; the exchange is over.

        To be called before anything was sent, or after the head of a response that allows it,
        such as 101. What the client has sent behind its request is read from the stream first.
        Without TLS the stream is an ``IOStream`` on the socket; with TLS it has no socket of its
        own. Raises ``LocalProtocolError`` after the response and before the end of the request's
        body, and ``StreamClosedError`` where the client has gone.
        """
        if self.finish_time:
            raise LocalProtocolError("the response is complete: there is nothing to detach")
        if self.is_lost:
            raise StreamClosedError
        self.finish_time = monotonic()  # who is told of the end sees that it is a good one
        try:
            stream: BaseIOStream = self._connection.detach()
        except BaseException:
            self.finish_time = 0.0
            raise
        self.close_callback = None
        return stream

    def close_after_response(self) -> None:
        """Let the connection end with this response."""
        self._engine.keep_alive = False

    def abort(self) -> None:
        """Close the connection at once, so that the client sees its response is not whole."""
        if not self.finish_time:
            self.close_callback = None
            self.cancel_on_disconnect = False  # it is no client that goes
            self._connection.cut_response()

    def fail(self, status: int = 500) -> None:
        """Answer ``status``, or ``abort`` a response that has begun; nothing where it is complete.

        For whoever was to answer and cannot, so that the client does not wait for ever.
        """
        if self.finish_time or self.is_lost:
            return
        try:
            fields = b"Content-Type: text/plain\r\n"
            self.respond(status, None, fields, f"{status} {reason_phrase(status)}\n".encode())
        except LocalProtocolError:
            self.abort()

    def answer(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine that answers; if it fails the client gets a 500, or is cut off."""
        start_answering(self, coroutine, copy_context())

    def drain(self) -> "asyncio.Future[None]":
        """Return a future that is done when the client has caught up with what was sent.

        It fails with ``StreamClosedError`` where the client has gone.
        """
        if self.is_lost:
            future: asyncio.Future[None] = self._connection.loop.create_future()
            future.set_exception(StreamClosedError())
            future.exception()  # nobody has to look at it
            return future
        connection: Channel = self._connection
        return connection.drain(self.finish_time != 0)

    # For logs and metrics

    @property
    def request_id(self) -> str:
        """The name of the request in logs: that of ``X-Request-Id`` or a new one; see there.

        It is made when it is asked for first.
        """
        if self._request_id is None:
            self._request_id = request_id_of(self.head)
        return self._request_id

    @property
    def body_bytes_sent(self) -> int:
        """Bytes of the response's body so far, without what frames its chunks."""
        return 0 if self.head.method == "HEAD" else self._body_bytes

    @property
    def summary(self) -> str:
        """The request in one line, for logs: method, target, client, id, and who answers."""
        head = self.head
        who = "" if self.handler_class is None else f", {self.handler_class.__name__}"
        line = f"{head.method} {head.target} ({self.remote_ip}) [{self.request_id}{who}]"
        return printable(line)

    def refuse(self, status: int, error: BaseException) -> None:
        """``fail`` for a request that nobody else will log: the server's owner is told of it."""
        if self.finish_time or self.is_lost:
            return
        self.access_log = None
        self.fail(status)
        self._connection.on_failure(self, status, error)

    def on_refused(self, status: int, size: int) -> None:
        """Take note, from the connection, that it has answered itself, in ``size`` bytes."""
        self.is_refused = True
        self.access_log = None
        self.is_lost = True
        if size:
            self.status = status
            self.bytes_sent += size
        self.on_lost()

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

    # Inside

    def _can_send(self) -> bool:
        """Whether what is sent goes anywhere; to a client that has gone it silently does not."""
        if self.finish_time:
            raise LocalProtocolError("the response is complete: nothing more can be sent")
        return not self.is_lost

    def _check_held(self) -> None:
        if self.is_held:
            raise LocalProtocolError("a file is being sent: await send_file() first")

    def _complete(self) -> None:
        connection: Channel = self._connection
        self.finish_time = monotonic()
        self.close_callback = None
        connection.on_response_complete(self.finish_time)

    def on_lost(self) -> None:
        """Take note, from the connection, that the client has gone."""
        receiver = self.receiver
        self.receiver = None
        if receiver is not None:
            self._tell(receiver.on_connection_close)
        self.on_eof()

    def on_eof(self) -> None:
        """Take note, from the connection, that the client sends no more, and may have gone."""
        callback = self.close_callback
        self.close_callback = None
        if callback is not None:
            self._tell(callback)

    def on_drain(self) -> None:
        """Take note, from the connection, that it shall end with this response, and soon."""
        callback = self.drain_callback
        self.drain_callback = None
        if callback is not None:
            self._tell(callback)

    def _tell(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception:
            app_log.exception("the close callback failed: %s", self.summary)

    def __repr__(self) -> str:
        return f"<Exchange {self.head.method} {self.head.target} on {self._connection!r}>"


def new_exchange(
    connection: Channel,
    engine: ServerConnection,
    write: Callable[[bytes], object],
    head: RequestHead,
    start_time: float,
) -> Exchange:
    """Make an exchange, as ``Exchange()`` does; compiled, for a third of its cost."""
    exchange = Exchange.__new__(Exchange)
    exchange._begin(connection, connection.loop, engine, write, head, start_time)
    return exchange
