"""Accepts connections from listening sockets, and waits where the system can give no more.

The event loops' own servers are not used for it. When a process has no descriptor left asyncio's
reports every attempt, a thousand in a turn, and each one begins another series of attempts;
uvloop's closes the connections that wait, without a word to anybody. Here those who wait go on
waiting in the kernel's queue, for a second, and the log says so once. The price is about 10 us of
each new connection on uvloop, and nothing of a request.

Knows nothing of HTTP: a connection is whatever ``open_connection`` makes of a socket.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from waterspout.log import app_log, gen_log

__all__ = ["Acceptor"]

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


class Acceptor:
    """Accepts from sockets that listen already, which it owns, until ``close``.

    ``open_connection`` is given each new socket, non-blocking, and returns a coroutine that makes
    it a connection of ``loop``; its ``OSError`` is the client's affair (a handshake that failed).
    It runs in a task that is in ``opening`` meanwhile.
    Belongs to the thread of the loop.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        open_connection: Callable[[socket.socket], Coroutine[Any, Any, object]],
        opening: set[asyncio.Task[object]] | None = None,
    ) -> None:
        self._loop = loop
        self._open_connection = open_connection
        #: The sockets that are listened on.
        self.sockets: list[socket.socket] = []
        self._pause: asyncio.TimerHandle | None = None
        # Kept here, for a loop has only weak references to its tasks.
        self._opening = set() if opening is None else opening

    def add(self, listener: socket.socket) -> None:
        """Accept connections from ``listener`` too."""
        listener.setblocking(False)
        self.sockets.append(listener)
        if self._pause is None:
            self._loop.add_reader(listener, self._accept, listener)

    def close(self) -> None:
        """Accept nothing more; the sockets are closed."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        for listener in self.sockets:
            self._loop.remove_reader(listener)
            listener.close()
        self.sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_MAX_ACCEPTS_PER_TURN):
            try:
                accepted, _address = listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _CONNECTION_ERRORS:
                    continue
                self._wait(listener, error)
                return
            accepted.setblocking(False)
            task = self._loop.create_task(self._open(accepted))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            await self._open_connection(accepted)
        except BaseException as error:
            accepted.close()
            if isinstance(error, OSError):
                gen_log.debug("a connection came to nothing: %s", error)
            elif isinstance(error, Exception):
                app_log.exception("a connection could not be opened")
            else:
                raise

    def _wait(self, listener: socket.socket, error: OSError) -> None:
        """Leave new connections to the kernel's queue for a while."""
        app_log.error(
            "cannot accept connections on %s: %s; trying again in %g s",
            listener.getsockname(),
            error.strerror,
            _PAUSE,
        )
        for found in self.sockets:
            self._loop.remove_reader(found)
        self._pause = self._loop.call_later(_PAUSE, self._resume)

    def _resume(self) -> None:
        self._pause = None
        for listener in self.sockets:
            self._loop.add_reader(listener, self._accept, listener)

    def __repr__(self) -> str:
        state = "accepting" if self._pause is None else "waiting"
        return f"<Acceptor {state} sockets={len(self.sockets)} opening={len(self._opening)}>"
