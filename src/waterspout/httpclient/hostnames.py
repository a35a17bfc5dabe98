"""Names of hosts that are not plain: of other scripts (IDNA 2008), and numbers (WHATWG URL).

Raises ValueError for what is neither. Does no I/O.
"""

__all__ = ["ipv4_of", "to_ascii"]

# Longer ones can't be names, whatever they become; and what becomes of them takes its time.
_MAX_LENGTH = 1024

# What IDNA 2003 made something else of, so that it would lead to another host: RFC 5892 appendix B.
_DEVIATIONS = frozenset("\u00df\u1e9e\u03c2\u200c\u200d")


def to_ascii(host: str) -> str:
    """Return a name as it is asked for in the DNS, with ``xn--``.

    By UTS 46 and IDNA 2008 if idna is installed (``waterspout[idna]``); else by Python's IDNA 2003,
    for names where that comes to the same.
    """
    if len(host) > _MAX_LENGTH:
        raise ValueError("invalid host name (too long)")
    try:
        return _encoded(host)
    except UnicodeError as error:
        raise ValueError(f"invalid host name ({error})") from None


def _encoded(host: str) -> str:
    try:
        import idna  # for few URLs
    except ImportError:
        if not _DEVIATIONS.isdisjoint(host):
            raise ValueError(
                "a host name that needs IDNA 2008: pip install 'waterspout[idna]'"
            ) from None
        return host.encode("idna").decode("ascii")
    return idna.encode(host, uts46=True, transitional=False).decode("ascii")


def ipv4_of(host: str) -> str:
    """Return the IPv4 address that a host spells out: four numbers, or less, the last one filling
    the rest; decimal or with ``0x``.

    A number that begins with 0 is octal for some and decimal for others, so it is refused.
    """
    parts = host.removesuffix(".").split(".")
    if len(parts) > 4:
        raise ValueError("an IPv4 address has four numbers")
    *bytes_, last = map(_number, parts)
    room = 256 ** (4 - len(bytes_))
    if last >= room or any(byte > 255 for byte in bytes_):
        raise ValueError("a number that is too large for an IPv4 address")
    value = last
    for index, byte in enumerate(bytes_):
        value += byte << 8 * (3 - index)
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def _number(text: str) -> int:
    digits, base = text, 10
    if text[:2] in ("0x", "0X"):
        digits, base = text[2:] or "0", 16
    elif len(text) > 1 and text[0] == "0":
        raise ValueError("a number that begins with 0 in an IPv4 address")
    # int() alone would take signs, spaces and underscores.
    if not (digits.isascii() and digits.isalnum() and len(digits) <= 10):
        raise ValueError("invalid IPv4 address")
    try:
        return int(digits, base)
    except ValueError:
        raise ValueError("invalid IPv4 address") from None
