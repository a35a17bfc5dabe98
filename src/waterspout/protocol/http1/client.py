"""The client's side of an HTTP/1 connection: requests out, responses in."""

from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError
from waterspout.protocol.http1.connection import Connection, Event
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import ResponseHead, Signal
from waterspout.protocol.http1.parser import ResponseParser
from waterspout.protocol.http1.states import (
    CHUNKED,
    COMPLETE,
    EOF,
    HEAD,
    INTERIM,
    LENGTH,
    NO_BODY,
    SWITCH,
    UNTIL_CLOSE,
    State,
)
from waterspout.protocol.http1.writer import (
    check_target,
    content_length_field,
    is_target,
    request_line,
)

__all__ = ["ClientConnection", "EncodedRequest"]


# The end of a request line.
_VERSION = b" HTTP/1.1\r\n"


class EncodedRequest:
    """The head of a request, checked and encoded; may be sent any number of times.

    ``fields`` are encoded field lines with Host and Connection but without Content-Length and
    Transfer-Encoding: those are written here. ``length`` is the size of the body in bytes; -1
    sends it in chunks, and 0 means that there is none. Raises ``ValueError`` where the method or
    the target could not stand in a request line.
    """

    def __init__(self, method: str, target: str, fields: bytes, length: int) -> None:
        line = request_line(method, target)
        framing = _framing_of(method, length)
        #: What goes on the wire.
        self.data = b"%b%b%b\r\n" % (line, fields, framing)
        self.length = length
        self.event = LENGTH if length > 0 else CHUNKED if length < 0 else NO_BODY
        # What decides how the response is to be read.
        self.is_head = method == "HEAD"
        self.is_connect = method == "CONNECT"
        self.asks_to_close = _asks_to_close(fields)
        self.asks_to_upgrade = b"\r\nupgrade:" in b"\r\n" + fields.lower()
        self._method = method.encode("ascii")
        self._line_size = len(line)
        # What stands behind the target, once somebody has asked for another one.
        self._tail: bytes | None = None

    def with_target(self, target: str, length: int) -> "EncodedRequest | None":
        """Return the same request for another target, and a body of another length, if it has any;
        None if the target can't stand in a request line.
        """
        if not is_target(target):
            return None
        if self._tail is None:
            self._tail = _VERSION + self.data[self._line_size :]
        return self._with_head(target, self._tail, length)

    def with_host(self, target: str, host: str, length: int) -> "EncodedRequest":
        """Return what `with_target` does, for another host, which was checked; of a request whose
        first field is Host. ``ValueError`` where the target can't stand in a request line.
        """
        check_target(target)
        rest = self.data.index(b"\n", self._line_size) + 1
        tail = b"".join((_VERSION, b"Host: ", host.encode("ascii"), b"\r\n", self.data[rest:]))
        return self._with_head(target, tail, length)

    def with_fields(self, lines: bytes) -> "EncodedRequest":
        """Return the same request with more field lines, behind the others; none of Connection or
        Upgrade, or of a name that is there already.
        """
        line_end = self._line_size - len(_VERSION)
        target = self.data[len(self._method) + 1 : line_end].decode("ascii")
        framing = _framing_of(self._method.decode("ascii"), self.length)
        end = len(self.data) - len(framing) - 2
        tail = b"".join((self.data[line_end:end], lines, framing, b"\r\n"))
        return self._with_head(target, tail, self.length)

    def _with_head(self, target: str, tail: bytes, length: int) -> "EncodedRequest":
        """Return it with another target, and ``tail`` for what stands behind that."""
        if length != self.length:
            # What is written of that stands last.
            end = len(tail) - len(content_length_field(self.length)) - 2
            tail = b"%b%b\r\n" % (tail[:end], content_length_field(length))
        other: EncodedRequest = EncodedRequest.__new__(EncodedRequest)
        other.data = b"".join((self._method, b" ", target.encode("ascii"), tail))
        other.length = length
        other.event = self.event
        other.is_head = self.is_head
        other.is_connect = self.is_connect
        other.asks_to_close = self.asks_to_close
        other.asks_to_upgrade = self.asks_to_upgrade
        other._method = self._method
        other._line_size = len(self._method) + 1 + len(target) + len(_VERSION)
        other._tail = tail
        return other

    def __repr__(self) -> str:
        return f"<EncodedRequest {self.data.partition(bytes([13, 10]))[0].decode('ascii')}>"


