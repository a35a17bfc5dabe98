"""Finds a message head in bytes (RFC 9112 sections 2 to 5), once, strictly, in linear time.

The parser reads whole lines and remembers the line it stopped at, so no line is read twice
unless it was incomplete or the bytes have moved, which they do once. It notes where fields lie,
and understands only those that decide where the message ends and whom it is for. What HTTP does
not allow is refused here; whoever comes after may rely on it: line ends are CRLF, names are
tokens, values hold no controls, Content-Length is a number, Transfer-Encoding is ``chunked`` and
never beside Content-Length, and a request of HTTP/1.1 has exactly one valid Host.
"""

from typing import Any

from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.grammar import (
    FIELD_VALUE,
    TARGET,
    TOKEN,
    excerpt,
    is_authority,
    is_host,
    parse_content_length,
)
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import RequestHead, ResponseHead, _Head

__all__ = ["RequestParser", "ResponseParser", "scan_fields"]

TAB, LF, CR, SPACE, COLON = 0x09, 0x0A, 0x0D, 0x20, 0x3A

# The fields that are understood here, as their lines begin.
_CONNECTION = b"connection:"
_CONTENT_LENGTH = b"content-length:"
_EXPECT = b"expect:"
_HOST = b"host:"
_TRANSFER_ENCODING = b"transfer-encoding:"

# What nearly every request line ends in.
_HTTP_11 = b" HTTP/1.1\r\n"
_GET = b"GET"


class _Parser:
    """The part that requests and responses share; feed it through ``parse``."""

    def __init__(self, limits: Limits) -> None:
        self._max_start_line = limits.max_start_line_size
        self._max_header_size = limits.max_header_size
        self._max_header_count = limits.max_header_count
        self._position = 0  # the line to go on with
        self._fields = 0  # where the first field line begins

    def _start_line_incomplete(self, data: bytes, start: int) -> None:
        if len(data) - start >= self._max_start_line:
            raise RemoteProtocolError(
                f"the start line is longer than {self._max_start_line} bytes",
                414,
            )

    def _parse_fields(self, data: bytes, head: _Head) -> bool:
        """Go on with the field lines; True when the head is complete."""
        position = scan_fields(
            data,
            self._position,
            self._fields,
            head.lines,
            self._max_header_size,
            self._max_header_count,
        )
        if position < 0:
            self._position = ~position
            return False
        head.data = data
        head.lines.append(position)
        head.end = position + 2
        self._read_framing(data, head)
        return True

    def _read_framing(self, data: bytes, head: _Head) -> None:
        """Understand Content-Length, Transfer-Encoding and Connection (RFC 9112 section 6)."""
        p = data
        lines = head.lines
        end = lines[0]
        for index in range(1, len(lines)):
            start = end
            end = lines[index]
            first = p[start] | 0x20
            # c, e, h and t begin all the fields that matter: a letter spares most comparisons.
            if first == 0x63:
                if _begins(p, start, end, _CONNECTION, 11):
                    self._read_connection(_value(data, start + 11, end), head)
                elif _begins(p, start, end, _CONTENT_LENGTH, 15):
                    self._read_content_length(_value(data, start + 15, end), head)
            elif first == 0x74:
                if _begins(p, start, end, _TRANSFER_ENCODING, 18):
                    self._read_transfer_encoding(_value(data, start + 18, end), head)
            elif first == 0x68 or first == 0x65:
                self._read_other(data, start, end, head)
        if head.is_chunked:
            if head.content_length >= 0:
                raise RemoteProtocolError("both Content-Length and Transfer-Encoding")
            if not head.is_http11:
                raise RemoteProtocolError("Transfer-Encoding in an HTTP/1.0 message")

    def _read_other(self, data: bytes, start: int, end: int, head: _Head) -> None:
        """Look at a field that begins with e or h; requests know two of them."""

    def _read_content_length(self, value: bytes, head: _Head) -> None:
        length = parse_content_length(value)
        if length < 0:
            raise RemoteProtocolError(f"invalid Content-Length {excerpt(value)}")
        if head.content_length >= 0 and head.content_length != length:
            raise RemoteProtocolError("two Content-Length fields that differ")
        head.content_length = length

    def _read_transfer_encoding(self, value: bytes, head: _Head) -> None:
        if head.is_chunked:
            raise RemoteProtocolError("more than one Transfer-Encoding")
        if value.lower() != b"chunked":
            raise RemoteProtocolError(f"unknown Transfer-Encoding {excerpt(value)}", 501)
        head.is_chunked = True

    def _read_connection(self, value: bytes, head: _Head) -> None:
        if value == b"keep-alive":
            head.has_keep_alive = True
            return
        for option in value.lower().split(b","):
            option = option.strip()
            if option == b"close":
                head.has_close = True
            elif option == b"keep-alive":
                head.has_keep_alive = True
            elif option == b"upgrade":
                # RFC 9110 section 7.8: HTTP/1.0 has no upgrade.
                head.has_upgrade = head.is_http11


