"""`Hop`: one request of a fetch, the first or one that a redirect leads to, as it will be sent."""

import base64
import copy
import socket
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from waterspout._version import __version__
from waterspout.httpclient.errors import HTTPBodyError
from waterspout.httpclient.redirect import NextRequest
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.target import Target, parse_url
from waterspout.httpclient.timeouts import limit
from waterspout.httputil import encode_username_password
from waterspout.net.tlscontext import (
    context_from_options,
    file_identities,
    files_of_options,
    shared_context,
)
from waterspout.protocol.coding import accepted
from waterspout.protocol.grammar import parse_content_length
from waterspout.protocol.headers import HTTPHeaders, encode_fields
from waterspout.protocol.http1.client import EncodedRequest
from waterspout.protocol.http1.writer import check_method

if TYPE_CHECKING:
    from waterspout.httpclient.bodies.source import Source
    from waterspout.httpclient.roads.road import Road

__all__ = ["Hop", "Key", "first_hop", "next_hop", "varied_hop"]

_USER_AGENT = f"waterspout/{__version__}"

#: Who asks, as far as that is known from the beginning.
Credentials = tuple[str | bytes, str | bytes] | str | None

# The options that name files.
_FILES = ("ca_certs", "client_cert", "client_key")

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS"})
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})
# RFC 9110 section 9.2.2: what may be sent again when it is not known whether it arrived.
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})


class Key:
    """All that makes a connection what it is: the pool keeps and finds them by it.

    The scheme shows in the context; the name in the certificate is the host. Connections that take
    requests for all origins to a proxy have its host, port and context. It is looked up four times
    a fetch, so it knows its hash.
    """

    def __init__(
        self,
        host: str,
        port: int,
        family: int = socket.AF_UNSPEC,
        context: ssl.SSLContext | None = None,
        road: "Road | None" = None,
    ) -> None:
        #: Host and port: what a limit per origin counts by.
        self.origin = (host, port)
        self.family = family
        self.context = context
        self.road = road
        self._hash = hash((host, port, family, context, road))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Key) and self._parts() == other._parts()

    def _parts(self) -> tuple[object, ...]:
        return self.origin, self.family, self.context, self.road

    def __repr__(self) -> str:
        return f"<Key {self.origin[0]}:{self.origin[1]} {self._parts()[1:]}>"


