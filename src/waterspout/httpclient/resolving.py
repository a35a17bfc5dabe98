"""`Names`: from hosts to addresses for one client: who is asked, and what was answered lately."""

import copy
import itertools
import socket
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from waterspout.net import Address, DeadlineError, Net
from waterspout.net.dns import MOST_ADDRESSES, interleave
from waterspout.net.interface import Waiter
from waterspout.net.sockets import literal_address

__all__ = ["Names", "addresses_of", "check_resolver"]

#: Seconds for which an answer holds. Long enough for many connections that are opened at once, and
#: too short for a host that moves to be noticed late.
LIFETIME = 5.0
_MOST_KEPT = 256


class _Answer(NamedTuple):
    addresses: list[Address]
    until: float


class _Question:
    """What a resolver was asked, and what became of it, for those who ask the same meanwhile."""

    def __init__(self) -> None:
        self.waiters: list[Waiter] = []
        self.found: list[Address] | None = None
        self.error: Exception | None = None


class Names:
    """See the module's docstring; for all threads of a client.

    ``resolver`` is None, which is the system's; an object with a method ``resolve(host, port,
    family)``, as Tornado's; or a function with these arguments. It is asked once where several want
    to know the same at the same time. What it returns, or what that can
    be awaited from, is a list of addresses: IP addresses as text, pairs of family and what
    ``socket.connect`` takes, or what ``socket.getaddrinfo`` returns.
    """

    def __init__(self, net: Net, resolver: Any) -> None:
        self._net = net
        self._resolver = resolver
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, int, int], _Answer] = {}  # the oldest first
        self._questions: dict[tuple[str, int, int], _Question] = {}  # which the resolver was asked

    def known(self, host: str, port: int, family: int) -> list[Address] | None:
        """Return the addresses of a host where nobody need be asked, None otherwise."""
        literal = literal_address(host, port)
        if literal is not None and family in (socket.AF_UNSPEC, literal.family):
            return [literal]
        answer = self._answers.get((host, port, family))
        if answer is not None and self._net.time() < answer.until:
            return answer.addresses
        return None

    async def addresses(self, host: str, port: int, family: int, deadline: float) -> list[Address]:
        """Return the addresses of a host, the best first, at least one; ``socket.gaierror``.

        Raises what a resolver raises, TypeError and ValueError where it answers nonsense.
        """
        known = self.known(host, port, family)
        if known is not None:
            return known
        key = (host, port, family)
        if self._resolver is not None:
            return await self._ask_or_wait(key, deadline)
        # All who ask the system at the same time have one answer already.
        found = await self._net.resolve(host, port, family, deadline)
        with self._lock:
            self._keep(key, found)
        return found

    def forget(self, host: str, port: int, family: int) -> None:
        """Ask anew the next time: none of the addresses was good."""
        with self._lock:
            self._answers.pop((host, port, family), None)

    def _keep(self, key: tuple[str, int, int], found: list[Address]) -> None:
        self._answers.pop(key, None)
        if len(self._answers) >= _MOST_KEPT:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = _Answer(found, self._net.time() + LIFETIME)

    async def _ask_or_wait(self, key: tuple[str, int, int], deadline: float) -> list[Address]:
        """Ask the resolver, or wait for what another fetch hears that asks the same already."""
        while True:
            with self._lock:
                answer = self._answers.get(key)
                if answer is not None and self._net.time() < answer.until:
                    return answer.addresses
                question = self._questions.get(key)
                if question is None:
                    waiter = None
                    question = self._questions[key] = _Question()
                else:
                    waiter = self._net.waiter()
                    question.waiters.append(waiter)
            if waiter is None:
                return await self._ask_for_all(question, key, deadline)
            await waiter.wait(deadline)
            if question.error is not None:
                raise _copy_of(question.error)
            if question.found is not None:
                return question.found
            # Who asked was cancelled, or had less time: now it is the turn of one who waits.

    async def _ask_for_all(
        self, question: "_Question", key: tuple[str, int, int], deadline: float
    ) -> list[Address]:
        try:
            found = question.found = await self._ask(*key, deadline)
        except DeadlineError:
            raise
        except Exception as error:
            question.error = error
            raise
        finally:
            with self._lock:
                del self._questions[key]
                if question.found is not None:
                    self._keep(key, question.found)
            for waiter in question.waiters:
                waiter.wake()
        return found

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


def _copy_of(error: Exception) -> Exception:
    """Return an error for one more who raises it; each adds a traceback of his own."""
    try:
        return copy.copy(error)
    except TypeError:
        return error  # Its arguments are not what it is made from.


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
    found = [_address(item, host, port) for item in itertools.islice(answer, MOST_ADDRESSES)]
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
