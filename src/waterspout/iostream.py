"""Streams of bytes: for now the error that a closed one raises."""

__all__ = ["StreamClosedError"]


class StreamClosedError(OSError):
    """The connection is closed; ``real_error`` tells why, where something went wrong."""

    def __init__(self, real_error: BaseException | None = None) -> None:
        super().__init__("Stream is closed")
        self.real_error = real_error
