"""SOCKS, the client's side of version 5 (RFC 1928, RFC 1929) and of 4 and 4a: bytes to bytes.

A handshake is a few fixed replies, the longest of 262 bytes; nothing else is accepted, and none of
it is kept. What follows belongs to the server that the proxy has connected us to.
"""

import ipaddress

from waterspout.protocol.errors import RemoteProtocolError

__all__ = ["Socks4", "Socks5", "SocksRefusedError", "check_credentials"]

_NO_AUTHENTICATION = 0x00
_USERNAME_PASSWORD = 0x02
_NONE_ACCEPTED = 0xFF

_IPV4, _NAME, _IPV6 = 1, 3, 4

# RFC 1928 section 6.
_REPLIES = {
    1: "general failure",
    2: "connection not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}
_REPLIES_4 = {
    91: "rejected or failed",
    92: "it cannot reach our identd",
    93: "our identd tells another user",
}


class SocksRefusedError(Exception):
    """The proxy will not, or cannot; the message says what it says."""


def check_credentials(username: bytes, password: bytes) -> None:
    """Raise ValueError where a name or a password can't be told to a proxy (RFC 1929)."""
    if not 0 < len(username) < 256 or len(password) > 255:
        raise ValueError("SOCKS has room for 1 to 255 bytes of a user name, and 255 of a password")


class Socks5:
    """A handshake of version 5 for a connection to ``host``, a name or an IP address, and ``port``.

    ``begin`` returns what to send first, and `receive_data` what to send next, None when it is
    over. ValueError for a name that is too long.
    """

    def __init__(
        self, host: str, port: int, credentials: tuple[bytes, bytes] | None = None
    ) -> None:
        self._request = b"\x05\x01\x00" + _address(host) + port.to_bytes(2, "big")
        self._credentials = credentials
        self._process = self._process_method
        self._received = b""

    def begin(self) -> bytes:
        """Return the methods that may be used to tell who we are."""
        if self._credentials is None:
            return bytes((5, 1, _NO_AUTHENTICATION))
        return bytes((5, 2, _NO_AUTHENTICATION, _USERNAME_PASSWORD))

    def receive_data(self, data: bytes) -> bytes | None:
        """Take what has come; return what to send, which may be nothing, or None at the end.

        Raises `SocksRefusedError`, and RemoteProtocolError for what is no SOCKS.
        """
        self._received += data
        return self._process()

    def _process_method(self) -> bytes | None:
        if not self._expect_version(5, 2):
            return b""
        method = self._received[1]
        self._received = self._received[2:]
        if method == _NONE_ACCEPTED:
            wanted = "" if self._credentials else ": it wants a user name"
            raise SocksRefusedError(f"no way of authentication that both know{wanted}")
        if method == _NO_AUTHENTICATION:
            return self._ask()
        if method != _USERNAME_PASSWORD or self._credentials is None:
            raise RemoteProtocolError(f"SOCKS method {method}, which was not offered")
        if self._received:
            raise RemoteProtocolError("the SOCKS proxy has answered before it was asked")
        name, password = self._credentials
        self._process = self._process_authentication
        return b"\x01%c%b%c%b" % (len(name), name, len(password), password)

    def _process_authentication(self) -> bytes | None:
        if not self._expect_version(1, 2):
            return b""
        status = self._received[1]
        self._received = self._received[2:]
        if status:
            raise SocksRefusedError("the user name or the password is not accepted")
        return self._ask()

    def _ask(self) -> bytes:
        if self._received:
            raise RemoteProtocolError("the SOCKS proxy has answered before it was asked")
        self._process = self._process_reply
        return self._request

    def _process_reply(self) -> bytes | None:
        received = self._received
        # Some send less than a whole reply when they refuse.
        if not self._expect_version(5, 2):
            return b""
        if received[1]:
            raise SocksRefusedError(_REPLIES.get(received[1], f"reply {received[1]}"))
        if len(received) < 5:
            return b""
        kind = received[3]
        if received[2] or kind not in (_IPV4, _NAME, _IPV6):
            raise RemoteProtocolError("a SOCKS reply with an address of no known kind")
        # The length of a name stands before it.
        size = {_IPV4: 4, _IPV6: 16, _NAME: 1 + received[4]}[kind]
        return _end(received, 4 + size + 2)

    def _expect_version(self, version: int, size: int) -> bool:
        """Return whether there are ``size`` bytes, which begin with ``version``."""
        if self._received and self._received[0] != version:
            raise RemoteProtocolError(f"no SOCKS: it begins with {self._received[:16]!r}")
        return len(self._received) >= size


class Socks4:
    """A handshake of version 4 with an IPv4 address, of 4a with a name; see `Socks5`.

    All that can be told about the user is a name.
    """

    def __init__(self, host: str, port: int, username: bytes = b"") -> None:
        if b"\0" in username:
            raise ValueError("a user name for SOCKS 4 can't hold a NUL")
        name = b""
        try:
            address = ipaddress.IPv4Address(host).packed
        except ValueError:
            if ":" in host:
                raise ValueError("SOCKS 4 knows no IPv6 addresses") from None
            # 4a: an address that there is not, and behind the user's name that of the host.
            address, name = b"\x00\x00\x00\x01", host.encode("ascii") + b"\0"
        self._request = b"\x04\x01%b%b%b\0%b" % (
            port.to_bytes(2, "big"),
            address,
            username,
            name,
        )
        self._received = b""

    def begin(self) -> bytes:
        """Return the request."""
        return self._request

    def receive_data(self, data: bytes) -> bytes | None:
        """Take what has come; see `Socks5.receive_data`."""
        self._received += data
        received = self._received
        if received and received[0]:
            raise RemoteProtocolError(f"no SOCKS 4: it begins with {received[:16]!r}")
        if len(received) > 1 and received[1] != 90:
            raise SocksRefusedError(_REPLIES_4.get(received[1], f"reply {received[1]}"))
        return _end(received, 8)


def _end(received: bytes, size: int) -> bytes | None:
    """Return None if a reply of ``size`` is there, and nothing behind it."""
    if len(received) > size:
        # Nobody was asked anything yet. It must not be taken for an answer.
        raise RemoteProtocolError("the SOCKS proxy has sent more than its reply")
    return None if len(received) == size else b""


def _address(host: str) -> bytes:
    """Return an address with its kind (RFC 1928 section 5)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        if not 0 < len(name) < 256:
            raise ValueError("SOCKS has 255 bytes for the name of a host") from None
        return b"%c%c%b" % (_NAME, len(name), name)
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed
