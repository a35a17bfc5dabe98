"""What the engine tells its caller: heads, pieces of a body, and signals.

A head keeps the bytes it came in and the offsets of its field lines. Header names and values
become objects only when somebody asks for them.
"""

from enum import Enum

from waterspout.protocol.headers import HTTPHeaders, encode_fields, from_lines

__all__ = ["RequestHead", "ResponseHead", "Signal", "request_head"]

COLON = 0x3A


class Signal(Enum):
    """An event that carries no data."""

    NEED_DATA = "need data"  #: nothing more can be told before ``receive_data``
    END_OF_MESSAGE = "end of message"  #: the message is whole; ``trailers`` may hold fields
    PAUSED = "paused"  #: the message is over; the next comes after ``start_next_cycle``
    YIELD = "yield"  #: many small chunks were parsed: let others run, then ask again
    CLOSED = "closed"  #: the peer has ended the connection between messages


class _Head:
    """The part that requests and responses share; offsets are into ``data``."""

    def _begin(self, data: bytes) -> None:
        self.data = data
        #: Offset of each field line, and behind the last one that of the empty line.
        self.lines: list[int] = []
        #: Offset of the first byte after the head.
        self.end = 0
        #: Whether the version is HTTP/1.1 (else it is HTTP/1.0).
        self.is_http11 = True
        #: What Content-Length says; -1 where there is none.
        self.content_length = -1
        #: Whether Transfer-Encoding says ``chunked``, the only coding that is accepted.
        self.is_chunked = False
        #: The options of the Connection field that matter here.
        self.has_close = False
        self.has_keep_alive = False
        self.has_upgrade = False
        self._headers: HTTPHeaders | None = None

    @property
    def version(self) -> str:
        """The protocol version, ``HTTP/1.1`` or ``HTTP/1.0``."""
        return "HTTP/1.1" if self.is_http11 else "HTTP/1.0"

    @property
    def headers(self) -> HTTPHeaders:
        """All fields; the mapping is made at the first use and kept."""
        if self._headers is None:
            self._headers = from_lines(self.data, self.lines)
        return self._headers

    def find(self, name: bytes) -> bytes | None:
        """Return the value of the first field called ``name`` (in lower case), or None.

        For the few fields that every exchange looks at, without making the mapping.
        """
        data = self.data
        p = data
        lines = self.lines
        size = len(name)
        end = lines[0] if lines else 0
        for index in range(1, len(lines)):
            start = end
            end = lines[index]
            if end - start > size and p[start + size] == COLON:
                if data[start : start + size].lower() == name:
                    return data[start + size + 1 : end].strip()
        return None

    def find_all(self, name: bytes) -> list[bytes]:
        """Return the values of all fields called ``name`` (in lower case); see ``find``."""
        data = self.data
        lines = self.lines
        size = len(name)
        values = []
        for index in range(len(lines) - 1):
            start = lines[index]
            end = lines[index + 1]
            if end - start > size and data[start + size] == COLON:
                if data[start : start + size].lower() == name:
                    values.append(data[start + size + 1 : end].strip())
        return values


class RequestHead(_Head):
    """The request line and the fields of a request (RFC 9112 section 3)."""

    def __init__(self, data: bytes) -> None:
        self._begin(data)

    def _begin(self, data: bytes) -> None:
        _Head._begin(self, data)
        self.method = ""
        #: The request target as it came: origin, absolute, authority or asterisk form.
        self.target = ""
        #: The authority asked for: from an absolute target, else the Host field; maybe empty.
        self.host = ""
        #: Whether the client waits for ``100 Continue`` before it sends the body.
        self.expects_continue = False

    def __repr__(self) -> str:
        return f"<RequestHead {self.method} {self.target} {self.version}>"


def request_head(method: str, target: str, version: str, headers: HTTPHeaders) -> RequestHead:
    """Return the head of a request that another engine has read; its body is not announced."""
    data = encode_fields(headers)
    head = RequestHead(data)
    head.method = method
    head.target = target
    head.host = headers.get("Host", "")
    head.is_http11 = version != "HTTP/1.0"
    head.lines = [0]
    while head.lines[-1] < len(data):
        head.lines.append(data.index(b"\r\n", head.lines[-1]) + 2)
    head._headers = headers
    return head


class ResponseHead(_Head):
    """The status line and the fields of a response (RFC 9112 section 4)."""

    def __init__(self, data: bytes) -> None:
        self._begin(data)

    def _begin(self, data: bytes) -> None:
        _Head._begin(self, data)
        self.status = 0
        self.reason = ""

    def __repr__(self) -> str:
        return f"<ResponseHead {self.version} {self.status} {self.reason}>"
