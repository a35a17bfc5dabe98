"""`CaresResolver`: names of hosts resolved by c-ares, without a thread for each."""

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from waterspout.net.sockets import literal_address
from waterspout.netutil import Resolver

if TYPE_CHECKING:
    import pycares

__all__ = ["CaresResolver"]

Found = list[tuple[int, Any]]


class CaresResolver(Resolver):
    """Resolves names by c-ares, which asks name servers itself: no thread waits for an answer.

    ``Resolver.configure("waterspout.platform.caresresolver.CaresResolver")`` makes it everybody's.

    It reads ``/etc/resolv.conf`` and ``/etc/hosts``, but knows nothing else that the system may be
    configured with, such as mDNS. Takes ``pip install "waterspout[cares]"``, or it is a
    RuntimeError to make one. May be used in several loops, one after the other or at once.
    """

    channel: "pycares.Channel"

    def initialize(self) -> None:
        """Take no arguments of the constructor."""
        try:
            import pycares
        except ImportError as error:
            raise RuntimeError(
                'CaresResolver needs pycares: pip install "waterspout[cares]"'
            ) from error
        self.channel = pycares.Channel()

    def close(self) -> None:
        """End what is under way, with an OSError; the resolver is of no use any more."""
        self.channel.close()

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Found:
        """Return ``(family, address)`` pairs, the best first; addresses as ``connect`` takes them.

        `host` is a name or an IP address. OSError that names it where it has no address.
        """
        literal = literal_address(host, port)
        if literal is not None and family in (socket.AF_UNSPEC, literal.family):
            return [(literal.family, literal.sockaddr)]
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()

        def end(result: Any, error: int | None) -> None:
            if answer.done():
                return  # Nobody waits any more.
            if error is not None:
                answer.set_exception(_failure(host, error))
            else:
                answer.set_result(result)

        def tell(result: Any, error: int | None) -> None:
            # In the thread of c-ares, or at once.
            try:
                loop.call_soon_threadsafe(end, result, error)
            except RuntimeError:
                pass  # The loop is closed.

        try:
            self.channel.getaddrinfo(
                host, port, family=family, type=socket.SOCK_STREAM, callback=tell
            )
        except UnicodeError:
            raise OSError(f"{host!r:.100} is no name of a host") from None
        return [(node.family, _address(node.addr)) for node in (await answer).nodes]


def _failure(host: str, error: int) -> OSError:
    import pycares

    reason: Any = pycares.errno.strerror(error)
    return OSError(f"c-ares found no address of {host!r:.100}: {reason}")


def _address(found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an address with a text for the host."""
    host, *rest = found
    return (host.decode("ascii") if isinstance(host, bytes) else host, *rest)
