"""`Connector`: opens the connections of one client: addresses, TCP, TLS."""

from waterspout.httpclient.connection import Connection
from waterspout.httpclient.exchange import Exchange
from waterspout.httpclient.settings import Settings
from waterspout.net import Net
from waterspout.net.tls import start_tls
from waterspout.protocol.http1.client import ClientConnection

__all__ = ["FOREVER", "Connector"]

#: Three years, in seconds. Longer timeouts are more than systems can count to.
FOREVER = 1e8


class Connector:
    """Opens connections; for all threads of a client."""

    def __init__(self, net: Net, settings: Settings) -> None:
        self._net = net
        self._settings = settings

    async def open(self, exchange: Exchange, deadline: float) -> Connection:
        """Open a connection for the hop of ``exchange``, which is told what goes on and when."""
        hop = exchange.hop
        net = self._net
        host, port, family, context = hop.key
        timeout = self._settings.option(hop.request, "connect_timeout")
        limit = min(deadline, net.time() + timeout) if 0 != timeout < FOREVER else deadline
        exchange.sent = 0.0
        exchange.phase = f"resolving {host}"
        addresses = await net.resolve(*self._settings.connect_to(host, port), family, limit)
        exchange.resolved = net.time()
        exchange.phase = f"connecting to {hop.target.peer}"
        stream = await net.connect_any(addresses, limit)
        exchange.connected = net.time()
        if context is not None:
            exchange.phase = f"shaking hands (TLS) with {hop.target.peer}"
            try:
                stream = await start_tls(stream, context, host.rstrip("."), limit)
            except BaseException:
                stream.close()
                raise
            exchange.secured = net.time()
        return Connection(hop.key, stream, ClientConnection(self._settings.limits))
