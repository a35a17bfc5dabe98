"""`PipeIOStream`: a stream on one end of a pipe."""

import os
from typing import Any

from waterspout.iostream.base import BaseIOStream

__all__ = ["PipeIOStream"]


class PipeIOStream(BaseIOStream):
    """A stream on the file descriptor ``fd``, which it makes non-blocking and closes in the end.

    That is one end of a pipe, a fifo or a terminal: what is read from cannot be written to. The
    other arguments are those of ``BaseIOStream``. Where the other end is closed, a read raises
    ``StreamClosedError``, and a write does with a ``BrokenPipeError`` for its ``real_error``.

    Raises ``OSError`` for what is no open file descriptor; a file on a disk cannot be waited for.
    """

    def __init__(self, fd: int, *args: Any, **kwargs: Any) -> None:
        os.set_blocking(fd, False)
        super().__init__(*args, **kwargs)
        self._fd = fd

    def fileno(self) -> int:
        """Return the file descriptor; -1 once the stream is closed."""
        return self._fd

    def close_fd(self) -> None:
        """Close the file descriptor."""
        fd, self._fd = self._fd, -1
        os.close(fd)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read into ``buf`` and return how many bytes came: 0 at the end, None for not yet."""
        try:
            return os.readv(self._fd, [buf])
        except BlockingIOError:
            return None

    def write_to_fd(self, data: memoryview) -> int:
        """Write what can be written now and return how many bytes that were."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
