"""`BaseIOStream`: a stream of bytes, wherever they come from."""

from waterspout.iostream.core import StreamCore

__all__ = ["BaseIOStream"]


class BaseIOStream(StreamCore):
    """A stream of bytes without blocking; see `IOStream` for one on a socket.

    One read at a time: a second one raises ``AssertionError``. A read or a write on a stream that
    is closed raises ``StreamClosedError``, at the call or from its future; what has been read
    before can still be had. A read whose future is cancelled is over, and takes no bytes with it.
    Where the other side is as fast as the program, a read or a write is now and then done a turn of
    the loop later, so that others have theirs.

    ``max_buffer_size`` bounds what is kept for reads (100 MiB if None): one that would need more
    closes the stream with ``StreamBufferFullError``. ``max_write_buffer_size`` bounds what is
    unsent (no bound if None); ``read_chunk_size`` is what is read at a time, where it is not known
    how much a read wants. All are in bytes.

    Belongs to the event loop that is current when it is made, and to its thread.
    """

    # Here, for the one of a compiled class doesn't tell what it takes.
    def __init__(
        self,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        max_write_buffer_size: int | None = None,
    ) -> None:
        super().__init__(max_buffer_size, read_chunk_size, max_write_buffer_size)
