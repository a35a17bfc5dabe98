"""What a connection allows its peer."""

from waterspout.iostream import BaseIOStream
from waterspout.protocol.http1 import Limits

__all__ = ["HTTP1ConnectionParameters", "limits_of"]


class HTTP1ConnectionParameters:
    """The bounds of a connection; times are in seconds, sizes in bytes.

    ``header_timeout`` bounds the wait for a whole head, from the end of the message before it;
    ``body_timeout`` what of a body is spent waiting for the peer; None is no bound.
    ``max_header_size`` is that of all fields of a head together (64 KiB if None),
    ``max_body_size`` that of a body, also of a decoded one (``stream.max_buffer_size`` if None).
    ``chunk_size`` is the most that is read, and handed on, at a time (64 KiB if None).
    ``decompress`` undoes ``gzip`` and ``deflate``. ``no_keep_alive`` closes after one exchange.
    """

    def __init__(
        self,
        no_keep_alive: bool = False,
        chunk_size: int | None = None,
        max_header_size: int | None = None,
        header_timeout: float | None = None,
        max_body_size: int | None = None,
        body_timeout: float | None = None,
        decompress: bool = False,
    ) -> None:
        self.no_keep_alive = no_keep_alive
        self.chunk_size = chunk_size or 64 * 1024
        self.max_header_size = max_header_size or 64 * 1024
        self.header_timeout = header_timeout
        self.max_body_size = max_body_size
        self.body_timeout = body_timeout
        self.decompress = decompress

    def __repr__(self) -> str:
        return f"<HTTP1ConnectionParameters {vars(self)}>"


def limits_of(params: HTTP1ConnectionParameters, stream: BaseIOStream) -> Limits:
    """Return the engine's limits for a connection on ``stream``."""
    size = params.max_body_size
    return Limits(
        max_header_size=params.max_header_size,
        max_body_size=stream.max_buffer_size if size is None else size,
    )
