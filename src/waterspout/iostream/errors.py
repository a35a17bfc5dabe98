"""What goes wrong with a stream: it is closed, too much waits in it, or a read cannot be met."""

__all__ = ["StreamBufferFullError", "StreamClosedError", "UnsatisfiableReadError"]


class StreamClosedError(OSError):
    """The connection is closed; ``real_error`` tells why, where something went wrong."""

    def __init__(self, real_error: BaseException | None = None) -> None:
        super().__init__("Stream is closed")
        self.real_error = real_error


class UnsatisfiableReadError(Exception):
    """What a read waits for did not come within its ``max_bytes``.

    Seen as the ``real_error`` of the ``StreamClosedError`` that the read fails with.
    """


class StreamBufferFullError(Exception):
    """More bytes would have to be kept than ``max_buffer_size`` or ``max_write_buffer_size``."""
