"""Accepts connections from sockets that listen, and waits where the system can give no more.

The event loops' own servers are not used for it. When a process has no descriptor left asyncio's
reports every attempt, a thousand in a turn, and each one begins another series of attempts;
uvloop's closes the connections that wait, without a word to anybody. Here those who wait go on
waiting in the kernel's queue, for a second, and the log says so once. The price is about 10 us of
each new connection on uvloop.

Knows nothing of what comes over a connection.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Any

from waterspout.ioloop import IOLoop
from waterspout.log import app_log

__all__ = ["Accepting", "add_accept_handler"]

# How long nothing is accepted after the system has refused to, in seconds.
_PAUSE = 1.0
# Connections that one socket gives in a turn of the loop: other workers want some too.
_MAX_ACCEPTS_PER_TURN = 16
# What went wrong with one connection before it was accepted (accept(2), "Error handling").
_CONNECTION_ERRORS = frozenset(
    {
        errno.ECONNABORTED,
        errno.EPROTO,
        errno.ENOPROTOOPT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.EOPNOTSUPP,
        errno.EPERM,  # a firewall's rule
        getattr(errno, "ENONET", errno.ENETDOWN),
    }
)


def add_accept_handler(
    sock: socket.socket, callback: Callable[[socket.socket, Any], object]
) -> Callable[[], None]:
    """Have ``callback(connection, address)`` called for each connection that ``sock`` accepts.

    ``sock`` listens already. Returns a function that ends it, without closing ``sock``. What
    ``callback`` raises is logged; the connection is closed then. Where the process has no more
    descriptors nothing is accepted for a second, and the log says so. Belongs to the current event
    loop and its thread.
    """
    accepting = Accepting(IOLoop.current().asyncio_loop, callback)
    accepting.add(sock)
    return accepting.end


class Accepting:
    """Accepts from all of its sockets until ``end``, and has one pause for all of them.

    What ``callback(connection, address)`` raises is logged, and the connection closed. Belongs to
    the thread of ``loop``.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, callback: Callable[[socket.socket, Any], object]
    ) -> None:
        #: The event loop that tells of connections.
        self.loop = loop
        #: The sockets that are listened on.
        self.sockets: list[socket.socket] = []
        self._callback = callback
        self._pause: asyncio.TimerHandle | None = None

    def add(self, listener: socket.socket) -> None:
        """Accept from one more socket, which listens already."""
        listener.setblocking(False)
        self.sockets.append(listener)
        if self._pause is None:
            self.loop.add_reader(listener, self._accept, listener)

    def end(self) -> None:
        """Accept nothing more, and let go of the sockets, which stay open. May be called again."""
        listeners, self.sockets = self.sockets, []
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        elif not self.loop.is_closed():
            for listener in listeners:
                self.loop.remove_reader(listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_MAX_ACCEPTS_PER_TURN):
            # The callback may have ended it; another socket, ready in the same turn, paused it.
            if self._pause is not None or not self.sockets:
                return
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _CONNECTION_ERRORS:
                    continue
                self._wait(listener, error)
                return
            try:
                self._callback(connection, address)
            except Exception:
                connection.close()
                app_log.exception("%r failed on a connection from %s", self._callback, address)

    def _wait(self, listener: socket.socket, error: OSError) -> None:
        """Leave new connections to the kernel's queue for a while."""
        app_log.error(
            "cannot accept connections on %s: %s; trying again in %g s",
            listener.getsockname(),
            error.strerror,
            _PAUSE,
        )
        for found in self.sockets:
            self.loop.remove_reader(found)
        self._pause = self.loop.call_later(_PAUSE, self._resume)

    def _resume(self) -> None:
        self._pause = None
        for listener in self.sockets:
            self.loop.add_reader(listener, self._accept, listener)

    def __repr__(self) -> str:
        state = "ended" if not self.sockets else "waiting" if self._pause else "accepting"
        return f"<Accepting {state} sockets={len(self.sockets)}>"
