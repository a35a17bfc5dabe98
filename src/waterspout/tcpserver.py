"""`TCPServer`: accepts connections, in TLS or not, and hands each to the program as a stream."""

import asyncio
import contextvars
import socket
import ssl
from collections.abc import Awaitable, Iterable, Sequence
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any

from waterspout.ioloop import IOLoop, start_eagerly
from waterspout.iostream import StreamClosedError
from waterspout.log import app_log, gen_log
from waterspout.netutil import bind_sockets
from waterspout.netutil.accepting import Accepting
from waterspout.process.memory import keep_freed_memory

# A server of HTTP is one of these too, and does without streams.
if TYPE_CHECKING:
    from waterspout.iostream import IOStream

__all__ = ["TCPServer"]


class TCPServer:
    r"""Serves a protocol of the program's: a subclass says how, in `handle_stream`.

        class EchoServer(TCPServer):
            async def handle_stream(self, stream, address):
                while True:
                    await stream.write(await stream.read_until(b"\n", max_bytes=1000))

        EchoServer().listen(8888)

    ``ssl_options``, a context or a dictionary as ``netutil.ssl_options_to_context`` takes it, makes
    it one of TLS; what is wrong with it is raised here. ``max_buffer_size`` and ``read_chunk_size``
    are the streams'.

    There are three ways to begin: `listen`; `bind` and `start`, in several processes if wanted; and
    `add_sockets`, with sockets from ``netutil.bind_sockets``. A server belongs to the event loop
    that is current then, and to its thread.
    """

    # A subclass need not come by here to begin.
    _bound: Sequence[socket.socket] = ()
    _acceptings: Sequence[Accepting] = ()  # one for each event loop

    def __init__(
        self,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
    ) -> None:
        # Not at the first connection: there may be no descriptor left to read a module with.
        from waterspout.iostream.tls import SSLIOStream  # noqa: F401
        from waterspout.netutil import ssl_options_to_context

        self.ssl_options = ssl_options
        self.max_buffer_size = max_buffer_size
        self.read_chunk_size = read_chunk_size
        self._context = (
            None if ssl_options is None else ssl_options_to_context(ssl_options, server_side=True)
        )
        # What handles streams; kept here, for a loop has only weak references to its tasks.
        self._handling: set[asyncio.Future[Any]] = set()

    def handle_stream(self, stream: "IOStream", address: Any) -> Awaitable[None] | None:
        """Serve the client at the other end of ``stream``; to be overridden, maybe ``async``.

        ``address`` is what ``socket.accept`` tells of it. ``stream`` is an ``SSLIOStream`` where
        the server is one of TLS, whose handshake may still go on: reads and writes wait for it.
        What is raised here is logged, and the stream closed; to read or write where the client has
        gone, by which most protocols end, is no error. Where nothing is raised the stream is the
        program's to close.
        """
        raise NotImplementedError(f"{type(self).__name__} must define handle_stream()")

    # Begin

    def listen(
        self,
        port: int,
        address: str | None = None,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        backlog: int = 1024,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Listen on ``port`` of ``address`` (None: all interfaces), before or while the loop runs.

        The arguments are those of ``netutil.bind_sockets``. Raises ``OSError`` that names address
        and port where they cannot be had.
        """
        self.add_sockets(bind_sockets(port, address, family, backlog, flags, reuse_port))

    def bind(
        self,
        port: int,
        address: str | None = None,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        backlog: int = 1024,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Have `start` listen on ``port`` of ``address``, as `listen` does; several if wanted.

        Connections wait until then. Raises ``OSError`` as `listen`.
        """
        more = bind_sockets(port, address, family, backlog, flags, reuse_port)
        self._bound = [*self._bound, *more]

    def start(self, num_processes: int | None = 1, max_restarts: int | None = None) -> None:
        """Listen on what `bind` has been told, in this process or in so many that are forked.

        Of more than one, or with None or 0 one for each processor, each returns from here, and
        the parent does not: see ``process.fork_processes``. No event loop may have been made.
        """
        if num_processes != 1:
            from waterspout.process import fork_processes

            fork_processes(num_processes, max_restarts)
        bound, self._bound = self._bound, ()
        self.add_sockets(bound)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections on sockets that listen already; the server closes them."""
        for listener in sockets:
            self.add_socket(listener)

    def add_socket(self, socket: socket.socket) -> None:
        """Accept connections on one socket that listens already."""
        loop = self._attach()
        for accepting in self._acceptings:
            if accepting.loop is loop:
                break
        else:
            accepting = Accepting(loop, self._on_connection)
            self._acceptings = [*self._acceptings, accepting]
        accepting.add(socket)

    def _attach(self) -> asyncio.AbstractEventLoop:
        """Return the event loop that is to tell of connections: the current one."""
        keep_freed_memory()
        return IOLoop.current().asyncio_loop

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that are listened on."""
        return [listener for accepting in self._acceptings for listener in accepting.sockets]

    # End

    def stop(self) -> None:
        """Accept no more connections; those that are open stay. May be called again."""
        listeners = [*self._bound, *self.sockets]
        for accepting in self._acceptings:
            accepting.end()
        self._bound = self._acceptings = ()
        for listener in listeners:
            listener.close()

    # Connections

    def _on_connection(self, connection: socket.socket, address: Any) -> None:
        from waterspout.iostream import IOStream, SSLIOStream
        from waterspout.iostream.tls import wrap

        connection.setblocking(False)
        options = {
            "max_buffer_size": self.max_buffer_size,
            "read_chunk_size": self.read_chunk_size,
        }
        if self._context is None:
            stream = IOStream(connection, **options)
        else:
            try:
                secret = wrap(connection, self._context, True, None)
            except OSError as error:
                gen_log.debug("a connection from %s came to nothing: %s", address, error)
                connection.close()
                return
            stream = SSLIOStream(secret, **options)
        try:
            rest = self.handle_stream(stream, address)
            if iscoroutine(rest):
                loop = asyncio.get_running_loop()
                rest = start_eagerly(rest, loop, contextvars.copy_context())
        except Exception as error:
            self._fail(stream, address, error)
            return
        if isawaitable(rest):
            future = asyncio.ensure_future(rest)
            self._handling.add(future)
            future.add_done_callback(lambda future: self._on_handled(stream, address, future))

    def _on_handled(self, stream: "IOStream", address: Any, future: "asyncio.Future[Any]") -> None:
        self._handling.discard(future)
        if future.cancelled():
            stream.close()
        elif (error := future.exception()) is not None:
            self._fail(stream, address, error)

    def _fail(self, stream: "IOStream", address: Any, error: BaseException) -> None:
        if stream.closed() and (isinstance(error, StreamClosedError) or error is stream.error):
            gen_log.debug("the connection from %s is closed", address)
        else:
            app_log.error("handle_stream failed, connection from %s", address, exc_info=error)
        stream.close(exc_info=error)

    def __repr__(self) -> str:
        names = " ".join(str(listener.getsockname()) for listener in self.sockets)
        return f"<{type(self).__name__} {names or 'stopped'} handling={len(self._handling)}>"
