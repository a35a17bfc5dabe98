"""An HTTP client: blocking, awaiting, or with a callback; the same engine below.

HTTPClient().fetch(url).body                     # returns when the response is there
(await AsyncHTTPClient().fetch(url)).body        # waits, and the loop goes on
AsyncHTTPClient().fetch(url, callback=handle)    # calls handle(response) later

with HTTPClient().stream(url) as response:       # reads as it comes; `async with` likewise
    for piece in response.iter_bytes(): ...
"""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.httpclient.asynchronous import AsyncHTTPClient
from waterspout.httpclient.blocking import HTTPClient
from waterspout.httpclient.errors import HTTPClientError, HTTPError
from waterspout.httpclient.request import SENSITIVE_HEADERS, HTTPRequest
from waterspout.httpclient.response import HTTPResponse, InformationalResponse

if TYPE_CHECKING:
    from waterspout.httpclient.auth.credentials import Auth, BasicAuth, BearerAuth
    from waterspout.httpclient.auth.digest import DigestAuth
    from waterspout.httpclient.auth.netrcfile import NetrcAuth
    from waterspout.httpclient.bodies.progress import Progress
    from waterspout.httpclient.bodies.streaming import AsyncStreamedResponse, StreamedResponse
    from waterspout.httpclient.caching import HTTPCache
    from waterspout.httpclient.command import main
    from waterspout.httpclient.cookies.jar import Cookie, CookieJar
    from waterspout.httpclient.errors import (
        HTTPBodyError,
        HTTPCertificateError,
        HTTPConnectError,
        HTTPConnectionLostError,
        HTTPConnectionRefusedError,
        HTTPConnectionResetError,
        HTTPConnectResetError,
        HTTPProtocolError,
        HTTPProxyError,
        HTTPRedirectError,
        HTTPResolveError,
        HTTPStreamClosedError,
        HTTPTimeoutError,
        HTTPTLSError,
        HTTPTooLargeError,
    )
    from waterspout.httpclient.har.recorder import HARRecorder
    from waterspout.httpclient.har.replayer import HARMissError, HARReplayer
    from waterspout.httpclient.hooks import SentRequest
    from waterspout.httpclient.retries import RetryPolicy

__all__ = [
    "SENSITIVE_HEADERS",
    "AsyncHTTPClient",
    "AsyncStreamedResponse",
    "Auth",
    "BasicAuth",
    "BearerAuth",
    "Cookie",
    "CookieJar",
    "DigestAuth",
    "HARMissError",
    "HARRecorder",
    "HARReplayer",
    "HTTPBodyError",
    "HTTPCache",
    "HTTPCertificateError",
    "HTTPClient",
    "HTTPClientError",
    "HTTPConnectError",
    "HTTPConnectResetError",
    "HTTPConnectionLostError",
    "HTTPConnectionRefusedError",
    "HTTPConnectionResetError",
    "HTTPError",
    "HTTPProtocolError",
    "HTTPProxyError",
    "HTTPRedirectError",
    "HTTPRequest",
    "HTTPResolveError",
    "HTTPResponse",
    "HTTPStreamClosedError",
    "HTTPTLSError",
    "HTTPTimeoutError",
    "HTTPTooLargeError",
    "InformationalResponse",
    "NetrcAuth",
    "Progress",
    "RetryPolicy",
    "SentRequest",
    "StreamedResponse",
    "main",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "main": "command",
        "HARMissError": "har.replayer",
        "HARRecorder": "har.recorder",
        "HARReplayer": "har.replayer",
        "Progress": "bodies.progress",
        "SentRequest": "hooks",
        "AsyncStreamedResponse": "bodies.streaming",
        "StreamedResponse": "bodies.streaming",
        "HTTPBodyError": "errors",
        "HTTPCertificateError": "errors",
        "HTTPConnectError": "errors",
        "HTTPConnectResetError": "errors",
        "HTTPConnectionLostError": "errors",
        "HTTPConnectionRefusedError": "errors",
        "HTTPConnectionResetError": "errors",
        "HTTPProtocolError": "errors",
        "HTTPProxyError": "errors",
        "HTTPRedirectError": "errors",
        "HTTPResolveError": "errors",
        "HTTPStreamClosedError": "errors",
        "HTTPTLSError": "errors",
        "HTTPTimeoutError": "errors",
        "HTTPTooLargeError": "errors",
        "Auth": "auth.credentials",
        "BasicAuth": "auth.credentials",
        "BearerAuth": "auth.credentials",
        "Cookie": "cookies.jar",
        "CookieJar": "cookies.jar",
        "DigestAuth": "auth.digest",
        "HTTPCache": "caching",
        "NetrcAuth": "auth.netrcfile",
        "RetryPolicy": "retries",
    },
)
