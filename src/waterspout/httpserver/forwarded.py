"""Who asks, and by which protocol, where proxies stand in between: what their fields say.

A field counts only where the peer of the connection is believed, for anybody can send one. The
nearest proxy writes last, behind whatever a client has sent itself. So the values of all fields
of a name are one list, read from its end, and the first address that is no listed proxy's is the
client's.
"""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from waterspout.httpserver.peers import PeerList, listed_peers, parse_address
from waterspout.log import gen_log
from waterspout.protocol.http1.messages import RequestHead

__all__ = ["Downstream", "Forwarding"]

# Proxies that one request has passed; honest ones pass a few.
_MAX_HOPS = 32


class Forwarding:
    """What is known of the requests of a peer that is not believed: nothing but ``protocol``."""

    def __init__(self, protocol: str | None) -> None:
        self._protocol = protocol

    def remote_ip(self, head: RequestHead, peer: str) -> str:
        """Return who asks; ``peer`` is the address of the connection."""
        return peer

    def protocol(self, head: RequestHead, own: str) -> str:
        """Return by which protocol it is asked; ``own`` is that of the connection."""
        return self._protocol or own


class _Believed(Forwarding):
    """What the fields of a believed peer say; ``hops`` are the proxies that may be behind it."""

    def __init__(self, protocol: str | None, hops: PeerList) -> None:
        super().__init__(protocol)
        self._hops = hops

    def remote_ip(self, head: RequestHead, peer: str) -> str:
        fields = _fields(head, b"x-real-ip", b"x-forwarded-for")
        return _client(fields, self._hops) or peer

    def protocol(self, head: RequestHead, own: str) -> str:
        fields = _fields(head, b"x-scheme", b"x-forwarded-proto")
        nearest = next(_from_end(fields), "").lower()
        return nearest if nearest in ("http", "https") else super().protocol(head, own)


class _Unbelieved(Forwarding):
    """Says so, once, where the fields of a peer are not believed."""

    _has_told = False

    def remote_ip(self, head: RequestHead, peer: str) -> str:
        if not self._has_told and _fields(head, b"x-real-ip", b"x-forwarded-for"):
            self._has_told = True
            gen_log.warning(
                "%s says in whose name it asks, and is not believed: trusted_downstream does not"
                " list it",
                peer,
            )
        return peer


class Downstream:
    """What stands between a server and its clients, and what of that is believed.

    With ``has_fields`` the peers of ``trusted_downstream`` are. Where it is None or empty those of
    ``peers.LOCAL_PEERS`` are, and what such a peer names is the client, wherever that is.
    ``protocol`` is that of all requests for which a believed peer says nothing else.
    """

    def __init__(
        self, has_fields: bool, trusted_downstream: Collection[str] | None, protocol: str | None
    ) -> None:
        if protocol not in (None, "http", "https"):
            raise ValueError(f"protocol must be 'http' or 'https', not {protocol!r:.80}")
        hops = PeerList(trusted_downstream or ())
        self._peers = listed_peers(trusted_downstream) if has_fields else PeerList(())
        self._believed = _Believed(protocol, hops)
        self._others: Forwarding | None = None
        if has_fields:
            self._others = _Unbelieved(protocol)
        elif protocol is not None:
            self._others = Forwarding(protocol)

    def forwarding(self, address: Any) -> Forwarding | None:
        """Return what is to be made of the requests of a peer, by its socket's address."""
        return self._believed if self._peers.has_peer(address) else self._others


def _fields(head: RequestHead, first: bytes, second: bytes) -> list[bytes]:
    """Return the values of the fields called ``first``, or without a value there, ``second``."""
    found: list[bytes] = head.find_all(first)
    return found if any(found) else head.find_all(second)


def _client(fields: list[bytes], hops: PeerList) -> str | None:
    """Return the last address that is no proxy's of ``hops``, else the farthest one there is."""
    farthest = None
    for text in islice(_from_end(fields), _MAX_HOPS):
        address = parse_address(text)
        if address is None:
            break  # whoever is behind that cannot be known
        farthest = str(address)
        if not hops.has_address(address):
            break
    return farthest


def _from_end(fields: list[bytes]) -> Iterator[str]:
    """Yield the members of a list in several fields, the last one first (RFC 9110 5.6.1)."""
    for field in reversed(fields):
        for member in reversed(field.decode("latin-1").rsplit(",", _MAX_HOPS)):
            if found := member.strip(" \t"):
                yield found
