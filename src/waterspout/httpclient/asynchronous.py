"""`AsyncHTTPClient`: gives a future of the response, or calls a function when it is there."""

import asyncio
import contextvars
import functools
import ssl
import time
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from waterspout.httpclient.flow import Flow
from waterspout.httpclient.request import DEFAULTS, HTTPRequest, with_arguments
from waterspout.httpclient.response import HTTPResponse, failed
from waterspout.httpclient.settings import MAX_BODY_SIZE, Settings
from waterspout.httpclient.waiting import fetch_soon
from waterspout.ioloop import IOLoop
from waterspout.net import AsyncNet
from waterspout.util import Configurable

if TYPE_CHECKING:
    from waterspout.httpclient.bodies.streaming import AsyncStreaming
    from waterspout.httpclient.cookies.jar import CookieJar
    from waterspout.httpclient.retries import RetryPolicy

__all__ = ["AsyncHTTPClient", "SimpleAsyncHTTPClient"]

# Where an asyncio loop keeps its clients, by class. So they go together with the loop.
_CLIENTS = "_waterspout_http_clients"

# Defaults that belong together.
_ABOUT_PROXY = {"proxy", "proxy_host", "proxy_port", "proxy_username", "proxy_password"}


class AsyncHTTPClient(Configurable):
    """A client that does not block: its work is done by the event loop, between other things.

    ``AsyncHTTPClient()`` is the one client of the current event loop, made when it is first asked
    for. ``AsyncHTTPClient(force_instance=True, ...)`` makes one of its own, which is to be closed.
    Other arguments are those of `SimpleAsyncHTTPClient.initialize`.

    `configure` chooses another implementation, or other defaults for those arguments. A subclass
    that is one takes its arguments in ``initialize`` and overrides `fetch_impl`.

    Belongs to the thread of its loop.
    """

    io_loop: IOLoop
    defaults: dict[str, Any]
    _clients: dict[type, Any] | None
    _is_closed: bool

    def __new__(cls, force_instance: bool = False, **kwargs: Any) -> Self:
        """Return the client of the current loop, or a new one."""
        if force_instance:
            return super().__new__(cls, **kwargs)
        loop = IOLoop.current().asyncio_loop
        clients: dict[type, Any] | None = getattr(loop, _CLIENTS, None)
        if clients is None:
            clients = {}
            setattr(loop, _CLIENTS, clients)
        client = clients.get(cls)
        if client is None:
            client = clients[cls] = super().__new__(cls, **kwargs)
            client._clients = clients
        return cast(Self, client)

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        """Return AsyncHTTPClient."""
        return AsyncHTTPClient

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        """Return SimpleAsyncHTTPClient."""
        return SimpleAsyncHTTPClient

    def initialize(self, defaults: Mapping[str, Any] | None = None) -> None:
        """Take the arguments of the constructor.

        ``defaults`` are attributes of `HTTPRequest`, for those that are None in a request.
        """
        self.io_loop = IOLoop.current()
        self.defaults = {**DEFAULTS, **(defaults or {})}
        self._clients = None
        self._is_closed = False

    def close(self) -> None:
        """Close what is idle, and take no more requests; what is under way is finished."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._clients is not None:
            for cls, client in list(self._clients.items()):
                if client is self:
                    del self._clients[cls]

    def fetch(
        self,
        request: HTTPRequest | str,
        raise_error: bool | Callable[[HTTPResponse], Any] = True,
        callback: Callable[[HTTPResponse], Any] | None = None,
        **kwargs: Any,
    ) -> "asyncio.Future[HTTPResponse]":
        """Begin to fetch a URL, or what an `HTTPRequest` says; return the future of the response.

        With a URL ``kwargs`` are further arguments of `HTTPRequest`. The future raises
        `HTTPClientError` if there is no response, or one whose code is not 200 to 299; it gives the
        latter if ``raise_error`` is false. To cancel it frees everything, in the next pass of the
        loop.

        With ``callback``, which may also be the second argument, that is called with the response,
        once, in the loop, after this method has returned. It gets all errors as ``response.error``,
        with the code 599 if there was no response, and so does the future. What it raises is
        logged. The loop need not run yet.

        Raises ValueError here for what no `HTTPRequest` can be made of, RuntimeError if the client
        is closed.
        """
        if callable(raise_error):
            callback = raise_error
        if self._is_closed:
            raise RuntimeError("fetch() called on a closed AsyncHTTPClient")
        if kwargs or isinstance(request, str):
            request = with_arguments(request, kwargs)
        loop = self.io_loop.asyncio_loop
        future: asyncio.Future[HTTPResponse] = loop.create_future()

        def handle(response: HTTPResponse) -> None:
            error = response.error
            if future.done():
                return
            if callback is None and error is not None and (raise_error or response.code == 599):
                future.set_exception(error)
            else:
                future.set_result(response)

        from copy import copy  # for the sake of implementations that are not ours

        completed = copy(request)
        # What is known of the client's proxy, its password for instance, is for that one.
        has_proxy = request.proxy is not None or request.proxy_host is not None
        for name, value in self.defaults.items():
            if has_proxy and name in _ABOUT_PROXY:
                value = DEFAULTS.get(name)
            if getattr(completed, name, None) is None:
                setattr(completed, name, value)
        self.fetch_impl(completed, handle)
        if callback is not None:
            future.add_done_callback(functools.partial(self._call_back, callback))
        return future

    def stream(
        self, request: HTTPRequest | str, raise_error: bool = True, **kwargs: Any
    ) -> "AsyncStreaming":
        """Return an asynchronous context manager that gives a response with its head::

            async with client.stream(url) as response:
                async for piece in response.iter_bytes():
                    ...

        See `HTTPClient.stream`; the response is an `AsyncStreamedResponse`. To cancel a task in the
        middle of this frees everything. NotImplementedError for implementations that can't.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no stream()")

    def fetch_impl(self, request: HTTPRequest, callback: Callable[[HTTPResponse], None]) -> None:
        """Fetch, and call ``callback`` with the response.

        If there is none it gets one with the code 599 and the error. For implementations to
        override. All attributes of ``request`` have their values.
        """
        raise NotImplementedError

    def _call_back(
        self, callback: Callable[[HTTPResponse], Any], future: "asyncio.Future[HTTPResponse]"
    ) -> None:
        if not future.cancelled():
            IOLoop.current().add_callback(callback, future.result())

    @classmethod
    def arguments_for(cls, chosen: "type[AsyncHTTPClient] | None") -> dict[str, Any]:
        """Return the arguments that were configured, for a client of another kind.

        ``chosen`` is the class that it is to be like, or None for the configured one. TypeError if
        that does its work by itself, so that nothing else can be like it.
        """
        configured = AsyncHTTPClient.__dict__.get("_configuration")
        arguments = {} if chosen is not None or configured is None else configured.arguments
        like: Any = AsyncHTTPClient.configured_class() if chosen in (None, cls) else chosen
        if not issubclass(like, SimpleAsyncHTTPClient) or like.is_overridden():
            raise TypeError(f"HTTPClient can't fetch through {like.__qualname__}.fetch_impl")
        return arguments


