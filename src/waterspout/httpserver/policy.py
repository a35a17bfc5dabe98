"""What a server allows its clients: sizes, times and the reuse of connections."""

from typing import NamedTuple

from waterspout.protocol.http1 import Limits

__all__ = ["Policy"]


class Policy(NamedTuple):
    """The bounds of one server; times are in seconds, sizes in bytes. It never changes.

    All bounds are on by default. A client is cut off when it takes longer than ``header_timeout``
    for a request's head, sends a body at less than ``min_body_rate`` bytes a second on the
    average after a grace of ``body_grace``, lets an idle connection lie for longer than
    ``idle_timeout``, or reads nothing for ``write_timeout`` of what fills the write buffer or is
    the last it gets. ``body_timeout``, where it is not None, bounds a whole body.
    """

    limits: Limits = Limits()
    header_timeout: float = 20.0
    idle_timeout: float = 75.0
    body_grace: float = 10.0
    min_body_rate: float = 512.0
    body_timeout: float | None = None
    write_timeout: float = 60.0
    #: Chunks of one body that are parsed in a second; a client that sends more is slowed down.
    max_chunk_rate: float = 200_000.0
    #: How long a refused client may go on sending so that it gets to read the answer.
    linger_timeout: float = 5.0
    #: Unsent bytes of responses above which ``flush`` waits.
    write_buffer_size: int = 64 * 1024
    #: How long a new connection is kept in a drain, for a first request that may be on its way.
    first_request_timeout: float = 2.0
    #: How long a drain waits for the next request of a client, from its latest response on: one
    #: that asks again and again has it on its way already.
    next_request_timeout: float = 0.5
    no_keep_alive: bool = False
