"""`HTTPResponse`: what a fetch came to. Most of it is made when it is asked for."""

from __future__ import annotations

import copy
import io
from typing import TYPE_CHECKING, Any, NamedTuple

from waterspout.httpclient.content import json_of, text_of
from waterspout.httpclient.errors import NO_ANSWER, HTTPClientError
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.target import without_credentials
from waterspout.httpclient.timeouts import spent
from waterspout.net.system import time
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1.writer import reason_phrase

if TYPE_CHECKING:
    from waterspout.httpclient.exchange import Exchange
    from waterspout.protocol.http1.messages import ResponseHead

__all__ = ["HTTPResponse", "InformationalResponse", "failed", "received"]


class InformationalResponse(NamedTuple):
    """What a server said before its response, with a code of 100 to 199; 103 for instance."""

    code: int
    reason: str
    headers: HTTPHeaders


class HTTPResponse:
    """A response, or, with the code 599, why there is none.

    - ``request``: the request that was fetched
    - ``code``, ``reason``: of the status line
    - ``headers``, ``body`` (bytes), ``buffer`` (the same as a file)
    - ``text``, ``json()``: what the body says
    - ``trailers``: header fields that came behind the body
    - ``informational``: what the server said before, a list of `InformationalResponse`
    - ``effective_url``: where it came from in the end, without credentials
    - ``history``: the responses that led here, the oldest first: redirects that were followed, and
      those after which it was asked again. Their bodies are empty.
    - ``from_cache``: whether the body comes from the client's cache
    - ``error``: an exception, or None if the code is one of 200 to 299
    - ``start_time``: when the fetch was begun, in seconds since the epoch
    - ``request_time``: how long it took in seconds, without what it waited for its turn
    - ``time_info``: where the time went, in seconds, by the names that curl has for that. ``queue``
      is how long the fetch waited for its turn, which is in none of the others; ``redirect`` how
      long all took that came before the last request; ``total`` how long all took. From when the
      last request had its turn it was so long until: the addresses were there (``namelookup``), the
      connection (``connect``), TLS (``appconnect``), until sending began (``pretransfer``), and
      until the first byte came (``starttransfer``). The first three are 0 where the connection was
      there already, ``appconnect`` also without TLS.
    """

    def __init__(
        self,
        request: HTTPRequest,
        code: int,
        headers: HTTPHeaders | None = None,
        buffer: io.BytesIO | None = None,
        effective_url: str | None = None,
        error: BaseException | None = None,
        request_time: float | None = None,
        time_info: dict[str, float] | None = None,
        reason: str | None = None,
        start_time: float | None = None,
    ) -> None:
        self._request: HTTPRequest | str = request
        self.code = code
        self.reason = reason or reason_phrase(code)
        self._head: ResponseHead | None = None
        self._headers: HTTPHeaders | None = HTTPHeaders() if headers is None else headers
        self._body: bytes | None = None
        self._buffer = buffer
        self.effective_url = request.url if effective_url is None else effective_url
        self.request_time = request_time
        self.start_time = start_time
        self._history: list[HTTPResponse] | None = None
        self._exchange: Exchange | None = None
        # When fetch and hop began, and how long those before it waited; by the clock of the Net.
        self._begun = self._hop_begun = self._queued = 0.0
        self._time_info: dict[str, float] | None = {} if time_info is None else time_info
        self._trailers: HTTPHeaders | None = None
        self._informational: list[InformationalResponse] | None = None
        self.error = error if error is not None else _error_of(self)

    @property
    def request(self) -> HTTPRequest:
        """The request that was fetched."""
        if isinstance(self._request, str):
            self._request = HTTPRequest(self._request)
        return self._request

    @property
    def http_version(self) -> str | None:
        """What the server spoke, ``HTTP/1.1`` for instance; None where no server did."""
        return None if self._head is None else self._head.version

    @property
    def headers(self) -> HTTPHeaders:
        """The header fields."""
        if self._headers is None:
            self._headers = HTTPHeaders() if self._head is None else self._head.headers
        return self._headers

    @property
    def buffer(self) -> io.BytesIO | None:
        """The body as a file, at its beginning when it is first asked for."""
        if self._buffer is None and self._body is not None:
            self._buffer = io.BytesIO(self._body)
        return self._buffer

    @property
    def body(self) -> bytes:
        """The body; empty if there is none, or it went to a ``streaming_callback``."""
        if self._body is None:
            self._body = b"" if self._buffer is None else self._buffer.getvalue()
        return self._body

    @property
    def text(self) -> str:
        """The body as text, in the charset of its byte order mark or its Content-Type, or else in
        UTF-8; what is no text in it is U+FFFD.
        """
        return text_of(self.body, self.headers.get("Content-Type"))

    def json(self) -> Any:
        """Return the value of the body, which is JSON; ValueError if it is not."""
        return json_of(self.body, self.effective_url)

    @property
    def trailers(self) -> HTTPHeaders:
        """The header fields that came behind the body; mostly there are none."""
        if self._trailers is None:
            found = None if self._exchange is None else self._exchange.trailers
            self._trailers = HTTPHeaders() if found is None else found
        return self._trailers

    @property
    def informational(self) -> list[InformationalResponse]:
        """What the server said before this response: 100 (Continue), 103 (Early Hints)."""
        if self._informational is None:
            heads = None if self._exchange is None else self._exchange.interims
            self._informational = [
                InformationalResponse(head.status, head.reason, head.headers)
                for head in heads or ()
            ]
        return self._informational

    @property
    def time_info(self) -> dict[str, float]:
        """Where the time went; see the class."""
        if self._time_info is None:
            self._time_info = (
                {}
                if self._exchange is None
                else spent(self._exchange, self._begun, self._hop_begun, self._queued)
            )
        return self._time_info

    @property
    def from_cache(self) -> bool:
        """Whether the body comes from the client's cache, maybe after the server was asked."""
        return self._exchange is not None and self._exchange.is_stored

    @property
    def history(self) -> list[HTTPResponse]:
        """The responses that led to this one."""
        if self._history is None:
            self._history = []
        return self._history

    def rethrow(self) -> None:
        """Raise ``error`` if there is one."""
        if self.error is not None:
            raise self.error

    def __reduce__(self) -> tuple[Any, ...]:
        # As a value, for other processes: without the connection that it came on, and without what
        # of the request is this program's own. An error that holds this response would be a circle,
        # and is made anew.
        error = None if getattr(self.error, "response", None) is self else self.error
        return _restored, (
            _portable(self.request),
            self.code,
            self.headers,
            self.body,
            self.effective_url,
            error,
            self.request_time,
            self.time_info,
            self.reason,
            self.start_time,
            (self.trailers, self.informational, self.history),
        )

    def __repr__(self) -> str:
        return f"<HTTPResponse {self.code} {self.reason} {self.effective_url}>"


