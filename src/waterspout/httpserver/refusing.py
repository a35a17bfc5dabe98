"""One exchange of a client that ends other than by its response: refused, overdue, failed, lost.

What a request runs through on its way is in ``connection``; what concerns the socket, ``channel``.
"""

from logging import INFO, WARNING
from typing import Any

from waterspout.httpserver.cancelling import RequestTimeoutError, abandon, cancel, give_up
from waterspout.httpserver.channel import NEVER, Channel
from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.policy import Policy
from waterspout.httpserver.refusal import failure, new_refusal
from waterspout.httpserver.requestbody import RequestBody
from waterspout.log import app_log, gen_log
from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.http1.server import ServerConnection
from waterspout.protocol.http1.states import CLOSE_BODY
from waterspout.protocol.http1.writer import reason_phrase

__all__ = ["RefusingChannel"]


class RefusingChannel(Channel):
    """A channel on which there is one exchange at a time, and what can go wrong with it."""

    def __init__(self, server: Any) -> None:
        policy: Policy = server.policy
        Channel.__init__(self, server.loop, policy)
        self._server = server
        self._observer = server.observer  # who counts requests, or None
        self._engine = ServerConnection(policy.limits)
        #: The exchange that is under way, or None between two.
        self.exchange: Exchange | None = None
        self._body: RequestBody | None = None  # the one that has not ended yet

    # Refused

    def _refuse(self, error: Any) -> None:
        """Answer a request that cannot be accepted, or goes on too long, and close.

        ``error`` has the ``status`` of the answer.
        """
        exchange = self.exchange
        self.exchange = None
        self._drop_body(error)
        engine = self._engine
        engine.keep_alive = False
        answer, size = _answer_to(engine, error)
        line = engine.unread_line if exchange is None else b""
        if exchange is not None:
            exchange.on_refused(error.status, len(answer))
            if self._observer is not None:
                self._server.tell(self._observer.on_request_end, exchange)
        refusal = new_refusal(self, error.status, error, exchange, line, len(answer), size)
        level = INFO if isinstance(error, RemoteProtocolError) else WARNING
        gen_log.log(level, "refused a request from %s", refusal.summary)
        self._server.on_refusal(refusal)
        if answer:
            self._write(answer)
            self._close_gently()
        else:
            self.cut_response()
        if exchange is not None:
            abandon(exchange, self._policy)

    def refuse_body(self, error: RemoteProtocolError) -> None:
        """Answer, from who decodes the body, a request whose body turns out to be no good."""
        self._refuse(error)

    def _on_request_overdue(self, exchange: Exchange, now: float) -> None:
        """Cancel what answers a request, for its time is up; where that does not help, answer."""
        if self._body is not None and not self._body.is_pulled:
            self._refuse(RemoteProtocolError("the request took too long to come", 408))
            return
        timeout = self._policy.cancel_timeout
        error = exchange.cancel_reason
        if error is None:
            error = RequestTimeoutError(exchange.deadline - exchange.start_time)
            if exchange.tasks:
                exchange.deadline = self.deadline = now + timeout
                cancel(exchange, error)
                return
        elif exchange.tasks:
            give_up(exchange, timeout)
        self._refuse(error)

    # Failed

    def _on_failure(self, exchange: Exchange, error: BaseException) -> None:
        """Answer for an application that has raised ``error``."""
        if isinstance(error, KeyboardInterrupt | SystemExit):
            # The loop is to raise it, before it serves anybody else. uvloop would log what is
            # raised here, and go on.
            self._transport.abort()
            self._server.halt()
            self.loop.call_soon(_raise, error)
        else:
            app_log.error("the application failed on %s", exchange.summary, exc_info=error)
            exchange.refuse(500, error)

    def on_failure(self, exchange: Exchange, status: int, error: BaseException) -> None:
        """Take note, from the exchange, that nobody was able to answer it."""
        self._server.on_refusal(failure(self, exchange, status, error))

    # Lost, or cut off

    def _let_go(self, error: Exception | None) -> Exchange | None:
        """Have nothing more to do with the connection; return the exchange that was under way."""
        self.is_lost = True
        self.deadline = NEVER
        self._server.on_end(self)
        exchange = self.exchange
        self.exchange = None
        if self._unsent.fail(error) and exchange is not None:
            exchange.was_told = True
        self._drop_body(error)
        if exchange is not None:
            if self._observer is not None:
                self._server.tell(self._observer.on_request_end, exchange)
            if exchange.access_log is not None:
                self._server.tell(exchange.access_log, exchange)
        return exchange

    def _drop_body(self, error: Exception | None) -> None:
        """Give up a body that has not been received whole, if there is one."""
        body = self._body
        self._body = None
        if body is not None:
            body.drop(error)

    def cut_response(self) -> None:
        """Close now, so that the client sees that its response is not whole."""
        if self._engine.writing == CLOSE_BODY:
            # Its body ends with the connection. Only a reset is no such end.
            self._unsent.reset_on_close()
        self._transport.abort()

    def _close_gently(self) -> None:
        """Close so that the client gets to read the answer."""
        engine = self._engine
        if engine.is_request_complete and not engine.has_unread_data():
            self._close()
        else:
            self._linger()


def _answer_to(engine: ServerConnection, error: Any) -> tuple[bytes, int]:
    """Return the answer to a request that cannot be accepted, and the size of its body.

    ``error`` has the ``status``. There is none in the middle of another response.
    """
    body = f"{error.status} {reason_phrase(error.status)}\n".encode("ascii")
    try:
        answer = engine.respond(error.status, None, b"Content-Type: text/plain\r\n", body)
    except LocalProtocolError:
        return b"", 0
    return answer, len(body) if answer.endswith(body) else 0


def _raise(error: BaseException) -> None:
    raise error
