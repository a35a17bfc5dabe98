"""`Road`: how a connection comes to a server if not straight away. Decides; does no I/O."""

import socket
import ssl
from typing import TYPE_CHECKING, Any, NamedTuple

from waterspout.httpclient.roads.proxy import Proxy, basic, parse_proxy
from waterspout.httpclient.target import Target
from waterspout.httputil import encode_username_password
from waterspout.net.sockets import ip_family
from waterspout.net.tlscontext import context_from_options, shared_context

if TYPE_CHECKING:
    from waterspout.httpclient.request import HTTPRequest
    from waterspout.httpclient.settings import Settings

__all__ = ["Road", "check_roads", "choose_road"]


class Road(NamedTuple):
    """Part of the key of a connection: two that came by different roads are not the same."""

    proxy: Proxy | None = None
    #: Whether the proxy connects us to the server; else it is sent the requests itself.
    is_tunnel: bool = False
    #: For TLS to the proxy; None: none.
    context: ssl.SSLContext | None = None
    #: The Proxy-Authorization field; for the proxy alone.
    authorization: str | None = None
    #: Whether the proxy is told a hash of the credentials, by a field that is made each time.
    is_digest: bool = False
    #: The local address to connect from, or the name of an interface.
    source: str | None = None
    #: The path of the unix socket where the server, whatever its name, listens.
    unix_socket: str | None = None

    def __repr__(self) -> str:
        parts = [str(part) for part in (self.proxy, self.source, self.unix_socket) if part]
        return f"<Road {' '.join(parts)}>"


def choose_road(
    request: "HTTPRequest", settings: "Settings", target: Target, authorization: str | None
) -> Road | None:
    """Return the road to ``target``; None: straight away.

    ``authorization`` is a Proxy-Authorization field of the user's, for a proxy that speaks HTTP.
    Raises ValueError and TypeError, which name the argument.
    """
    unix_socket = settings.option(request, "unix_socket")
    source = settings.option(request, "network_interface")
    if unix_socket is not None:
        check_unix_socket(unix_socket)
        if request.proxy or request.proxy_host:
            raise ValueError("unix_socket and a proxy are two roads: give one of them")
        # An address of the Internet to connect from has no meaning here.
        return Road(unix_socket=unix_socket)
    proxy = _proxy(request, settings, target)
    if proxy is None:
        return None if source is None else Road(source=check_source(source))
    context = None
    is_digest = False
    if proxy.is_socks:
        authorization = None
    else:
        if proxy.scheme == "https":
            context = _context(settings.option(request, "proxy_ssl_options"))
        if authorization is None and proxy.credentials is not None:
            is_digest = settings.option(request, "proxy_auth_mode") == "digest"
            if not is_digest:
                authorization = basic(proxy.credentials)
    return Road(
        proxy,
        target.scheme == "https" or proxy.is_socks,
        context,
        authorization,
        is_digest,
        None if source is None else check_source(source),
    )


def check_roads(proxy: Any, unix_socket: Any, source: Any) -> None:
    """Raise TypeError or ValueError for arguments of a client that are no good, or not together."""
    if proxy is not None:
        named_proxy(proxy, None, None)
    if unix_socket is not None:
        check_unix_socket(unix_socket)
        if proxy:
            raise ValueError("unix_socket and a proxy are two roads: give one of them")
    if source is not None:
        check_source(source)


def check_unix_socket(path: Any) -> None:
    """Raise TypeError where ``path`` is none, ValueError where none can be had."""
    if not isinstance(path, str) or not path:
        raise TypeError(f"unix_socket must be the path of a socket, not {path!r}")
    if not hasattr(socket, "AF_UNIX"):
        raise ValueError("unix_socket: this system has none")


def check_source(source: Any) -> str:
    """Return ``source``; TypeError where it is no text, ValueError where it is no name."""
    if not isinstance(source, str):
        raise TypeError(
            f"network_interface (local_address) must be an IP address or a name, not {source!r}"
        )
    # The kernel has 16 bytes for the name of an interface, one of them for its end.
    if ip_family(source) is None and not (0 < len(source.encode()) < 16 and "\0" not in source):
        raise ValueError(f"no IP address and no name of an interface: {source!r:.60}")
    return source


def _proxy(request: "HTTPRequest", settings: "Settings", target: Target) -> Proxy | None:
    """Return the proxy for a target; the request's own word goes before the client's."""
    default = settings.defaults.get
    if request.proxy is not None or request.proxy_host is not None:
        found = named_proxy(request.proxy, request.proxy_host, request.proxy_port)
        username, password = request.proxy_username, request.proxy_password
    else:
        username = settings.option(request, "proxy_username")
        password = settings.option(request, "proxy_password")
        if default("proxy") is not None or default("proxy_host") is not None:
            found = named_proxy(default("proxy"), default("proxy_host"), default("proxy_port"))
        elif settings.environment:
            found = settings.environment.proxy_for(target)
        else:
            return None
    if found is None:
        return None
    mode = settings.option(request, "proxy_auth_mode")
    if mode not in (None, "basic", "digest"):
        raise ValueError(f"unsupported proxy_auth_mode {mode!r}: it is 'basic', 'digest' or None")
    if found.credentials is None and username is not None:
        pair = encode_username_password(username, password or "")
        name, _, secret = pair.partition(b":")
        if len(name) != len(encode_username_password(username, "")) - 1:
            raise ValueError("a proxy_username can't hold a colon (RFC 7617 section 2)")
        found = found._replace(credentials=(name, secret))
    if found.is_socks and found.credentials is not None:
        # Only who speaks SOCKS pays for the import.
        from waterspout.protocol.socks import check_credentials

        check_credentials(*found.credentials)
    return found


def named_proxy(proxy: Any, host: Any, port: Any) -> Proxy | None:
    """Return the proxy that arguments name; TypeError or ValueError where they don't."""
    if proxy is False:
        return None
    if proxy is not None:
        if host is not None:
            raise ValueError("proxy and proxy_host are two proxies: give one of them")
        if not isinstance(proxy, str):
            raise TypeError(f"proxy must be a URL, or False for none, not {proxy!r}")
        return parse_proxy(proxy)
    if not port:
        raise ValueError("a proxy_host needs a proxy_port")
    if not isinstance(host, str) or isinstance(port, bool) or not isinstance(port, int):
        raise TypeError("proxy_host must be a name or address, proxy_port a number")
    if "@" in host:
        raise ValueError("proxy_host has no room for credentials: there is proxy_username")
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return parse_proxy(f"http://{shown}:{port}")


def _context(options: Any) -> ssl.SSLContext:
    """Return the context for TLS to a proxy. Options about the server don't count here."""
    if options is None:
        return shared_context(True, None, None, None)
    if isinstance(options, ssl.SSLContext):
        return options
    return context_from_options(options)