def received(
    request: HTTPRequest | str,
    exchange: Exchange,
    begun: float,
    hop_begun: float,
    queued: float,
) -> HTTPResponse:
    """Return what ``exchange`` brought for a request or a URL; times are those of the Net.

    ``queued`` is how long the hops before it waited.
    """
    response: HTTPResponse = HTTPResponse.__new__(HTTPResponse)
    head = exchange.head
    assert head is not None
    response._request = request
    response.code = code = head.status
    response.reason = head.reason or reason_phrase(code)
    response._head = head
    response._headers = exchange.headers
    response._body = exchange.take_body()
    response._buffer = None
    response.effective_url = exchange.hop.url
    response.request_time = exchange.ended - begun - queued - (exchange.free - hop_begun)
    response.start_time = time() - response.request_time
    response._time_info = None
    response._trailers = None
    response._informational = None
    response._history = exchange.history
    response._exchange = exchange
    response._begun = begun
    response._hop_begun = hop_begun
    response._queued = queued
    response.error = None if 200 <= code < 300 else _error_of(response)
    return response


def failed(request: HTTPRequest, error: BaseException, seconds: float) -> HTTPResponse:
    """Return a response that holds ``error``, for those who want no exception."""
    return HTTPResponse(
        request,
        error.code if isinstance(error, HTTPClientError) else NO_ANSWER,
        effective_url=without_credentials(request.url),
        error=error,
        request_time=seconds,
        start_time=request.start_time,
    )


def _restored(
    request: HTTPRequest,
    code: int,
    headers: HTTPHeaders,
    body: bytes,
    *rest: Any,
) -> HTTPResponse:
    *others, more = rest
    response = HTTPResponse(request, code, headers, io.BytesIO(body), *others)
    response._trailers, response._informational, response._history = more
    return response


# What of a request is of no use to another process, and mostly can't go there.
_LOCAL = (
    "body_producer",
    "header_callback",
    "prepare_curl_callback",
    "restart_callback",
    "streaming_callback",
    "tap",
)


def _portable(request: HTTPRequest) -> HTTPRequest:
    """Return ``request`` without functions and contexts of this program."""
    portable = copy.copy(request)
    for name in _LOCAL:
        setattr(portable, name, None)
    if portable.source is not None:
        portable.body = None  # a file, or what can be read once
    if not isinstance(portable.ssl_options, dict):
        portable.ssl_options = None
    return portable


def _error_of(response: HTTPResponse) -> HTTPClientError | None:
    code = response.code
    if 200 <= code < 300:
        return None
    return HTTPClientError(code, response.reason, response)