class RequestParser(_Parser):
    """Parses the heads of requests, one after the other; one parser serves one connection."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._head: RequestHead | None = None
        self._hosts = 0
        # The line of the request before: on one connection it is nearly always the same.
        self._known_host = b""
        self._known_host_text = ""

    def restart(self) -> None:
        """Forget an incomplete head; the next ``parse`` begins anew at its ``start``."""
        self._head = None

    def parse(self, data: bytes, start: int) -> RequestHead | None:
        """Return the head that begins at ``start``, or None as long as it is incomplete.

        After None call again with the same bytes and more of them behind. Raises
        ``RemoteProtocolError``, after which the parser must not be used again.
        """
        head = self._head
        if head is None:
            head = self._parse_request_line(data, start)
            if head is None:
                return None
            self._head = head
            self._hosts = 0
        if not self._parse_fields(data, head):
            return None
        self._head = None
        if self._hosts != 1:
            if self._hosts > 1:
                raise RemoteProtocolError("more than one Host")
            if head.is_http11:
                raise RemoteProtocolError("no Host in an HTTP/1.1 request")
        self._check_target(head)
        return head

    def _parse_request_line(self, data: bytes, start: int) -> RequestHead | None:
        p = data
        token = TOKEN
        target = TARGET
        size = len(data)
        if start < 0:
            raise ValueError("a head cannot begin before its data")
        # RFC 9112 section 2.2: an empty line before the request line is passed over, one.
        if start < size and p[start] == CR:
            if start + 1 == size:
                return None
            if p[start + 1] != LF:
                raise RemoteProtocolError("a CR that is not followed by LF")
            start += 2
        limit = size
        if size - start > self._max_start_line:
            limit = start + self._max_start_line
        i = start
        while i < limit and token[p[i]]:
            i += 1
        method_end = i
        if i < limit:
            if p[i] != SPACE or i == start:
                raise RemoteProtocolError(f"no request line: {excerpt(data[start : i + 20])}")
            i = _skip(p, i + 1, limit, target)
        target_end = i
        # The line ends in SP HTTP/1.1 CRLF, eleven bytes.
        if i < limit and p[i] != SPACE:
            raise RemoteProtocolError(
                f"invalid request target {excerpt(data[method_end + 1 : i + 1])}"
            )
        is_http11 = True
        if i < limit and size - i > 10 and _is_at(p, i, _HTTP_11, 11):
            end = i + 10
        else:
            end = data.find(b"\n", i, i + 64)
            if end < 0:
                if size - i >= 64 and i < limit:
                    raise RemoteProtocolError("no HTTP version at the end of the request line")
                self._start_line_incomplete(data, start)
                return None
            if target_end > method_end + 1 and end - start < self._max_start_line:
                is_http11 = _parse_version(data, target_end + 1, end)
        if end - start >= self._max_start_line:
            self._start_line_incomplete(data, start)
        if target_end <= method_end + 1:
            raise RemoteProtocolError("no request target")
        head = RequestHead.__new__(RequestHead)
        head._begin(data)
        head.is_http11 = is_http11
        if method_end - start == 3 and _is_at(p, start, _GET, 3):
            head.method = "GET"
        else:
            head.method = p[start:method_end].decode("ascii")
        head.target = p[method_end + 1 : target_end].decode("ascii")
        self._position = self._fields = end + 1
        return head

    def _read_other(self, data: bytes, start: int, end: int, head: Any) -> None:
        p = data
        if _begins(p, start, end, _HOST, 5):
            self._read_host(data, start, end, head)
        elif _begins(p, start, end, _EXPECT, 7):
            self._read_expect(_value(data, start + 7, end), head)

    def _read_host(self, data: bytes, start: int, end: int, head: RequestHead) -> None:
        p = data
        known = self._known_host
        self._hosts += 1
        if end - start != len(known) or not _is_at(p, start, known, end - start):
            value = _value(data, start + 5, end)
            if not is_host(value):
                raise RemoteProtocolError(f"invalid Host {excerpt(value)}")
            self._known_host = data[start:end]
            self._known_host_text = value.decode("ascii")
        head.host = self._known_host_text

    def _read_expect(self, value: bytes, head: RequestHead) -> None:
        # RFC 9110 section 10.1.1: an expectation that is not understood may be refused with 417;
        # HTTP/1.0 has none.
        if value.lower() != b"100-continue":
            raise RemoteProtocolError(f"unknown expectation {excerpt(value)}", 417)
        head.expects_continue = head.is_http11

    def _check_target(self, head: RequestHead) -> None:
        """Hold the target against the four forms of RFC 9112 section 3.2."""
        target = head.target
        if target[0] == "/" and (head.method == "GET" or head.method != "CONNECT"):
            return
        if head.method == "CONNECT":
            if not is_authority(target.encode("ascii")):
                raise RemoteProtocolError("the target of CONNECT must be host:port")
            return
        if target == "*":
            if head.method != "OPTIONS":
                raise RemoteProtocolError("the target * is for OPTIONS only")
            return
        scheme, separator, rest = target.partition("://")
        if not separator or scheme.lower() not in ("http", "https"):
            raise RemoteProtocolError(f"invalid request target {excerpt(target.encode('ascii'))}")
        authority = rest.partition("/")[0].partition("?")[0]
        if not is_host(authority.encode("ascii")):
            raise RemoteProtocolError("invalid authority in the request target")
        # Section 3.2.2: the target outweighs the field. Where they differ, somebody between us
        # and the client may have looked at the other one.
        if self._hosts and authority.lower() != head.host.lower():
            raise RemoteProtocolError("the Host field and the request target differ")
        head.host = authority


class ResponseParser(_Parser):
    """Parses the heads of responses, one after the other; one parser serves one connection."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._head: ResponseHead | None = None
        # The status line of the response before: a server nearly always has the same.
        self._known_line = b""
        self._known_status = 0
        self._known_reason = ""
        self._known_is_http11 = True

    def restart(self) -> None:
        """Forget an incomplete head; the next ``parse`` begins anew at its ``start``."""
        self._head = None

    def parse(self, data: bytes, start: int) -> ResponseHead | None:
        """Return the head that begins at ``start``, or None as long as it is incomplete.

        After None call again with the same bytes and more of them behind. Raises
        ``RemoteProtocolError``, after which the parser must not be used again.
        """
        head = self._head
        if head is None:
            head = self._parse_status_line(data, start)
            if head is None:
                return None
            self._head = head
        if not self._parse_fields(data, head):
            return None
        self._head = None
        return head

    def _parse_status_line(self, data: bytes, start: int) -> ResponseHead | None:
        size = len(data)
        if start < 0:
            raise ValueError("a head cannot begin before its data")
        p = data
        end = start + len(self._known_line)
        if start < end <= size and p[start:end] == self._known_line:
            head = ResponseHead.__new__(ResponseHead)
            head._begin(data)
            head.is_http11 = self._known_is_http11
            head.status = self._known_status
            head.reason = self._known_reason
            self._position = self._fields = end
            return head
        if not b"HTTP/".startswith(data[start : start + 5]):
            raise RemoteProtocolError(f"no HTTP response: {excerpt(data[start : start + 40])}")
        limit = size
        if size - start > self._max_start_line:
            limit = start + self._max_start_line
        end = data.find(b"\n", start, limit)
        if end < 0:
            self._start_line_incomplete(data, start)
            return None
        space = data.find(b" ", start, end)
        if space < 0:
            raise RemoteProtocolError(f"no status in {excerpt(data[start:end])}")
        head = ResponseHead(data)
        # The version lies before the status here; a CR and an LF stand in for the line's end.
        head.is_http11 = _parse_version(data[start:space] + b"\r\n", 0, space - start + 1)
        token = FIELD_VALUE
        digits = data[space + 1 : space + 4]
        i = space + 4
        if i >= size or len(digits) != 3 or not digits.isdigit() or digits < b"100":
            raise RemoteProtocolError(f"invalid status in {excerpt(data[start:end])}")
        if p[i] != SPACE and p[i] != CR:
            raise RemoteProtocolError(f"invalid status in {excerpt(data[start:end])}")
        while i < end and token[p[i]]:
            i += 1
        if i != end - 1 or p[i] != CR:
            raise RemoteProtocolError("a control character in the status line")
        head.status = int(digits)
        head.reason = data[space + 4 : i].strip(b" \t").decode("latin-1")
        self._position = self._fields = end + 1
        self._known_line = data[start : end + 1]
        self._known_status = head.status
        self._known_reason = head.reason
        self._known_is_http11 = head.is_http11
        return head


