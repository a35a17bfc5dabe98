"""The access log: one line for each response."""

from logging import ERROR, INFO, WARNING
from typing import Any

from waterspout.log import access_log
from waterspout.web.state import HandlerState

__all__ = ["log_request"]

_is_enabled = access_log.isEnabledFor


def log_request(handler: HandlerState) -> None:
    """Log status, request and milliseconds: below 400 as info, below 500 as a warning."""
    status = handler._status_code
    level = INFO if status < 400 else WARNING if status < 500 else ERROR
    if _is_enabled(level):
        _log(handler, level, status)


def _log(handler: Any, level: int, status: int) -> None:
    milliseconds = 1000.0 * handler.request.request_time()
    access_log.log(level, "%d %s %.2fms", status, handler._request_summary(), milliseconds)
