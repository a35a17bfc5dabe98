"""`Connection`: a stream to a server, and the engine that speaks HTTP on it."""

import math
from collections.abc import Awaitable

from waterspout.httpclient.hop import Key
from waterspout.net import Stream
from waterspout.net.blocking import BlockingStream
from waterspout.protocol.http1.client import ClientConnection

__all__ = ["Connection"]


class Connection:
    """Used by one fetch at a time, or idle in the pool; who has it may touch it.

    ``idle_timeout`` is how long it may be idle, in seconds.
    """

    def __init__(
        self, key: Key, stream: Stream, engine: ClientConnection, idle_timeout: float = math.inf
    ) -> None:
        self.key = key
        self.stream = stream
        # The same where its kind is known, so that compiled code calls it without looking around.
        self._blocking = stream if type(stream) is BlockingStream else None
        self.engine = engine
        self.uses = 0  #: exchanges that are over
        self.idle_since = 0.0
        self.released = 0  #: which release of its pool left it idle, the oldest first
        self.idle_timeout = idle_timeout

    def is_usable(self, now: float, is_repeatable: bool) -> bool:
        """Whether a request may be sent, after the connection was idle.

        It must not be if the server has ended the connection, or has said anything: nothing was
        asked, so it would be taken for the next response. For a request that can't be repeated the
        system is asked in any case.
        """
        idle = now - self.idle_since
        if idle > self.idle_timeout:
            return False
        if self._blocking is not None:
            return self._blocking.is_quiet(not is_repeatable or idle > self._blocking.ask_after)
        return self.stream.is_quiet(not is_repeatable or idle > self.stream.ask_after)

    def read(self, deadline: float) -> bytes | Awaitable[bytes]:
        """Read from the stream; see there."""
        if self._blocking is not None:
            return self._blocking.read(deadline)
        return self.stream.read(deadline)

    def write(self, data: bytes, deadline: float) -> Awaitable[None] | None:
        """Write to the stream; see there."""
        if self._blocking is not None:
            self._blocking.write(data, deadline)
            return None
        return self.stream.write(data, deadline)

    def close(self) -> None:
        """Close the stream; any number of times."""
        self.stream.close()

    def __repr__(self) -> str:
        host, port = self.key.origin
        return f"<Connection {host}:{port} uses={self.uses} {self.engine!r}>"
