"""`HTTPClient`: fetches, and blocks the thread that calls."""

import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from waterspout.httpclient.asynchronous import AsyncHTTPClient
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.request import HTTPRequest, with_arguments
from waterspout.httpclient.response import HTTPResponse
from waterspout.httpclient.settings import Settings
from waterspout.net import BlockingNet

if TYPE_CHECKING:
    from waterspout.httpclient.bodies.streaming import Streaming

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

    With ``app`` the application lives in an event loop of the client's own, which runs while the
    client waits for it, in the thread that waits, and stands still between two calls. Where several
    threads wait, one of them runs it for all.
    """

    def __init__(
        self, async_client_class: type[AsyncHTTPClient] | None = None, **kwargs: Any
    ) -> None:
        arguments = AsyncHTTPClient.arguments_for(async_client_class)
        settings = Settings(**{**arguments, **kwargs})
        settings.can_await = False
        net = _net_of(settings.app)
        self._flow = Flow(net, settings)
        self._finalizer = weakref.finalize(self, _close, self._flow, net)

    def fetch(
        self, request: HTTPRequest | str, raise_error: bool = True, **kwargs: Any
    ) -> HTTPResponse:
        """Fetch a URL, or what an `HTTPRequest` says, and return the response.

        With a URL ``kwargs`` are further arguments of `HTTPRequest`. Raises `HTTPClientError` if
        there was no response, or one whose code is not 200 to 299; the latter is returned if
        ``raise_error`` is false.
        """
        if kwargs:
            request = with_arguments(request, kwargs)
        return self._flow.fetch_now(request, raise_error)

    def stream(
        self, request: HTTPRequest | str, raise_error: bool = True, **kwargs: Any
    ) -> "Streaming":
        """Return a context manager that gives a response as soon as its head is there::

            with client.stream(url) as response:
                for piece in response.iter_bytes():
                    ...

        The arguments are those of `fetch`. The response is a `StreamedResponse`: its body is read
        from the network when it is asked for, and no sooner, but for what the system has received.
        It has no bound, as nothing is kept of it. Redirects are followed. A response whose code is
        not 200 to 299 is read whole and raised, unless ``raise_error`` is false.

        ``request_timeout`` is for all that comes until the head is there; from then on it is for
        each wait for another piece, so that time that the reader takes does not count.
        ``read_timeout`` is for each read, as ever.

        Who leaves the ``with`` before the body was read closes the connection; otherwise it is kept
        for the next request. It is one of ``max_clients`` until then.
        """
        from waterspout.httpclient.bodies.streaming import Streaming  # most programs do without

        if self._flow.pool.is_closed:
            raise RuntimeError("stream() called on a closed HTTPClient")
        return Streaming(self._flow, request, raise_error, kwargs)

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


def _net_of(app: Any) -> BlockingNet:
    if app is None:
        return BlockingNet()
    from waterspout.httpclient.inprocess.binding import blocking_net  # for tests, mostly

    return blocking_net(app)


def _close(flow: Flow, net: BlockingNet) -> None:
    flow.close()
    net.close()