def _framing_of(method: str, length: int) -> bytes:
    if length > 0:
        return content_length_field(length)
    if length < 0:
        return b"Transfer-Encoding: chunked\r\n"
    if method == "POST" or method == "PUT" or method == "PATCH":
        # RFC 9110 section 8.6: these have a meaning for content, so its absence is stated.
        return b"Content-Length: 0\r\n"
    return b""


class ClientConnection(Connection):
    """Writes requests and reads responses, one exchange after the other.

    ``next_event`` gives ``ResponseHead`` objects with a status of 1xx as they come, then the
    final one, pieces of the body, and ``END_OF_MESSAGE``. Behind a 101 that was asked for, and
    a 2xx to CONNECT, it gives ``PAUSED``: what follows is another protocol's, and is had by
    ``take_unread_data``.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._parser = ResponseParser(limits)
        #: The head of the response being read, or None before it.
        self.head: ResponseHead | None = None
        self._request = _NO_REQUEST
        self._interims = 0
        self._keep_alive = True

    def send_request(self, request: EncodedRequest) -> bytes:
        """Return the head of a request whose body, if any, follows through ``send_data``.

        Raises ``LocalProtocolError`` where the connection cannot take a request: what the server
        sent before it was asked must never be the response.
        """
        if self.reading != HEAD or self._has_eof or self.has_unread_data():
            raise LocalProtocolError("the connection is not waiting for a request")
        self._write_step(request.event)
        self._write_left = request.length
        self._request = request
        self._interims = 0
        self.head = None
        return request.data

    def _process_head(self) -> Event:
        position = self._position
        if position >= len(self._data):
            if not self._has_eof:
                return Signal.NEED_DATA
            if self.writing != HEAD:
                raise RemoteProtocolError("the connection ended before a response")
            self._read_step(EOF)
            return Signal.CLOSED
        if self.writing == HEAD:
            raise RemoteProtocolError("a response that was not asked for")
        head = self._parser.parse(self._data, position)
        if head is None:
            if position:
                self._parser.restart()
            self._line_incomplete()
            return self._need_data("a response head")
        self._position = head.end
        if head.status < 200 and head.status != 101:
            self._interims += 1
            if self._interims > self.limits.max_interim_responses:
                raise RemoteProtocolError(f"more than {self.limits.max_interim_responses} 1xx")
            self._read_step(INTERIM)
            return head
        self.head = head
        self.max_body_size = self.limits.max_body_size
        self._keep_alive = (
            not head.has_close
            and (head.is_http11 or head.has_keep_alive)
            and not self._request.asks_to_close
        )
        self._begin_response_body(head)
        return head

    def _begin_response_body(self, head: ResponseHead) -> None:
        """Decide where the message ends (RFC 9112 section 6.3, in its order)."""
        status = head.status
        if status == 101 and not self._request.asks_to_upgrade:
            raise RemoteProtocolError("a switch of protocols that was not asked for")
        if status == 101 or (self._request.is_connect and 200 <= status < 300):
            self._keep_alive = False
            self._read_step(SWITCH)
        elif self._request.is_head or status == 204 or status == 304:
            self._begin_body(LENGTH, 0)
        elif head.is_chunked:
            self._begin_body(CHUNKED, -1)
        elif head.content_length >= 0:
            self._begin_body(LENGTH, head.content_length)
        else:
            self._keep_alive = False
            self._begin_body(UNTIL_CLOSE, -1)

    def can_be_reused(self) -> bool:
        """Whether another request may follow on this connection.

        Both messages must be over, neither side may have said ``close`` (RFC 9112 section 9.6),
        and the server must have sent nothing beyond its response: such bytes are never the next
        response.
        """
        return (
            self._keep_alive
            and self.reading == COMPLETE
            and self.writing == COMPLETE
            and not self._has_eof
            and not self.has_unread_data()
        )

    def start_next_cycle(self) -> None:
        """Go on to the next request; ``can_be_reused`` must hold."""
        if not self.can_be_reused():
            raise LocalProtocolError("the connection cannot be used again")
        self._start_next_cycle()

    def __repr__(self) -> str:
        return (
            f"<ClientConnection reading {State(self.reading).name}"
            f" writing {State(self.writing).name}>"
        )


def _asks_to_close(fields: bytes) -> bool:
    """Tell whether encoded fields hold the connection option ``close``."""
    fields = fields.lower()
    if b"close" not in fields:
        return False
    for line in fields.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"connection" and b"close" in [item.strip() for item in value.split(b",")]:
            return True
    return False


# What a connection has sent before its first request.
_NO_REQUEST = EncodedRequest("GET", "*", b"", 0)
