"""`ProxyEnvironment`: the proxies that the environment names, and what goes without one.

The variables and their meaning are curl's: ``http_proxy``, ``https_proxy``, ``all_proxy`` and
``no_proxy``, of which a name in lower case goes before that in upper case, and what is empty is not
set. They are read once, when a client is made.
"""

import ipaddress
from collections.abc import Mapping

from waterspout.httpclient.roads.proxy import Proxy, parse_proxy
from waterspout.httpclient.target import Target

__all__ = ["NoProxy", "ProxyEnvironment"]


class NoProxy:
    """What ``no_proxy`` lists, between commas or spaces.

    - a name: that host, and all below it; a dot or ``*.`` before it changes nothing
    - an IP address, or a network such as ``10.0.0.0/8``: hosts that a URL names by such an address.
      No name is resolved for it.
    - each with ``:port`` behind it: that port only; IPv6 addresses need brackets then
    - ``*``: everything

    An item that is none of these matches nothing.
    """

    def __init__(self, listed: str) -> None:
        self._all_ports: set[int | None] = set()  # of ``*``; None is any
        self._names: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, int | None]] = []
        for item in listed.replace(",", " ").split():
            self._add(item.lower())

    def _add(self, item: str) -> None:
        host, port = _split_port(item)
        if host == "*":
            self._all_ports.add(port)
            return
        try:
            self._networks.append((ipaddress.ip_network(host, strict=False), port))
        except ValueError:
            name = host.removeprefix("*").removeprefix(".").removesuffix(".")
            if name:
                self._names.add((name, port))

    def covers(self, host: str, port: int) -> bool:
        """Whether no proxy is to be used for ``host``, in lower case, and ``port``."""
        for any_or_port in (None, port):
            if any_or_port in self._all_ports:
                return True
        if not self._names and not self._networks:
            return False
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return self._covers_name(host.rstrip("."), port)
        return any(
            listed in (None, port) and address.version == network.version and address in network
            for network, listed in self._networks
        )

    def _covers_name(self, name: str, port: int) -> bool:
        names = self._names
        while name:
            if (name, None) in names or (name, port) in names:
                return True
            name = name.partition(".")[2]
        return False

    def __repr__(self) -> str:
        return f"<NoProxy {len(self._names) + len(self._networks) + len(self._all_ports)}>"


class ProxyEnvironment:
    """The proxies that ``variables`` name.

    ``HTTP_PROXY`` is not believed where there is a ``REQUEST_METHOD``: in a CGI program it is the
    ``Proxy`` field of a request, which is anybody's to send.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._proxies: dict[str, tuple[str, str]] = {}  # by scheme: a variable and its value
        for scheme in ("http", "https"):
            names = [f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"]
            if scheme == "http" and "REQUEST_METHOD" in variables:
                names.remove("HTTP_PROXY")
            for name in names:
                if variables.get(name):
                    self._proxies[scheme] = (name, variables[name])
                    break
        self._exceptions = NoProxy(variables.get("no_proxy") or variables.get("NO_PROXY") or "")

    def __bool__(self) -> bool:
        return bool(self._proxies)

    def proxy_for(self, target: Target) -> Proxy | None:
        """Return the proxy to ask for ``target``; ValueError, which names the variable, if bad."""
        found = self._proxies.get(target.scheme)
        if found is None or self._exceptions.covers(target.host, target.port):
            return None
        name, url = found
        try:
            return parse_proxy(url)
        except ValueError as error:
            raise ValueError(f"the environment variable {name}: {error}") from None

    def __repr__(self) -> str:
        return f"<ProxyEnvironment {', '.join(name for name, _ in self._proxies.values())}>"


def _split_port(item: str) -> tuple[str, int | None]:
    """Return host and port of an item; the host is empty where the item makes no sense."""
    if item.startswith("["):
        host, bracket, rest = item[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return "", None
        rest = rest[1:]
    elif item.count(":") == 1:
        host, _, rest = item.partition(":")
    else:
        return item, None
    if not rest:
        return host, None
    if not (rest.isascii() and rest.isdigit() and len(rest) <= 5):
        return "", None
    return host, int(rest)
