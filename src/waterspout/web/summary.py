"""A request in one line, for logs."""

from typing import Any

from waterspout.log import printable

__all__ = ["summary", "where"]


def summary(handler: Any) -> str:
    """Return method, target and client."""
    request = handler.request
    return printable(f"{request.method} {request.uri} ({request.remote_ip})")


def where(handler: Any) -> str:
    """Return the handler's summary with the request's id and the handler's class."""
    request_id = getattr(handler.request, "request_id", "")
    return f"{handler._request_summary()} [{request_id}, {type(handler).__name__}]"
