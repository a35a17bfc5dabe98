"""`HTTPClient`: fetches, and blocks the thread that calls."""

import weakref
from types import TracebackType
from typing import Any, Self

from waterspout.httpclient.asynchronous import AsyncHTTPClient
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.request import HTTPRequest, with_arguments
from waterspout.httpclient.response import HTTPResponse
from waterspout.httpclient.settings import Settings
from waterspout.net import BlockingNet, run_blocking

__all__ = ["HTTPClient"]


class HTTPClient:
    """A client that returns when the response is there.

    It works on plain sockets in the thread that calls, so it can be used everywhere: without an
    event loop, inside of a running one (which does nothing else meanwhile), and by several threads
    at once.

    The arguments are those of `SimpleAsyncHTTPClient.initialize`; what
    ``AsyncHTTPClient.configure`` was told holds here too. Connections are kept for the next fetch,
    so make one client and keep it. It closes them when it is closed, used as a context manager, or
    forgotten.
    """

    def __init__(
        self, async_client_class: type[AsyncHTTPClient] | None = None, **kwargs: Any
    ) -> None:
        arguments = AsyncHTTPClient.arguments_for(async_client_class)
        self._flow = Flow(BlockingNet(), Settings(**{**arguments, **kwargs}))
        self._finalizer = weakref.finalize(self, self._flow.close)

    def fetch(
        self, request: HTTPRequest | str, raise_error: bool = True, **kwargs: Any
    ) -> HTTPResponse:
        """Fetch a URL, or what an `HTTPRequest` says, and return the response.

        With a URL ``kwargs`` are further arguments of `HTTPRequest`. Raises `HTTPClientError` if
        there was no response, or one whose code is not 200 to 299; the latter is returned if
        ``raise_error`` is false.
        """
        if self._flow.pool.is_closed:
            raise RuntimeError("fetch() called on a closed HTTPClient")
        if kwargs:
            request = with_arguments(request, kwargs)
        return run_blocking(self._flow.fetch(request, raise_error))

    def close(self) -> None:
        """Close all connections; those in use by other threads as soon as they are not."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<HTTPClient {self._flow.pool!r}>"
