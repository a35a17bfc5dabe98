"""`HTTP1Connection`: one message in and one message out on a stream, then the next.

What is legal on the wire, and where a message ends, is the engine's to say (`protocol.http1`).
Here its events go to a delegate no faster than that takes them, and what it encodes to a stream.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from waterspout.http1connection.parameters import HTTP1ConnectionParameters, limits_of
from waterspout.http1connection.reading import Interrupted, PeerTimeoutError, Reader
from waterspout.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from waterspout.iostream import BaseIOStream, StreamClosedError
from waterspout.iostream.takeover import give_back
from waterspout.log import app_log, gen_log, printable
from waterspout.protocol.coding import Decoder, parse_codings
from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.headers import encode_fields
from waterspout.protocol.http1 import (
    ClientConnection,
    EncodedRequest,
    RequestHead,
    ResponseHead,
    ServerConnection,
    Signal,
)
from waterspout.protocol.http1.states import COMPLETE, HEAD, SWITCHED
from waterspout.protocol.http1.writer import reason_phrase, split_framing

__all__ = ["HTTP1Connection", "following"]

# How long a peer may go on sending, so that it gets to read the last that it is sent, in seconds.
_LINGER = 5.0

# What a client has asked whose program wrote the request to the stream itself.
_UNSEEN = EncodedRequest("GET", "*", b"Upgrade: *\r\n", 0)


class HTTP1Connection(HTTPConnection):
    """Speaks HTTP/1 on ``stream``, as a client or as a server, one exchange after the other.

    A client calls ``write_headers``, ``write`` and ``finish``, and awaits ``read_response``; a
    server awaits ``read_response``, whose delegate calls the former three. ``context`` is kept for
    the program. What is written too much or too little for its Content-Length closes the stream
    and raises ``HTTPOutputError``. The futures fail with ``StreamClosedError`` where the peer has
    gone; nobody has to look at them. Belongs to the event loop of the stream.
    """

    def __init__(
        self,
        stream: BaseIOStream,
        is_client: bool,
        params: HTTP1ConnectionParameters | None = None,
        context: object | None = None,
    ) -> None:
        self.is_client = is_client
        self.params = params or HTTP1ConnectionParameters()
        self.context = context
        #: The stream; None once it has been detached.
        self.stream: Any = stream
        limits = limits_of(self.params, stream)
        # Any: which of the two it is depends on `is_client`.
        self._engine: Any = ClientConnection(limits) if is_client else ServerConnection(limits)
        self._reader = Reader(stream, self._engine, self.params.chunk_size)
        self._loop = stream.io_loop.asyncio_loop
        self._max_body_size = limits.max_body_size
        self._body_timeout = self.params.body_timeout
        self._close_callback: Callable[[], None] | None = None
        self._asked_head = False  # a response to HEAD has no body, whatever its fields say
        self._is_passed_on = False  # another object speaks on the stream now
        self._written: asyncio.Future[None] = self._loop.create_future()  # our message is whole

    # Settings

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Have ``callback`` called if the connection ends before the exchange is over."""
        self._close_callback = callback

    def set_max_body_size(self, max_body_size: int) -> None:
        """Set how large the body to be read may be, in bytes; at the latest at its head."""
        self._max_body_size = self._engine.max_body_size = max_body_size

    def set_body_timeout(self, timeout: float) -> None:
        """Set how many seconds the peer may take for the body; at the latest at its head."""
        self._body_timeout = timeout

    # Writing

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """Send the head of a message and maybe a first piece of its body.

        Without a Content-Length a response is sent in chunks, as is the body of a POST, PUT or
        PATCH and of what has a ``chunk``. A server may send responses 1xx before the final one.
        """
        if isinstance(start_line, RequestStartLine) is not self.is_client:
            raise TypeError("a client sends a RequestStartLine, a server a ResponseStartLine")
        self._check_usable()
        if isinstance(start_line, RequestStartLine):
            data = self._request_head(start_line, headers, bool(chunk))
        else:
            data = self._response_head(start_line, headers)
        if chunk:
            data += self._framed(chunk)
        return self._send(data)

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send a piece of the body."""
        self._check_usable()
        return self._send(self._framed(chunk))

    def finish(self) -> None:
        """End the message."""
        self._check_usable()
        engine = self._engine
        if engine.writing != SWITCHED:
            try:
                last = engine.send_end()
            except LocalProtocolError as error:
                self._close(error)
                raise
            if last:
                self._send(last)
        self._end_writing()
        if not self.is_client and not engine.is_request_complete:
            self._reader.interrupt()  # what is still to come of the request is of no use

    def _request_head(
        self, start_line: RequestStartLine, headers: HTTPHeaders, has_chunk: bool
    ) -> bytes:
        engine = self._engine
        framing = split_framing(headers)
        length = framing.length
        if length < 0 and not (
            has_chunk
            or "Transfer-Encoding" in headers
            or start_line.method in ("POST", "PUT", "PATCH")
        ):
            length = 0
        options = headers.get("Connection") or ("close" if self.params.no_keep_alive else None)
        fields = framing.fields
        if options is not None:
            fields += encode_fields(HTTPHeaders({"Connection": options}))
        request = EncodedRequest(start_line.method, start_line.path, fields, length)
        self._begin_exchange()
        data: bytes = engine.send_request(request)
        self._asked_head = request.is_head
        return data

    def _response_head(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> bytes:
        engine = self._engine
        framing = split_framing(headers)
        status = start_line.code
        data: bytes
        if status == 101:
            data = engine.send_switch(framing.fields + b"Connection: Upgrade\r\n")
        elif 100 <= status < 200:
            data = engine.send_interim(status, framing.fields)
        else:
            if framing.has_close or self.params.no_keep_alive:
                engine.keep_alive = False
            reason = start_line.reason or None
            data = engine.send_response(status, reason, framing.fields, framing.length)
        return data

    def _framed(self, chunk: bytes) -> bytes:
        try:
            return self._engine.send_data(chunk)  # type: ignore[no-any-return]
        except LocalProtocolError as error:
            self._close(error)  # the peer counts on another length
            raise

    def _send(self, data: bytes) -> "asyncio.Future[None]":
        try:
            return self.stream.write(data)  # type: ignore[no-any-return]
        except StreamClosedError as error:
            future: asyncio.Future[None] = self._loop.create_future()
            future.set_exception(error)
            future.exception()  # nobody has to look at it
            return future

    def _check_usable(self) -> None:
        if self.stream is None or self._is_passed_on:
            raise LocalProtocolError("the exchange is over: nothing more can be sent")

    def _end_writing(self) -> None:
        if not self._written.done():
            self._written.set_result(None)

    # Reading

    async def read_response(self, delegate: HTTPMessageDelegate) -> bool:
        """Read one message, hand it to ``delegate``, and wait until the exchange is over.

        Tells whether another exchange may follow; where not, the stream is closed, detached, or
        speaks another protocol. One of ``finish`` and ``on_connection_close`` is called, the
        latter where the peer goes, is too slow, or sends what it must not: a client is answered
        why, and a server's fault is the ``error`` of the stream, an ``HTTPInputError``. Where a
        client goes before it asks neither is called. Heads of 1xx come first, where there are
        any.

        ``StreamClosedError`` is raised where the peer goes inside a message, and what ``delegate``
        raises, after the stream has been closed; a server takes ``HTTPInputError`` for a bad
        request.
        """
        head = await self.receive_head()
        if head is None:
            if self.is_client and self.stream is not None:
                _tell(delegate.on_connection_close)
            return False
        return await self.deliver(head, delegate)

    async def receive_head(self) -> RequestHead | ResponseHead | None:
        """Return the next head; None where there is none, and the stream is closed then."""
        self._check_usable()
        if not self.is_client or self._engine.writing in (HEAD, COMPLETE):
            self._begin_reading()
        self._reader.time_left = self.params.header_timeout
        try:
            event = await self._reader.next_event()
        except BaseException as error:
            if not await self._end_badly(error):
                raise
            return None
        if isinstance(event, RequestHead | ResponseHead):
            return event
        self._close(None)
        return None

    async def deliver(
        self, head: RequestHead | ResponseHead, delegate: HTTPMessageDelegate
    ) -> bool:
        """Hand over the message that ``head`` begins; see ``read_response``."""
        receiver: HTTPMessageDelegate | None = delegate
        try:
            if await self._deliver(head, delegate):
                receiver = None
                delegate.finish()
        except BaseException as error:
            if receiver is not None and self.stream is not None:
                _tell(receiver.on_connection_close)
            if not await self._end_badly(error) or isinstance(error, StreamClosedError):
                raise
            return False
        if receiver is not None and self.stream is not None:
            _tell(receiver.on_connection_close)
        return await self._end_exchange()

    async def _deliver(
        self, head: RequestHead | ResponseHead, delegate: HTTPMessageDelegate
    ) -> bool:
        """Hand over all but the end; tell whether the message has been wanted to its end."""
        engine = self._engine
        reader = self._reader
        while isinstance(head, ResponseHead) and head.status < 200 and head.status != 101:
            await _waited_for(delegate.headers_received(_start_line(head), head.headers))
            if self.stream is None:
                return False
            following_head = await reader.next_event()
            assert isinstance(following_head, ResponseHead)
            head = following_head
        engine.max_body_size = self._max_body_size
        # A request without a body is whole before its delegate hears of it: so it may detach.
        is_whole = not self.is_client and not _announces_body(head)
        if is_whole:
            await reader.next_event()
        codings = self._codings(head)
        headers = head.headers if not codings else _without_coding(head.headers)
        await _waited_for(delegate.headers_received(_start_line(head), headers))
        reader.time_left = self._body_timeout
        decoder = Decoder(codings, self._max_body_size) if codings else None
        if self.stream is not None and not self.is_client and engine.must_continue:
            self._send(engine.send_continue())
        while not is_whole and self._wants_more():
            try:
                event = await reader.next_event()
            except Interrupted:
                return False
            if isinstance(event, bytes):
                for piece in self._pieces(event, decoder):
                    await _waited_for(delegate.data_received(piece))
                    if decoder is not None:
                        await asyncio.sleep(0)  # a few bytes may unfold to very many
                    if not self._wants_more():
                        return False
            else:
                is_whole = event is Signal.END_OF_MESSAGE or engine.reading == SWITCHED
        if is_whole and decoder is not None:
            decoder.finish()
        return is_whole and self.stream is not None

    def _wants_more(self) -> bool:
        """Whether the rest of a body goes to anybody: not once a server has answered."""
        return self.stream is not None and (self.is_client or not self._written.done())

    def _codings(self, head: RequestHead | ResponseHead) -> list[str] | None:
        """Return the content codings that are to be undone, if there are any."""
        if not self.params.decompress or self._asked_head or not _announces_body(head):
            return None
        value = head.headers.get("Content-Encoding")
        return None if value is None else parse_codings(value)

    def _pieces(self, data: bytes, decoder: Decoder | None) -> Iterator[bytes]:
        size = self.params.chunk_size
        for piece in (data,) if decoder is None else decoder.decode(data):
            if len(piece) <= size:
                yield piece
            else:
                for start in range(0, len(piece), size):
                    yield piece[start : start + size]

    # Exchanges

    def _begin_exchange(self) -> None:
        """Go on to the next exchange, if one has been before."""
        engine = self._engine
        if engine.reading == COMPLETE and engine.writing == COMPLETE:
            engine.start_next_cycle()
        if self._written.done():
            self._written = self._loop.create_future()

    def _begin_reading(self) -> None:
        engine = self._engine
        if not self.is_client:
            self._begin_exchange()
        elif engine.writing == HEAD or engine.reading == COMPLETE:
            # The request was written to the stream, by the program itself.
            self._begin_exchange()
            engine.send_request(_UNSEEN)
            self._asked_head = False
            self._end_writing()

    async def _end_exchange(self) -> bool:
        """Wait until our message is whole and sent; tell whether another exchange may follow."""
        if self.stream is not None and not self._written.done():
            self.stream.set_close_callback(self._on_stream_close)
            await self._written
        stream = self.stream
        if stream is None:
            return False
        stream.set_close_callback(None)
        engine = self._engine
        self._close_callback = None
        if stream.closed() or engine.reading == SWITCHED:
            return False
        if self.is_client:
            if engine.can_be_reused() and not self.params.no_keep_alive:
                return True
            self._close(None)
            return False
        if not engine.keep_alive:
            await self._linger()
            self._close(None)
            return False
        try:
            await stream.write(b"")  # done when all before it has left
        except StreamClosedError:
            return False
        return True

    def _on_stream_close(self) -> None:
        self._end_writing()
        self._tell_closed()

    # The end

    def close(self) -> None:
        """Close the stream now, and call nobody back."""
        self._close_callback = None
        self._close(None)

    def detach(self) -> BaseIOStream:
        """Take the stream out of HTTP and return it; ``read_response`` ends, and returns False.

        What has been received behind the message is read from the stream first.
        """
        self._check_usable()
        stream: BaseIOStream = self.stream
        self.stream = None
        self._close_callback = None
        stream.set_close_callback(None)
        self._reader.interrupt()
        self._end_writing()
        give_back(stream, self._engine.take_unread_data())
        return stream

    def _close(self, error: BaseException | None) -> None:
        if self.stream is not None:
            self.stream.close(exc_info=error)
        self._end_writing()

    def _tell_closed(self) -> None:
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            _tell(callback)

    async def _end_badly(self, error: BaseException) -> bool:
        """Close for ``error``; tell whether it is the peer's, and needs not be raised."""
        if isinstance(error, Interrupted):
            return True  # detached
        if self.stream is None:
            return False
        is_peers = True
        if isinstance(error, RemoteProtocolError | HTTPInputError):
            gen_log.info("malformed HTTP message on %r: %s", self.stream, printable(str(error)))
            await self._refuse(getattr(error, "status", 400))
            if not isinstance(error, HTTPInputError):
                error = HTTPInputError(str(error))
        elif isinstance(error, PeerTimeoutError):
            gen_log.info("timeout on %r: %s", self.stream, error)
        elif not (isinstance(error, StreamClosedError) and self.stream.closed()):
            is_peers = False
            if isinstance(error, Exception):
                await self._refuse(500)
        self._close(error)
        self._tell_closed()
        return is_peers

    async def _refuse(self, status: int) -> None:
        """Answer a request that cannot be served; not in the middle of another answer."""
        if self.is_client or self.stream.closed():
            return
        engine = self._engine
        engine.keep_alive = False
        body = f"{status} {reason_phrase(status)}\n".encode("ascii")
        try:
            self._send(engine.respond(status, None, b"Content-Type: text/plain\r\n", body))
        except LocalProtocolError:
            return
        await self._linger()

    async def _linger(self) -> None:
        """Wait, before the stream is closed, so that the peer gets to read what it was sent.

        Bytes that were not read would make its system drop that: they are read, for a while.
        """
        stream = self.stream
        engine = self._engine
        try:
            async with asyncio.timeout(_LINGER):
                await stream.write(b"")
                if not engine.is_request_complete or engine.has_unread_data():
                    if type(getattr(stream, "socket", None)) is socket.socket:
                        stream.socket.shutdown(socket.SHUT_WR)
                    while True:
                        await stream.read_bytes(self.params.chunk_size, partial=True)
                        await asyncio.sleep(0)  # a fast sender is not to stop the clock
        except (OSError, TimeoutError):
            pass

    def __repr__(self) -> str:
        return f"<HTTP1Connection {self._engine!r} on {self.stream!r}>"


