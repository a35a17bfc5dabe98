"""What the fields that frame a message say, for programs that look at them on their own.

The engine does not ask here: it has checked the same, and more, before a program sees a message.
"""

import re

from waterspout.httputil import HTTPHeaders, HTTPInputError

__all__ = ["is_transfer_encoding_chunked", "parse_hex_int", "parse_int"]

# 64 digits are more than any size has, and cost nothing to convert.
_DIGITS = re.compile(r"[0-9]{1,64}", re.ASCII)
_HEX_DIGITS = re.compile(r"[0-9a-fA-F]{1,64}", re.ASCII)


def parse_int(s: str) -> int:
    """Return the number that ``s`` is: 1 to 64 ASCII digits and nothing else, or ``ValueError``.

    >>> parse_int("42")
    42
    """
    if _DIGITS.fullmatch(s) is None:
        raise ValueError(f"not a decimal number: {s[:40]!r}")
    return int(s)


def parse_hex_int(s: str) -> int:
    """Return the number that ``s`` is: 1 to 64 hexadecimal digits and no more, or ``ValueError``.

    >>> parse_hex_int("fF")
    255
    """
    if _HEX_DIGITS.fullmatch(s) is None:
        raise ValueError(f"not a hexadecimal number: {s[:40]!r}")
    return int(s, 16)


def is_transfer_encoding_chunked(headers: HTTPHeaders) -> bool:
    """Tell whether the body of a message comes in chunks (RFC 9112 section 6.1).

    ``HTTPInputError`` where Transfer-Encoding says anything else, or stands beside a
    Content-Length, which is how requests are smuggled.
    """
    coding = headers.get("Transfer-Encoding")
    if coding is None:
        return False
    if "Content-Length" in headers:
        raise HTTPInputError("a message with Transfer-Encoding and Content-Length")
    if coding.lower() != "chunked":
        raise HTTPInputError(f"unsupported Transfer-Encoding {coding[:40]!r}")
    return True