def scan_fields(
    data: bytes,
    position: int,
    first: int,
    lines: list[int],
    max_size: int,
    max_count: int,
) -> int:
    """Check field lines from ``position`` on and add their offsets to ``lines``.

    Returns the offset of the empty line that ends them. As long as that has not come, returns
    ``~offset`` of the first incomplete line. ``first`` is where all of them begin, for the
    bounds. Raises ``RemoteProtocolError``.
    """
    p = data
    token = TOKEN
    legal = FIELD_VALUE
    size = len(data)
    if position < 0 or position > size:
        raise ValueError("the line to go on with is not in the data")
    line = position
    while True:
        if line - first > max_size:
            raise RemoteProtocolError(f"the header fields exceed {max_size} bytes", 431)
        i = line
        while i < size and token[p[i]]:
            i += 1
        if i == size:
            break
        if i == line and p[i] == CR:
            if i + 1 == size:
                return ~line
            if p[i + 1] != LF:
                raise RemoteProtocolError("a CR that is not followed by LF")
            return line
        if p[i] != COLON or i == line:
            raise _bad_name(data, line, i)
        i = _skip(p, i + 1, size, legal)
        if i == size or (p[i] == CR and i + 1 == size):
            break
        if p[i] != CR or p[i + 1] != LF:
            raise _bad_value(data, line, i)
        if len(lines) >= max_count:
            raise RemoteProtocolError(f"more than {max_count} header fields", 431)
        lines.append(line)
        line = i + 2
    if size - first > max_size:
        raise RemoteProtocolError(f"the header fields exceed {max_size} bytes", 431)
    return ~line


