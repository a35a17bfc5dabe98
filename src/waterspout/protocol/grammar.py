"""The character classes of RFC 9110 and RFC 9112, as tables of 256 bytes, and the checks on them.

A table holds 1 at the index of each byte that belongs to the class. Tables are data that compiled
and interpreted code read alike: ``TOKEN[byte]``.
"""

import re

__all__ = [
    "FIELD_VALUE",
    "TARGET",
    "TOKEN",
    "excerpt",
    "is_authority",
    "is_field_value",
    "is_host",
    "is_token",
    "parse_content_length",
]


def _table(members: bytes) -> bytes:
    return bytes(byte in members for byte in range(256))


#: RFC 9110 section 5.6.2, ``tchar``: methods and field names.
TOKEN = _table(
    b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
)

#: RFC 9110 section 5.5: visible characters, space, tab, and obs-text (0x80 and above).
FIELD_VALUE = _table(b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100)))

#: What may stand in a request target: visible ASCII without ``#``, for a fragment is never sent.
TARGET = _table(bytes(byte for byte in range(0x21, 0x7F) if byte != ord("#")))

# RFC 3986 section 3.2: a registered name or an IP literal, and a port. No run is ever given back
# (``++``), so that a match takes linear time.
_HOST = re.compile(
    rb"(?:"
    rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]++|%[0-9A-Fa-f]{2})++"
    rb"|\[(?:[0-9A-Fa-f.]*+:[0-9A-Fa-f:.]*+|[Vv][0-9A-Fa-f]++\.[A-Za-z0-9\-._~!$&'()*+,;=:]++)\]"
    rb")(?::([0-9]{0,5}))?",
)

# Eighteen digits stay below 2**63; more are no honest length.
_MAX_LENGTH_DIGITS = 18


def is_token(value: bytes) -> bool:
    """Tell whether ``value`` is one token (RFC 9110 section 5.6.2), as methods and names are."""
    return bool(value) and not value.translate(None, _TOKEN_BYTES)


_TOKEN_BYTES = bytes(byte for byte in range(256) if TOKEN[byte])
_FIELD_VALUE_BYTES = bytes(byte for byte in range(256) if FIELD_VALUE[byte])


def is_field_value(value: bytes) -> bool:
    """Tell whether ``value`` may stand in a field: no CR, LF, NUL or other control but tab."""
    return not value.translate(None, _FIELD_VALUE_BYTES)


def is_host(value: bytes) -> bool:
    """Tell whether ``value`` is a host with an optional port (RFC 9110 section 7.2), not empty.

    What stands in the brackets of an IP literal is held to its characters only.
    """
    return _HOST.fullmatch(value) is not None


def is_authority(value: bytes) -> bool:
    """Tell whether ``value`` is a host and a port from 1 to 65535 (RFC 9110 section 9.3.6)."""
    found = _HOST.fullmatch(value)
    return found is not None and 0 < int(found[1] or b"0") < 65536


def parse_content_length(value: bytes) -> int:
    """Return the length that ``value`` states, or -1 where it is not 1*DIGIT (RFC 9112 6.2).

    ``int()`` would take a sign, underscores, spaces and digits of other scripts as well.
    """
    if not 0 < len(value) <= _MAX_LENGTH_DIGITS:
        return -1
    length = 0
    for digit in value:
        if not 0x30 <= digit <= 0x39:
            return -1
        length = length * 10 + digit - 0x30
    return length


def excerpt(value: bytes, limit: int = 40) -> str:
    """Show the head of what a peer sent, escaped and cut, for an error message."""
    shown = repr(value[:limit])[1:]
    return shown if len(value) <= limit else f"{shown}..."
