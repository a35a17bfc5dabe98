"""The access log of handlers: one record for each response, as text or as JSON.

Requests without a handler are logged in ``httpserver.accesslog``.
"""

import time
from collections.abc import Callable
from logging import INFO, Logger
from typing import Any

from waterspout.httpserver.accesslog import (
    LONGEST_TARGET,
    LONGEST_TEXT,
    AccessRecord,
    address_of,
    details,
    level_of,
    log_refusal,
    log_refusal_detailed,
    log_refusal_json,
)
from waterspout.httpserver.refusal import Refusal
from waterspout.log import access_log
from waterspout.log.json import timestamp
from waterspout.log.text import cut
from waterspout.web.state import HandlerState

__all__ = ["handler_log", "log_json", "log_request", "refusal_log"]

_is_enabled = access_log.isEnabledFor

# What the logger has said of its levels: mostly that there is nothing to log. It keeps this itself,
# and clears it whenever a level is set anywhere; one of another class is asked each time.
_is_usual = type(access_log).isEnabledFor is Logger.isEnabledFor
_KNOWN: dict[int, bool] = getattr(access_log, "_cache", {}) if _is_usual else {}


def handler_log(kind: str | None) -> Callable[[Any], None] | None:
    """Return what logs handlers in the format called ``kind``; None for `log_request`."""
    logs = {"text": None, "detailed": _log_detailed, "json": log_json, "off": _log_nothing}
    return logs[_checked(kind)]


def refusal_log(kind: str | None) -> Callable[[Refusal], None]:
    """Return what logs refusals in the format called ``kind``."""
    return {
        "text": log_refusal,
        "detailed": log_refusal_detailed,
        "json": log_refusal_json,
        "off": _log_nothing,
    }[_checked(kind)]


def _checked(kind: str | None) -> str:
    if kind is None:
        return "off"
    if kind not in ("text", "detailed", "json", "off"):
        raise ValueError(f"access_log is 'text', 'detailed', 'json' or None, not {kind!r}")
    return kind


def log_request(handler: HandlerState) -> None:
    """Log status, request and milliseconds: below 400 as info, below 500 as a warning."""
    status = handler._status_code
    level = INFO if status < 400 else level_of(status)
    if _KNOWN.get(level) is not False and _is_enabled(level):
        _log(handler, level, status)


def _log_detailed(handler: Any) -> None:
    """Log what `log_request` does, with bytes, peer and request id."""
    status = handler._status_code
    level = level_of(status)
    if _is_enabled(level):
        request = handler.request
        exchange = request.connection
        size, peer = getattr(exchange, "bytes_sent", 0), getattr(exchange, "remote_address", None)
        _log(handler, level, status, details(size, peer, request.request_id))


def _log(handler: Any, level: int, status: int, more: str = "") -> None:
    if _is_told(handler):
        return
    milliseconds = 1000.0 * handler.request.request_time()
    summary = handler._request_summary()
    if more:
        access_log.log(level, "%d %s %.2fms%s", status, summary, milliseconds, more)
    else:
        access_log.log(level, "%d %s %.2fms", status, summary, milliseconds)


def log_json(handler: Any) -> None:
    """Log a response as an `AccessRecord`; the levels are those of ``log_request``."""
    status = handler._status_code
    level = level_of(status)
    if not _is_enabled(level) or _is_told(handler):
        return
    request = handler.request
    exchange = request.connection
    headers = request.headers
    fields = AccessRecord(
        time=timestamp(time.time()),
        request_id=request.request_id,
        remote_ip=request.remote_ip,
        peer=address_of(getattr(exchange, "remote_address", None)),
        method=cut(request.method, LONGEST_TEXT),
        target=cut(request.uri, LONGEST_TARGET),
        version=request.version,
        status=status,
        milliseconds=round(1000.0 * request.request_time(), 3),
        bytes_sent=getattr(exchange, "bytes_sent", 0),
        body_bytes_sent=getattr(exchange, "body_bytes_sent", 0),
        body_bytes_received=getattr(exchange, "body_bytes_received", 0),
        user_agent=cut(headers.get("User-Agent", ""), LONGEST_TEXT),
        referer=cut(headers.get("Referer", ""), LONGEST_TEXT),
        handler=type(handler).__name__,
    )
    if not getattr(exchange, "finish_time", 1.0):
        # The client has gone, or was cut off for what had gone wrong.
        fields["is_incomplete"] = True
    access_log.log(level, fields)


def _log_nothing(subject: Any) -> None:
    """Be the log of who wants none."""


def _is_told(handler: Any) -> bool:
    """Whether the request was refused in the middle of its body, and is in the log as that."""
    return getattr(handler.request.connection, "is_refused", False) is True
