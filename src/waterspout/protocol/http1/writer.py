"""Turns heads and bodies into bytes (RFC 9112).

Names and values come from ``HTTPHeaders``, which has checked them; what else goes into a start
line is checked here. Nothing here knows the state of a connection.
"""

from http import HTTPStatus

from waterspout.protocol.errors import LocalProtocolError
from waterspout.protocol.grammar import is_field_value, is_token, parse_content_length
from waterspout.protocol.headers import HTTPHeaders, encode_fields

__all__ = [
    "FINAL_CHUNK",
    "Framing",
    "check_method",
    "check_reason",
    "check_target",
    "content_length_field",
    "encode_chunk",
    "final_chunk",
    "is_target",
    "reason_phrase",
    "request_line",
    "split_framing",
    "status_line",
]

#: The chunk that ends a body without trailers.
FINAL_CHUNK = b"0\r\n\r\n"

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {
    code: f"HTTP/1.1 {code} {phrase}\r\n".encode("ascii") for code, phrase in _REASONS.items()
}
_OK = _STATUS_LINES[200]
_USUAL_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def reason_phrase(status: int) -> str:
    """Return the usual reason phrase of a status; ``Unknown`` where there is none."""
    return _REASONS.get(status, "Unknown")


def check_reason(reason: str) -> None:
    """Refuse a reason phrase that would break the status line, with ``ValueError``."""
    try:
        raw = reason.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("a reason phrase must be Latin-1") from None
    if not is_field_value(raw):
        raise ValueError("a reason phrase must not hold CR, LF, NUL or another control character")


def check_method(method: str) -> None:
    """Refuse a method that is no token (RFC 9110 section 9.1), with ``ValueError``."""
    if method in _USUAL_METHODS:
        return
    if not method.isascii() or not is_token(method.encode("ascii")):
        raise ValueError(f"invalid method {method[:40]!r}")


def is_target(text: str) -> bool:
    """Whether a text can be a request target: visible ASCII, and no fragment (RFC 9112 3.2)."""
    # Of ASCII all but the space, the controls and DEL is printable; far faster than to translate.
    return (
        text != "" and text.isascii() and text.isprintable() and " " not in text and "#" not in text
    )


def check_target(target: str) -> None:
    """Refuse what can be no request target, with ``ValueError``."""
    if not is_target(target):
        raise ValueError(
            "a request target must be visible ASCII without '#', and not empty: quote it first"
        )


def status_line(status: int, reason: str | None = None) -> bytes:
    """Return the status line with its CRLF; ``reason`` None means the usual phrase."""
    if status == 200 and reason is None:
        return _OK
    line = _STATUS_LINES.get(status)
    if line is not None and (reason is None or reason == _REASONS[status]):
        return line
    if not 100 <= status <= 999:
        raise LocalProtocolError(f"a status has three digits, not {status!r}")
    if reason is None:
        reason = reason_phrase(status)
    check_reason(reason)
    return b"HTTP/1.1 %d %b\r\n" % (status, reason.encode("latin-1"))


def request_line(method: str, target: str) -> bytes:
    """Return the request line with its CRLF."""
    check_method(method)
    check_target(target)
    return b"%b %b HTTP/1.1\r\n" % (method.encode("ascii"), target.encode("ascii"))


def content_length_field(length: int) -> bytes:
    """Return the field ``Content-Length`` with its CRLF."""
    field = _LENGTH_FIELDS[length] if 0 <= length < _MAX_KEPT_LENGTH else None
    if field is None:
        field = f"Content-Length: {length}\r\n".encode("ascii")
        if 0 <= length < _MAX_KEPT_LENGTH:
            _LENGTH_FIELDS[length] = field
    return field


# Small bodies are the many: their fields are kept, once they have been asked for.
_MAX_KEPT_LENGTH = 4096
_LENGTH_FIELDS: list[bytes | None] = [None] * _MAX_KEPT_LENGTH


def encode_chunk(data: bytes) -> bytes:
    """Return ``data``, which is not empty, as one chunk (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def final_chunk(trailers: HTTPHeaders) -> bytes:
    """Return the chunk that ends a body, with trailers behind it (RFC 9112 section 7.1.2).

    Raises ``LocalProtocolError`` for a field that frames or routes the message: it must not come
    after the body (RFC 9110 section 6.5.1).
    """
    trailers = HTTPHeaders(trailers)
    for name in _NOT_IN_TRAILERS:
        if name in trailers:
            raise LocalProtocolError(f"{name} cannot be sent as a trailer")
    return b"0\r\n%b\r\n" % encode_fields(trailers)


_NOT_IN_TRAILERS = (
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Host",
    "Trailer",
    "Transfer-Encoding",
)


class Framing:
    """What ``split_framing`` finds in a mapping of header fields."""

    __slots__ = ("fields", "has_close", "length")

    def __init__(self, fields: bytes, length: int, has_close: bool) -> None:
        self.fields = fields  #: the other fields, encoded
        self.length = length  #: what Content-Length says, -1 where there is none
        self.has_close = has_close  #: whether Connection says ``close``


def split_framing(headers: HTTPHeaders) -> Framing:
    """Take the fields that frame a message out of those that a program has set.

    The connection writes Content-Length, Transfer-Encoding and Connection itself, so that they
    are true. Raises ``LocalProtocolError`` where a program asks for what cannot be.
    """
    if not _FRAMING.isdisjoint(headers):
        headers = headers.copy()
        length = headers.pop("Content-Length", None)
        coding = headers.pop("Transfer-Encoding", None)
        options = headers.pop("Connection", "").lower()
        headers.pop("Keep-Alive", None)
        size = -1
        if length is not None:
            size = parse_content_length(length.encode("latin-1"))
            if size < 0:
                raise LocalProtocolError(f"invalid Content-Length {length[:40]!r}")
        if coding is not None and (coding.lower() != "chunked" or length is not None):
            raise LocalProtocolError(f"Transfer-Encoding {coding[:40]!r} cannot be sent")
        has_close = "close" in [option.strip() for option in options.split(",")]
        return Framing(encode_fields(headers), size, has_close)
    return Framing(encode_fields(headers), -1, False)


_FRAMING = frozenset(["Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive"])
