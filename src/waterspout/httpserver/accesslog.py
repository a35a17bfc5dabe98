"""The access log of requests without a handler: of those refused, and of those that others answer.

The records of handlers are made in ``web.accesslog``, and look the same.
"""

import time
from collections.abc import Callable
from logging import ERROR, INFO, WARNING
from typing import Any

from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.observer import ServerObserver
from waterspout.httpserver.refusal import Refusal
from waterspout.log import access_log, printable
from waterspout.log.json import encode, timestamp
from waterspout.log.text import cut
from waterspout.protocol.errors import HTTPInputError, RemoteProtocolError

__all__ = [
    "LONGEST_TARGET",
    "LONGEST_TEXT",
    "AccessLog",
    "AccessRecord",
    "address_of",
    "details",
    "level_of",
    "log_exchange_detailed",
    "log_exchange_json",
    "log_refusal",
    "log_refusal_detailed",
    "log_refusal_json",
]

_is_enabled = access_log.isEnabledFor

#: Characters of a target, and of any other text that a client has sent.
LONGEST_TARGET = 2048
LONGEST_TEXT = 512

# Of a request whose client has gone before there was a status: nginx's word for it.
_CLIENT_GONE = 499

_MESSAGE = "%d %s %s (%s) %.2fms"


class AccessRecord(dict[str, Any]):
    """The members of one record of the log in JSON; as text, its line."""

    def __str__(self) -> str:
        return encode(self)


class AccessLog(ServerObserver):
    """Logs each request of a server whose handlers, if it has any, log theirs themselves.

    ``kind`` is ``"text"``, ``"detailed"`` or ``"json"``.
    """

    def __init__(self, kind: str) -> None:
        self._log, self._log_refusal = _LOGS[kind]

    def on_request_end(self, exchange: Exchange) -> None:
        """Log a request that was not refused and has no handler."""
        if not exchange.is_refused and exchange.handler_class is None:
            self.log(exchange)

    def log(self, exchange: Exchange) -> None:
        """Log a request that is over."""
        # A program that takes the connection over before it has answered leaves 0.
        status = exchange.status or (0 if exchange.finish_time else _CLIENT_GONE)
        if _is_enabled(level_of(status)):
            self._log(exchange, status)

    def on_refusal(self, refusal: Refusal) -> None:
        """Log a request that the server has refused; one that has failed has been logged."""
        if refusal.exchange is None or refusal.exchange.is_refused:
            self._log_refusal(refusal)


def level_of(status: int) -> int:
    """Return the level of a response: below 400 info, below 500 a warning."""
    return INFO if status < 400 else WARNING if status < 500 else ERROR


def _log_text(exchange: Exchange, status: int, more: str = "") -> None:
    head = exchange.head
    method, target = printable(head.method), printable(head.target)
    milliseconds = 1000.0 * _seconds(exchange)
    values = (status, method, target, exchange.remote_ip, milliseconds)
    _log_line(level_of(status), values, more)


def _log_line(level: int, values: tuple[Any, ...], more: str) -> None:
    if more:
        access_log.log(level, _MESSAGE + "%s", *values, more)
    else:
        access_log.log(level, _MESSAGE, *values)


def log_exchange_detailed(exchange: Exchange, status: int) -> None:
    """Log what others than handlers have answered as a line of text with its `details`."""
    more = details(exchange.bytes_sent, exchange.remote_address, exchange.request_id)
    _log_text(exchange, status, more)


def details(size: int, peer: Any, request_id: str) -> str:
    """Return the end of a detailed line: bytes sent, the peer's address, request id."""
    return f" {size}B {address_of(peer)} [{request_id}]"


def log_exchange_json(exchange: Exchange, status: int) -> None:
    """Log what others than handlers have answered as an `AccessRecord`."""
    head = exchange.head
    headers = head.headers
    fields = AccessRecord(
        time=timestamp(time.time()),
        request_id=exchange.request_id,
        remote_ip=exchange.remote_ip,
        peer=address_of(exchange.remote_address),
        method=cut(head.method, LONGEST_TEXT),
        target=cut(head.target, LONGEST_TARGET),
        version=head.version,
        status=status,
        milliseconds=round(1000.0 * _seconds(exchange), 3),
        bytes_sent=exchange.bytes_sent,
        body_bytes_sent=exchange.body_bytes_sent,
        body_bytes_received=exchange.body_bytes_received,
        user_agent=cut(headers.get("User-Agent", ""), LONGEST_TEXT),
        referer=cut(headers.get("Referer", ""), LONGEST_TEXT),
        handler="",
    )
    if not exchange.finish_time:
        fields["is_incomplete"] = True
    access_log.log(level_of(status), fields)


def _seconds(exchange: Exchange) -> float:
    return (exchange.finish_time or time.monotonic()) - exchange.start_time


def log_refusal(refusal: Refusal, more: str = "") -> None:
    """Log a refusal as a line of text."""
    level = _level_of_refusal(refusal)
    if _is_enabled(level):
        method, target = printable(refusal.method), printable(refusal.target)
        milliseconds = 1000.0 * refusal.seconds
        values = (refusal.status, method, target, refusal.remote_ip, milliseconds)
        _log_line(level, values, more)


def log_refusal_detailed(refusal: Refusal) -> None:
    """Log a refusal as a line of text with its details, which are those of requests."""
    peer = refusal.connection.remote_address
    log_refusal(refusal, details(refusal.bytes_sent, peer, refusal.request_id))


def log_refusal_json(refusal: Refusal) -> None:
    """Log a refusal as an `AccessRecord`, whose ``error`` is the reason."""
    level = _level_of_refusal(refusal)
    if not _is_enabled(level):
        return
    exchange = refusal.exchange
    headers: Any = {} if exchange is None else exchange.head.headers
    handler_class = None if exchange is None else exchange.handler_class
    fields = AccessRecord(
        time=timestamp(time.time()),
        request_id=refusal.request_id,
        remote_ip=refusal.remote_ip,
        peer=address_of(refusal.connection.remote_address),
        method=cut(refusal.method, LONGEST_TEXT),
        target=cut(refusal.target, LONGEST_TARGET),
        version="-" if exchange is None else exchange.head.version,
        status=refusal.status,
        milliseconds=round(1000.0 * refusal.seconds, 3),
        bytes_sent=refusal.bytes_sent,
        body_bytes_sent=refusal.body_bytes_sent,
        body_bytes_received=0 if exchange is None else exchange.body_bytes_received,
        user_agent=cut(headers.get("User-Agent", ""), LONGEST_TEXT),
        referer=cut(headers.get("Referer", ""), LONGEST_TEXT),
        handler="" if handler_class is None else handler_class.__name__,
        error=cut(str(refusal.error) or type(refusal.error).__name__, LONGEST_TEXT),
    )
    access_log.log(level, fields)


def _level_of_refusal(refusal: Refusal) -> int:
    """Return the level of a refusal: whatever a client has sent, it is no error of ours."""
    is_ours = not isinstance(refusal.error, RemoteProtocolError | HTTPInputError)
    return ERROR if is_ours else WARNING


def address_of(address: Any) -> str:
    """Return an address as text; ``unix`` for one without."""
    if isinstance(address, tuple):
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"{host}:{address[1]}"
    return "unix"


_LOGS: dict[str, tuple[Callable[[Exchange, int], None], Callable[[Refusal], None]]] = {
    "text": (_log_text, log_refusal),
    "detailed": (log_exchange_detailed, log_refusal_detailed),
    "json": (log_exchange_json, log_refusal_json),
}
