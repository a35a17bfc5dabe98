"""Accepts connections from sockets that listen, and waits where the system can give no more."""

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
    return Accepting(IOLoop.current().asyncio_loop, sock, callback).end


class Accepting:
    """Accepts from ``listener`` until ``end``; see `add_accept_handler`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        callback: Callable[[socket.socket, Any], object],
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._callback = callback
        self._pause: asyncio.TimerHandle | None = None
        self._is_ended = False
        listener.setblocking(False)
        loop.add_reader(listener, self._accept)

    def end(self) -> None:
        """Accept nothing more. May be called again."""
        if self._is_ended:
            return
        self._is_ended = True
        if self._pause is not None:
            self._pause.cancel()
        else:
            self._loop.remove_reader(self._listener)

    def _accept(self) -> None:
        for _ in range(_MAX_ACCEPTS_PER_TURN):
            if self._is_ended:
                return
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _CONNECTION_ERRORS:
                    continue
                self._wait(error)
                return
            try:
                self._callback(connection, address)
            except Exception:
                connection.close()
                app_log.exception("%r failed on a connection from %s", self._callback, address)

    def _wait(self, error: OSError) -> None:
        """Leave new connections to the kernel's queue for a while."""
        app_log.error(
            "cannot accept connections on %s: %s; trying again in %g s",
            self._listener.getsockname(),
            error.strerror,
            _PAUSE,
        )
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(_PAUSE, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._accept)

    def __repr__(self) -> str:
        state = "ended" if self._is_ended else "waiting" if self._pause else "accepting"
        return f"<Accepting {state} from {self._listener!r}>"