class SimpleAsyncHTTPClient(AsyncHTTPClient):
    """The implementation that is used unless `configure` names another.

    Made with ``force_instance`` it may be used in several loops, one after the other or at once,
    each in a thread of its own: every loop has connections of its own, so ``max_clients`` holds for
    each of them.
    """

    # That of the loop that was used last: all that a fetch needs, so that other threads, with other
    # loops, may change it at any time.
    _flow: Flow

    def initialize(  # type: ignore[override]
        self,
        max_clients: int = 10,
        hostname_mapping: Mapping[Any, Any] | None = None,
        max_buffer_size: int = MAX_BODY_SIZE,
        resolver: Any = None,
        defaults: Mapping[str, Any] | None = None,
        max_header_size: int | None = None,
        max_body_size: int | None = None,
        *,
        max_clients_per_origin: int | None = None,
        idle_timeout: float | None = None,
        validate_cert: bool | None = None,
        ca_certs: str | None = None,
        client_cert: str | None = None,
        client_key: str | None = None,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        minimum_tls_version: str | ssl.TLSVersion | None = None,
        proxy: str | Literal[False] | None = None,
        trust_env: bool = True,
        unix_socket: str | None = None,
        local_address: str | None = None,
        cookie_jar: "CookieJar | None" = None,
        retries: "int | RetryPolicy | None" = None,
        cache: Any = None,
        app: Any = None,
        event_hooks: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the arguments of the constructor.

        - ``max_clients``: how many connections there are at most, idle ones included; what is
          fetched beyond that waits in a queue
        - ``max_clients_per_origin``: how many of them may be in use for one host and port at a
          time; who waits for those holds up nobody else. None: no such limit
        - ``idle_timeout``: seconds for which a connection that nobody uses is kept, 60 unless
          given; 0: no limit
        - ``validate_cert``, ``ca_certs``, ``client_cert``, ``client_key``, ``ssl_options``,
          ``minimum_tls_version``: about https, for requests that don't say so themselves; see
          `HTTPRequest`
        - ``hostname_mapping``: from hosts, or pairs of host and port, to what is to be connected to
          instead; names in URLs and certificates stay what they are
        - ``max_header_size``, ``max_body_size``: bounds for a response in bytes; the latter for the
          body as it came, and as it was decoded. ``max_buffer_size`` is its default.
        - ``defaults``: attributes of `HTTPRequest`, for those that are None in a request
        - ``resolver``: who knows the addresses of hosts, instead of the system: an object with a
          method ``resolve(host, port, family)``, as Tornado's, or such a function, plain or
          ``async``. It returns a list of IP addresses, or of pairs of family and what
          ``socket.connect`` takes. Answers hold for five seconds. A plain one holds up whoever
          calls it: the loop, here.
        - ``proxy``: the URL of a proxy for all requests, ``http https socks4 socks4a socks5
          socks5h``; False for none, whatever the environment says
        - ``trust_env``: whether the environment may name proxies, when the client is made, by
          ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``, as it can to curl
        - ``unix_socket``: the path of a socket to connect to for all requests
        - ``local_address``: the IP address to connect from, or the name of an interface
        - ``cookie_jar``: a `CookieJar` that keeps the cookies of responses and gives them to
          requests; None: nobody does
        - ``retries``: how many times to try again at most, or a `RetryPolicy`; none unless given
        - ``cache``: keeps responses and answers with them as RFC 9111 allows: True (in memory), a
          storage of hishel's, or an `HTTPCache`; takes ``pip install "waterspout[cache]"``
        - ``app``: for tests: what answers all requests, in this process and without a socket: an
          `Application`, an `HTTPServer` (of anything that it can serve), or a function, plain or
          async, that gets an `HTTPRequest` and returns an `HTTPResponse`, a tuple ``(code, headers,
          body)`` or a body. What the function raises is raised by `fetch`. Everything between is as
          on the wire, but that nobody looks at certificates.
        - ``event_hooks``: a dict of functions, or lists of them, that are called with a
          `SentRequest` for each request that goes out, and with what came of it:
          ``request(sent)`` before it is sent, ``response(response, sent)`` with the answer of a
          fetch, ``redirect(response, sent, url)`` with one that leads on, ``retry(reason, sent)``
          with a response or an exception where it is sent once more, ``error(error, sent)`` where
          there is no answer. An answer from the cache is told with what would have been sent, and
          without a ``request`` before it. Plain or ``async``; what they raise is raised by `fetch`.
        """
        super().initialize(defaults)
        settings = Settings(
            max_clients,
            hostname_mapping,
            max_buffer_size,
            resolver,
            defaults,
            max_header_size,
            max_body_size,
            max_clients_per_origin=max_clients_per_origin,
            idle_timeout=idle_timeout,
            validate_cert=validate_cert,
            ca_certs=ca_certs,
            client_cert=client_cert,
            client_key=client_key,
            ssl_options=ssl_options,
            minimum_tls_version=minimum_tls_version,
            proxy=proxy,
            trust_env=trust_env,
            unix_socket=unix_socket,
            local_address=local_address,
            cookie_jar=cookie_jar,
            retries=retries,
            cache=cache,
            app=app,
            event_hooks=event_hooks,
        )
        self._settings = settings
        self._flows: dict[asyncio.AbstractEventLoop, Flow] = {}
        self._flow = self._flow_of(self.io_loop.asyncio_loop)
        self._is_own = not type(self).is_overridden()
        self._has_hooks = settings.event_hooks is not None
        self._finalizer = weakref.finalize(self, _close_all, self._flows)

    @classmethod
    def is_overridden(cls) -> bool:
        """Whether a subclass does the work itself."""
        return cls.fetch_impl is not SimpleAsyncHTTPClient.fetch_impl

    def close(self) -> None:
        """Close what is idle, and take no more requests; what is under way is finished."""
        super().close()
        if self._finalizer.detach() is not None:
            loop = _loop_of(self._flow)
            if asyncio._get_running_loop() is None and not loop.is_running():
                _close_now(self._flows.pop(loop))
            _close_all(self._flows)

    def fetch(
        self,
        request: HTTPRequest | str,
        raise_error: bool | Callable[[HTTPResponse], Any] = True,
        callback: Callable[[HTTPResponse], Any] | None = None,
        **kwargs: Any,
    ) -> "asyncio.Future[HTTPResponse]":
        """Begin to fetch; see `AsyncHTTPClient.fetch`."""
        if not self._is_own:
            return super().fetch(request, raise_error, callback, **kwargs)
        if self._is_closed:
            raise RuntimeError("fetch() called on a closed AsyncHTTPClient")
        if kwargs:
            request = with_arguments(request, kwargs)
        flow = self._flow
        net: Any = flow.net
        running = asyncio._get_running_loop()
        if net.loop is not running:
            flow = self._flow_here()
            net = flow.net
        if callback is None and (raise_error is True or not callable(raise_error)):
            if running is not None and not self._has_hooks:
                if isinstance(request, str) or not request.has_callbacks:
                    return fetch_soon(flow, request, bool(raise_error))
            fetch = flow.fetch(request, bool(raise_error))
        else:
            callback = callback or cast("Callable[[HTTPResponse], Any]", raise_error)
            fetch = _telling(flow, request)
        context = None
        if self._has_hooks or (not isinstance(request, str) and request.has_callbacks):
            # They are called in the context of the caller, and not of whatever brings the bytes.
            context = contextvars.copy_context()
        future: asyncio.Future[HTTPResponse] = net.start(fetch, context)
        if callback is not None:
            future.add_done_callback(functools.partial(self._call_back, callback))
        return future

    def stream(
        self, request: HTTPRequest | str, raise_error: bool = True, **kwargs: Any
    ) -> "AsyncStreaming":
        """Return a context manager that gives a response; see `AsyncHTTPClient.stream`."""
        if not self._is_own:
            return super().stream(request, raise_error, **kwargs)
        from waterspout.httpclient.bodies.streaming import (
            AsyncStreaming,  # most programs do without
        )

        if self._is_closed:
            raise RuntimeError("stream() called on a closed AsyncHTTPClient")
        flow = self._flow_here()
        net = flow.net
        assert isinstance(net, AsyncNet)
        return AsyncStreaming(net, flow, request, raise_error, kwargs)

    def fetch_impl(self, request: HTTPRequest, callback: Callable[[HTTPResponse], None]) -> None:
        """Fetch, and call ``callback`` with the response."""
        flow = self._flow_here()
        future = flow.net.start(_telling(flow, request))
        future.add_done_callback(functools.partial(self._call_back, callback))

    def _flow_here(self) -> Flow:
        """Return the flow for the loop that runs here, or that will, if none does yet."""
        loop = asyncio._get_running_loop()
        if loop is None:
            loop = _loop_of(self._flow)
            if not loop.is_closed():
                return self._flow
            loop = IOLoop.current().asyncio_loop
        for closed in [known for known in list(self._flows) if known.is_closed()]:
            flow = self._flows.pop(closed, None)
            if flow is not None:
                _close_now(flow)
        self._flow = self._flow_of(loop)
        self.io_loop = IOLoop.current()
        return self._flow

    def _flow_of(self, loop: asyncio.AbstractEventLoop) -> Flow:
        flow = self._flows.get(loop)
        if flow is None:
            net = _net_of(loop, self._settings.app)
            flow = self._flows[loop] = Flow(net, self._settings)
            net.on_end_of_loop = flow.close_idle
        return flow

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._flow.pool!r}>"


async def _telling(flow: Flow, request: HTTPRequest | str) -> HTTPResponse:
    """Fetch, and return a response whatever happens."""
    begun = time.monotonic()
    try:
        return await flow.fetch(request, False)
    except Exception as error:
        if isinstance(request, str):
            request = HTTPRequest(request)
        return failed(request, error, time.monotonic() - begun)


def _net_of(loop: asyncio.AbstractEventLoop, app: Any) -> AsyncNet:
    if app is None:
        return AsyncNet(loop)
    from waterspout.httpclient.inprocess.binding import async_net  # for tests, mostly

    return async_net(loop, app)


def _loop_of(flow: Flow) -> asyncio.AbstractEventLoop:
    net = flow.net
    assert isinstance(net, AsyncNet)
    return net.loop


def _close_all(flows: dict[asyncio.AbstractEventLoop, Flow]) -> None:
    """Close what a client leaves behind, in whatever thread that comes out."""
    while flows:
        loop, flow = flows.popitem()
        if loop.is_closed() or asyncio._get_running_loop() is loop:
            _close_now(flow)
            continue
        try:
            loop.call_soon_threadsafe(_close_now, flow)
        except RuntimeError:
            _close_now(flow)  # The loop was closed in this moment.


def _close_now(flow: Flow) -> None:
    net = flow.net
    assert isinstance(net, AsyncNet)
    flow.close()
    if net.loop.is_closed():
        net.abandon()
    net.close()
