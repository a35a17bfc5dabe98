"""From an error to the exit status that curl has for it."""

import socket
import ssl

from waterspout.httpclient import HTTPClientError
from waterspout.httpclient.errors import (
    HTTPConnectError,
    HTTPProtocolError,
    HTTPProxyError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTooLargeError,
)

__all__ = [
    "FAILED",
    "READ_ERROR",
    "TOO_MANY_REDIRECTS",
    "UNSUPPORTED",
    "USAGE",
    "WRITE_ERROR",
    "exit_status",
]

UNSUPPORTED = 1
USAGE = 2
FAILED = 22
WRITE_ERROR = 23
READ_ERROR = 26
TOO_MANY_REDIRECTS = 47

# The first one that fits counts.
_STATUSES: list[tuple[type[BaseException], int]] = [
    (HTTPTimeoutError, 28),
    (HTTPTooLargeError, 63),
    (HTTPProxyError, 97),
    (socket.gaierror, 6),
    (ssl.SSLCertVerificationError, 60),
    (ssl.SSLError, 35),
    (HTTPConnectError, 7),
    (HTTPProtocolError, 8),
    (ConnectionError, 56),
    (HTTPStreamClosedError, 18),
    (HTTPClientError, 56),
    (OSError, READ_ERROR),
    (ValueError, 3),
]


def exit_status(error: BaseException) -> int:
    """Return the status for what a fetch has raised."""
    if isinstance(error, HTTPStreamClosedError) and "without an answer" in str(error):
        return 52
    if isinstance(error, ValueError) and str(error).startswith("unsupported URL scheme"):
        return UNSUPPORTED
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status
    return 1
