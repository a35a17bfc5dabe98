"""Server-sent events: a response that goes on, event by event (HTML Standard section 9.2).

A stream ends when its block does, when the client goes, or when the server drains: browsers come
back by themselves, and say with ``Last-Event-ID`` what they have got.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, nullcontext
from types import TracebackType
from typing import Any, NamedTuple

from waterspout.escape import json_encode
from waterspout.iostream import StreamClosedError

__all__ = ["Event", "EventStream", "last_event_id", "send_events"]

#: Seconds of silence after which a comment is sent: proxies give up after 60, some after 30.
KEEP_ALIVE = 15.0

_MAX_ID = 1024
_LINE_END = r"\r\n|\r|\n"
_COMMENT = b":\n\n"


class Event(NamedTuple):
    """One event: ``data`` is text, of any number of lines, or what becomes JSON.

    ``event`` is its type, ``message`` where it is None; ``id`` is what the client sends as
    ``Last-Event-ID`` when it comes back; ``retry`` is after how many milliseconds it does so.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def encode(self) -> bytes:
        """Return what goes on the wire; ``ValueError`` for what would become something else."""
        lines = []
        if self.event is not None:
            lines.append(f"event: {_one_line('event', self.event)}")
        if self.id is not None:
            if "\0" in self.id:
                raise ValueError("the id of an event must hold no NUL")
            lines.append(f"id: {_one_line('id', self.id)}")
        if self.retry is not None:
            if type(self.retry) is not int or self.retry < 0:
                raise ValueError(f"retry is a number of milliseconds, not {self.retry!r}")
            lines.append(f"retry: {self.retry}")
        if self.data is not None:
            text = self.data if isinstance(self.data, str) else json_encode(self.data)
            lines += [f"data: {line}" for line in re.split(_LINE_END, text)]
        if not lines:
            raise ValueError("an event needs data, or at least an id or a time to retry")
        return ("\n".join(lines) + "\n\n").encode("utf-8")


def _one_line(name: str, value: str) -> str:
    if re.search(_LINE_END, value):
        raise ValueError(f"the {name} of an event must be one line, not {value[:80]!r}")
    return value


def last_event_id(handler: Any) -> str | None:
    """Return the id of the last event that the client has got; None without one.

    It is whatever the client says: text of up to 1024 characters, else none.
    """
    value = handler.request.headers.get("Last-Event-ID")
    if not value or len(value) > _MAX_ID:
        return None
    try:
        return value.encode("latin-1").decode("utf-8")  # type: ignore[no-any-return]
    except UnicodeError:
        return None


class EventStream:
    """The stream of events that ``handler`` answers with; to be entered by ``async with``.

    The block is left at its next ``await`` when the client goes, or when the server drains; what
    comes behind it is run. A stream has no end but that, unless its handler has a
    ``request_timeout`` of its own. ``keep_alive`` is after how many seconds of silence a comment
    is sent, by which a client that is gone is noticed. One ``send`` at a time, in the task that
    entered.
    """

    def __init__(self, handler: Any, keep_alive: float = KEEP_ALIVE) -> None:
        if not keep_alive > 0:
            raise ValueError(f"keep_alive is a positive number of seconds, not {keep_alive!r}")
        self._handler = handler
        self._exchange = handler.request.connection
        self._keep_alive = keep_alive
        self._task: asyncio.Task[Any] | None = None
        self._cancelling = 0
        self._is_over = False
        self._is_cancelled = False
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "EventStream":
        handler = self._handler
        handler.set_header("Content-Type", "text/event-stream")
        # No cache, no compression that keeps events back, and nginx is not to gather them.
        handler.set_header("Cache-Control", "no-cache, no-transform")
        handler.set_header("X-Accel-Buffering", "no")
        exchange = self._exchange
        exchange.set_close_callback(self._on_client_gone)
        exchange.cancel_on_disconnect = False  # it is the block that is left
        if handler.request_timeout is ... and not exchange.has_own_timeout:
            exchange.set_request_timeout(None)
        handler.flush()
        # From here on the handler is a Task.
        await asyncio.sleep(0)
        self._task = asyncio.current_task()
        assert self._task is not None
        self._cancelling = self._task.cancelling()
        self._exchange.set_drain_callback(self._leave)
        if self._is_over:
            self._leave()
        else:
            self._wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._is_over = True
        self._exchange.set_drain_callback(None)
        if self._timer is not None:
            self._timer.cancel()
        if self._is_cancelled:
            assert self._task is not None
            if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
                return True
        return kind is StreamClosedError and self._exchange.is_lost

    async def send(
        self,
        data: Any = None,
        event: str | None = None,
        id: str | None = None,
        retry: int | None = None,
    ) -> None:
        """Send an event, and wait until the client keeps up; see ``Event``."""
        await self.send_event(Event(data, event, id, retry))

    async def send_event(self, event: Event) -> None:
        """Send an event, and wait until the client keeps up."""
        self._handler.write(event.encode())
        sent = self._handler.flush()
        self._wait()
        await sent

    def _wait(self) -> None:
        """Set the time for the next comment."""
        if self._timer is not None:
            self._timer.cancel()
        loop = self._exchange.loop
        self._timer = loop.call_later(self._keep_alive, self._on_silence)

    def _on_silence(self) -> None:
        if self._is_over:
            return
        # A client that does not keep up has something to read, and its own deadline.
        if self._exchange.drain().done():
            self._handler.write(_COMMENT)
            self._handler.flush()
        self._wait()

    def _on_client_gone(self) -> None:
        self._leave()
        self._handler.on_connection_close()

    def _leave(self) -> None:
        """Have the block left."""
        if self._is_over and self._task is None:
            return
        self._is_over = True
        if self._task is not None and not self._is_cancelled:
            self._is_cancelled = True
            self._task.cancel()


async def send_events(handler: Any, events: AsyncIterator[Any], keep_alive: float) -> None:
    """Send events as they come; see ``RequestHandler.send_events``."""
    closing: Any = aclosing(events) if hasattr(events, "aclose") else nullcontext()
    async with EventStream(handler, keep_alive) as stream, closing:
        async for event in events:
            await stream.send_event(event if isinstance(event, Event) else Event(event))
