"""`TCPClient`: a stream to a host, in TLS or not.

Its addresses are tried one after the other, a quarter of a second apart, and none is given up for
the next: the first that answers counts (RFC 8305). So a family that leads nowhere costs little.
"""

import asyncio
import datetime
import errno
import socket
import ssl
from typing import Any

from waterspout.iostream import IOStream, StreamClosedError
from waterspout.iostream.tls import upgrade
from waterspout.net.dialing import dial_first
from waterspout.net.dns import interleave
from waterspout.net.interface import Address
from waterspout.net.sockets import ip_family, new_socket
from waterspout.netutil import Resolver

__all__ = ["TCPClient"]

_WILDCARDS = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104


class TCPClient:
    """Connects to hosts; ``resolver`` finds their addresses (None: ``netutil.Resolver()``).

    Each call is for the event loop that runs it.
    """

    def __init__(self, resolver: Resolver | None = None) -> None:
        self.resolver = Resolver() if resolver is None else resolver
        self._owns_resolver = resolver is None

    def close(self) -> None:
        """Close the resolver, unless it was given; the streams stay."""
        if self._owns_resolver:
            self.resolver.close()

    async def connect(
        self,
        host: str,
        port: int,
        af: socket.AddressFamily = socket.AF_UNSPEC,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        max_buffer_size: int | None = None,
        source_ip: str | None = None,
        source_port: int | None = None,
        timeout: float | datetime.timedelta | None = None,
    ) -> IOStream:
        """Return a stream to ``port`` of ``host``, of the family ``af`` if one is given.

        With ``ssl_options``, a context or a dictionary, it is an ``SSLIOStream`` whose handshake
        has ended, and the certificate is one for ``host``. ``source_ip`` and ``source_port`` are
        where to connect from; to one source port, one connection at a time to the same peer.
        ``timeout``, in seconds or as a timedelta, is for everything together.

        Raises ``socket.gaierror`` where ``host`` has no address, ``StreamClosedError`` whose
        ``real_error`` tells of each address where none can be connected to, ``ssl.SSLError`` where
        the handshake fails, ``TimeoutError``, and ``ValueError`` for a ``source_ip`` that is none.
        """
        async with asyncio.timeout(_seconds(timeout)):
            found = await self.resolver.resolve(host, port, af)
            source = _source(source_ip, source_port)
            addresses = _usable(found, source[0])
            if not addresses:
                family = f" of the family of {source_ip}" if source_ip else ""
                reason = f"{host} has no address{family}"
                raise StreamClosedError(OSError(errno.EADDRNOTAVAIL, reason))
            connected = await self._dial_first(addresses, source)
            stream = IOStream(connected, max_buffer_size=max_buffer_size)
            if ssl_options is None:
                return stream
            try:
                stream = secret = upgrade(stream, False, ssl_options, host)
                return await secret.handshake()
            except BaseException:
                stream.close()
                raise

    async def _dial_first(
        self, addresses: list[Address], source: tuple[str | None, int]
    ) -> socket.socket:
        """Return a socket that is connected to one of ``addresses``."""
        loop = asyncio.get_running_loop()

        async def dial(address: Address) -> socket.socket:
            made = new_socket(address)
            try:
                made.setblocking(False)
                _bind(made, source)
                await loop.sock_connect(made, address.sockaddr)
            except BaseException:
                made.close()
                raise
            return made

        try:
            return await dial_first(loop, addresses, dial)
        except OSError as error:
            raise StreamClosedError(error) from error


def _seconds(timeout: float | datetime.timedelta | None) -> float | None:
    if isinstance(timeout, datetime.timedelta):
        return timeout.total_seconds()
    if timeout is None or isinstance(timeout, int | float):
        return timeout
    raise TypeError(f"timeout must be seconds or a timedelta, not {timeout!r}")


def _source(source_ip: str | None, source_port: int | None) -> tuple[str | None, int]:
    """Return where to connect from; ``ValueError`` for what is no address."""
    if source_ip is not None and ip_family(source_ip) is None:
        raise ValueError(f"source_ip must be an IP address, not {source_ip!r:.80}")
    if source_port is not None and source_port not in range(65536):
        raise ValueError(f"source_port must be a number from 0 to 65535, not {source_port!r}")
    return source_ip, source_port or 0


def _usable(found: list[tuple[int, Any]], source_ip: str | None) -> list[Address]:
    """Return the addresses in the order to try them in, those of the source's family."""
    family = None if source_ip is None else ip_family(source_ip)
    return interleave(Address(kind, address) for kind, address in found if family in (None, kind))


def _bind(made: socket.socket, source: tuple[str | None, int]) -> None:
    ip, port = source
    if ip is None and not port:
        return
    if port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ip = ip or _WILDCARDS[made.family]
    try:
        made.bind((ip, port))
    except OSError as error:
        raise OSError(
            error.errno, f"cannot connect from {ip} port {port}: {error.strerror}"
        ) from None
