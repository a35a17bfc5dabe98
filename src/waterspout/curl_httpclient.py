"""The names of a client on libcurl, for programs that choose it; the work is done by our own.

``AsyncHTTPClient.configure("waterspout.curl_httpclient.CurlAsyncHTTPClient")`` works. What only
libcurl can do, ``prepare_curl_callback`` for instance, is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any

from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient
from waterspout.httpclient.errors import NO_ANSWER, HTTPClientError
from waterspout.httpclient.settings import MAX_BODY_SIZE
from waterspout.log import app_log

__all__ = ["CurlAsyncHTTPClient", "CurlError"]


class CurlAsyncHTTPClient(SimpleAsyncHTTPClient):
    """`SimpleAsyncHTTPClient` with the arguments of another one."""

    def initialize(  # type: ignore[override]
        self,
        max_clients: int = 10,
        defaults: Mapping[str, Any] | None = None,
        max_body_size: int = MAX_BODY_SIZE,
    ) -> None:
        """Take the arguments of the constructor."""
        super().initialize(max_clients, defaults=defaults, max_body_size=max_body_size)

    def handle_callback_exception(self, callback: Callable[..., Any]) -> None:
        """Log the exception that is being handled. Nothing here calls it."""
        app_log.error("Exception in callback %r", callback, exc_info=True)


class CurlError(HTTPClientError):
    """An error of libcurl's, with its number. Nothing here raises it."""

    def __init__(self, errno: int, message: str) -> None:
        super().__init__(NO_ANSWER, message)
        self.errno = errno
