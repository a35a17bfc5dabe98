"""The access log: one line for each response."""

import logging
from typing import Any

from waterspout.log import access_log

__all__ = ["log_request"]


def log_request(handler: Any) -> None:
    """Log status, request and milliseconds: below 400 as info, below 500 as a warning."""
    status = handler._status_code
    if status < 400:
        level = logging.INFO
    else:
        level = logging.WARNING if status < 500 else logging.ERROR
    if access_log.isEnabledFor(level):
        milliseconds = 1000.0 * handler.request.request_time()
        access_log.log(level, "%d %s %.2fms", status, handler._request_summary(), milliseconds)
