"""From a host to the addresses to try, in the order to try them in."""

import copy
import itertools
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from waterspout.net.interface import Address, DeadlineError

__all__ = [
    "MOST_ADDRESSES",
    "Lookup",
    "begin_lookup",
    "interleave",
    "look_up",
    "order_addresses",
    "resolve_blocking",
]

#: So many addresses of a host are kept. An answer may hold thousands.
MOST_ADDRESSES = 64


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
    families: dict[int, dict[Address, None]] = {}
    for address in addresses:
        families.setdefault(address.family, {})[address] = None
    turns = itertools.zip_longest(*families.values())
    return [address for turn in turns for address in turn if address is not None]


def look_up(host: str, port: int, family: int) -> list[Address]:
    """Ask the system for the addresses of a host, and wait for them: ``socket.gaierror``."""
    infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    found = order_addresses(infos)[:MOST_ADDRESSES]
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, f"no address of {host} can be used")
    return found


class Lookup(threading.Thread):
    """A question to the system that can be left behind, and that any number can wait for.

    ``getaddrinfo`` knows no deadline, and takes half a minute where no name server answers. In a
    daemon thread it holds up nobody, not even the end of the program. See `begin_lookup`.
    """

    def __init__(self, host: str, port: int, family: int) -> None:
        super().__init__(name=f"waterspout resolves {host}", daemon=True)
        self._question = (host, port, family)
        self._listeners: list[Callable[[], object]] = []
        self._is_done = False
        self._found: list[Address] = []
        self._error: Exception | None = None

    def listen(self, listener: Callable[[], object]) -> None:
        """Have a function called when `result` is there: in this thread, or at once."""
        with _under_way.lock:
            if not self._is_done:
                self._listeners.append(listener)
                return
        listener()

    def leave(self, listener: Callable[[], object]) -> None:
        """Don't have it called, if it wasn't yet."""
        with _under_way.lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def result(self) -> list[Address]:
        """Return the addresses, or raise what `look_up` raised, a copy of it for each caller."""
        if self._error is not None:
            raise copy.copy(self._error)
        return list(self._found)

    def run(self) -> None:
        """Do the work; called by ``start``."""
        try:
            self._found = look_up(*self._question)
        except Exception as error:
            self._error = error.with_traceback(None)
        with _under_way.lock:
            _under_way.lookups.pop(self._question, None)
            self._is_done = True
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()


class _UnderWay:
    """The questions that the system was asked and has not answered yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lookups: dict[tuple[str, int, int], Lookup] = {}


_under_way = _UnderWay()

if hasattr(os, "register_at_fork"):
    # Their threads are not in the child, and one of them may hold the lock.
    os.register_at_fork(after_in_child=_under_way.__init__)  # type: ignore[misc]


def begin_lookup(host: str, port: int, family: int) -> Lookup:
    """Return a question that is under way: the same one to all who ask it at the same time.

    RuntimeError if there is no thread for it: there are too many, or the interpreter is about to
    end. For any thread.
    """
    question = (host, port, family)
    with _under_way.lock:
        lookup = _under_way.lookups.get(question)
        if lookup is None:
            lookup = Lookup(*question)
            lookup.start()
            _under_way.lookups[question] = lookup
    return lookup


def resolve_blocking(host: str, port: int, family: int, deadline: float) -> list[Address]:
    """Return the addresses of a host, as `look_up`; DeadlineError if that takes too long."""
    try:
        lookup = begin_lookup(host, port, family)
    except RuntimeError:
        return look_up(host, port, family)
    left = deadline - time.monotonic()
    lookup.join(None if left == math.inf else min(max(0.0, left), threading.TIMEOUT_MAX))
    if lookup.is_alive():
        raise DeadlineError
    return lookup.result()
