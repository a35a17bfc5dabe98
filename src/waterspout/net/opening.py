"""`Opening`: a connection of an event loop that is being made, and whose maker waits for it.

Theory of operation. Within a machine a socket is connected when it is asked a second time;
otherwise the loop tells when it is. Then the loop makes a transport of it. That is a coroutine,
`create_connection`, which takes one pass of the loop. uvloop crashes where it is left in between,
as a flow that is cancelled leaves what it awaits. So it is neither awaited by the flow nor run by a
Task, but stepped from here to its end, whoever waits for that; what nobody wants then is closed.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Generator
from typing import Any

from waterspout.net.gates import Gate, Gates
from waterspout.net.sockets import UNDER_WAY
from waterspout.net.transport import AsyncStream

__all__ = ["Opening"]


class Opening(Gate):
    """Connects ``made``, a socket that does not block; awaited by a driven flow, once.

    Belongs to the loop's thread. Begun by `begin`; whoever doesn't await it must `leave` it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, gates: Gates, made: socket.socket) -> None:
        super().__init__(gates)
        self._loop = loop
        self._made = made
        self._stream: AsyncStream = AsyncStream(loop, gates, made)
        self._making: Any = None  # the coroutine that makes the transport
        self._is_watched = False
        self._is_over = False
        self._is_left = False
        self._failure: BaseException | None = None

    def begin(self, sockaddr: Any) -> None:
        """Begin to connect."""
        state = self._made.connect_ex(sockaddr)
        if state in UNDER_WAY:
            state = self._made.connect_ex(sockaddr)
        if state in UNDER_WAY:
            self._is_watched = True
            self._loop.add_writer(self._made, self._on_writable)
        else:
            self._on_connected(state)

    def leave(self) -> None:
        """Close it, now or when it is there; any number of times."""
        if self._is_left:
            return
        self._is_left = True
        self.close_gate()
        if self._making is None:
            self._unwatch()
            self._stream.close_gate()
            self._made.close()
        elif not self._is_over:
            if self._loop.is_closed() and type(self._loop).__module__.startswith("uvloop"):
                # uvloop closes what it has open, also sockets that it was just given, when it is
                # closed. It is the descriptor of somebody else by now, or of nobody.
                self._made.detach()
        elif self._failure is None:
            self._stream.close()

    def __await__(self) -> Generator[Any, None, AsyncStream]:
        try:
            if not self._is_over:
                yield self
                self.fail()
            if self._failure is not None:
                raise self._failure
        except BaseException:
            self.leave()
            raise
        self.close_gate()
        return self._stream

    def _on_writable(self) -> None:
        self._unwatch()
        self._on_connected(self._made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _unwatch(self) -> None:
        if self._is_watched:
            self._is_watched = False
            if not self._loop.is_closed():
                self._loop.remove_writer(self._made)

    def _on_connected(self, state: int) -> None:
        if state not in (0, errno.EISCONN):
            self._end(OSError(state, os.strerror(state)))
            return
        # From here on the socket is the transport's to close.
        self._making = self._loop.create_connection(self._get_stream, sock=self._made)
        self._step(None)

    def _get_stream(self) -> AsyncStream:
        return self._stream

    def _step(self, _future: Any) -> None:
        try:
            awaited = self._making.send(None)
        except StopIteration:
            self._end(None)
        except BaseException as error:
            self._end(error)
            if not isinstance(error, Exception | asyncio.CancelledError):
                raise  # KeyboardInterrupt and SystemExit end the loop.
        else:
            if awaited is None:
                self._loop.call_soon(self._step, None)
                return
            # What a Task does: the mark says that it was awaited and not just yielded.
            awaited._asyncio_future_blocking = False
            awaited.add_done_callback(self._step)

    def _end(self, failure: BaseException | None) -> None:
        self._is_over = True
        self._failure = failure
        if failure is not None:
            # uvloop may not have told the stream of its connection, and doesn't of its end then.
            self._stream.close_gate()
        elif self._is_left:
            self._stream.close()
        self.open()

    def __repr__(self) -> str:
        return f"<Opening {self._made.fileno()} is_over={self._is_over}>"
