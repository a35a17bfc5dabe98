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

__all__ = [
    "SENSITIVE_HEADERS",
    "AsyncHTTPClient",
    "HTTPClient",
    "HTTPClientError",
    "HTTPError",
    "HTTPRequest",
    "HTTPResponse",
    "main",
]

__getattr__, __dir__ = lazy_names(__name__, {"main": "command"})
