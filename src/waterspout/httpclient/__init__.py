"""An HTTP client: blocking, awaiting, or with a callback; the same engine below.

HTTPClient().fetch(url).body                     # returns when the response is there
(await AsyncHTTPClient().fetch(url)).body        # waits, and the loop goes on
AsyncHTTPClient().fetch(url, callback=handle)    # calls handle(response) later
"""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.httpclient.asynchronous import AsyncHTTPClient
from waterspout.httpclient.blocking import HTTPClient
from waterspout.httpclient.errors import HTTPClientError, HTTPError
from waterspout.httpclient.request import SENSITIVE_HEADERS, HTTPRequest
from waterspout.httpclient.response import HTTPResponse

if TYPE_CHECKING:
    from waterspout.httpclient.command import main
    from waterspout.httpclient.errors import (
        HTTPBodyError,
        HTTPCertificateError,
        HTTPConnectError,
        HTTPConnectionLostError,
        HTTPConnectionRefusedError,
        HTTPConnectionResetError,
        HTTPProtocolError,
        HTTPRedirectError,
        HTTPResolveError,
        HTTPStreamClosedError,
        HTTPTimeoutError,
        HTTPTLSError,
        HTTPTooLargeError,
    )

__all__ = [
    "SENSITIVE_HEADERS",
    "AsyncHTTPClient",
    "HTTPBodyError",
    "HTTPCertificateError",
    "HTTPClient",
    "HTTPClientError",
    "HTTPConnectError",
    "HTTPConnectionLostError",
    "HTTPConnectionRefusedError",
    "HTTPConnectionResetError",
    "HTTPError",
    "HTTPProtocolError",
    "HTTPRedirectError",
    "HTTPRequest",
    "HTTPResolveError",
    "HTTPResponse",
    "HTTPStreamClosedError",
    "HTTPTLSError",
    "HTTPTimeoutError",
    "HTTPTooLargeError",
    "main",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "main": "command",
        "HTTPBodyError": "errors",
        "HTTPCertificateError": "errors",
        "HTTPConnectError": "errors",
        "HTTPConnectionLostError": "errors",
        "HTTPConnectionRefusedError": "errors",
        "HTTPConnectionResetError": "errors",
        "HTTPProtocolError": "errors",
        "HTTPRedirectError": "errors",
        "HTTPResolveError": "errors",
        "HTTPStreamClosedError": "errors",
        "HTTPTLSError": "errors",
        "HTTPTimeoutError": "errors",
        "HTTPTooLargeError": "errors",
    },
)
