"""The server's side of an HTTP/1 connection: requests in, responses out."""

from waterspout.protocol.errors import LocalProtocolError
from waterspout.protocol.http1.connection import Connection, Event
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import RequestHead, Signal
from waterspout.protocol.http1.parser import RequestParser
from waterspout.protocol.http1.states import (
    CHUNK_SIZE,
    CHUNKED,
    COMPLETE,
    END,
    EOF,
    HEAD,
    INTERIM,
    LENGTH,
    LENGTH_BODY,
    NO_BODY,
    SWITCH,
    UNTIL_CLOSE,
    State,
)
from waterspout.protocol.http1.writer import content_length_field, status_line

__all__ = ["ServerConnection"]

NEED_DATA = Signal.NEED_DATA
CLOSED = Signal.CLOSED


class ServerConnection(Connection):
    """Reads requests and writes responses, one exchange after the other.

    ``next_event`` gives a ``RequestHead``, pieces of the body, ``END_OF_MESSAGE``, and then
    ``PAUSED`` until the response is complete and ``start_next_cycle`` has been called: requests
    that were sent ahead wait in the buffer, so answers leave in the order of the questions.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._parser = RequestParser(limits)
        #: The head of the request being served, or None before it.
        self.head: RequestHead | None = None
        #: Whether another exchange may follow; it falls as soon as anything speaks against it.
        self.keep_alive = True
        self._has_continued = False
        self._max_body_size = limits.max_body_size  # of the next body, unless it is changed

    def _process_head(self) -> Event:
        position = self._position
        if position >= len(self._data):
            if self._has_eof:
                self._read_step(EOF)
                return CLOSED
            return NEED_DATA
        head = self._parser.parse(self._data, position)
        if head is None:
            if position:
                self._parser.restart()
            self._line_incomplete()
            if self._has_eof and self._data == b"\r\n":
                # A line too many behind the last body, from a client of old: nothing is missing.
                self._read_step(EOF)
                return CLOSED
            return self._need_data("a request head")
        self._position = head.end
        self.head = head
        self.keep_alive = self.keep_alive and (
            not head.has_close and (head.is_http11 or head.has_keep_alive)
        )
        self._has_continued = False
        self.max_body_size = self._max_body_size
        if head.is_chunked:
            self._begin_body(CHUNKED, -1)
        else:
            self._begin_body(LENGTH, max(head.content_length, 0))
        return head

    @property
    def is_request_complete(self) -> bool:
        """Whether the request under way, if any, has been read to its end."""
        return self.reading == COMPLETE or (self.reading == HEAD and not self.has_unread_data())

    @property
    def unread_line(self) -> bytes:
        """What has come of the next request's first line, at most 1 KiB of it, for a log."""
        data = self._data[self._position : self._position + 1024]
        for piece in self._tail[:1024]:
            if len(data) >= 1024:
                break
            data += piece[:1024]
        return data.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")[:1024]

    @property
    def must_continue(self) -> bool:
        """Whether the client waits for ``send_continue`` before it sends the body.

        It does not where some of the body is here already, and a body that is too large will be
        refused: RFC 9110 section 10.1.1.
        """
        head = self.head
        if (
            head is None
            or not head.expects_continue
            or self._has_continued
            or self.writing != HEAD
            or self.has_unread_data()
        ):
            return False
        if self.reading == LENGTH_BODY:
            return 0 < self._body_left == self._body_size <= self.max_body_size
        return self.reading == CHUNK_SIZE and self._body_size == 0

    def send_continue(self) -> bytes:
        """Return an interim response 100 (RFC 9110 section 15.2.1)."""
        self._has_continued = True
        return self.send_interim(100)

    def send_interim(self, status: int, fields: bytes = b"") -> bytes:
        """Return a response 1xx; the final one follows. HTTP/1.0 knows none: empty then."""
        if not 100 <= status < 200 or status == 101:
            raise LocalProtocolError(f"an interim status is 100 or 102 to 199, not {status}")
        self._write_step(INTERIM)
        if self.head is not None and not self.head.is_http11:
            return b""
        return status_line(status) + fields + b"\r\n"

    def send_switch(self, fields: bytes) -> bytes:
        """Return a response 101: from here on another protocol is spoken.

        The request must have been read to its end, and be one of HTTP/1.1.
        """
        if self.head is None or not self.head.is_http11 or self.reading != COMPLETE:
            raise LocalProtocolError("101 answers a complete request of HTTP/1.1")
        self._write_step(SWITCH)
        self._read_step(SWITCH)
        self.keep_alive = False
        return status_line(101) + fields + b"\r\n"

    def send_response(self, status: int, reason: str | None, fields: bytes, length: int) -> bytes:
        """Return the head of a response whose body follows through ``send_data``.

        ``fields`` are encoded field lines without Content-Length, Transfer-Encoding and
        Connection: those are written here. ``length`` is the size of the body in bytes, -1 where
        it is not known. HEAD, 204, 205 and 304 have no body, whatever ``length`` says. After a
        2xx to CONNECT the client takes what follows for a tunnel (RFC 9110 section 9.3.6): the
        body has no framing then, and the connection ends with it.
        """
        line = status_line(status, reason)
        framing = self._begin_response(status, length)
        return b"".join((line, fields, framing, self._end_of_head()))

    def respond(self, status: int, reason: str | None, fields: bytes, body: bytes) -> bytes:
        """Return a whole response, ``send_response`` and its body in one."""
        line = status_line(status, reason)
        framing = self._begin_response(status, len(body))
        end = self._end_of_head()
        if self.writing == COMPLETE:
            return b"".join((line, fields, framing, end))
        self._write_left = 0
        self._write_step(END)
        return b"".join((line, fields, framing, end, body))

    def _begin_response(self, status: int, length: int) -> bytes:
        """Enter the state that a final response begins with; return the field that frames it."""
        if status < 200:
            raise LocalProtocolError(f"a final response has a status from 200, not {status}")
        head = self.head
        is_http11 = head is None or head.is_http11
        framing = b""
        event = NO_BODY
        if status == 204 or status == 304:
            pass
        elif status == 205:
            framing = content_length_field(0)  # RFC 9110 section 15.3.6
        elif length >= 0:
            framing = content_length_field(length)
            if length:
                event = LENGTH
        elif is_http11:
            framing = b"Transfer-Encoding: chunked\r\n"
            event = CHUNKED
        else:
            event = UNTIL_CLOSE
        method = "GET" if head is None else head.method
        if method == "GET":
            pass
        elif method == "HEAD":
            event = NO_BODY
        elif method == "CONNECT" and status < 300:
            framing = b""
            event = UNTIL_CLOSE
        if event == UNTIL_CLOSE:
            self.keep_alive = False
        self._write_step(event)
        self._write_left = length
        return framing

    def _end_of_head(self) -> bytes:
        """Return the field Connection, where there is one, and the empty line."""
        # A request whose body has not been read to its end cannot be followed by another one.
        if self.reading != COMPLETE:
            self.keep_alive = False
        if not self.keep_alive:
            return b"Connection: close\r\n\r\n"
        if self.head is not None and not self.head.is_http11:
            return b"Connection: keep-alive\r\n\r\n"
        return b"\r\n"

    def start_next_cycle(self) -> None:
        """Go on to the next request; the exchange must be over and ``keep_alive`` hold."""
        if not self.keep_alive:
            raise LocalProtocolError("the connection is to be closed after this exchange")
        self._start_next_cycle()
        self.head = None

    def __repr__(self) -> str:
        return (
            f"<ServerConnection reading {State(self.reading).name}"
            f" writing {State(self.writing).name}>"
        )
