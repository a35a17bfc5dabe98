"""`Connector`: opens the connections of one client: addresses, TCP, proxies, TLS."""

import socket
from typing import TYPE_CHECKING, Any

from waterspout.httpclient.connection import Connection
from waterspout.httpclient.exchange import Exchange
from waterspout.httpclient.hop import Key
from waterspout.httpclient.resolving import Names
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.target import bracketed
from waterspout.net import Address, DeadlineError, Net, Stream
from waterspout.net.clock import Clock
from waterspout.net.sockets import ip_family, literal_address
from waterspout.process.memory import expect_large_blocks
from waterspout.protocol.http1.client import ClientConnection

if TYPE_CHECKING:
    from waterspout.httpclient.roads.proxydigest import ProxyDigests
    from waterspout.httpclient.roads.road import Road

__all__ = ["Connector"]


class Connector:
    """Opens connections; for all threads of a client."""

    def __init__(self, net: Net, settings: Settings, clock: Clock) -> None:
        self._net = net
        self._clock = clock
        self._settings = settings
        # What a Net may have, see there.
        self._connect_now: Any = getattr(net, "connect_now", None)
        self._begin_connecting: Any = getattr(net, "begin_connecting", None)
        self._names = Names(net, settings.resolver)
        self._digests: ProxyDigests | None = None

    def forget(self) -> None:
        """Begin anew in a forked child, where a lock may be held for ever."""
        self._names = Names(self._net, self._settings.resolver)

    def open_now(self, exchange: Exchange) -> Connection | None:
        """Do what `open` does where that takes no wait, or is wanted by most.

        None: if there is an ``exchange.opening``, await that and tell `opened` or `not_opened`;
        else `open` is to be called.
        """
        hop = exchange.hop
        key = hop.key
        if key.context is not None or key.road is not None:
            return None
        host, port = key.origin
        if self._settings.hostname_mapping:
            host, port = self._settings.connect_to(host, port)
        address = literal_address(host, port)
        if address is None or (key.family and key.family != address.family):
            addresses = self._names.known(host, port, key.family)
            if addresses is None or len(addresses) != 1:
                return None
            address = addresses[0]
        now = self._clock.now()
        limit = min(exchange.deadline, now + hop.connect_timeout)
        exchange.resolved = now
        exchange.sent = 0.0
        expect_large_blocks()
        try:
            if self._connect_now is not None:
                return self.opened(exchange, self._connect_now(address, limit))
            if self._begin_connecting is not None:
                exchange.opening = self._begin_connecting(address, limit)
        except (OSError, DeadlineError):
            self.not_opened(exchange)
            raise
        return None

    def opened(self, exchange: Exchange, stream: Stream) -> Connection:
        """Return the connection on a stream that is open."""
        exchange.connected = self._clock.now()
        exchange.opening = None
        exchange.connection = self._connection(exchange, stream)
        return exchange.connection

    def not_opened(self, exchange: Exchange) -> None:
        """Ask anew for the addresses the next time: this one was no good."""
        key = exchange.hop.key
        exchange.phase = _connecting_to(key)
        self._names.forget(*self._settings.connect_to(*key.origin), key.family)

    async def open(self, exchange: Exchange) -> Connection:
        """Open a connection for the hop of ``exchange``, which is told what goes on and when."""
        expect_large_blocks()  # bodies, and what is read from sockets
        hop = exchange.hop
        net = self._net
        key = hop.key
        host, port = key.origin
        context, road = key.context, key.road
        limit = min(exchange.deadline, net.time() + hop.connect_timeout)
        exchange.sent = 0.0
        if road is not None and road.is_tunnel:
            stream = await self._through(exchange, road, limit)
        else:
            stream = await self._reach(exchange, road, host, port, limit)
        if context is not None:
            try:
                exchange.phase = f"shaking hands (TLS) with {bracketed(host)}:{port}"
                # Only who speaks TLS pays for the import.
                from waterspout.net.tls import start_tls

                stream = await start_tls(stream, context, host.rstrip("."), limit)
            except BaseException:
                stream.close()
                raise
            exchange.secured = net.time()
        return self._connection(exchange, stream)

    def _connection(self, exchange: Exchange, stream: Stream) -> Connection:
        exchange.sent = self._clock.now()
        engine = ClientConnection(self._settings.limits)
        return Connection(exchange.hop.key, stream, engine, self._settings.idle_timeout)

    async def _reach(
        self, exchange: Exchange, road: "Road | None", host: str, port: int, limit: float
    ) -> Stream:
        """Return a stream to a host, of one that listens there itself."""
        if road is not None and road.unix_socket is not None:
            exchange.phase = f"connecting to {road.unix_socket}"
            local = Address(socket.AF_UNIX, road.unix_socket)
            stream = await self._net.connect_any([local], limit)
        else:
            source = None if road is None else road.source
            stream = await self._connect(exchange, source, host, port, limit)
        exchange.connected = self._net.time()
        return stream

    async def _connect(
        self, exchange: Exchange, source: str | None, host: str, port: int, limit: float
    ) -> Stream:
        family = exchange.hop.key.family
        if source is not None:
            family = ip_family(source) or family
        exchange.phase = f"resolving {host}"
        mapped = self._settings.connect_to(host, port)
        addresses = self._names.known(*mapped, family)
        if addresses is None:
            addresses = await self._names.addresses(*mapped, family, limit)
        exchange.resolved = self._net.time()
        exchange.phase = f"connecting to {bracketed(host)}:{port}"
        try:
            if source is not None:
                addresses = [address._replace(source=source) for address in addresses]
            return await self._net.connect_any(addresses, limit)
        except (OSError, DeadlineError):
            self._names.forget(*mapped, family)
            raise

    async def _through(self, exchange: Exchange, road: "Road", limit: float) -> Stream:
        """Return a stream to a host by way of a proxy."""
        # Only who needs a tunnel pays for the import.
        from waterspout.httpclient.roads.tunnel import ChallengeError, open_tunnel

        proxy = road.proxy
        assert proxy is not None
        digests = None
        if road.is_digest:
            if self._digests is None:
                from waterspout.httpclient.roads.proxydigest import ProxyDigests

                self._digests = ProxyDigests()
            digests = self._digests
        host, port = self._settings.connect_to(*exchange.hop.key.origin)
        if proxy.scheme in ("socks4", "socks5"):
            exchange.phase = f"resolving {host}"
            family = socket.AF_INET if proxy.scheme == "socks4" else exchange.hop.key.family
            host = (await self._names.addresses(host, port, family, limit))[0].host
        answered = 0
        while True:
            stream = await self._reach(exchange, road, proxy.host, proxy.port, limit)
            try:
                if road.context is not None:
                    exchange.phase = f"shaking hands (TLS) with the proxy {proxy.peer}"
                    name = proxy.host.rstrip(".")
                    from waterspout.net.tls import start_tls

                    stream = await start_tls(stream, road.context, name, limit)
                exchange.phase = f"asking the proxy {proxy.peer} for {bracketed(host)}:{port}"
                await open_tunnel(
                    stream, road, host, port, self._settings.limits, limit, digests, answered
                )
                return stream
            except ChallengeError:
                # On a new connection: most proxies close this one, and all may.
                stream.close()
                answered += 1
            except BaseException:
                stream.close()
                raise


def _connecting_to(key: Key) -> str:
    host, port = key.origin
    return f"connecting to {bracketed(host)}:{port}"
