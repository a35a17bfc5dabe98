"""`Flow`: the way of a fetch, for those who block and for those who await.

Pool decision, addresses, connection, TLS, exchange, redirect; and from whatever goes wrong on the
way to an error that says what and where. Written once, over a `Net`.
"""

import os
import weakref
from typing import TYPE_CHECKING, NoReturn

from waterspout.httpclient.connecting import Connector
from waterspout.httpclient.connection import Connection
from waterspout.httpclient.delivery import CallbackError
from waterspout.httpclient.errors import HTTPClientError, HTTPRedirectError
from waterspout.httpclient.exchange import Exchange
from waterspout.httpclient.failures import explained
from waterspout.httpclient.hop import Hop, first_hop, next_hop
from waterspout.httpclient.pool import Pool, Ticket
from waterspout.httpclient.redirect import RedirectError, follow
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.response import HTTPResponse, received
from waterspout.httpclient.settings import Settings
from waterspout.net import Net

if TYPE_CHECKING:
    from waterspout.httpclient.rounds import Course, Rounds

__all__ = ["Flow"]

# URLs whose first hop is kept ready, for clients that ask for the same again and again.
_MAX_PLAIN = 256

# Seconds from one search for idle connections that are of no use any more to the next.
_CLEANING_INTERVAL = 1.0

# The same for loops, which look by themselves, as long as there are any.
_WATCH_INTERVAL = 5.0


