"""Which peers are listed: by address, by network, on a unix socket."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

__all__ = ["LOCAL_PEERS", "PeerList", "listed_peers", "parse_address"]

#: Who is meant where nobody is listed: peers that do not come from the open Internet.
LOCAL_PEERS = (
    "unix",
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1",
    "fc00::/7",
    "fe80::/10",
)

# The longest address, with brackets and a port, is shorter.
_LONGEST_ADDRESS = 64


class PeerList:
    """IP addresses and networks (``10.0.0.0/8``); ``unix`` is a unix socket, ``*`` every peer.

    Raises ``ValueError`` that names anything else, and ``TypeError`` for one text in place of a
    list.
    """

    def __init__(self, names: Collection[str]) -> None:
        if isinstance(names, str):
            raise TypeError(f"peers are a list of addresses and networks, not {names!r:.80}")
        self._names = list(names)
        self._has_all = "*" in self._names
        self._has_unix = "unix" in self._names
        self._addresses: set[IPv4Address | IPv6Address] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for name in self._names:
            if name not in ("*", "unix"):
                self._add(name)

    def _add(self, name: str) -> None:
        try:
            if "/" in name:
                self._networks.append(ip_network(name))
            else:
                self._addresses.add(_plain(ip_address(name)))
        except (TypeError, ValueError) as error:
            reason = f": {error}" if "host bits" in str(error) else ""
            raise ValueError(
                "a peer is an IP address, a network like 10.0.0.0/8, 'unix' or '*', not"
                f" {name!r:.80}{reason}"
            ) from None

    def has_peer(self, address: Any) -> bool:
        """Tell whether a peer is listed, by the address that its socket has."""
        if self._has_all:
            return True
        if not isinstance(address, tuple):
            return self._has_unix
        found = parse_address(address[0].partition("%")[0])  # without the scope of fe80::1%eth0
        return found is not None and self.has_address(found)

    def has_address(self, address: IPv4Address | IPv6Address) -> bool:
        """Tell whether an address is listed, itself or by its network; ``*`` does not count."""
        return address in self._addresses or any(address in found for found in self._networks)

    def __repr__(self) -> str:
        return f"PeerList({self._names!r})"


def listed_peers(names: Collection[str] | None) -> PeerList:
    """Return the list of ``names``; where there are none, that of `LOCAL_PEERS`."""
    return PeerList(names or LOCAL_PEERS)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an IP address, also one with a port, ``1.2.3.4:80`` or ``[::1]:80``; else None.

    An IPv4 address in the form of IPv6 (``::ffff:1.2.3.4``) is one of IPv4. Scopes are refused.
    """
    if len(text) > _LONGEST_ADDRESS or "%" in text:
        return None
    host, port = text, ""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in host or (port and port[0] != ":"):
            return None
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        port = f":{port}"
    if port and not (port[1:].isascii() and port[1:].isdigit() and len(port) <= 6):
        return None
    try:
        return _plain(ip_address(host))
    except ValueError:
        return None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
