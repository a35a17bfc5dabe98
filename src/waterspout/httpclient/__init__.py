"""An HTTP client: blocking, awaiting, or with a callback; the same engine below.

HTTPClient().fetch(url).body                     # returns when the response is there
(await AsyncHTTPClient().fetch(url)).body        # waits, and the loop goes on
AsyncHTTPClient().fetch(url, callback=handle)    # calls handle(response) later
"""

from waterspout.httpclient.asynchronous import AsyncHTTPClient
from waterspout.httpclient.blocking import HTTPClient
from waterspout.httpclient.errors import HTTPClientError, HTTPError
from waterspout.httpclient.main import main
from waterspout.httpclient.request import SENSITIVE_HEADERS, HTTPRequest
from waterspout.httpclient.response import HTTPResponse

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
