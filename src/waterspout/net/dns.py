"""From a host to the addresses to try, in the order to try them in."""

import math
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from waterspout.net.interface import Address, DeadlineError

__all__ = [
    "Lookup",
    "interleave",
    "literal_address",
    "look_up",
    "order_addresses",
    "resolve_blocking",
]


def literal_address(host: str, port: int) -> Address | None:
    """Return the address that ``host`` spells out in numbers; None if it is a name.

    Zones (``fe80::1%eth0``) and the odd ways to write IPv4 (``127.1``) are left to the system.
    """
    if ":" in host:
        try:
            socket.inet_pton(socket.AF_INET6, host)
        except OSError:
            return None
        return Address(socket.AF_INET6, (host, port, 0, 0))
    if not host[-1:].isdigit():
        return None
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return None
    return Address(socket.AF_INET, (host, port))


def order_addresses(infos: Sequence[tuple[Any, ...]]) -> list[Address]:
    """Return the addresses of what ``getaddrinfo`` found, the best first, each one once."""
    return interleave(
        Address(family, sockaddr)
        for family, _, _, _, sockaddr in infos
        if family in (socket.AF_INET, socket.AF_INET6)
    )


def interleave(addresses: Iterable[Address]) -> list[Address]:
    """Return addresses in the order to try them in, each one once.

    The system has sorted them (RFC 6724). Families take turns, beginning with that of the first,
    so that a family that leads nowhere costs one attempt (RFC 8305 section 4).
    """
    families: dict[int, list[Address]] = {}
    for address in addresses:
        found = families.setdefault(address.family, [])
        if address not in found:
            found.append(address)
    ordered: list[Address] = []
    longest = max(map(len, families.values()), default=0)
    for index in range(longest):
        ordered += [found[index] for found in families.values() if index < len(found)]
    return ordered


def look_up(host: str, port: int, family: int) -> list[Address]:
    """Ask the system for the addresses of a host, and wait for them: ``socket.gaierror``."""
    found = order_addresses(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM))
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, f"no address of {host} can be used")
    return found


class Lookup(threading.Thread):
    """A question to the system that can be left behind.

    ``getaddrinfo`` knows no deadline, and takes half a minute where no name server answers. In a
    daemon thread it holds up nobody, not even the end of the program. ``on_done`` is called in that
    thread when `result` is there.
    """

    def __init__(
        self, host: str, port: int, family: int, on_done: Callable[[], object] | None = None
    ) -> None:
        super().__init__(name=f"waterspout resolves {host}", daemon=True)
        self._question = (host, port, family)
        self._on_done = on_done
        self._found: list[Address] = []
        self._error: Exception | None = None

    def result(self) -> list[Address]:
        """Return the addresses, or raise what `look_up` raised."""
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._found

    def run(self) -> None:
        """Do the work; called by ``start``."""
        try:
            self._found = look_up(*self._question)
        except Exception as error:
            self._error = error
        if self._on_done is not None:
            self._on_done()


def resolve_blocking(host: str, port: int, family: int, deadline: float) -> list[Address]:
    """Return the addresses of a host, as `look_up`; DeadlineError if that takes too long."""
    if deadline == math.inf:
        return look_up(host, port, family)
    lookup = Lookup(host, port, family)
    try:
        lookup.start()
    except RuntimeError:
        # No more threads: there are too many, or the interpreter is about to end.
        return look_up(host, port, family)
    lookup.join(max(0.0, deadline - time.monotonic()))
    if lookup.is_alive():
        raise DeadlineError
    return lookup.result()
