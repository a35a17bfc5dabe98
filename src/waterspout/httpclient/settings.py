"""`Settings`: what a client was told when it was made, for both kinds of clients."""

import os
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from waterspout.httpclient.request import DEFAULTS
from waterspout.httpclient.resolving import check_resolver
from waterspout.httpclient.timeouts import limit
from waterspout.net.tlscontext import tls_version
from waterspout.protocol.http1.limits import Limits

if TYPE_CHECKING:
    from waterspout.httpclient.caching import HTTPCache
    from waterspout.httpclient.cookies.jar import CookieJar
    from waterspout.httpclient.hooks import Hooks
    from waterspout.httpclient.retries import RetryPolicy
    from waterspout.httpclient.roads.environment import ProxyEnvironment

__all__ = ["MAX_BODY_SIZE", "Settings"]

MAX_BODY_SIZE = 100 * 1024 * 1024

# Servers keep idle connections for a few seconds up to a few minutes.
_IDLE_TIMEOUT = 60.0


class Settings:
    """The arguments of a client; never changed.

    - ``max_clients``: how many connections there are at most, idle ones included; what is fetched
      beyond that waits in a queue. ``max_clients_per_origin``: how many of them may be in use for
      one host and port at a time; who waits for those holds up nobody else. None: no such limit
    - ``idle_timeout``: seconds for which a connection that nobody uses is kept; 0: no limit
    - ``hostname_mapping``: from hosts, or pairs of host and port, to what is to be connected to
      instead. Names in URLs and certificates stay what they are.
    - ``max_header_size``, ``max_body_size``: bounds for a response in bytes; the second one holds
      for the body as it came, and as it was decoded. ``max_buffer_size`` is its default.
    - ``defaults``: attributes of `HTTPRequest`, for those that are None in a request
    - ``validate_cert``, ``ca_certs``, ``client_cert``, ``client_key``, ``ssl_options``,
      ``minimum_tls_version``: the same for those
    - ``proxy``, ``unix_socket``, ``local_address``: the same for ``proxy``, ``unix_socket`` and
      ``network_interface``
    - ``resolver``: who knows the addresses of hosts; see `resolving.Names`. None: the system
    - ``trust_env``: whether the environment may name proxies; it is read here
    - ``cookie_jar``: keeps the cookies of responses and gives them to requests; None: nobody does
    - ``retries``: how many times to try again at most, or a `RetryPolicy`, for requests that don't
      say so themselves
    - ``cache``: True, a storage of hishel's or an `HTTPCache`: keeps responses; None: nobody does
    - ``app``: what answers instead of the network, or None
    - ``event_hooks``: functions by the names of `hooks.EVENTS`, or None
    """

    #: Whether the client has an event loop, so that what is not its own can be awaited.
    can_await = True

    def __init__(
        self,
        max_clients: int = 10,
        hostname_mapping: Mapping[Any, Any] | None = None,
        max_buffer_size: int = MAX_BODY_SIZE,
        resolver: Any = None,
        defaults: Mapping[str, Any] | None = None,
        max_header_size: int | None = None,
        max_body_size: int | None = None,
        *,
        max_clients_per_origin: int | None = None,
        idle_timeout: float | None = None,
        validate_cert: bool | None = None,
        ca_certs: str | None = None,
        client_cert: str | None = None,
        client_key: str | None = None,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        minimum_tls_version: str | ssl.TLSVersion | None = None,
        proxy: str | Literal[False] | None = None,
        trust_env: bool = True,
        unix_socket: str | None = None,
        local_address: str | None = None,
        cookie_jar: "CookieJar | None" = None,
        retries: "int | RetryPolicy | None" = None,
        cache: Any = None,
        app: Any = None,
        event_hooks: Mapping[str, Any] | None = None,
    ) -> None:
        check_resolver(resolver)
        self.resolver = resolver
        if app is not None:
            from waterspout.httpclient.inprocess.binding import check_app  # for tests, mostly

            check_app(app)
        self.app = app
        self.max_clients = _checked_count("max_clients", max_clients)
        self.max_clients_per_origin = 0
        if max_clients_per_origin is not None:
            self.max_clients_per_origin = _checked_count(
                "max_clients_per_origin", max_clients_per_origin
            )
        if idle_timeout is not None and limit("idle_timeout", idle_timeout) < 0:
            raise ValueError(f"idle_timeout must be at least 0, not {idle_timeout!r}")
        self.idle_timeout = limit(
            "idle_timeout", _IDLE_TIMEOUT if idle_timeout is None else idle_timeout
        )
        self.hostname_mapping = dict(hostname_mapping or {})
        self.defaults = {**DEFAULTS, **(defaults or {})}
        if not (proxy is None and unix_socket is None and local_address is None):
            from waterspout.httpclient.roads.road import check_roads  # most programs do without

            check_roads(proxy, unix_socket, local_address)
        if app is not None and (proxy or unix_socket):
            raise ValueError("app answers all requests: there is no proxy or unix_socket to it")
        if minimum_tls_version is not None:
            tls_version(minimum_tls_version)
        for name, value in (
            ("proxy", proxy),
            ("unix_socket", unix_socket),
            ("network_interface", local_address),
            ("validate_cert", validate_cert),
            ("ca_certs", ca_certs),
            ("client_cert", client_cert),
            ("client_key", client_key),
            ("ssl_options", ssl_options),
            ("minimum_tls_version", minimum_tls_version),
        ):
            if value is not None:
                self.defaults[name] = value
        #: The proxies of the environment, if they count.
        self.environment = _proxies_named() if trust_env and app is None else None
        #: Whether all requests go straight that don't say otherwise.
        self.is_straight = not self.environment and not any(
            self.defaults.get(name)
            for name in ("proxy", "proxy_host", "unix_socket", "network_interface")
        )
        #: The limits of a request that says nothing itself; in seconds, ``math.inf`` for none.
        self.time_limits = {
            name: limit(name, self.defaults.get(name))
            for name in ("connect_timeout", "request_timeout", "read_timeout")
        }
        if retries is not None:
            self.defaults["retries"] = retries
        self.cookie_jar = cookie_jar
        self.cache = None if cache is None or cache is False else _cache_of(cache)
        self._check_policies()
        #: Who hears of each request, or None.
        self.event_hooks = None if event_hooks is None else _hooks_of(event_hooks)
        #: Whether a request takes no more than redirects, if it does not want more itself.
        self.is_plain = (
            cookie_jar is None
            and self.cache is None
            and self.event_hooks is None
            and not (
                _takes_rounds(self.defaults.get("auth"))
                or self.defaults.get("cookies") is not None
                or self.defaults.get("retries") is not None
                or self.defaults.get("auth_mode") == "digest"
            )
        )
        sizes = {"max_body_size": max_buffer_size if max_body_size is None else max_body_size}
        if max_header_size is not None:
            sizes["max_header_size"] = max_header_size
        self.limits = Limits(**sizes)

    def _check_policies(self) -> None:
        """Tell now what would fail with the first fetch; TypeError, ValueError."""
        # Imported only where there is something to check.
        if self.cookie_jar is not None:
            from waterspout.httpclient.cookies.jar import CookieJar

            if not isinstance(self.cookie_jar, CookieJar):
                kind = type(self.cookie_jar).__name__
                raise TypeError(f"cookie_jar must be a CookieJar, not {kind}")
        if self.defaults.get("retries") is not None:
            from waterspout.httpclient.retries import RetryPolicy

            self.defaults["retries"] = RetryPolicy.of(self.defaults["retries"])

    def option(self, request: Any, name: str) -> Any:
        """Return an attribute of a request, or, if that is None, what holds instead."""
        value = getattr(request, name)
        return self.defaults.get(name) if value is None else value

    def connect_to(self, host: str, port: int) -> tuple[str, int]:
        """Return the host and the port to connect to for those of a URL."""
        mapping = self.hostname_mapping
        mapped = mapping.get((host, port), mapping.get(host))
        if mapped is None:
            return host, port
        return (mapped, port) if isinstance(mapped, str) else (mapped[0], mapped[1])


def _takes_rounds(auth: Any) -> bool:
    """Whether there may be more to an ``auth`` than a field that is always the same."""
    if auth is None or isinstance(auth, tuple):
        return False
    from waterspout.httpclient.auth.credentials import fixed_field  # most programs do without

    return fixed_field(auth) is None


def _proxies_named() -> "ProxyEnvironment | None":
    """Return the proxies that the environment names, None where it names none."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from waterspout.httpclient.roads.environment import ProxyEnvironment

    return ProxyEnvironment(os.environ)


def _hooks_of(hooks: Mapping[str, Any]) -> "Hooks":
    from waterspout.httpclient.hooks import Hooks

    return Hooks(hooks)


def _cache_of(cache: Any) -> "HTTPCache":
    from waterspout.httpclient.caching import HTTPCache

    return HTTPCache.of(cache)


def _checked_count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
    return value
