"""`Proxy`: a program that fetches or connects for us, as a URL names it."""

import base64
import functools
import re
from typing import NamedTuple

from waterspout.httpclient.target import bracketed, parse_authority

__all__ = ["Proxy", "basic", "parse_proxy"]

# SOCKS versions: with an "a" or an "h" the proxy finds the address of a host, else we do.
_PORTS = {
    "http": 80,
    "https": 443,
    "socks4": 1080,
    "socks4a": 1080,
    "socks5": 1080,
    "socks5h": 1080,
}

_URL = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://)?(?P<authority>[!-~]+?)/?")


class Proxy(NamedTuple):
    """Where a proxy listens, and what it speaks. Never shows its credentials."""

    scheme: str  #: ``http https socks4 socks4a socks5 socks5h``
    host: str  #: in lower case; an IPv6 address without its brackets
    port: int
    credentials: tuple[bytes, bytes] | None  #: user name and password

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, and not HTTP."""
        return self.scheme.startswith("socks")

    @property
    def peer(self) -> str:
        """Host and port, for messages."""
        return f"{bracketed(self.host)}:{self.port}"

    def __repr__(self) -> str:
        return f"<Proxy {self.scheme}://{self.peer}>"


@functools.lru_cache(256)
def parse_proxy(url: str) -> Proxy:
    """Take the URL of a proxy apart; without a scheme it is one of HTTP.

    ValueError for anything else; the message names the URL without its credentials.
    """
    found = _URL.fullmatch(url)
    if found is None or re.search(r"[/?#\\]", found["authority"]):
        raise ValueError(
            f"no URL of a proxy: {_shown(url)!r}; it is scheme://host:port, or"
            " scheme://user:password@host:port with what is special quoted"
        )
    scheme = (found["scheme"] or "http").lower()
    if scheme not in _PORTS:
        known = ", ".join(_PORTS)
        raise ValueError(f"unsupported proxy {_shown(url)!r}: it must be one of {known}")
    try:
        host, port, credentials = parse_authority(found["authority"])
    except ValueError as error:
        raise ValueError(f"proxy {_shown(url)!r}: {error}") from None
    return Proxy(scheme, host, _PORTS[scheme] if port is None else port, credentials)


def basic(credentials: tuple[bytes, bytes]) -> str:
    """Return what a field says with Basic credentials (RFC 7617)."""
    return f"Basic {base64.b64encode(b':'.join(credentials)).decode('ascii')}"


def _shown(url: str) -> str:
    """Return a URL for messages. Whatever stands before the last @ may be a password."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.\-]*://", url)
    shown = url.rpartition("@")[2]
    if scheme is not None and shown != url:
        shown = scheme[0] + shown
    return shown if len(shown) <= 200 else f"{shown[:200]}..."
