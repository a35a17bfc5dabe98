"""The header that a proxy sends before the first byte of its client: the PROXY protocol.

Both versions of HAProxy's "The PROXY protocol": a line of text, and a binary header. It tells the
client's address; the address it was connected to, and what else may be in it, is of no use here.
Whoever feeds the parser has looked at bytes that may not be its own: it says how many are.
"""

from ipaddress import IPv4Address, IPv6Address

from waterspout.protocol.errors import RemoteProtocolError

__all__ = ["ProxyHeaderParser"]

# Section 2.1: the longest line, with its CRLF.
_LONGEST_LINE = 107
_TEXT = b"PROXY "

# Section 2.2.
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED_SIZE = 16
_LOCAL, _PROXY = 0x20, 0x21  # the version, and what the connection is for
_TCP4, _TCP6 = 0x11, 0x21
#: Families and transports that there are; all but TCP over IP tell no address.
_KINDS = {0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32}
# Addresses and extensions: the largest extension in use, a client's certificate, has some KiB.
_MAX_SIZE = 16 * 1024


class ProxyHeaderParser:
    """Reads one header, in whatever pieces it comes.

    ``address`` is the client's IP address and port once ``is_complete``; None where the header
    tells none, and it is the connection's own that counts: a proxy asks for itself (LOCAL), or
    does not know (UNKNOWN, UNSPEC), or has it from elsewhere than TCP over IP.
    """

    def __init__(self) -> None:
        self._data = b""
        self.is_complete = False
        self.address: tuple[str, int] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether any byte has come."""
        return bool(self._data)

    def feed(self, data: bytes) -> int:
        """Take what has come next; return how many bytes of it are the header's, all or fewer.

        Raises ``RemoteProtocolError`` as soon as it can be no header, or too large a one. Not to
        be called again after that, nor when it is complete.
        """
        before = len(self._data)
        self._data += data
        if _is_begin(self._data, _SIGNATURE):
            size = self._process_binary()
        elif _is_begin(self._data, _TEXT):
            size = self._process_line()
        else:
            raise RemoteProtocolError(f"no PROXY header begins with {self._data[:16]!r}")
        self.is_complete = size > 0
        return size - before if self.is_complete else len(data)

    def _process_line(self) -> int:
        """Return the size of a header of version 1, 0 where its end has not come."""
        data = self._data
        end = data.find(b"\r\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(data) >= _LONGEST_LINE:
                raise RemoteProtocolError(f"a PROXY line of more than {_LONGEST_LINE} bytes")
            return 0
        self.address = _line_address(data[:end])
        return end + 2

    def _process_binary(self) -> int:
        """Return the size of a header of version 2, 0 where it is not whole."""
        data = self._data
        if len(data) < _FIXED_SIZE:
            return 0
        command, kind = data[12], data[13]
        size = int.from_bytes(data[14:16])
        if command not in (_LOCAL, _PROXY):
            raise RemoteProtocolError(f"a PROXY header of version and command {command:#04x}")
        if kind not in _KINDS:
            raise RemoteProtocolError(f"a PROXY header of family and transport {kind:#04x}")
        if size > _MAX_SIZE:
            raise RemoteProtocolError(f"a PROXY header of more than {_MAX_SIZE} bytes")
        if command == _PROXY and size < {_TCP4: 12, _TCP6: 36}.get(kind, 0):
            raise RemoteProtocolError(f"a PROXY header too small for its addresses: {size} bytes")
        if len(data) < _FIXED_SIZE + size:
            return 0
        if command == _PROXY:
            self.address = _binary_address(kind, data[_FIXED_SIZE:])
        return _FIXED_SIZE + size


def _is_begin(data: bytes, of: bytes) -> bool:
    """Tell whether ``data`` begins as ``of`` does, as far as both go."""
    return data[: len(of)] == of[: len(data)]


def _line_address(line: bytes) -> tuple[str, int] | None:
    words = line.split(b" ")
    if words[1] == b"UNKNOWN":
        return None  # whatever follows
    if len(words) == 6:
        _, family, source, target, source_port, target_port = words
        address = _ip(family, source)
        port = _port(source_port)
        if address and _ip(family, target) and port >= 0 and _port(target_port) >= 0:
            return address, port
    raise RemoteProtocolError(f"a malformed PROXY line: {line!r}")


def _ip(family: bytes, text: bytes) -> str:
    """Return an address as it is usually written, and nothing where it is none."""
    try:
        if family == b"TCP4":
            return str(IPv4Address(text.decode("ascii")))
        if family == b"TCP6" and b"%" not in text:
            return _plain(IPv6Address(text.decode("ascii")))
    except ValueError:
        pass
    return ""


def _port(text: bytes) -> int:
    """Return a port, -1 where it is none: leading zeros are not allowed."""
    if not text.isdigit() or len(text) > 5 or (text[0] == 0x30 and text != b"0"):
        return -1
    return int(text) if int(text) < 65536 else -1


def _binary_address(kind: int, data: bytes) -> tuple[str, int] | None:
    if kind == _TCP4:
        return str(IPv4Address(data[:4])), int.from_bytes(data[8:10])
    if kind == _TCP6:
        return _plain(IPv6Address(data[:16])), int.from_bytes(data[32:34])
    return None


def _plain(address: IPv6Address) -> str:
    """Return the address of a client; one of IPv4 in the form of IPv6 as what it is."""
    return str(address.ipv4_mapped or address)
