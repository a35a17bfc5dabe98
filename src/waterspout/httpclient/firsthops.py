"""`FirstHops`: what is the same for all URLs of a server, or of all servers, is decided once.

A request says in forty ways how it is to be sent, and to decide all that takes longer than to send
it. So for the last few servers a hop is kept, and one for another path, asked for in the same
manner, is a copy of it. One for another server is a copy of that which was made last, where no
proxy may be for some servers only.
"""

import math
from typing import Any

from waterspout.httpclient.hop import Hop, Key, first_hop, varied_hop
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.target import Target, parse_url, parse_usual
from waterspout.net.clock import Clock
from waterspout.net.tlscontext import have_changed
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1.client import EncodedRequest

__all__ = ["FirstHops"]

# Servers to keep in mind, and URLs.
_MOST = 256

# Seconds after which it is looked again whether files are what they were.
_LOOK_AFTER = 0.1

# Makes a Target for a fifth of what its constructor takes, which is a function written in Python.
_new_target: Any = tuple.__new__


class FirstHops:
    """Makes the hops to begin with: those of `first_hop`, but sooner."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._known: dict[str, Known] = {}
        # By scheme, of which those for other servers are copies.
        self._last: dict[str, Known] = {}
        # By URL, where that is all that was said; made after files were looked at.
        self._urls: dict[str, Hop] = {}
        self._looked = -math.inf
        # That of a request that says nothing but its URL, once it is known to be shown to nobody.
        self._plain: tuple[object, ...] | None = None

    def url_hop(self, url: str) -> Hop:
        """Return what `plain_hop` does, and keep it for the next time."""
        hop = self._urls.get(url)
        if hop is not None:
            if not hop.files:
                return hop
            now = self._clock.now()
            if now - self._looked < _LOOK_AFTER:
                return hop
            self._urls.clear()
            self._looked = now
        hop = self.plain_hop(url)
        if len(self._urls) >= _MOST:
            self._urls.clear()
        self._urls[url] = hop
        return hop

    def plain_hop(self, url: str) -> Hop:
        """Return the hop for a request that says nothing but its URL, and that may not be made."""
        if self._plain is not None and type(url) is str:
            return self._hop(None, url, self._plain)
        request = HTTPRequest(url)
        hop = self.hop(request)
        if hop.is_plain:
            self._plain = request.manner()
        return hop

    def hop(self, request: HTTPRequest) -> Hop:
        """Return the hop for a request; raises what `first_hop` does."""
        manner = request.manner()
        if manner is None:
            return first_hop(request, self._settings)
        return self._hop(request, request.url, manner)

    def _hop(self, request: HTTPRequest | None, url: str, manner: tuple[object, ...]) -> Hop:
        """Return the hop for a URL; without a request it is that of an earlier one."""
        length = 0 if request is None or request._body is None else len(request._body)
        end = url.find("/", 8)  # of the server: there are https:// and one letter before
        server = url[:end]
        if manner[0] != "GET":
            server = f"{manner[0]} {server}"
        known = self._known.get(server)
        if known is not None and end > 0 and known.is_for(manner, self._clock):
            path = url[end:]
            # What can be a target is what `parse_url` leaves as it is, and has no fragment.
            encoded = known.hop.encoded.with_target(path, length)
            if encoded is not None:
                return _asked(_copy(known, url, path, encoded), request)
        if self._last:
            target = parse_usual(url) or parse_url(url)
            last = self._last.get(target.scheme)
            if last is not None and target.credentials is None and last.is_for(manner, self._clock):
                hop = _copy_for(last.hop, target, length)
                if end < 0 or url[end:] != target.path:
                    return _asked(hop, request)
                kept = self._keep(server, url, last.manner, hop)
                kept.looked = last.looked
                return hop if request is None else _asked(_twin(hop), request)
        hop = first_hop(request or HTTPRequest(url), self._settings)
        # The next one may have another road.
        if url[end:] == hop.target.path and hop.key.road is None:
            # Nothing of the user's is kept: callbacks may hold much, and headers be changed.
            twin = _twin(hop)
            twin.request = HTTPRequest(url)
            twin.headers = _NO_HEADERS
            twin.body = None
            kept = self._keep(server, url, manner, twin)
            if (
                self._settings.is_straight
                and hop.target.credentials is None
                and "Host" not in hop.headers
            ):
                self._last[hop.target.scheme] = kept
        return hop

    def _keep(self, server: str, url: str, manner: tuple[object, ...], hop: Hop) -> "Known":
        if len(self._known) >= _MOST:
            self._known.clear()
        kept = self._known[server] = Known(manner, hop, hop.url == url, self._clock)
        return kept

    def __repr__(self) -> str:
        return f"<FirstHops {len(self._known)}>"


class Known:
    """A hop, and the manner in which its request was asked for."""

    __slots__ = ("hop", "is_canonical", "looked", "manner")

    def __init__(
        self, manner: tuple[object, ...], hop: Hop, is_canonical: bool, clock: Clock
    ) -> None:
        self.manner = manner
        self.hop = hop
        # Whether the server was written as it is in the URL of the hop.
        self.is_canonical = is_canonical
        #: When its files were looked at, or a little later.
        self.looked = clock.now()

    def is_for(self, manner: tuple[object, ...], clock: Clock) -> bool:
        """Whether a hop for that manner would be the same, but for its URL."""
        if self.manner != manner:
            return False
        if self.hop.files:
            now = clock.now()
            if now - self.looked >= _LOOK_AFTER:
                if have_changed(self.hop.files):
                    return False
                self.looked = now
        return True


_NO_HEADERS = HTTPHeaders()


def _copy(known: Known, url: str, path: str, encoded: EncodedRequest) -> Hop:
    """Return the hop for another path of the same server."""
    hop = known.hop
    scheme, host, port, authority, _, _, credentials = hop.target
    target = _new_target(Target, (scheme, host, port, authority, path, "", credentials))
    if not known.is_canonical:
        url = f"{scheme}://{authority}{path}"
    return varied_hop(hop, target, url, hop.key, encoded)


def _copy_for(known: Hop, target: Target, length: int) -> Hop:
    """Return the hop for another server, which is asked without credentials and proxies."""
    scheme, host, port, authority, path, fragment, _ = target
    key = Key(host, port, known.key.family, known.key.context)
    encoded = known.encoded.with_host(path, authority, length)
    return varied_hop(known, target, f"{scheme}://{authority}{path}{fragment}", key, encoded)


def _twin(hop: Hop) -> Hop:
    return varied_hop(hop, hop.target, hop.url, hop.key, hop.encoded)


def _asked(hop: Hop, request: HTTPRequest | None) -> Hop:
    """Return a new hop as that of a request of the user's, if it is one."""
    if request is not None:
        hop.request = request
        hop.body = request._body
        if request._headers is not None:
            hop.headers = request._headers
    return hop
