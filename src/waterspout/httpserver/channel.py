"""One client's transport: what is read from it and when, what it has still to read, how it ends.

It knows neither requests nor HTTP. Who reads and writes here is a subclass.

Time limits cost no timers. A channel has one ``deadline``, which moves with what it waits for, and
the server compares all of them with the clock once a second.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from waterspout.httpserver.policy import Policy
from waterspout.httpserver.unsent import Unsent

if TYPE_CHECKING:
    from waterspout.httpserver.filesending import FileSending, SentFile

__all__ = ["NEVER", "Channel"]

NEVER = float("inf")

# What a client that is let go may send before it is cut off: this, or what a body may hold.
_MIN_LINGER_SIZE = 16 * 1024 * 1024


class Channel:
    """The bytes to and from one client; all of it happens in the thread of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, policy: Policy) -> None:
        #: The event loop; to ask asyncio for it costs a system call in Python 3.11.
        self.loop = loop
        self._policy = policy
        self._transport: Any = None
        self._write: Any = None
        self._unsent: Any = None  # what the client has not read yet
        #: When the client has been waited for long enough, on the clock of ``time.monotonic``.
        self.deadline = NEVER
        self.is_lost = False
        self.is_encrypted = False
        #: The client's: that of its socket, unless somebody has told another one before the begin.
        self.remote_address: Any = None
        #: What a proxy may say of the client (``forwarded.Forwarding``), or None.
        self.forwarding: Any = None
        self._is_reading_paused = False
        self._has_eof = False
        self._is_write_paused = False
        self._is_lingering = False  # the end has begun: what the client still sends is dropped
        self._linger_size = 0
        self._is_closing = False  # nothing but unsent bytes keep it open
        self._has_waited = False  # for a reader that is let go, as long as for every reader

    def _attach(self, transport: Any) -> None:
        """Begin: the client has connected, and TLS is up where it is used."""
        self._transport = transport
        self._write = transport.write
        transport.set_write_buffer_limits(self._policy.write_buffer_size)
        if self.remote_address is None:
            self.remote_address = transport.get_extra_info("peername") or None
        self.is_encrypted = transport.get_extra_info("sslcontext") is not None
        self._unsent = Unsent(transport, self.is_encrypted)

    # Reading

    def pause_reading(self) -> None:
        """Read nothing more for now."""
        self._pause_reading()

    def _pause_reading(self) -> None:
        if not self._is_reading_paused and not self._has_eof:
            self._is_reading_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._is_reading_paused:
            self._is_reading_paused = False
            self._transport.resume_reading()

    # Writing

    def pause_writing(self) -> None:
        """Take note that the client reads more slowly than is written."""
        self._is_write_paused = True
        self._wait_for_reader(monotonic())

    def resume_writing(self) -> None:
        """Take note that the client has caught up."""
        file: FileSending | None = self._unsent.file
        if file is not None:
            file.begin()
            return
        self._is_write_paused = False
        self._unsent.release()
        if not self._is_lingering:
            self._on_caught_up()

    def _on_caught_up(self) -> None:
        """Set the next deadline, for the client has read what it has to."""

    def _can_send_files(self) -> bool:
        from waterspout.httpserver.filesending import can_send_files  # some programs have none

        return can_send_files(self._transport)

    def _send_file(
        self, file: "SentFile", offset: int, count: int, on_sent: Callable[[int], object]
    ) -> "asyncio.Future[int]":
        """Send a part of a file, past the transport; see ``FileSending``.

        It begins when all that was written is with the kernel. Till its end this is a client that
        is waited for.
        """
        from waterspout.httpserver.filesending import FileSending

        transport = self._transport
        sending = self._unsent.file = FileSending(
            self.loop, transport, file, offset, count, on_sent, self._on_file_end
        )
        transport.set_write_buffer_limits(0)
        if not transport.get_write_buffer_size():
            self.pause_writing()
            sending.begin()
        return sending.future

    def _on_file_end(self) -> None:
        """Take note that nothing more of a file will be sent."""
        sending: FileSending = self._unsent.file
        self._unsent.file = None
        self._transport.set_write_buffer_limits(self._policy.write_buffer_size)
        if sending.has_begun:
            self.resume_writing()

    def drain(self, is_complete: bool) -> "asyncio.Future[None]":
        """Return a future that is done when the client has caught up, maybe with all of it."""
        raise NotImplementedError

    def on_response_complete(self, now: float) -> None:
        """Take note, from who answers, that all has been written; ``now`` as for ``deadline``."""

    # Leaving

    def switch(self, head: bytes) -> None:
        """Send what nothing of HTTP follows; ``detach`` comes next, within the idle timeout."""
        # uvloop keeps what it is given until the end of the turn, but for what is beyond a limit.
        self._transport.set_write_buffer_limits(0)
        self._write(head)
        self.loop.call_soon(self._wait_for_detach)

    def _wait_for_detach(self) -> None:
        if not self.is_lost:
            self.deadline = monotonic() + self._policy.idle_timeout

    def _detach(self) -> Any:
        """Return the transport, which somebody else reads from now on; nothing is left here."""
        self._pause_reading()
        self._is_reading_paused = True
        self._is_write_paused = False
        transport = self._transport
        self._transport = self._write = None
        return transport

    # The client

    def get_ssl_certificate(self, binary_form: bool) -> Any:
        """Return the certificate that the client has shown; None without one, or without TLS."""
        tls = self._transport.get_extra_info("ssl_object")
        return None if tls is None else tls.getpeercert(binary_form) or None

    # The end

    def abort(self) -> None:
        """Close now, whatever is under way."""
        self._transport.abort()

    def _close(self) -> None:
        """Close when what is unsent has been sent, as long as the client goes on reading.

        Over TLS it has to say goodbye then, for which it may linger.
        """
        self._is_lingering = self._is_closing = True
        self._has_waited = False
        self._wait_for_reader(monotonic())
        if self.is_encrypted:
            self.deadline = monotonic() + self._policy.linger_timeout
        self._transport.close()

    def _linger(self) -> None:
        """Close so that the client gets to read the answer, where it may have sent more.

        To close while bytes from the client wait unread would reset the connection and may take
        the answer with it (RFC 9112 section 9.6). So the sending side is closed first, and what
        comes is thrown away until the client closes too.
        """
        if self._has_eof:
            self._close()
            return
        transport = self._transport
        self._is_lingering = True
        self._unsent.look()
        self.deadline = monotonic() + self._policy.linger_timeout
        if transport.can_write_eof():
            try:
                transport.write_eof()
            except OSError:  # the client has gone
                transport.abort()
                return
        self._resume_reading()

    def _discard(self, data: bytes) -> None:
        """Throw away what comes after the end has begun."""
        self._linger_size += len(data)
        if self._linger_size > max(_MIN_LINGER_SIZE, self._policy.limits.max_body_size):
            self._transport.abort()

    def _wait_for_reader(self, now: float) -> None:
        """Set the deadline for a client that has to read what is unsent, or some of it."""
        self._unsent.look()
        self.deadline = now + self._policy.write_timeout

    def _on_reader_overdue(self, now: float) -> None:
        """Go on waiting for a slow reader as long as it has read something since; else end it."""
        policy = self._policy
        is_leaving = self._is_closing and self.is_encrypted
        if self._unsent.has_moved():
            # What is out of sight may have been the last of it, and only the goodbye is missing.
            is_over = is_leaving and self._unsent.is_sent()
            self.deadline = now + (policy.linger_timeout if is_over else policy.write_timeout)
            self._has_waited = not is_over
        elif is_leaving and not self._has_waited and not self._unsent.is_sent():
            self._has_waited = True
            self.deadline = now + max(policy.write_timeout - policy.linger_timeout, 0.0)
        elif self._is_closing or self._unsent.size():
            self._transport.abort()
        else:
            self._close()
