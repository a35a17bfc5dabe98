"""`Flow`: the way of a fetch, for those who block and for those who await.

Pool decision, addresses, connection, TLS, exchange, redirect; and from whatever goes wrong on the
way to an error that says what and where. Written once, over a `Net`.
"""

import math
import os
import weakref
from typing import TYPE_CHECKING, NoReturn

from waterspout.httpclient.connecting import Connector
from waterspout.httpclient.connection import Connection
from waterspout.httpclient.delivery import CallbackError
from waterspout.httpclient.errors import HTTPRedirectError
from waterspout.httpclient.exchange import Exchange
from waterspout.httpclient.failures import explained
from waterspout.httpclient.hop import Hop, first_hop, next_hop
from waterspout.httpclient.pool import Pool, Ticket
from waterspout.httpclient.redirect import RedirectError, follow
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.response import HTTPResponse, received
from waterspout.httpclient.settings import FOREVER, Settings
from waterspout.net import Net

if TYPE_CHECKING:
    from waterspout.httpclient.rounds import Course, Rounds

__all__ = ["Flow"]

# URLs whose first hop is kept ready, for clients that ask for the same again and again.
_MAX_PLAIN = 256


class Flow:
    """One client's connections, and what is done with them; its methods are for both faces."""

    def __init__(self, net: Net, settings: Settings) -> None:
        self.net = net
        self.settings = settings
        self.pool: Pool = Pool(settings.max_clients, net.waiter)
        self._connector = Connector(net, settings)
        self._time = net.time
        self._request_timeout = settings.defaults["request_timeout"]
        self._plain: dict[str, Hop] = {}
        self._course: Course | None = None
        _flows.add(self)

    async def fetch(self, asked: HTTPRequest | str, raise_error: bool) -> HTTPResponse:
        """Fetch a URL or a request; return the response, or raise its error if ``raise_error``.

        Raises HTTPClientError where there is no response, ValueError where the request can't be
        sent, and what callbacks raise.
        """
        net = self.net
        settings = self.settings
        begun = hop_begun = self._time()
        if isinstance(asked, str):
            hop = self._plain.get(asked) or self._new_plain(asked)
        else:
            hop = first_hop(asked, settings)
        request = hop.request
        timeout = request.request_timeout
        if timeout is None:
            timeout = self._request_timeout
        deadline = begun + timeout if 0 != timeout < FOREVER else math.inf
        redirects = 0
        history: list[HTTPResponse] | None = None
        rounds: Rounds | None = None
        if not hop.is_plain:
            rounds = self._begin_rounds(hop, deadline)
            hop = await rounds.prepare(hop)
        while True:
            exchange = Exchange(net, settings, hop, deadline, redirects, rounds)
            if history is not None:
                exchange.history = history
            try:
                if rounds is None or not rounds.is_answered:
                    await self._send(exchange, hop_begun, deadline)
                else:
                    await rounds.replay(exchange)
            except Exception as error:
                if rounds is None or not rounds.try_again_after(error, exchange):
                    self._explain(error, exchange)
            else:
                if rounds is not None:
                    await rounds.finish(exchange)
                location = exchange.location
                if location is None and not exchange.is_passed_over:
                    break
                passed = received(asked, exchange, begun, hop_begun)
                history = [passed] if history is None else [*history, passed]
                if location is not None:
                    redirects += 1
                    hop = self._redirected(exchange, location)
            if rounds is not None:
                await rounds.wait()
                hop = await rounds.prepare(hop)
            hop_begun = net.time()
        response = received(asked, exchange, begun, hop_begun)
        if raise_error and response.error is not None:
            raise response.error
        return response

    def _redirected(self, exchange: Exchange, location: str) -> Hop:
        """Return the hop that a response leads to."""
        hop = exchange.hop
        assert exchange.head is not None
        try:
            following = follow(
                exchange.head.status,
                location,
                hop.target,
                hop.method,
                hop.headers,
                self.settings.option(exchange.hop.request, "sensitive_headers"),
            )
        except RedirectError as error:
            failure = HTTPRedirectError(str(error))
            failure.url, failure.phase = hop.target.url, "read"
            raise failure from error
        return next_hop(hop, following, self.settings)

    def _begin_rounds(self, hop: Hop, deadline: float) -> "Rounds":
        """Return what goes on between the exchanges of a fetch that wants more than redirects."""
        if self._course is None:
            # Only clients that want it pay for the import.
            from waterspout.httpclient.rounds import Course

            self._course = Course(self.net, self.settings)
        return self._course.begin(hop, deadline)

    def close(self) -> None:
        """Close what is idle now; what is in use when it is given back."""
        for connection in self.pool.close():
            connection.close()

    def forget(self) -> None:
        """Begin anew in a forked child. Locks may be held, and connections are the parent's."""
        idle = self.pool.idle
        self.pool = Pool(self.settings.max_clients, self.net.waiter)
        self._connector.forget()
        self._course = None
        for connection in idle:
            connection.stream.drop()

    def close_idle(self) -> None:
        """Close what is idle."""
        for connection in self.pool.take_idle():
            connection.close()

    def _new_plain(self, url: str) -> Hop:
        """Return the first hop for a URL with nothing else, and keep it for the next time."""
        hop = first_hop(HTTPRequest(url), self.settings)
        if len(self._plain) >= _MAX_PLAIN:
            self._plain.clear()
        self._plain[url] = hop
        return hop

    # One hop

    async def _send(self, exchange: Exchange, now: float, deadline: float) -> None:
        """Get a slot, a connection, an answer; and give back what is left."""
        hop = exchange.hop
        held = self.pool.acquire(hop.key)
        connection: Connection | None
        if isinstance(held, Ticket):
            connection = await self._wait_for(held, deadline)
            now = self._time()
        else:
            connection = held
        # From here on there is a slot, which has to be given back.
        try:
            connection = self._usable(connection, exchange, now)
            if connection is None:
                connection = await self._connector.open(exchange, deadline)
                exchange.sent = self._time()
            try:
                await exchange.run(connection)
            except OSError:
                if not connection.uses or exchange.has_begun or not hop.is_repeatable:
                    raise
                # The server ended the connection while it was idle, or when the request was on its
                # way: it has not been answered, and does no harm if it is done twice. Once more.
                connection.close()
                connection = await self._connector.open(exchange, deadline)
                exchange.sent = self._time()
                await exchange.run(connection)
        except BaseException:
            self._discard(hop, connection)
            raise
        exchange.ended = self._time()
        self._keep(connection, exchange)

    def _usable(
        self, connection: Connection | None, exchange: Exchange, now: float
    ) -> Connection | None:
        """Return an idle connection that may be used, ``connection`` if it may; None: open one."""
        hop = exchange.hop
        exchange.free = exchange.sent = now
        while connection is not None and not connection.is_usable(now, hop.is_repeatable):
            connection.close()
            connection = self.pool.replace(hop.key)
        return connection

    def _keep(self, connection: Connection, exchange: Exchange) -> None:
        """Give a slot back, with its connection if that can be used again."""
        if exchange.is_reusable(connection):
            connection.engine.start_next_cycle()
            connection.uses += 1
            connection.idle_since = exchange.ended
            ticket = self.pool.release(exchange.hop.key, connection)
            if ticket is not None:
                self._give_back(ticket)
        else:
            self._discard(exchange.hop, connection)

    def _discard(self, hop: Hop, connection: Connection | None) -> None:
        """Close a connection, if there is one, and give its slot back."""
        try:
            if connection is not None:
                connection.close()
        finally:
            # Ctrl-C may come while it is closed.
            self._give_back(self.pool.release(hop.key, None))

    async def _wait_for(self, ticket: Ticket, deadline: float) -> Connection | None:
        """Wait for one's turn; return the connection that comes with it, if any."""
        try:
            if ticket.waiter is not None:
                await ticket.waiter.wait(deadline)
            if ticket.surplus is not None:
                ticket.surplus.close()
        except BaseException:
            self._give_back(self.pool.abandon(ticket))
            raise
        return ticket.connection

    def _give_back(self, ticket: Ticket | None) -> None:
        """Tell the next one in the queue, if there is one."""
        if ticket is None:
            return
        if ticket.surplus is not None:
            ticket.surplus.close()
            ticket.surplus = None
        if ticket.waiter is not None:
            ticket.waiter.wake()

    def _explain(self, error: Exception, exchange: Exchange) -> NoReturn:
        """Raise what is to be told to the caller."""
        failure = explained(error, exchange, self.net.time(), self.settings)
        if failure is error or isinstance(error, CallbackError):
            raise failure
        raise failure from error


_flows: weakref.WeakSet[Flow] = weakref.WeakSet()


def _forget_all() -> None:
    for flow in _flows:
        flow.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
