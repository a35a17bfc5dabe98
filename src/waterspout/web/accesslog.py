"""The access log: one record for each response, as text or as JSON.

A record for a request that the server itself has answered, for want of a handler, is made here too.
"""

import time
from collections.abc import Callable
from logging import ERROR, INFO, WARNING
from typing import Any

from waterspout.httpserver.refusal import Refusal
from waterspout.log import access_log, printable
from waterspout.log.json import encode, timestamp
from waterspout.log.text import cut
from waterspout.protocol.errors import HTTPInputError, RemoteProtocolError
from waterspout.web.state import HandlerState

__all__ = [
    "AccessRecord",
    "handler_log",
    "log_json",
    "log_refusal",
    "log_refusal_json",
    "log_request",
    "refusal_log",
]

_is_enabled = access_log.isEnabledFor

# Characters of a target, and of any other text that a client has sent.
_LONGEST_TARGET = 2048
_LONGEST_TEXT = 512


class AccessRecord(dict[str, Any]):
    """The members of one record of the log in JSON; as text, its line."""

    def __str__(self) -> str:
        return encode(self)


def handler_log(kind: str | None) -> Callable[[Any], None] | None:
    """Return what logs handlers in the format called ``kind``; None for `log_request`."""
    return {"text": None, "json": log_json, "off": _log_nothing}[_checked(kind)]


def refusal_log(kind: str | None) -> Callable[[Refusal], None]:
    """Return what logs refusals in the format called ``kind``."""
    return {"text": log_refusal, "json": log_refusal_json, "off": _log_nothing}[_checked(kind)]


def _checked(kind: str | None) -> str:
    if kind is None:
        return "off"
    if kind not in ("text", "json", "off"):
        raise ValueError(f"access_log is 'text', 'json' or None, not {kind!r}")
    return kind


def log_request(handler: HandlerState) -> None:
    """Log status, request and milliseconds: below 400 as info, below 500 as a warning."""
    status = handler._status_code
    level = INFO if status < 400 else WARNING if status < 500 else ERROR
    if _is_enabled(level):
        _log(handler, level, status)


def _log(handler: Any, level: int, status: int) -> None:
    if _is_told(handler):
        return
    milliseconds = 1000.0 * handler.request.request_time()
    access_log.log(level, "%d %s %.2fms", status, handler._request_summary(), milliseconds)


def log_refusal(refusal: Refusal) -> None:
    """Log a refusal as ``log_request`` does a response."""
    level = _level_of(refusal)
    if _is_enabled(level):
        method, target = printable(refusal.method), printable(refusal.target)
        milliseconds = 1000.0 * refusal.seconds
        message = "%d %s %s (%s) %.2fms"
        access_log.log(
            level, message, refusal.status, method, target, refusal.remote_ip, milliseconds
        )


def log_json(handler: Any) -> None:
    """Log a response as an `AccessRecord`; the levels are those of ``log_request``."""
    status = handler._status_code
    level = INFO if status < 400 else WARNING if status < 500 else ERROR
    if not _is_enabled(level) or _is_told(handler):
        return
    request = handler.request
    exchange = request.connection
    headers = request.headers
    fields = AccessRecord(
        time=timestamp(time.time()),
        request_id=request.request_id,
        remote_ip=request.remote_ip,
        peer=_address(getattr(exchange, "remote_address", None)),
        method=cut(request.method, _LONGEST_TEXT),
        target=cut(request.uri, _LONGEST_TARGET),
        version=request.version,
        status=status,
        milliseconds=round(1000.0 * request.request_time(), 3),
        bytes_sent=getattr(exchange, "bytes_sent", 0),
        body_bytes_sent=getattr(exchange, "body_bytes_sent", 0),
        body_bytes_received=getattr(exchange, "body_bytes_received", 0),
        user_agent=cut(headers.get("User-Agent", ""), _LONGEST_TEXT),
        referer=cut(headers.get("Referer", ""), _LONGEST_TEXT),
        handler=type(handler).__name__,
    )
    if not getattr(exchange, "finish_time", 1.0):
        # The client has gone, or was cut off for what had gone wrong.
        fields["is_incomplete"] = True
    access_log.log(level, fields)


def log_refusal_json(refusal: Refusal) -> None:
    """Log a refusal as an `AccessRecord`, whose ``error`` is the reason."""
    level = _level_of(refusal)
    if not _is_enabled(level):
        return
    exchange = refusal.exchange
    headers: Any = {} if exchange is None else exchange.head.headers
    handler_class = None if exchange is None else exchange.handler_class
    fields = AccessRecord(
        time=timestamp(time.time()),
        request_id=refusal.request_id,
        remote_ip=refusal.remote_ip,
        peer=_address(refusal.connection.remote_address),
        method=cut(refusal.method, _LONGEST_TEXT),
        target=cut(refusal.target, _LONGEST_TARGET),
        version="-" if exchange is None else exchange.head.version,
        status=refusal.status,
        milliseconds=round(1000.0 * refusal.seconds, 3),
        bytes_sent=refusal.bytes_sent,
        body_bytes_sent=refusal.body_bytes_sent,
        body_bytes_received=0 if exchange is None else exchange.body_bytes_received,
        user_agent=cut(headers.get("User-Agent", ""), _LONGEST_TEXT),
        referer=cut(headers.get("Referer", ""), _LONGEST_TEXT),
        handler="" if handler_class is None else handler_class.__name__,
        error=cut(str(refusal.error) or type(refusal.error).__name__, _LONGEST_TEXT),
    )
    access_log.log(level, fields)


def _level_of(refusal: Refusal) -> int:
    """Return the level of a refusal: whatever a client has sent, it is no error of ours."""
    is_ours = not isinstance(refusal.error, RemoteProtocolError | HTTPInputError)
    return ERROR if is_ours else WARNING


def _log_nothing(subject: Any) -> None:
    """Be the log of who wants none."""


def _is_told(handler: Any) -> bool:
    """Whether the request was refused in the middle of its body, and is in the log as that."""
    return getattr(handler.request.connection, "is_refused", False) is True


def _address(address: Any) -> str:
    if isinstance(address, tuple):
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"{host}:{address[1]}"
    return "unix"
