"""`Progress`: how far one request and its response have come, for a ``progress_callback``."""

from collections.abc import Callable
from typing import Any, NamedTuple

from waterspout.net import CallbackError

__all__ = ["Meter", "Progress"]


class Progress(NamedTuple):
    """Bytes of the two bodies, as they are on the wire: compressed ones count as such."""

    sent: int
    to_send: int | None  #: all that is to be sent, None where that is not known
    received: int
    to_receive: int | None  #: the same for the response; None before its head


class Meter:
    """Counts for one exchange, and tells the callback; what that raises is a `CallbackError`."""

    def __init__(self, callback: Callable[[Progress], Any], length: int) -> None:
        self._callback = callback
        self._now = Progress(0, None if length < 0 else length, 0, None)

    def on_sent(self, size: int) -> None:
        """Count what was sent."""
        self._tell(self._now._replace(sent=self._now.sent + size))

    def on_head(self, length: int) -> None:
        """Take the length of the response's body, -1 where it is not known."""
        self._now = self._now._replace(to_receive=None if length < 0 else length)

    def on_received(self, size: int) -> None:
        """Count what has come."""
        self._tell(self._now._replace(received=self._now.received + size))

    def _tell(self, now: Progress) -> None:
        self._now = now
        try:
            self._callback(now)
        except Exception as error:
            raise CallbackError from error