def following(connection: HTTP1Connection) -> HTTP1Connection:
    """Return who takes a server's next request, and has what was sent ahead of it."""
    successor = HTTP1Connection(connection.stream, False, connection.params, connection.context)
    successor._engine = connection._engine
    successor._reader = connection._reader
    connection._is_passed_on = True
    return successor


def _start_line(head: RequestHead | ResponseHead) -> RequestStartLine | ResponseStartLine:
    if isinstance(head, RequestHead):
        return RequestStartLine(head.method, head.target, head.version)
    return ResponseStartLine(head.version, head.status, head.reason)


def _announces_body(head: RequestHead | ResponseHead) -> bool:
    if isinstance(head, RequestHead):
        return head.content_length > 0 or head.is_chunked
    return head.status >= 200 and head.status not in (204, 304)


def _without_coding(headers: HTTPHeaders) -> HTTPHeaders:
    """Return ``headers`` as they are of a body that has been decoded."""
    headers = headers.copy()
    value = headers.pop("Content-Encoding")
    # What is left does not describe the body any more; programs may still want to know.
    headers["X-Consumed-Content-Encoding"] = value
    return headers


async def _waited_for(value: Awaitable[Any] | None) -> None:
    if value is not None:
        await value


def _tell(callback: Callable[[], object]) -> None:
    try:
        callback()
    except Exception:
        app_log.exception("%r failed", callback)
