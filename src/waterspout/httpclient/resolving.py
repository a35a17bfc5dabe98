"""`Names`: from hosts to addresses for one client: who is asked, and what was answered lately."""

import itertools
import socket
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from waterspout.net import Address, Net
from waterspout.net.dns import interleave, literal_address

__all__ = ["Names", "addresses_of", "check_resolver"]

#: Seconds for which an answer holds. Long enough for many connections that are opened at once, and
#: too short for a host that moves to be noticed late.
LIFETIME = 5.0
_MOST_KEPT = 256
# So many addresses are taken of an answer.
_MOST_ADDRESSES = 64


class _Answer(NamedTuple):
    addresses: list[Address]
    until: float


class Names:
    """See the module's docstring; for all threads of a client.

    ``resolver`` is None, which is the system's; an object with a method ``resolve(host, port,
    family)``, as Tornado's; or a function with these arguments. What it returns, or what that can
    be awaited from, is a list of addresses: IP addresses as text, pairs of family and what
    ``socket.connect`` takes, or what ``socket.getaddrinfo`` returns.
    """

    def __init__(self, net: Net, resolver: Any) -> None:
        self._net = net
        self._resolver = resolver
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, int, int], _Answer] = {}  # the oldest first

    async def addresses(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return the addresses of a host, the best first, at least one; ``socket.gaierror``.

        Raises what a resolver raises, TypeError and ValueError where it answers nonsense.
        """
        literal = literal_address(host, port)
        if literal is not None and family in (socket.AF_UNSPEC, literal.family):
            return [literal]
        key = (host, port, family)
        answer = self._answers.get(key)
        if answer is not None and self._net.time() < answer.until:
            return answer.addresses
        if self._resolver is None:
            found = await self._net.resolve(host, port, family, deadline)
        else:
            found = await self._ask(host, port, family, deadline)
        with self._lock:
            self._answers.pop(key, None)
            if len(self._answers) >= _MOST_KEPT:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = _Answer(found, self._net.time() + LIFETIME)
        return found

    def forget(self, host: str, port: int, family: int) -> None:
        """Ask anew the next time: none of the addresses was good."""
        with self._lock:
            self._answers.pop((host, port, family), None)

    async def _ask(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        resolver = self._resolver
        resolve = getattr(resolver, "resolve", resolver)
        try:
            answer = resolve(host, port, socket.AddressFamily(family))
            answer = await self._net.settle(answer, deadline)
        except RuntimeError as error:
            # It has to wait, or looks for a running loop, and the client blocks.
            message = f"the resolver {resolver!r:.100} can't be asked for {host}: {error}"
            raise RuntimeError(message) from error
        return addresses_of(answer, host, port, family)

    def __repr__(self) -> str:
        return f"<Names {len(self._answers)}>"


def check_resolver(resolver: Any) -> None:
    """Raise TypeError for what is none."""
    if resolver is not None and not callable(getattr(resolver, "resolve", resolver)):
        raise TypeError(
            "resolver must be a function of host, port and family, or have a method `resolve`"
            f" that is, not {resolver!r:.100}"
        )


def addresses_of(answer: Any, host: str, port: int, family: int) -> list[Address]:
    """Return what a resolver has answered as addresses of ``family``; ``socket.gaierror`` if none.

    TypeError or ValueError for what is no answer.
    """
    if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
        raise TypeError(f"a resolver returns a list of addresses, not {answer!r:.100}: {host}")
    found = [_address(item, host, port) for item in itertools.islice(answer, _MOST_ADDRESSES)]
    usable = interleave(
        address
        for address in found
        if family in (socket.AF_UNSPEC, address.family) or isinstance(address.sockaddr, str)
    )
    if not usable:
        raise socket.gaierror(socket.EAI_NONAME, f"no address of {host} can be used")
    return usable


def _address(item: Any, host: str, port: int) -> Address:
    if isinstance(item, str):
        literal = literal_address(item, port)
        if literal is None:
            raise ValueError(f"a resolver returns IP addresses, not {item!r:.100}: {host}")
        return literal
    if not isinstance(item, tuple | list) or len(item) < 2 or not isinstance(item[0], int):
        raise TypeError(
            "a resolver returns IP addresses, or pairs of a family and an address, not"
            f" {item!r:.100}: {host}"
        )
    sockaddr = item[-1]
    # A list is what a tuple becomes on its way through JSON.
    return Address(item[0], tuple(sockaddr) if isinstance(sockaddr, list) else sockaddr)
