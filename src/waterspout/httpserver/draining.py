"""How a server stops without a request lost: in which order it lets go of its clients."""

import asyncio
import selectors
import socket
from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING

from waterspout.log import gen_log

if TYPE_CHECKING:
    from waterspout.httpserver.server import HTTPServer

__all__ = ["Drain"]

# Turns of the loop for clients that the kernel has accepted and the loop has not. A queue that
# never gets empty is filled by clients who would rather be refused now.
_MAX_ACCEPTING_TURNS = 100


class Drain:
    """The drain of one server, which may be hurried up at any time.

    Belongs to the thread of the event loop.
    """

    def __init__(self, server: "HTTPServer") -> None:
        self._server = server
        self._begin = monotonic()
        self._hurry = asyncio.Event()
        #: Connections that have been cut off.
        self.cut = 0
        #: Whether requests are the last ones of their connections.
        self.is_closing = False

    async def run(self, grace: float | None, readiness_delay: float) -> int:
        """Do it, and return how many connections had to be cut; see ``HTTPServer.drain``."""
        server = self._server
        gen_log.info("%r drains", server)
        if readiness_delay > 0:
            await self._wait(readiness_delay)
        self.is_closing = True
        for connection in server.connections:
            connection.end_keep_alive()
        await _accept_all(server)
        server.stop()
        if server.opening:
            # Their clients have connected, but for the loop they are no connections yet.
            _, late = await asyncio.wait(
                server.opening, timeout=server.policy.first_request_timeout
            )
            for handshake in late:
                handshake.cancel()
            if late:
                await asyncio.wait(late)
        now = monotonic()
        for connection in list(server.connections):
            connection.close_after_request(now)
        loop = asyncio.get_running_loop()
        # Rather then than at the next full second; uvloop's timers may be a millisecond early.
        wait = server.policy.next_request_timeout
        timer = loop.call_later(wait, server.sweep, now + wait)
        try:
            await asyncio.wait_for(server.wait_all_closed(), 0.0 if self._hurry.is_set() else grace)
        except TimeoutError:
            self.cut_now()
            await server.wait_all_closed()
        finally:
            timer.cancel()
        for opening in list(server.opening):
            opening.cancel()  # who has been silent till now has no request under way
        return self.cut

    def hurry(self) -> None:
        """Cut off now what is still there, and let ``run`` end."""
        self._hurry.set()
        if self.is_closing:
            self.cut_now()

    def cut_now(self) -> None:
        """Cut off all connections, and say how many."""
        connections = list(self._server.connections)
        if not connections:
            return
        self.cut += len(connections)
        seconds = monotonic() - self._begin
        gen_log.warning("the drain cuts %d connections after %.1f s", len(connections), seconds)
        for connection in connections:
            connection.abort()

    async def _wait(self, seconds: float) -> None:
        """Wait, or until somebody is in a hurry."""
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            pass


async def _accept_all(server: "HTTPServer") -> None:
    """Let the loop accept the clients that the kernel has queued.

    To close a listening socket resets those who are still in its queue: so that is to be done at
    once when this returns.
    """
    for _ in range(_MAX_ACCEPTING_TURNS):
        if not _has_waiting(server.sockets):
            break
        await asyncio.sleep(0)


def _has_waiting(sockets: Iterable[socket.socket]) -> bool:
    """Tell whether a client waits at one of the listening sockets."""
    new_selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
    with new_selector() as selector:
        for listener in sockets:
            selector.register(listener, selectors.EVENT_READ)
        return bool(selector.get_map()) and bool(selector.select(0))
