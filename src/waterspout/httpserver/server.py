"""Accepts connections, holds them to their deadlines, and stops cleanly."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection, Coroutine
from contextvars import Context, copy_context
from functools import partial
from inspect import iscoroutine
from time import monotonic
from typing import TYPE_CHECKING, Any

from waterspout.httpserver.answering import refuse, start_answering
from waterspout.httpserver.connection import HTTPServerConnection
from waterspout.httpserver.delivery import Delivery
from waterspout.httpserver.draining import Drain
from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.policy import Policy, check
from waterspout.httputil import (
    HTTPConnection,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
)
from waterspout.httputil.request import from_exchange
from waterspout.ioloop import IOLoop
from waterspout.log import app_log, gen_log
from waterspout.process.memory import keep_freed_memory
from waterspout.protocol.errors import HTTPInputError, RemoteProtocolError
from waterspout.tcpserver import TCPServer
from waterspout.util import Configurable

# What most servers do without is imported where it is asked for, so that they start sooner.
if TYPE_CHECKING:
    from waterspout.httpserver.forwarded import Downstream
    from waterspout.httpserver.observer import ServerObserver
    from waterspout.httpserver.peers import PeerList
    from waterspout.httpserver.refusal import Refusal
    from waterspout.iostream import BaseIOStream

__all__ = ["HTTPServer"]

# How often the deadlines of all connections are looked at, in seconds.
_SWEEP_INTERVAL = 1.0
# What the event loops take for the 0 seconds of a policy, which they refuse.
_AT_ONCE = 0.001
# How long they may take to end TLS, which a slow reader has to see first: it is the deadline of the
# connection that bounds it.
_NEVER = 1e9


class HTTPServer(TCPServer, Configurable, HTTPServerConnectionDelegate):
    """Serves an application over HTTP/1.0 and HTTP/1.1.

    ``request_callback`` is a ``waterspout.web.Application``, a ``waterspout.routing.Router`` or
    any other ``HTTPServerConnectionDelegate``, or a function, plain or ``async``, that takes an
    ``HTTPServerRequest`` and answers through its ``connection``. Sizes are in bytes
    and times in seconds. ``ssl_options`` is an ``ssl.SSLContext``, which is used as it is, or a
    dictionary of ``certfile`` and so on: ``cert_reqs`` and ``ca_certs`` ask clients for
    certificates, and those that offer protocols (ALPN) agree on ``http/1.1``. ``policy`` sets every
    bound at once; the other arguments replace single ones; ``ValueError`` where one is out of
    range. ``chunk_size`` is accepted and means nothing: a streamed body comes in the pieces that
    the event loop reads, of at most 256 KiB.

    Behind proxies: with ``xheaders`` the client's address and protocol are what ``X-Real-Ip`` or
    ``X-Forwarded-For``, and ``X-Scheme`` or ``X-Forwarded-Proto`` say, where the peer is listed in
    ``trusted_downstream``: addresses, networks, ``unix`` for peers on a unix socket, ``*`` for all.
    Without a list it is peers on this machine, in private networks and on unix sockets that are
    believed. The client is the last address there that is not listed. ``protocol`` (``http`` or
    ``https``) is that of all requests for which nobody says another one. With ``proxy_protocol``
    every connection of these peers, or of those that it lists itself, must begin with a header of
    the PROXY protocol, version 1 or 2, in clear also before TLS, within ``policy.header_timeout``;
    ``trusted_downstream`` then counts for the address in the header.

    With ``decompress_request`` bodies in gzip or deflate reach the program decoded; the bounds of a
    body hold for what it unfolds to, another coding is a 415, and ``X-Consumed-Content-Encoding``
    stands in the place of ``Content-Encoding``.

    A subclass may override ``start_request``, and is given every request then, at its head;
    ``on_close``; and ``initialize``, which takes the arguments. ``HTTPServer.configure(Subclass)``
    has ``HTTPServer(...)`` make one of those, wherever it is called.

    Belongs to the event loop that is current when it begins to listen, and to its thread.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave the arguments to `initialize`, which has had them."""

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        """Return this class, whose `configure` chooses for all servers of HTTP."""
        return HTTPServer

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        """Return this class."""
        return HTTPServer

    def initialize(  # type: ignore[override]
        self,
        request_callback: Any,
        no_keep_alive: bool = False,
        xheaders: bool = False,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        protocol: str | None = None,
        decompress_request: bool = False,
        chunk_size: int | None = None,
        max_header_size: int | None = None,
        idle_connection_timeout: float | None = None,
        body_timeout: float | None = None,
        max_body_size: int | None = None,
        max_buffer_size: int | None = None,
        trusted_downstream: Collection[str] | None = None,
        *,
        proxy_protocol: bool | Collection[str] = False,
        policy: Policy | None = None,
    ) -> None:
        """Take the arguments of the constructor, which the class tells of; a subclass may too."""
        self.policy = _adjusted(
            policy or Policy(),
            no_keep_alive=no_keep_alive,
            max_header_size=max_header_size,
            idle_timeout=idle_connection_timeout,
            body_timeout=body_timeout,
            max_body_size=max_buffer_size if max_body_size is None else max_body_size,
        )
        self._callback = request_callback
        served = _host(request_callback)
        is_overridden = type(self).start_request is not HTTPServer.start_request
        host = Delivery(self) if is_overridden else served
        #: Called with the exchange of each request that has been received whole.
        self.application: Callable[[Exchange], object] = host.start_exchange
        #: Called before, where a body is to come; tells whether the request has been taken.
        self.start_at_head: Callable[[Exchange], bool] | None = getattr(host, "start_at_head", None)
        if decompress_request:
            from waterspout.httpserver.decompression import Decompression

            decompression = Decompression(host, self.policy.limits.max_body_size)
            self.start_at_head = decompression.start_at_head
        #: Who counts what happens here (``observer.ServerObserver``), or None.
        self.observer: ServerObserver | None = getattr(served, "observer", None)
        self._log_refusal: Callable[[Refusal], None] | None = getattr(served, "log_refusal", None)
        #: The connections that are open.
        self.connections: set[HTTPServerConnection] = set()
        #: What makes connections of sockets that have been accepted.
        self.opening: set[asyncio.Task[object]] = set()
        self.ssl_options = ssl_options
        self.max_buffer_size = max_buffer_size
        self.read_chunk_size = chunk_size
        self._context: ssl.SSLContext | None = None
        if ssl_options is not None:
            from waterspout.httpserver.tlscontext import server_context

            self._context = server_context(ssl_options)
        self._downstream: Downstream | None = None
        if xheaders or protocol is not None:
            from waterspout.httpserver import forwarded

            self._downstream = forwarded.Downstream(xheaders, trusted_downstream, protocol)
        self._header_peers: PeerList | None = None
        if proxy_protocol:
            from waterspout.httpserver.peers import listed_peers

            self._header_peers = listed_peers(
                trusted_downstream if proxy_protocol is True else proxy_protocol
            )
        #: The event loop that serves, from the first socket on.
        self.loop: asyncio.AbstractEventLoop | None = None
        #: The context that requests have copies of: that of who has begun to listen.
        self.context: Context | None = None
        #: What is awaited where there is nothing to wait for: one future, done, for all.
        self.drained: asyncio.Future[None] | None = None
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._is_halted = False
        self._closed_waiters: list[asyncio.Future[None]] = []
        self._is_closed = False
        self._drain: Drain | None = None

    # Begin

    # ``listen``, ``bind`` and ``start``, ``add_sockets`` and ``add_socket`` are `TCPServer`'s.

    def add_socket(self, socket: socket.socket) -> None:
        """Accept connections on one socket that listens already."""
        super().add_socket(socket)
        self._is_closed = False
        self._drain = None

    def _attach(self) -> asyncio.AbstractEventLoop:
        """Settle on the current event loop, for as long as it lives."""
        if self.loop is None or self.loop.is_closed():
            keep_freed_memory()
            self.loop = IOLoop.current().asyncio_loop
            self.context = copy_context()
            self.drained = self.loop.create_future()
            self.drained.set_result(None)
            if (on_serving := getattr(self._callback, "on_serving", None)) is not None:
                on_serving()
        return self.loop

    # While it runs

    def reload_certificates(
        self, ssl_options: dict[str, Any] | ssl.SSLContext | None = None
    ) -> None:
        """Read the files of ``ssl_options`` anew, for connections that begin from now on.

        Those that are open stay as they are. New ``ssl_options`` take the place of the former; a
        server that was made with an ``ssl.SSLContext`` needs them, or it is a ``TypeError``. Where
        they are no good, the former certificates stay in use: the log says so, and what
        ``netutil.ssl_options_to_context`` raises, an ``OSError`` that names the file for instance,
        is raised. ``RuntimeError`` where the server does not speak TLS.
        """
        if self.ssl_options is None:
            raise RuntimeError("the server was made without ssl_options: it has no certificates")
        from waterspout.httpserver.tlscontext import server_context

        options = self.ssl_options if ssl_options is None else ssl_options
        if ssl_options is None and isinstance(options, ssl.SSLContext):
            raise TypeError("the files of an SSLContext are not known: give a new one")
        try:
            self._context = server_context(options)
        except (OSError, TypeError, ValueError) as error:
            app_log.error("the certificates of before stay in use: %s", error)
            raise
        self.ssl_options = options
        gen_log.info("%r has reloaded its certificates", self)

    # End

    async def close_all_connections(self, grace: float | None = None) -> int:
        """Close all connections; return how many had to be cut. ``stop`` comes before.

        Idle ones are closed at once. A request that is under way is answered, with ``Connection:
        close``; after ``grace`` seconds (None: no bound) it is cut off.
        """
        self._is_closed = not self.sockets
        for connection in list(self.connections):
            connection.close_when_idle()
        if not self.connections:
            return 0
        try:
            await asyncio.wait_for(self.wait_all_closed(), grace)
        except TimeoutError:
            cut = len(self.connections)
            for connection in list(self.connections):
                connection.abort()
            await self.wait_all_closed()
            return cut
        return 0

    async def wait_all_closed(self) -> None:
        """Wait until no connection is open."""
        if self.connections:
            waiter = asyncio.get_running_loop().create_future()
            self._closed_waiters.append(waiter)
            await waiter

    # Drain

    async def drain(self, grace: float | None = 30.0, *, readiness_delay: float = 0.0) -> int:
        """Stop so that no request is lost; return how many connections had to be cut.

        For ``readiness_delay`` seconds everything goes on, but ``is_draining`` is true and a
        ``ReadyHandler`` answers 503, so that a load balancer has the time to send its clients
        elsewhere. Then no more connections are accepted, idle ones are closed at once, and the
        requests under way are answered, with ``Connection: close``: also one whose head or body
        is still coming, and the first one of a client that has just connected. What has not
        been sent after ``grace`` seconds (None: no bound) is cut off, and one line of the log
        says how many. A connection that was detached is its program's.

        May be called again: the grace that ends first counts, and all return the same number.
        """
        if self._drain is None:
            self._drain = Drain(self)
        return await self._drain.run(grace, readiness_delay)

    @property
    def is_draining(self) -> bool:
        """Whether ``drain`` has begun, and the server has not begun to listen anew since."""
        return self._drain is not None

    def cut_connections(self) -> None:
        """Close all connections now, whatever is under way; a ``drain`` ends at once, too."""
        if self._drain is not None:
            self._drain.hurry()
            return
        for connection in list(self.connections):
            connection.abort()

    # Connections that begin

    def _on_connection(self, connection: socket.socket, address: Any) -> None:
        connection.setblocking(False)
        self._start_opening(self._open(connection))

    def _start_opening(self, opening: Coroutine[Any, Any, None]) -> None:
        """Run what makes a connection; it is kept, for a loop has only weak references to tasks."""
        task = self._attach().create_task(opening)
        self.opening.add(task)
        task.add_done_callback(self.opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        """Make a connection of a socket; an ``OSError`` is the client's affair."""
        try:
            await self._connect(accepted)
        except BaseException as error:
            accepted.close()
            if isinstance(error, OSError):
                gen_log.debug("a connection came to nothing: %s", error)
            elif isinstance(error, Exception):
                app_log.exception("a connection could not be opened")
            else:
                raise

    async def _connect(self, accepted: socket.socket) -> None:
        """Make it, after a PROXY header and TLS's handshake if they come."""
        address = None
        if self._header_peers is not None and self._header_peers.has_peer(accepted.getpeername()):
            from waterspout.httpserver.proxyheader import receive_proxy_header

            try:
                address = await receive_proxy_header(accepted, self.policy.header_timeout)
            except RemoteProtocolError as error:
                peer = accepted.getpeername()
                gen_log.warning("closed a connection of %s: %s", peer, error)
                if self.observer is not None:
                    self.tell(self.observer.on_bad_proxy_header, peer)
                accepted.close()
                return
        has_tls = self._context is not None
        await self._attach().connect_accepted_socket(  # type: ignore[type-var]
            partial(self._make_connection, address),  # makes a protocol in all but name
            accepted,
            ssl=self._context,
            ssl_handshake_timeout=max(self.policy.header_timeout, _AT_ONCE) if has_tls else None,
            ssl_shutdown_timeout=_NEVER if has_tls else None,
        )

    def handle_stream(self, stream: "BaseIOStream", address: Any) -> None:
        """Serve a client on a stream that a program brings, as if it had been accepted here.

        ``address`` is the client's, as its socket would tell it; None for one without. What the
        stream has to send goes first, unless the client reads nothing for
        ``policy.write_timeout``, and what it has received is served. It is of no use to the
        program any more, and closed. ``TypeError`` for an ``SSLIOStream``, which can't be handed
        over. Belongs to the event loop of this server.
        """
        from waterspout.httpserver.adopting import adopt
        from waterspout.iostream.takeover import check_can_release

        check_can_release(stream)
        make = partial(self._make_connection, address or None)
        loop = self._attach()
        self._start_opening(adopt(loop, stream, make, self.policy.write_timeout))

    def new_connection(self) -> HTTPServerConnection:
        """Return the asyncio protocol of one more client, for a transport that a program brings.

        Belongs to the event loop of this server; RuntimeError in another one.
        """
        loop = self._attach()
        if loop is not IOLoop.current().asyncio_loop:
            raise RuntimeError(f"{self!r} belongs to another event loop than the current one")
        return HTTPServerConnection(self)

    def _make_connection(self, address: tuple[str, int] | None) -> HTTPServerConnection:
        connection = HTTPServerConnection(self)
        connection.remote_address = address
        return connection

    # To be overridden

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Return who takes the request that begins on ``server_conn``; see the class.

        By itself that is who takes it on behalf of ``request_callback``.
        """
        callback = self._callback
        if isinstance(callback, HTTPServerConnectionDelegate):
            return callback.start_request(server_conn, request_conn)
        from waterspout.routing.delegates import CallableDelegate, RoutingDelegate

        return RoutingDelegate(partial(CallableDelegate, callback), server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """Take note that a connection has been closed; by itself, tell ``request_callback``."""
        if isinstance(self._callback, HTTPServerConnectionDelegate):
            self._callback.on_close(server_conn)

    # From the connections

    def on_open(self, connection: HTTPServerConnection) -> None:
        """Take note of a new connection."""
        self.connections.add(connection)
        if self._downstream is not None:
            connection.forwarding = self._downstream.forwarding(connection.remote_address)
        if self.observer is not None:
            self.tell(self.observer.on_connection_open, connection)
        if self._is_halted:
            connection.pause_reading()
        if self._sweep_timer is None:
            self._sweep_later()
        if self._drain is not None and self._drain.is_closing:
            connection.close_after_request(monotonic())
        elif self._is_closed:
            if self.observer is not None:
                self.tell(self.observer.on_connection_refused, connection)
            connection.close_when_idle()  # accepted before the end, and heard of after it

    def on_end(self, connection: HTTPServerConnection) -> None:
        """Take note of the end of a connection."""
        self.connections.discard(connection)
        if self.observer is not None:
            self.tell(self.observer.on_connection_close, connection)
        try:
            self.on_close(connection)
        except Exception:
            app_log.exception("on_close of %r failed", self._callback)
        if self.connections:
            return
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        for waiter in self._closed_waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._closed_waiters.clear()

    def halt(self) -> None:
        """Read nothing more from any connection, for the loop is about to be interrupted."""
        self._is_halted = True
        for connection in self.connections:
            connection.pause_reading()

    # For logs and metrics

    def on_refusal(self, refusal: "Refusal") -> None:
        """Tell who wants to know of a request that the server itself has answered."""
        if self.observer is not None:
            self.tell(self.observer.on_refusal, refusal)
        if self._log_refusal is not None:
            self.tell(self._log_refusal, refusal)

    def tell(self, call: Callable[[Any], None], subject: Any) -> None:
        """Call who wants to know of ``subject``; what it raises is logged."""
        try:
            call(subject)
        except Exception:
            app_log.exception("%r failed on %r", call, subject)

    # Deadlines

    def _sweep_later(self) -> None:
        self._sweep_timer = self._attach().call_later(_SWEEP_INTERVAL, self._on_sweep_timer)

    def _on_sweep_timer(self) -> None:
        self._sweep_later()
        self.sweep(monotonic())

    def sweep(self, now: float) -> None:
        """Cut off the connections whose deadline has passed; called once a second."""
        overdue = [found for found in self.connections if found.deadline <= now]
        for connection in overdue:
            try:
                connection.on_deadline(now)
            except Exception:
                app_log.exception("%r could not be ended", connection)
                connection.abort()

    def __repr__(self) -> str:
        names = [str(found.getsockname()) for found in self.sockets]
        return f"<HTTPServer {' '.join(names) or 'stopped'} connections={len(self.connections)}>"


def _adjusted(
    policy: Policy,
    *,
    no_keep_alive: bool,
    max_header_size: int | None,
    idle_timeout: float | None,
    body_timeout: float | None,
    max_body_size: int | None,
) -> Policy:
    """Return ``policy`` with single bounds replaced; ``ValueError`` for what is out of range."""
    check(policy)
    sizes = {"max_header_size": max_header_size, "max_body_size": max_body_size}
    limits = policy.limits._replace(
        **{name: size for name, size in sizes.items() if size is not None}
    )
    times = {"idle_timeout": idle_timeout, "body_timeout": body_timeout}
    adjusted = policy._replace(
        limits=limits,
        no_keep_alive=no_keep_alive or policy.no_keep_alive,
        **{name: value for name, value in times.items() if value is not None},  # type: ignore[arg-type]
    )
    return check(adjusted)


def _host(request_callback: Any) -> Any:
    """Return who takes exchanges: an application itself, or who knows how to call a delegate."""
    if hasattr(request_callback, "start_exchange"):
        return request_callback
    if isinstance(request_callback, HTTPServerConnectionDelegate):
        return Delivery(request_callback)
    if callable(request_callback):
        return _CallableHost(request_callback)
    raise TypeError(
        "a server needs an Application, an HTTPServerConnectionDelegate or a function of a"
        f" request, not {request_callback!r}"
    )


class _CallableHost:
    """Serves requests, when they are whole, through a function."""

    def __init__(self, callback: Callable[[HTTPServerRequest], Any]) -> None:
        self._callback = callback

    def start_exchange(self, exchange: Exchange) -> None:
        context = copy_context()
        try:
            request = from_exchange(exchange, exchange.head, exchange.body)
            rest = context.run(self._callback, request)
        except HTTPInputError as error:
            refuse(exchange, error)
            return
        if iscoroutine(rest):
            start_answering(exchange, rest, context)