class Flow:
    """One client's connections, and what is done with them; its methods are for both faces."""

    def __init__(self, net: Net, settings: Settings) -> None:
        self.net = net
        self.settings = settings
        self.pool: Pool = self._new_pool()
        self._connector = Connector(net, settings)
        self._time = net.time
        self._plain: dict[str, Hop] = {}
        self._course: Course | None = None
        self._cleaned_up = 0.0
        self._is_watched = False
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
        deadline = begun + hop.request_timeout
        redirects = 0
        history: list[HTTPResponse] | None = None
        rounds: Rounds | None = None
        if not hop.is_plain:
            rounds = self._begin_rounds(hop, deadline)
            hop = await rounds.prepare(hop)
        queued = 0.0
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
                    if rounds is not None:
                        await rounds.tell("error", self._explained(error, exchange))
                    self._explain(error, exchange)
                await rounds.tell("retry", error)
            else:
                if rounds is not None:
                    await rounds.finish(exchange)
                location = exchange.location
                if location is None and not exchange.is_passed_over:
                    break
                passed = received(asked, exchange, begun, hop_begun, queued)
                history = [passed] if history is None else [*history, passed]
                if location is not None:
                    redirects += 1
                    try:
                        hop = self._redirected(exchange, location)
                    except HTTPClientError as error:
                        if rounds is not None:
                            await rounds.tell("error", error)
                        raise
                if rounds is not None:
                    await rounds.tell_of(history[-1], None if location is None else hop)
            if rounds is not None:
                await rounds.wait()
                hop = await rounds.prepare(hop)
            queued += exchange.free - hop_begun if exchange.free else 0.0
            hop_begun = net.time()
        response = received(asked, exchange, begun, hop_begun, queued)
        if rounds is not None:
            await rounds.tell("response", response)
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
        idle = self.pool.forget()
        self.pool = self._new_pool()
        self._connector.forget()
        self._course = None
        for connection in idle:
            connection.stream.drop()

    def _new_pool(self) -> Pool:
        settings = self.settings
        return Pool(settings.max_clients, self.net.waiter, settings.max_clients_per_origin)

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
        pool = self.pool
        # Whatever happens from here on, `exchange` is given back with what it has of the pool.
        try:
            pool.acquire(exchange)
            if not exchange.has_slot:
                await self._wait_for_slot(exchange, deadline)
                now = self._time()
            connection = self._usable(exchange, now)
            if connection is None:
                connection = await self._open(exchange, deadline)
            try:
                await exchange.run(connection)
            except OSError:
                hop = exchange.hop
                if not connection.uses or exchange.has_begun or not hop.is_repeatable:
                    raise
                # The server ended the connection while it was idle, or when the request was on its
                # way: it has not been answered, and does no harm if it is done twice. Once more.
                connection.close()
                connection = await self._open(exchange, deadline)
                await exchange.run(connection)
            exchange.ended = self._time()
            self._keep(connection, exchange, pool)
        except BaseException:
            self._discard(exchange, pool)
            raise

    async def _wait_for_slot(self, exchange: Exchange, deadline: float) -> None:
        """Wait for one's turn."""
        waiter = exchange.waiter
        assert waiter is not None
        try:
            await waiter.wait(deadline)
        except BaseException:
            # It may have had its turn in that very moment: what it got is good for the next one.
            _give_back(self.pool.release(exchange, True))
            raise
        exchange.waiter = None

    def _usable(self, exchange: Exchange, now: float) -> Connection | None:
        """Return the idle connection of a slot, if it has one that may be used; None: open one."""
        exchange.free = exchange.sent = now
        connection = exchange.connection
        while connection is not None:
            if connection.is_usable(now, exchange.hop.is_repeatable):
                return connection
            connection.close()
            self.pool.replace(exchange)
            connection = exchange.connection
        return None

    async def _open(self, exchange: Exchange, deadline: float) -> Connection:
        """Open a connection in the slot of ``exchange``."""
        exchange.connection = None
        if exchange.surplus is not None:
            exchange.surplus.close()
            exchange.surplus = None
        self._clean_up()
        connection = await self._connector.open(exchange, deadline)
        exchange.connection = connection
        exchange.sent = self._time()
        return connection

    def _keep(self, connection: Connection, exchange: Exchange, pool: Pool) -> None:
        """Give a slot back, with its connection if that can be used again."""
        if exchange.is_reusable(connection) and pool is self.pool:
            connection.engine.start_next_cycle()
            connection.uses += 1
            connection.idle_since = exchange.ended
            following = pool.release(exchange, True)
            if following is not None:
                _give_back(following)
            elif not self._is_watched:
                self._watch_idle()
        else:
            self._discard(exchange, pool)

    def _discard(self, exchange: Exchange, pool: Pool) -> None:
        """Close a connection, if there is one, and give the slot back."""
        try:
            connection = exchange.connection
            if connection is not None:
                if pool is self.pool:
                    connection.close()
                else:
                    connection.stream.drop()  # That of a parent process.
        finally:
            # Ctrl-C may come while it is closed.
            try:
                _give_back(pool.release(exchange, False))
            finally:
                # And it may have come, here or before, when the slot was somebody's who sleeps.
                if exchange.waiter is not None:
                    exchange.waiter.wake()
                exchange.connection = None
                if exchange.surplus is not None:
                    exchange.surplus.close()
                    exchange.surplus = None

    def _watch_idle(self) -> None:
        """Have `_clean_up` called from time to time as long as something is idle.

        Where there is no loop to do it, it is done where connections are opened.
        """
        self._is_watched = True
        known = weakref.ref(self)

        def on_time() -> None:
            flow = known()
            if flow is None:
                return
            flow._cleaned_up = 0.0
            flow._clean_up()
            flow._is_watched = False
            if flow.pool.statistics["idle"]:
                flow._watch_idle()

        self.net.remind(min(self.settings.idle_timeout, _WATCH_INTERVAL), on_time)

    def _clean_up(self) -> None:
        """Close what was idle for too long, or has ended meanwhile. For where it costs little."""
        now = self._time()
        if now >= self._cleaned_up + _CLEANING_INTERVAL:
            self._cleaned_up = now
            for connection in self.pool.take_unusable(now):
                connection.close()

    def _explained(self, error: Exception, exchange: Exchange) -> BaseException:
        return explained(error, exchange, self.net.time())

    def _explain(self, error: Exception, exchange: Exchange) -> NoReturn:
        """Raise what is to be told to the caller."""
        failure = self._explained(error, exchange)
        if failure is error or isinstance(error, CallbackError):
            raise failure
        raise failure from error


def _give_back(ticket: Ticket | None) -> None:
    """Close what nobody uses any more, and tell the next one in the queue, if there is one."""
    if ticket is None:
        return
    try:
        if ticket.surplus is not None:
            ticket.surplus.close()
            ticket.surplus = None
    finally:
        if ticket.waiter is not None:
            ticket.waiter.wake()


_flows: weakref.WeakSet[Flow] = weakref.WeakSet()


def _forget_all() -> None:
    for flow in _flows:
        flow.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
