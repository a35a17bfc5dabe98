"""One client: the socket's bytes to the engine, the engine's requests to the application.

The event loop calls ``data_received``; the engine says what the bytes mean; a request that is
whole goes to the application, which answers through the exchange. One exchange is served at a
time and answers leave in the order of the questions: what a client sends ahead waits, unread
if it is much.

A request with a body is offered to the application when its head has come. If the application
takes it, it reads the body itself, piece by piece, and what it does not ask for is not read from
the socket. If it does not, the body is gathered first.

What else may become of a request is in ``refusing``; what concerns the socket alone is in
``channel``.
"""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from waterspout.httpserver.cancelling import abandon, takes_eof_for_end
from waterspout.httpserver.channel import NEVER, Channel
from waterspout.httpserver.exchange import new_exchange
from waterspout.httpserver.policy import Policy
from waterspout.httpserver.refusing import RefusingChannel
from waterspout.httpserver.requestbody import new_request_body
from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.http1.messages import RequestHead, Signal

if TYPE_CHECKING:
    from waterspout.httpserver.filesending import SentFile
    from waterspout.iostream import BaseIOStream

__all__ = ["HTTPServerConnection"]

NEED_DATA = Signal.NEED_DATA
END_OF_MESSAGE = Signal.END_OF_MESSAGE
YIELD = Signal.YIELD
CLOSED = Signal.CLOSED

# Requests sent ahead that are served before other connections get their turn.
_MAX_EXCHANGES_PER_TURN = 16
# Bytes of one response that are sent before other connections get their turn, and what each piece
# counts besides its own bytes.
_BYTES_PER_TURN = 64 * 1024
_BYTES_PER_PIECE = 4 * 1024
# Bytes that are read before their time; then it is the kernel that keeps them.
_MAX_AHEAD = 64 * 1024


