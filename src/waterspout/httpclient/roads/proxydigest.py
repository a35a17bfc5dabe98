"""`ProxyDigests`: user names and passwords for proxies that are never sent, but a hash of them.

The same as with servers (RFC 7616, RFC 9110 section 11.7), with a 407 for a 401.
"""

from waterspout.httpclient.auth.challenges import parse_challenges
from waterspout.httpclient.auth.credentials import Asked
from waterspout.httpclient.auth.digest import DigestAuth
from waterspout.httpclient.roads.proxy import Proxy
from waterspout.httpclient.target import Target
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["ProxyDigests"]

# Proxies, with their credentials, whose sessions are remembered.
_MOST = 16


class ProxyDigests:
    """What a client knows of the nonces of its proxies; for all its threads."""

    def __init__(self) -> None:
        self._known: dict[Proxy, DigestAuth] = {}

    def authorization(
        self, proxy: Proxy, method: str, target: str, body: bytes | None
    ) -> str | None:
        """Return the field for a request, whose line says ``target``; None without a nonce."""
        known = self._known.get(proxy)
        return None if known is None else known.authorization(_asked(proxy, method, target, body))

    def answer(
        self,
        proxy: Proxy,
        method: str,
        target: str,
        body: bytes | None,
        headers: HTTPHeaders,
        answered: int,
    ) -> bool:
        """Take the fields of a 407; tell whether to ask again. ``answered`` is how often it was."""
        known = self._known.get(proxy)
        if known is None:
            if proxy.credentials is None:
                return False
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[proxy] = DigestAuth(*proxy.credentials)
        challenges = parse_challenges(headers.get_list("Proxy-Authenticate"))
        return known.answer(_asked(proxy, method, target, body), challenges, answered)

    def __repr__(self) -> str:
        return f"<ProxyDigests {len(self._known)}>"


def _asked(proxy: Proxy, method: str, target: str, body: bytes | None) -> Asked:
    # Sessions are kept by origin, which is the proxy here, and hash what the request line says.
    peer = Target(proxy.scheme, proxy.host, proxy.port, proxy.peer, target, "", None)
    return Asked(method, peer, body)
