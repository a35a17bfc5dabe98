"""What is known of a request that the server itself has answered."""

from time import monotonic
from typing import Any

from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.requestid import request_id_of
from waterspout.log import printable

__all__ = ["Refusal", "failure", "new_refusal"]


class Refusal:
    """A request that could not be accepted, or that nobody was able to answer.

    ``exchange`` is None where the request's head could not be read; then ``request_line`` is what
    came in its place, cut, and not to be trusted. ``bytes_sent`` counts the whole answer.
    """

    def __init__(
        self,
        connection: Any,
        status: int,
        error: BaseException,
        exchange: Exchange | None,
        request_line: bytes,
        bytes_sent: int,
        body_bytes_sent: int,
        seconds: float,
        request_id: str,
    ) -> None:
        self.connection = connection
        self.status = status
        self.error = error
        self.exchange = exchange
        self.request_line = request_line
        self.bytes_sent = bytes_sent
        self.body_bytes_sent = body_bytes_sent
        #: From the begin of the request to its refusal, in seconds; 0.0 where it did not begin.
        self.seconds = seconds
        self.request_id = request_id

    @property
    def method(self) -> str:
        """The method; ``-`` where it could not be read."""
        return self._words[0] if self.exchange is None else self.exchange.head.method

    @property
    def target(self) -> str:
        """The request target; ``-`` where it could not be read."""
        return self._words[1] if self.exchange is None else self.exchange.head.target

    @property
    def remote_ip(self) -> str:
        """The client's IP address; ``0.0.0.0`` on a unix socket."""
        if self.exchange is not None:
            return self.exchange.remote_ip
        address = self.connection.remote_address
        return address[0] if isinstance(address, tuple) else "0.0.0.0"  # noqa: S104

    @property
    def summary(self) -> str:
        """The refusal in one line, for logs: client, request and reason."""
        client = address = self.connection.remote_address
        if self.exchange is not None and self.connection.forwarding is not None:
            client = f"{self.exchange.remote_ip} through {address}"
        line = "" if self.exchange is None else f" {self.method} {self.target}"
        return printable(f"{client}{line} [{self.request_id}]: {self.error}")

    @property
    def _words(self) -> tuple[str, str]:
        words = self.request_line.decode("latin-1").split(" ")
        return (words[0], words[1]) if len(words) >= 2 and words[0] and words[1] else ("-", "-")


def new_refusal(
    connection: Any,
    status: int,
    error: BaseException,
    exchange: Exchange | None,
    request_line: bytes,
    bytes_sent: int,
    body_bytes_sent: int,
) -> Refusal:
    """Make a refusal, with the id of its request, or a new one."""
    request_id = request_id_of(None) if exchange is None else exchange.request_id
    seconds = 0.0 if exchange is None else monotonic() - exchange.start_time
    return Refusal(
        connection,
        status,
        error,
        exchange,
        request_line,
        bytes_sent,
        body_bytes_sent,
        seconds,
        request_id,
    )


def failure(connection: Any, exchange: Exchange, status: int, error: BaseException) -> Refusal:
    """Make a refusal of a request that nobody was able to answer; ``status`` if none was sent."""
    sizes = (exchange.bytes_sent, exchange.body_bytes_sent)
    return new_refusal(connection, exchange.status or status, error, exchange, b"", *sizes)