class HTTPServerConnection(RefusingChannel):
    """An asyncio protocol that serves HTTP/1 to one client; see the module's docstring.

    ``server`` is told of the connection's begin and end through its ``connections``, and gives
    the policy and the application. Everything happens in the thread of the event loop.
    """

    def __init__(self, server: Any) -> None:
        policy: Policy = server.policy
        RefusingChannel.__init__(self, server)
        self._application = server.application
        self._start_at_head = server.start_at_head
        self._engine.keep_alive = not policy.no_keep_alive
        self._idle_timeout = policy.idle_timeout
        self._request_timeout = NEVER if policy.request_timeout is None else policy.request_timeout
        #: Whether the server lets go of its clients.
        self.is_ending = False
        self.requests = 0
        self._drained: asyncio.Future[None] = server.drained
        self._is_advancing = False
        self._is_in_head = False
        self._ahead = 0  # bytes read since none were left over
        self._drained_at = 0  # bytes of the response that had been sent at the latest ``drain``
        self._turn_left = _BYTES_PER_TURN

    # From the event loop

    def connection_made(self, transport: Any) -> None:
        """Begin: the client has connected, and TLS is up where it is used."""
        self._attach(transport)
        self.deadline = monotonic() + self._policy.idle_timeout
        self._server.on_open(self)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        if self._is_lingering:
            self._discard(data)
            return
        if self._is_receiving() or (self.exchange is None and not self._is_write_paused):
            self._engine.receive_data(data)
            if not self._is_reading_paused:
                self._advance()
            # else it came all the same: uvloop begins to read after `connection_made`
        else:
            self._receive_ahead(data)

    def _receive_ahead(self, data: bytes) -> None:
        """Keep what is sent before its time, and if that is much let the rest wait in the kernel.

        To read on is to notice that the client goes.
        """
        if not self._engine.has_unread_data():
            self._ahead = 0
        self._ahead += len(data)
        self._engine.receive_data(data)
        if self._ahead > _MAX_AHEAD:
            self._pause_reading()

    def eof_received(self) -> bool:
        """Take note that the client sends no more; it may still read."""
        if self._is_lingering:
            return False
        self._engine.receive_eof()
        self._has_eof = True
        if self._is_receiving() or (self.exchange is None and not self._is_write_paused):
            self._advance()
        elif self.exchange is not None and self._body is None:
            # In the middle of a body that is found out when the rest of it is asked for.
            if takes_eof_for_end(self.exchange, self._policy):
                self._transport.abort()
                return False
            # The handler hears of it, and whatever it still sends is sent.
            self.exchange.on_eof()
        has_more = self.exchange is not None or self._is_write_paused
        return has_more and not self.is_encrypted

    def connection_lost(self, error: Exception | None) -> None:
        """End: the connection is closed, by either side."""
        exchange = self._let_go(error)
        if exchange is not None:
            exchange.is_lost = True
            exchange.on_lost()
            abandon(exchange, self._policy)

    def _on_caught_up(self) -> None:
        """Go on with a client that has read what it had to."""
        if self.exchange is None:
            self.deadline = monotonic() + self._idle_timeout
            if self._is_reading_paused or self._has_eof or self._engine.has_unread_data():
                self._advance_later(0.0)
        else:
            self.move_deadline()

    # From the server

    def on_deadline(self, now: float) -> None:
        """Cut the client off, for ``deadline`` has passed; ``now`` is on its clock.

        A slow reader is not cut off as long as it has read something since, unless the time for
        the whole request is up.
        """
        exchange = self.exchange
        if exchange is not None and exchange.deadline <= now:
            self._on_request_overdue(exchange, now)
        elif self._is_lingering or self._is_write_paused:
            self._on_reader_overdue(now)
        elif self._is_receiving():
            self._refuse(RemoteProtocolError("the request's body came too slowly", 408))
        elif self.exchange is None and self._engine.has_unread_data():
            self._refuse(RemoteProtocolError("the request's head took too long", 408))
        else:
            self._close()

    def close_when_idle(self) -> None:
        """Close now if no request is under way, else after its response."""
        self._engine.keep_alive = False
        if self.exchange is None and not self._is_lingering:
            answered = NEVER if self.is_ending else self.deadline - self._idle_timeout
            self._close_idle(answered, monotonic())

    def _close_idle(self, answered: float, now: float) -> None:
        """Close where nothing is under way since ``answered``.

        In TLS both sides take their leave, but who keeps a connection for later does not read it
        before he needs it. So only who may still be reading his answer is waited for.
        """
        is_read = not (self._is_write_paused or self._engine.has_unread_data())
        self._close()
        if self.is_encrypted and is_read and answered + self._policy.linger_timeout <= now:
            self.loop.call_soon(self._transport.abort)  # when our own leave has been sent

    def end_keep_alive(self) -> None:
        """Let the request under way, or else the next one, be the last."""
        self._engine.keep_alive = False
        self.is_ending = True
        if self.exchange is not None:
            self.exchange.on_drain()

    def close_after_request(self, now: float) -> None:
        """Let the request under way be the last one, and close now if there is none.

        Under way is also what has come in part, and what a client is about to send that is new
        or has just been answered: to be closed without an answer it could not understand.
        ``now`` is on the clock of ``deadline``.
        """
        self.end_keep_alive()
        if self.exchange is not None or self._is_lingering or self._engine.has_unread_data():
            return
        limit = now + self._policy.first_request_timeout
        answered = self.deadline - self._idle_timeout
        if self.requests:
            limit = answered + self._policy.next_request_timeout
        if limit <= now or self._is_write_paused:
            self._close_idle(answered, now)
        else:
            self.deadline = min(self.deadline, limit)

    # From the exchange

    @property
    def is_draining(self) -> bool:
        """Whether the server is about to stop."""
        return self._server.is_draining  # type: ignore[no-any-return]

    def on_response_complete(self, now: float) -> None:
        """Go on after a response; ``now`` is on the clock of ``time.monotonic``."""
        exchange = self.exchange
        engine = self._engine
        if not engine.keep_alive:
            self._drop_body(None)
        if exchange is not None:
            if self._observer is not None:
                self._server.tell(self._observer.on_request_end, exchange)
            if exchange.access_log is not None:
                self._server.tell(exchange.access_log, exchange)
        self.exchange = None
        if not engine.keep_alive:
            self._close_gently()
            return
        engine.start_next_cycle()
        if not self._is_write_paused:
            self.deadline = now + self._idle_timeout
        if self._is_advancing:
            return
        if self._is_reading_paused or self._has_eof or engine.has_unread_data():
            self._advance_later(0.0)

    def drain(self, is_complete: bool) -> "asyncio.Future[None]":
        """Return a future that is done when the client has caught up, maybe with all of it.

        Where the client always has, a response that is long still lets others have their turn.
        """
        # A write that failed has closed the transport, which is all that it tells in this turn of
        # the loop: who went on would write for nobody, without ever letting others have their turn.
        if not self._is_write_paused and (is_complete or not self._transport.is_closing()):
            if is_complete or not self._is_turn_over():
                return self._drained
            self.loop.call_soon(self._on_next_turn)
        return self._unsent.waiter(self.loop)  # type: ignore[no-any-return]

    def _is_turn_over(self) -> bool:
        """Count what was sent since the latest ``drain``; tell whether it is much."""
        exchange = self.exchange
        assert exchange is not None
        sent = exchange.bytes_sent
        if sent == self._drained_at:
            return False
        # It is less where the response is another one; the first piece of that is a small part.
        self._turn_left -= max(sent - self._drained_at, 0) + _BYTES_PER_PIECE
        self._drained_at = sent
        if self._turn_left > 0:
            return False
        self._turn_left = _BYTES_PER_TURN
        return True

    def _on_next_turn(self) -> None:
        """Go on with a response that has let others have their turn, unless it waits by now."""
        if not self._is_write_paused and not self.is_lost and not self._transport.is_closing():
            self._unsent.release()

    def send_file(self, file: "SentFile", offset: int, count: int) -> "asyncio.Future[int]":
        """Send a part of a file as the next part of the body; see ``Exchange.send_file``."""
        engine = self._engine
        exchange = self.exchange
        assert exchange is not None
        if not 0 < count <= engine.body_left or not self._can_send_files():
            nothing: asyncio.Future[int] = self.loop.create_future()
            nothing.set_result(0)
            return nothing
        exchange.is_held = True
        return self._send_file(file, offset, count, engine.count_data)

    def _on_file_end(self) -> None:
        """Take note that nothing more of a file will be sent."""
        if self.exchange is not None:
            self.exchange.is_held = False
        Channel._on_file_end(self)

    def detach(self) -> "BaseIOStream":
        """Give the connection to a stream, which first reads what the client has sent ahead."""
        if self._body is not None:
            raise LocalProtocolError("the request's body must have been read before detach()")
        from waterspout.iostream.takeover import take_over  # few programs leave HTTP

        transport = self._detach()
        self._let_go(None)
        return take_over(transport, self._engine.take_unread_data())

    def read_piece(self) -> "asyncio.Future[bytes]":
        """Return a future of the next piece of the body; it is empty at the end of the body."""
        body = self._body
        if body is None:
            nothing = self.loop.create_future()
            nothing.set_result(b"")
            return nothing
        future = body.read(self.loop, monotonic())
        if not future.done():
            if self._engine.must_continue:
                self._write(self._engine.send_continue())
            if not self._is_advancing:
                self._advance()
        return future

    def set_max_body_size(self, size: int) -> None:
        """Set the bound of the body that is being received, in bytes."""
        self._engine.max_body_size = size

    def set_body_timeout(self, timeout: float) -> None:
        """Set how long the body that is being received may take, in seconds."""
        if self._body is not None:
            self._body.timeout = timeout
            if self._body.is_wanted():
                self._wait_for_data()

    def move_deadline(self) -> None:
        """Set the deadline for the exchange under way, whose own may have changed."""
        exchange = self.exchange
        assert exchange is not None
        if self._is_write_paused:
            self._wait_for_reader(monotonic())
        elif self._is_receiving():
            self._wait_for_data()
        else:
            self.deadline = exchange.deadline

    # The way of a request

    def _is_receiving(self) -> bool:
        """Whether more of a body is wanted now."""
        body = self._body
        return body is not None and body.is_wanted()

    def _advance(self) -> None:
        """Go as far as the bytes at hand allow."""
        self._is_advancing = True
        try:
            self._process_events()
        finally:
            self._is_advancing = False

    def _process_events(self) -> None:
        engine = self._engine
        exchanges = 0
        while not self.is_lost and not self._is_lingering:
            try:
                event = engine.next_event()
            except RemoteProtocolError as error:
                self._refuse(error)
                return
            if event is END_OF_MESSAGE:
                if self._body is not None and self._end_body():
                    return
                self._serve()
                exchange = self.exchange
                if exchange is not None:
                    exchange.is_late = True
                    if not self._is_write_paused:
                        self.deadline = exchange.deadline
                    return
                if self._is_write_paused:
                    # Who does not read its answers gets no more of them.
                    self._pause_reading()
                    return
                exchanges += 1
                if exchanges == _MAX_EXCHANGES_PER_TURN and engine.has_unread_data():
                    self._advance_later(0.0)
                    return
            elif event is NEED_DATA:
                if self._body is not None and self._body.is_pulled:
                    self._resume_reading()
                self._wait_for_data()
                return
            elif type(event) is RequestHead:
                self._begin(event)
                if self._body is not None and not self._body.is_wanted():
                    return
            elif type(event) is bytes:
                if self._take_piece(event):
                    return
            elif event is YIELD:
                self._throttle()
                return
            else:
                if event is CLOSED:
                    self._close()
                return

    def _begin(self, head: RequestHead) -> None:
        now = monotonic()
        self.requests += 1
        self._is_in_head = False
        exchange = self.exchange = new_exchange(self, self._engine, self._write, head, now)
        exchange.deadline = now + self._request_timeout
        if self._observer is not None:
            self._server.tell(self._observer.on_request_start, exchange)
        if head.content_length > 0 or head.is_chunked:
            self._body = new_request_body(self._policy, exchange)
            if self._start_at_head is not None and self._offer(now):
                return
            if self._engine.must_continue:
                self._write(self._engine.send_continue())

    def _offer(self, now: float) -> bool:
        """Offer a request whose body is still to come; tell whether the application took it."""
        exchange = self.exchange
        assert exchange is not None
        body = self._body
        assert body is not None
        body.take(now)
        is_taken = True
        try:
            is_taken = self._start_at_head(exchange)
        except BaseException as error:
            self._on_failure(exchange, error)
        if not is_taken:
            body.gather()
        elif self._body is not None:
            exchange.is_late = True
            if not body.is_wanted() and not self._is_write_paused:
                self.deadline = exchange.deadline
        return is_taken

    def _take_piece(self, piece: bytes) -> bool:
        """Take a piece of the body; tell whether it went to who had asked for it."""
        body = self._body
        assert body is not None
        if not body.is_pulled:
            body.give(piece, 0.0)
            return False
        exchange = self.exchange
        if exchange is not None and not self._is_write_paused:
            self.deadline = exchange.deadline
        body.give(piece, monotonic())
        return True

    def _end_body(self) -> bool:
        """Take the end of the body; tell whether somebody else reads it."""
        body = self._body
        assert body is not None
        self._body = None
        body.end()
        exchange = self.exchange
        if body.is_pulled and exchange is not None and not self._is_write_paused:
            self.deadline = exchange.deadline
        return body.is_pulled

    def _serve(self) -> None:
        """Hand the whole request to the application."""
        exchange = self.exchange
        assert exchange is not None
        try:
            self._application(exchange)
        except BaseException as error:
            self._on_failure(exchange, error)

    def _advance_later(self, delay: float) -> None:
        """Let others run, and read nothing until it goes on here."""
        self._pause_reading()
        # The context at hand may be that of a handler which has just ended: what it has set is
        # not for the next one.
        context = self._server.context.copy()
        if delay > 0.0:
            self.loop.call_later(delay, self._advance_now, context=context)
        else:
            self.loop.call_soon(self._advance_now, context=context)

    def _advance_now(self) -> None:
        if self.is_lost or self._is_lingering:
            return
        if self._is_receiving() or (self.exchange is None and not self._is_write_paused):
            self._resume_reading()
            self._advance()

    def _throttle(self) -> None:
        """Slow down a client that sends a body in very many very small chunks."""
        body = self._body
        assert body is not None
        self._advance_later(body.delay(monotonic()))

    def _wait_for_data(self) -> None:
        """Set the deadline for what the client is in the middle of."""
        if self._body is not None:
            if self._is_write_paused:
                return
            self.deadline = self._body.deadline()
        elif self._engine.has_unread_data():
            # The deadline of a head runs from its first byte, not from its latest one.
            if not self._is_in_head:
                self._is_in_head = True
                self.deadline = monotonic() + self._policy.header_timeout
            return
        self._is_in_head = False

    def _wait_for_reader(self, now: float) -> None:
        """Set the deadline for a client that has to read, and may take as long as its request."""
        Channel._wait_for_reader(self, now)
        if self.exchange is not None:
            self.deadline = min(self.deadline, self.exchange.deadline)

    def __repr__(self) -> str:
        if self.is_lost:
            state = "closed"
        elif self._is_lingering:
            state = "closing"
        elif self._is_receiving():
            state = "receiving"
        elif self._body is not None:
            state = "receiving slowly"
        else:
            state = "idle" if self.exchange is None else "serving"
        address = self.remote_address
        client = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "unix"
        return f"<HTTPServerConnection {state} {client} requests={self.requests}>"
