"""`FirstHops`: what is the same for all URLs of a server is decided once.

A request says in forty ways how it is to be sent, and to decide all that takes longer than to send
it. So for the last few servers a hop is kept, and one for another path, asked for in the same
manner, is a copy of it.
"""

import re

from waterspout.httpclient.hop import Hop, first_hop
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.target import Target
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["FirstHops"]

# Servers to keep in mind.
_MOST = 256

# Path and query that `parse_url` leaves as they are, and no fragment.
_PATH = re.compile(r"/[!-\"$-~]*")


class FirstHops:
    """Makes the hops to begin with: those of `first_hop`, but sooner."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, Known] = {}

    def hop(self, request: HTTPRequest) -> Hop:
        """Return the hop for a request; raises what `first_hop` does."""
        manner = request.manner()
        if manner is None:
            return first_hop(request, self._settings)
        url: str = request.url
        end = url.find("/", 8)  # of the server: there are https:// and one letter before
        known = self._known.get(url[:end])
        if known is not None and known.manner == manner and _PATH.fullmatch(url, end):
            return _copy(known.hop, request, url[end:])
        hop = first_hop(request, self._settings)
        if url[end:] == hop.target.path and self._is_settled(hop):
            if len(self._known) >= _MOST:
                self._known.clear()
            # Nothing of the user's is kept: callbacks may hold much, and headers be changed.
            self._known[url[:end]] = Known(manner, _copy(hop, HTTPRequest(url), hop.target.path))
        return hop

    def _is_settled(self, hop: Hop) -> bool:
        """Whether the next one to ask gets the same road, and files of certificates are no matter,
        which may change at any time.
        """
        option, request = self._settings.option, hop.request
        return hop.key.road is None and not (
            option(request, "ca_certs")
            or option(request, "client_cert")
            or isinstance(option(request, "ssl_options"), dict)
        )

    def __repr__(self) -> str:
        return f"<FirstHops {len(self._known)}>"


class Known:
    """A hop, and the manner in which its request was asked for."""

    __slots__ = ("hop", "manner")

    def __init__(self, manner: tuple[object, ...], hop: Hop) -> None:
        self.manner = manner
        self.hop = hop


_NO_HEADERS = HTTPHeaders()


def _copy(known: Hop, request: HTTPRequest, path: str) -> Hop:
    """Return the hop for another path of the same server."""
    hop: Hop = Hop.__new__(Hop)
    scheme, host, port, authority, _, _, credentials = known.target
    hop.request = request
    hop._settings = known._settings
    hop.target = Target(scheme, host, port, authority, path, "", credentials)
    hop.url = f"{scheme}://{authority}{path}"
    hop.method = known.method
    hop.headers = _NO_HEADERS
    hop.credentials = known.credentials
    hop.source = None
    hop.body = known.body
    hop.has_producer = False
    hop.is_repeatable = known.is_repeatable
    hop.connect_timeout = known.connect_timeout
    hop.request_timeout = known.request_timeout
    hop.read_timeout = known.read_timeout
    hop.key = known.key
    hop.length = known.length
    hop.is_plain = known.is_plain
    hop.expects_continue = known.expects_continue
    hop.wants_close = known.wants_close
    hop.encoded = known.encoded.with_target(path)
    return hop