class Hop:
    """A request with all that was decided about it. Never changed; may be sent any number of
    times.
    """

    def __init__(
        self,
        request: HTTPRequest,
        settings: Settings,
        target: Target,
        method: str,
        headers: HTTPHeaders,
        credentials: Credentials,
        has_body: bool,
        added: Mapping[str, str] | None = None,
    ) -> None:
        #: What the user asked for; internal where that was a URL alone.
        self.request = request
        self._settings = settings
        self.target = target
        self.url = target.url
        self.method = method
        #: What the user wants sent: for the next hop. The client's own fields come anew there.
        self.headers = headers
        #: User name and password, or what the field Authorization says.
        self.credentials = credentials
        #: Where the body comes from, if that is no bytes and no producer of the user's.
        self.source = request.source if has_body else None
        self.body = request.body if has_body and self.source is None else None
        self.has_producer = has_body and (
            request.body_producer is not None or self.source is not None
        )
        if self.source is not None:
            self._check_source(self.source, settings)
        self.is_repeatable = method in _IDEMPOTENT and not self.has_producer
        fields = HTTPHeaders(headers)
        road = None
        if not (
            settings.is_straight
            and request.proxy is None
            and request.proxy_host is None
            and request.unix_socket is None
            and request.network_interface is None
        ):
            # Most programs have no other road than straight away.
            from waterspout.httpclient.roads.road import choose_road

            road = choose_road(request, settings, target, fields.get("Proxy-Authorization"))
        #: In seconds, ``math.inf`` for none.
        self.connect_timeout = _seconds(request, settings, "connect_timeout")
        self.request_timeout = _seconds(request, settings, "request_timeout")
        self.read_timeout = _seconds(request, settings, "read_timeout")
        #: The identities of the files that the key depends on: they may change at any time.
        self.files = _files(request, settings, target)
        self.key = _key(request, settings, target, road)
        path = target.path
        if road is not None and road.proxy is not None:
            # It is for the proxy alone, which drops it. The server behind a tunnel never sees it.
            if "Proxy-Authorization" in fields:
                del fields["Proxy-Authorization"]
            if not road.is_tunnel:
                path = f"{target.scheme}://{target.authority}{path}"  # RFC 9112 section 3.2.2
                if road.authorization is not None:
                    fields["Proxy-Authorization"] = road.authorization
        #: Of the body in bytes; -1 where it is not known, 0 where there is none.
        self.length = self._take_framing(fields)
        self._complete(fields, request, settings)
        if added:
            fields.update(added)
        # Whether no fields were added yet, and none that `with_fields` may have to replace.
        self._is_bare = added is None and credentials is None and road is None
        #: Whether it takes no more than redirects to have the response.
        self.is_plain = (
            settings.is_plain
            and (request.auth is None or credentials is not None)
            and request.cookies is None
            and request.retries is None
            and request.auth_mode != "digest"
            and (road is None or not road.is_digest or road.is_tunnel)
        )
        self.expects_continue = bool(self.length) and (
            fields.get("Expect", "").lower() == "100-continue"
        )
        self.wants_close = "close" in [
            option.strip() for option in fields.get("Connection", "").lower().split(",")
        ]
        host = target.authority
        if "Host" in fields:
            host = fields.pop("Host")
        encoded = b"Host: %b\r\n%b" % (host.encode("latin-1"), encode_fields(fields))
        #: The head, as it goes on the wire.
        self.encoded = EncodedRequest(method, path, encoded, self.length)

    def _check_source(self, source: "Source", settings: Settings) -> None:
        if source.is_asynchronous and not settings.can_await:
            raise TypeError(
                "a body from an asynchronous iterator is for AsyncHTTPClient:"
                " give HTTPClient a file or an iterator"
            )
        if source.is_used_up:
            error = HTTPBodyError(
                "the body is an iterator, which can be sent only once, and was:"
                f" {self.method} {self.url}"
            )
            error.url, error.phase = self.url, "send"
            raise error

    def _take_framing(self, fields: HTTPHeaders) -> int:
        """Take out what the engine writes itself; ValueError where it would not be true."""
        stated = fields.get_list("Content-Length")
        coding = fields.get("Transfer-Encoding", "chunked").lower()
        if coding != "chunked":
            raise ValueError(f"Transfer-Encoding {coding!r} is not supported")
        for name in ("Content-Length", "Transfer-Encoding"):
            if name in fields:
                del fields[name]
        if self.source is not None:
            length = self.source.length
        else:
            length = -1 if self.has_producer else len(self.body or b"")
        if stated:
            announced = parse_content_length(stated[0].encode("latin-1"))
            if len(stated) > 1 or announced < 0:
                raise ValueError("Content-Length must be one number")
            if length < 0:
                return announced
            if announced != length:
                raise ValueError(f"Content-Length is {announced}, but the body has {length} bytes")
        return length

    def _complete(self, fields: HTTPHeaders, request: HTTPRequest, settings: Settings) -> None:
        """Add what the client sends by itself."""
        if isinstance(self.credentials, str):
            fields["Authorization"] = self.credentials
        elif self.credentials is not None and settings.option(request, "auth_mode") != "digest":
            pair = base64.b64encode(encode_username_password(*self.credentials)).decode("ascii")
            fields["Authorization"] = f"Basic {pair}"
        user_agent = settings.option(request, "user_agent")
        if user_agent:
            fields["User-Agent"] = user_agent
        elif "User-Agent" not in fields:
            fields["User-Agent"] = _USER_AGENT
        if "Accept-Encoding" not in fields and settings.option(request, "decompress_response"):
            fields["Accept-Encoding"] = accepted()
        if self.method == "POST" and self.length and "Content-Type" not in fields:
            fields["Content-Type"] = (
                "application/x-www-form-urlencoded"
                if self.source is None
                else "application/octet-stream"
            )
        if self.length and request.expect_100_continue:
            fields["Expect"] = "100-continue"

    def with_fields(self, added: Mapping[str, str]) -> "Hop":
        """Return the same request with other fields added to those of the user's."""
        if self._is_bare and self.headers.keys().isdisjoint(added):
            encoded = self.encoded.with_fields(encode_fields(added))
            hop: Hop = varied_hop(self, self.target, self.url, self.key, encoded)
            hop._is_bare = False
            return hop
        return Hop(
            self.request,
            self._settings,
            self.target,
            self.method,
            self.headers,
            self.credentials,
            self.body is not None or self.has_producer,
            added,
        )

    def without_expectation(self) -> "Hop":
        """Return the same request, to be sent with its body and no question before (RFC 9110
        section 10.1.1).
        """
        request = copy.copy(self.request)
        request.expect_100_continue = False
        headers = HTTPHeaders(self.headers)
        headers.pop("Expect", None)
        has_body = self.body is not None or self.has_producer
        return Hop(
            request, self._settings, self.target, self.method, headers, self.credentials, has_body
        )

    def __repr__(self) -> str:
        return f"<Hop {self.method} {self.target.url}>"


def varied_hop(known: Hop, target: Target, url: str, key: Key, encoded: EncodedRequest) -> Hop:
    """Return a copy of a hop, which leads elsewhere, or has another head."""
    hop: Hop = Hop.__new__(Hop)
    hop.request = known.request
    hop._settings = known._settings
    hop.target = target
    hop.url = url
    hop.method = known.method
    hop.headers = known.headers
    hop.credentials = known.credentials
    hop.source = known.source
    hop.body = known.body
    hop.has_producer = known.has_producer
    hop.is_repeatable = known.is_repeatable
    hop.connect_timeout = known.connect_timeout
    hop.request_timeout = known.request_timeout
    hop.read_timeout = known.read_timeout
    hop.key = key
    hop.files = known.files
    hop.length = encoded.length
    hop._is_bare = known._is_bare
    hop.is_plain = known.is_plain
    hop.expects_continue = known.expects_continue
    hop.wants_close = known.wants_close
    hop.encoded = encoded
    return hop