def _skip(p: bytes, i: int, end: int, legal: bytes) -> int:
    """Return where the first byte from ``i`` on is that is not legal; ``end`` where all are."""
    # Eight at a time: most bytes of a head are those of long values.
    while i + 8 <= end and (
        legal[p[i]]
        & legal[p[i + 1]]
        & legal[p[i + 2]]
        & legal[p[i + 3]]
        & legal[p[i + 4]]
        & legal[p[i + 5]]
        & legal[p[i + 6]]
        & legal[p[i + 7]]
    ):
        i += 8
    while i < end and legal[p[i]]:
        i += 1
    return i


def _is_at(p: bytes, start: int, text: bytes, size: int) -> bool:
    """Tell whether the bytes from ``start`` on, where there are so many, are those of ``text``."""
    i = 0
    while i < size and p[start + i] == text[i]:
        i += 1
    return i == size


def _begins(p: bytes, start: int, end: int, name: bytes, size: int) -> bool:
    """Tell whether the line begins with ``name``, of ``size`` bytes in lower case."""
    if end - start < size:
        return False
    for i in range(size):
        c = p[start + i]
        if 0x41 <= c <= 0x5A:
            c |= 0x20
        if c != name[i]:
            return False
    return True


def _value(data: bytes, start: int, end: int) -> bytes:
    """Return a field's value, without the white space around it and the CRLF before ``end``."""
    p = data
    end -= 2
    while start < end and (p[start] == SPACE or p[start] == TAB):
        start += 1
    while end > start and (p[end - 1] == SPACE or p[end - 1] == TAB):
        end -= 1
    return p[start:end]


def _parse_version(data: bytes, start: int, end: int) -> bool:
    """Read ``HTTP/1.1`` CRLF at ``start``, its LF at ``end``; True for 1.1, False for 1.0."""
    version = data[start : end + 1]
    if version == b"HTTP/1.1\r\n":
        return True
    if version == b"HTTP/1.0\r\n":
        return False
    if version[-2:-1] != b"\r":
        raise RemoteProtocolError("a line that ends in LF without CR")
    if (
        len(version) == 10
        and version[:5] == b"HTTP/"
        and version[5:6].isdigit()
        and version[6:7] == b"."
        and version[7:8].isdigit()
    ):
        raise RemoteProtocolError(f"unsupported version {excerpt(version[:8])}", 505)
    raise RemoteProtocolError(f"invalid HTTP version {excerpt(version[:-2])}")


def _bad_name(data: bytes, line: int, at: int) -> RemoteProtocolError:
    found = data[at]
    if at == line and found in (SPACE, TAB):
        return RemoteProtocolError("a folded header line")
    if at == line and found == COLON:
        return RemoteProtocolError("a header without a name")
    if found in (SPACE, TAB):
        return RemoteProtocolError("white space in or after a header name")
    if found in (CR, LF):
        return RemoteProtocolError("a header line without a colon")
    return RemoteProtocolError(f"byte 0x{found:02x} in a header name")


def _bad_value(data: bytes, line: int, at: int) -> RemoteProtocolError:
    found = data[at]
    name = excerpt(data[line : data.index(b":", line)])
    if found == LF:
        return RemoteProtocolError(f"the header line {name} ends in LF without CR")
    if found == CR:
        return RemoteProtocolError(f"a CR that is not followed by LF in the header {name}")
    return RemoteProtocolError(f"byte 0x{found:02x} in the value of the header {name}")
