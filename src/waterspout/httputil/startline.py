"""Start lines as named tuples (RFC 9112 sections 3 and 4)."""

import re
from http import HTTPStatus
from typing import NamedTuple

from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.grammar import is_token

__all__ = [
    "RequestStartLine",
    "ResponseStartLine",
    "parse_request_start_line",
    "parse_response_start_line",
    "responses",
]

#: The usual reason phrases, by their status.
responses: dict[int, str] = {status.value: status.phrase for status in HTTPStatus}

_CONTROL = r"[\x00-\x08\x0a-\x1f\x7f]"


class RequestStartLine(NamedTuple):
    """``GET /path HTTP/1.1``."""

    method: str
    path: str
    version: str


class ResponseStartLine(NamedTuple):
    """``HTTP/1.1 200 OK``."""

    version: str
    code: int
    reason: str


def parse_request_start_line(line: str) -> RequestStartLine:
    """Take a request line apart; ``HTTPInputError`` where it is none of HTTP/1.

    >>> parse_request_start_line("GET /foo HTTP/1.1")
    RequestStartLine(method='GET', path='/foo', version='HTTP/1.1')
    """
    _check_controls(line)
    parts = line.split(" ")
    if len(parts) != 3 or not parts[1] or not is_token(parts[0].encode("utf-8", "replace")):
        raise HTTPInputError("malformed HTTP request line")
    if not _is_version_1(parts[2]):
        raise HTTPInputError(f"unexpected HTTP version {parts[2][:20]!r}")
    return RequestStartLine(*parts)


def parse_response_start_line(line: str) -> ResponseStartLine:
    """Take a status line apart; ``HTTPInputError`` where it is none of HTTP/1.

    >>> parse_response_start_line("HTTP/1.1 200 OK")
    ResponseStartLine(version='HTTP/1.1', code=200, reason='OK')
    """
    _check_controls(line)
    version, _, rest = line.partition(" ")
    code, _, reason = rest.partition(" ")
    if not _is_version_1(version) or len(code) != 3 or not (code.isascii() and code.isdigit()):
        raise HTTPInputError("malformed HTTP status line")
    return ResponseStartLine(version, int(code), reason)


def _check_controls(line: str) -> None:
    if re.search(_CONTROL, line):
        raise HTTPInputError("a start line must not hold control characters")


def _is_version_1(version: str) -> bool:
    return len(version) == 8 and version.startswith("HTTP/1.") and version[7] in "0123456789"