def first_hop(request: HTTPRequest, settings: Settings) -> Hop:
    """Return the request to begin with.

    Raises ValueError where it can't be sent as it is, NotImplementedError for what only curl can.
    """
    if settings.option(request, "prepare_curl_callback"):
        raise NotImplementedError("prepare_curl_callback is not supported: this is not curl")
    mode = settings.option(request, "auth_mode")
    if mode not in (None, "basic", "digest"):
        raise ValueError(f"unsupported auth_mode {mode!r}")
    _check_method(request, settings)
    target = parse_url(request.url)
    credentials = target.credentials or _credentials(request, settings)
    method = request.method
    if type(method) is not str:
        method = str.__str__(method)  # of an HTTPMethod, for instance
    return Hop(request, settings, target, method, request.headers, credentials, True)


def next_hop(hop: Hop, following: NextRequest, settings: Settings) -> Hop:
    """Return the request that a redirect leads to."""
    return Hop(
        hop.request,
        settings,
        following.target,
        following.method,
        following.headers,
        hop.credentials if following.is_same_origin else None,
        following.keeps_body and (hop.body is not None or hop.has_producer),
    )


def _credentials(request: HTTPRequest, settings: Settings) -> Credentials:
    """Return what is to be said of a request from the beginning, if it or else the client has such
    credentials; the rest of ``auth`` is for `rounds`.
    """
    if request.auth is not None and request.auth_username is not None:
        raise ValueError("auth and auth_username are two ways to say who asks")
    username = request.auth_username
    if username is None:
        auth = settings.option(request, "auth")
        if auth is not None:
            if isinstance(auth, tuple):
                return _checked_pair(auth)
            from waterspout.httpclient.auth.credentials import fixed_field  # most do without

            return fixed_field(auth)
        username = settings.option(request, "auth_username")
    if username is None:
        return None
    return username, settings.option(request, "auth_password") or ""


def _checked_pair(auth: tuple[Any, ...]) -> tuple[str | bytes, str | bytes]:
    if len(auth) != 2 or not all(isinstance(part, str | bytes) for part in auth):
        raise TypeError("auth must be a pair of user name and password, or an Auth")
    if (b":" if isinstance(auth[0], bytes) else ":") in auth[0]:
        raise ValueError("auth: a user name must not hold a colon (RFC 7617)")
    return auth[0], auth[1]


def _seconds(request: HTTPRequest, settings: Settings, name: str) -> float:
    value = getattr(request, name)
    return settings.time_limits[name] if value is None else limit(name, value)


def _check_method(request: HTTPRequest, settings: Settings) -> None:
    method = request.method
    check_method(method)
    if method == "CONNECT":
        raise ValueError("CONNECT makes a tunnel, which is not a fetch")
    if request.body is not None and request.body_producer is not None:
        raise ValueError("body and body_producer are two bodies")
    if settings.option(request, "allow_nonstandard_methods"):
        return
    if method not in _METHODS:
        raise KeyError(f"unknown method {method}")
    has_body = request.body is not None or request.body_producer is not None
    if has_body != (method in _WITH_BODY):
        must = "must not be None" if method in _WITH_BODY else "must be None"
        raise ValueError(
            f"the body {must} for method {method} (unless allow_nonstandard_methods is true)"
        )


def _key(request: HTTPRequest, settings: Settings, target: Target, road: "Road | None") -> Key:
    allows_ipv6 = settings.option(request, "allow_ipv6")
    family = socket.AF_UNSPEC if allows_ipv6 else socket.AF_INET
    if road is not None and road.proxy is not None and not road.is_tunnel:
        return Key(road.proxy.host, road.proxy.port, int(family), road.context, road)
    context = _context(request, settings) if target.scheme == "https" else None
    return Key(target.host, target.port, int(family), context, road)


def _files(request: HTTPRequest, settings: Settings, target: Target) -> tuple[tuple[Any, ...], ...]:
    options = settings.option(request, "proxy_ssl_options")
    files = files_of_options(options) if isinstance(options, dict) else ()
    if target.scheme != "https":
        return files
    options = settings.option(request, "ssl_options")
    if options is not None:
        return files + files_of_options(options) if isinstance(options, dict) else files
    paths = {name: settings.option(request, name) for name in _FILES}
    return files + file_identities(**paths)


def _context(request: HTTPRequest, settings: Settings) -> ssl.SSLContext:
    options: Any = settings.option(request, "ssl_options")
    if isinstance(options, ssl.SSLContext):
        return options
    if options is not None:
        return context_from_options(options)
    return shared_context(
        bool(settings.option(request, "validate_cert")),
        settings.option(request, "ca_certs"),
        settings.option(request, "client_cert"),
        settings.option(request, "client_key"),
        settings.option(request, "minimum_tls_version"),
    )
