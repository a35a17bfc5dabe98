"""`Resolver`: who finds the addresses of a host, chosen by the program."""

import concurrent.futures
import os
import socket
from collections.abc import Awaitable, Mapping
from typing import Any

from waterspout.concurrent import dummy_executor
from waterspout.ioloop import IOLoop
from waterspout.net.sockets import literal_address
from waterspout.util import Configurable

__all__ = [
    "BlockingResolver",
    "DefaultExecutorResolver",
    "DefaultLoopResolver",
    "ExecutorResolver",
    "OverrideResolver",
    "Resolver",
    "ThreadedResolver",
]

Found = list[tuple[int, Any]]


class Resolver(Configurable):
    """Finds the addresses of a host; ``Resolver()`` makes one of the class that is configured.

    That is `DefaultLoopResolver` until ``Resolver.configure`` names another: of this module, or one
    of your own, with a method ``resolve``.
    """

    @classmethod
    def configurable_base(cls) -> type["Resolver"]:
        """Return Resolver."""
        return Resolver

    @classmethod
    def configurable_default(cls) -> type["Resolver"]:
        """Return `DefaultLoopResolver`."""
        return DefaultLoopResolver

    def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Awaitable[Found]:
        """Return what to await for ``(family, address)`` pairs, the best first.

        An address is what ``socket.connect`` takes. ``host`` is a name or an IP address. Raises
        ``OSError``, ``socket.gaierror`` for instance, where there is no address.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Give back what the resolver has taken; it is of no use any more."""


class DefaultLoopResolver(Resolver):
    """Asks the system, through ``getaddrinfo`` of the event loop."""

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Found:
        """Return the addresses; see `Resolver.resolve`."""
        literal = literal_address(host, port)
        if literal is not None and family in (socket.AF_UNSPEC, literal.family):
            return [(literal.family, literal.sockaddr)]  # no thread has to look that up
        loop = IOLoop.current().asyncio_loop
        try:
            infos = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise _no_host_name(host) from None
        return [(info[0], info[4]) for info in infos]


class DefaultExecutorResolver(Resolver):
    """Asks the system, on the default executor of the event loop."""

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Found:
        """Return the addresses; see `Resolver.resolve`."""
        return await IOLoop.current().run_in_executor(None, look_up, host, port, family)


class ExecutorResolver(Resolver):
    """Asks the system, on ``executor``: a ``concurrent.futures.Executor``.

    It is shut down by `close`, unless ``close_executor`` is false. Without one the caller's thread
    is held up meanwhile.
    """

    def initialize(
        self,
        executor: concurrent.futures.Executor | None = None,
        close_executor: bool = True,
    ) -> None:
        """Take the arguments of the constructor."""
        self.executor = dummy_executor if executor is None else executor
        self.close_executor = close_executor and executor is not None
        self._is_closed = False

    def close(self) -> None:
        """Shut the executor down, if it is the resolver's."""
        self._is_closed = True
        if self.close_executor:
            self.executor.shutdown()

    def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Awaitable[Found]:
        """Return the future of the addresses; see `Resolver.resolve`. Not after `close`."""
        if self._is_closed:
            raise RuntimeError(f"{self!r} is closed")
        return IOLoop.current().run_in_executor(self.executor, look_up, host, port, family)


class BlockingResolver(ExecutorResolver):
    """Asks the system, and holds up the event loop until it answers."""

    def initialize(self) -> None:  # type: ignore[override]
        """Take no arguments."""
        super().initialize()


class ThreadedResolver(ExecutorResolver):
    """Asks the system, on threads that all resolvers of this kind share.

    There are ``num_threads`` of them, as the first one says.
    """

    _pool: concurrent.futures.ThreadPoolExecutor | None = None
    _pool_pid = 0

    def initialize(self, num_threads: int = 10) -> None:  # type: ignore[override]
        """Take the arguments of the constructor."""
        super().initialize(_shared_pool(num_threads), close_executor=False)


def _shared_pool(num_threads: int) -> concurrent.futures.ThreadPoolExecutor:
    """Return the threads; those of a parent are not there after a fork."""
    cls = ThreadedResolver
    if cls._pool is None or cls._pool_pid != os.getpid():
        cls._pool = concurrent.futures.ThreadPoolExecutor(num_threads, "waterspout resolves")
        cls._pool_pid = os.getpid()
    return cls._pool


class OverrideResolver(Resolver):
    """Asks another resolver for something else than was asked for, as ``mapping`` says.

    Its keys are, the first that is there counts, ``(host, port, family)`` and ``(host, port)``,
    which stand for a ``(host, port)``; and ``host``, which stands for a host. What is found here is
    for those who connect: a certificate is still one for the name that was asked for.
    """

    def initialize(self, resolver: Resolver, mapping: Mapping[Any, Any]) -> None:  # type: ignore[override]
        """Take the arguments of the constructor."""
        self.resolver = resolver
        self.mapping = mapping

    def close(self) -> None:
        """Close the other resolver."""
        self.resolver.close()

    def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Awaitable[Found]:
        """Return what the other resolver does."""
        for key in ((host, port, family), (host, port)):
            if key in self.mapping:
                host, port = self.mapping[key]
                break
        else:
            host = self.mapping.get(host, host)
        return self.resolver.resolve(host, port, family)


def look_up(host: str, port: int, family: int) -> Found:
    """Ask the system, and wait for it."""
    try:
        infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    except UnicodeError:
        raise _no_host_name(host) from None
    return [(info[0], info[4]) for info in infos]


def _no_host_name(host: str) -> socket.gaierror:
    return socket.gaierror(socket.EAI_NONAME, f"{host!r:.80} is no host name")
