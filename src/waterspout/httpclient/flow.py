"""`Flow`: the way of a fetch, for those who block and for those who await.

Pool decision, addresses, connection, TLS, exchange, redirect; and from whatever goes wrong on the
way to an error that says what and where. Written once, over a `Net`.
"""

import os
import weakref
from typing import TYPE_CHECKING, NoReturn

from waterspout.httpclient.connecting import Connector
from waterspout.httpclient.connection import Connection
from waterspout.httpclient.errors import HTTPClientError, HTTPRedirectError
from waterspout.httpclient.exchange import Exchange, new_exchange
from waterspout.httpclient.failures import explained
from waterspout.httpclient.firsthops import FirstHops
from waterspout.httpclient.hop import Hop, next_hop
from waterspout.httpclient.pool import Pool, Ticket
from waterspout.httpclient.redirect import RedirectError, follow
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.response import HTTPResponse, received
from waterspout.httpclient.settings import Settings
from waterspout.net import CallbackError, DeadlineError, Net, run_blocking
from waterspout.net.clock import Clock

if TYPE_CHECKING:
    from waterspout.httpclient.rounds import Course, Rounds

__all__ = ["Flow"]

# Seconds from one search for idle connections that are of no use any more to the next.
_CLEANING_INTERVAL = 1.0

# The same for loops, which look by themselves, as long as there are any.
_WATCH_INTERVAL = 5.0


class Fetch:
    """Where one fetch stands; made by `new_fetch`. Times are those of the Net."""

    def _prepare(self, asked: HTTPRequest | str, raise_error: bool, hop: Hop, begun: float) -> None:
        #: What to send now, and until when all has to be over.
        self.hop = hop
        self.deadline = begun + hop.request_timeout
        #: Whether it takes no more than redirects.
        self.is_plain = hop.is_plain
        #: When it began, and when this hop did; how long the hops before waited for their turn.
        self.begun = begun
        self.hop_begun = begun
        self._queued = 0.0
        #: How many redirects were followed, and all responses that led here.
        self.redirects = 0
        self.history: list[HTTPResponse] | None = None
        #: What goes on between its exchanges, if more than redirects.
        self.rounds: Rounds | None = None
        #: The exchange that it is at.
        self.exchange: Exchange | None = None
        #: What was asked for, and whether an error is raised.
        self.asked = asked
        self.raise_error = raise_error
        #: What has gone wrong for who has it go on.
        self.failure: BaseException | None = None
        self._response: HTTPResponse | None = None

    def response(self, exchange: Exchange) -> HTTPResponse:
        """Return what ``exchange`` brought."""
        if self._response is None:
            self._response = received(
                self.asked, exchange, self.begun, self.hop_begun, self._queued
            )
        return self._response

    def outcome(self, exchange: Exchange) -> HTTPResponse:
        """Return the response of the last exchange, or raise its error."""
        response = self.response(exchange)
        if self.raise_error and response.error is not None:
            raise response.error
        return response

    def pass_over(self, exchange: Exchange) -> HTTPResponse:
        """Return the response of an exchange that is not the last."""
        passed = received(self.asked, exchange, self.begun, self.hop_begun, self._queued)
        self.history = [passed] if self.history is None else [*self.history, passed]
        return passed

    def go_on_after(self, exchange: Exchange, now: float) -> None:
        """Take note that the next hop begins."""
        if exchange.free:
            self._queued += exchange.free - self.hop_begun
        self.hop_begun = now
        self.exchange = None


def new_fetch(asked: HTTPRequest | str, raise_error: bool, hop: Hop, begun: float) -> Fetch:
    """Make a fetch; compiled, for a third of what a constructor costs."""
    fetch: Fetch = Fetch.__new__(Fetch)
    fetch._prepare(asked, raise_error, hop, begun)
    return fetch


class Flow:
    """One client's connections, and what is done with them; its methods are for both faces."""

    def __init__(self, net: Net, settings: Settings) -> None:
        self.net = net
        self.settings = settings
        self.pool: Pool = self._new_pool()
        self._clock: Clock = Clock(net.time)
        self._connector: Connector = Connector(net, settings, self._clock)
        self._first: FirstHops = FirstHops(settings, self._clock)
        self._course: Course | None = None
        self._cleaned_up = 0.0
        self._is_watched = False
        _flows.add(self)

    def fetch_now(self, asked: HTTPRequest | str, raise_error: bool) -> HTTPResponse:
        """Do what `fetch` does, over a Net that never has one await anything.

        A fetch that finds an idle connection, as most do, is over before there is a coroutine.
        Raises RuntimeError if the client is closed.
        """
        if self.pool.is_closed:
            raise RuntimeError("fetch() called on a closed HTTPClient")
        fetch = self.begin(asked, raise_error)
        try:
            if fetch.is_plain:
                exchange = self.next_exchange(fetch)
                try:
                    is_over = self.send_now(exchange, fetch.begun)
                except Exception as error:
                    self._explain(error, exchange)
                if is_over and not exchange.is_passed_over:
                    return fetch.outcome(exchange)
            return run_blocking(self.fetch(asked, raise_error, fetch))
        except BaseException:
            # Ctrl-C may have come where nobody else could give back what was acquired.
            if fetch.exchange is not None:
                try:
                    self.discard(fetch.exchange)
                except BaseException:
                    self.discard(fetch.exchange)  # And here it may have come as well.
                    raise
            raise

    async def fetch(
        self, asked: HTTPRequest | str, raise_error: bool, begun: "Fetch | None" = None
    ) -> HTTPResponse:
        """Fetch a URL or a request; return the response, or raise its error if ``raise_error``.

        ``begun`` is what `fetch_now` or a `waiting.Waiting` has of it. Raises HTTPClientError where
        there is no response, ValueError where the request can't be sent, and what callbacks raise.
        """
        fetch = self.begin(asked, raise_error) if begun is None else begun
        rounds: Rounds | None = None
        if not fetch.is_plain:
            rounds = fetch.rounds = self._begin_rounds(fetch.hop, fetch.deadline)
            fetch.hop = await rounds.prepare(fetch.hop)
        exchange = fetch.exchange
        while True:
            if exchange is None:
                exchange = self.next_exchange(fetch)
            try:
                if rounds is not None and rounds.is_answered:
                    await rounds.replay(exchange)
                elif not self.send_now(exchange, fetch.hop_begun):
                    try:
                        if fetch.failure is not None:
                            failure, fetch.failure = fetch.failure, None
                            raise failure
                        connection = exchange.connection
                        is_over = False
                        if connection is None or exchange.waiter is not None:
                            if exchange.opening is None:
                                connection = await self._reach(exchange)
                            else:
                                connection = await self._opened(exchange)
                            is_over = exchange.begin(connection)
                        while exchange.reading is not None and not is_over:
                            is_over = exchange.take(await exchange.reading)
                        if not is_over:
                            await exchange.run(connection)
                    except OSError:
                        if not self._is_stale(exchange):
                            raise
                        await exchange.run(await self._open(exchange))
                    self.keep(exchange)
            except BaseException as error:
                try:
                    self.discard(exchange)
                except BaseException:
                    self.discard(exchange)  # Ctrl-C has come before that was done.
                    raise
                if not isinstance(error, Exception):
                    raise
                if rounds is None or not rounds.try_again_after(error, exchange):
                    if rounds is not None:
                        await rounds.tell("error", self._explained(error, exchange))
                    self._explain(error, exchange)
                await rounds.tell("retry", error)
            else:
                if rounds is not None:
                    await rounds.finish(exchange)
                if not exchange.is_passed_over:
                    break
                location = exchange.location
                passed = fetch.pass_over(exchange)
                if location is not None:
                    fetch.redirects += 1
                    try:
                        fetch.hop = self._redirected(exchange, location)
                    except HTTPClientError as error:
                        if rounds is not None:
                            await rounds.tell("error", error)
                        raise
                elif exchange.is_misunderstood:
                    fetch.hop = exchange.hop.without_expectation()
                if rounds is not None:
                    await rounds.tell_of(passed, None if location is None else fetch.hop)
            if rounds is not None:
                await rounds.wait()
                fetch.hop = await rounds.prepare(fetch.hop)
            fetch.go_on_after(exchange, self._clock.now())
            exchange = None
        if rounds is not None:
            await rounds.tell("response", fetch.response(exchange))
        return fetch.outcome(exchange)

    # The steps of a fetch that take no wait, for those who do without a coroutine.

    def begin(self, asked: HTTPRequest | str, raise_error: bool) -> "Fetch":
        """Begin a fetch; ValueError where that can't be sent."""
        begun = self._clock.now()
        first = self._first
        hop = first.url_hop(asked) if isinstance(asked, str) else first.hop(asked)
        return new_fetch(asked, raise_error, hop, begun)

    def next_exchange(self, fetch: "Fetch") -> Exchange:
        """Begin the next exchange of a fetch."""
        exchange = new_exchange(
            self.net,
            self._clock,
            self.settings,
            fetch.hop,
            fetch.deadline,
            fetch.redirects,
            fetch.rounds,
            self.pool,
        )
        exchange.history = fetch.history
        fetch.exchange = exchange
        return exchange

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

    # One hop

    def send_now(self, exchange: Exchange, now: float) -> bool:
        """Get a slot, a connection, and an answer, as far as that takes no wait.

        True: the exchange is over, and what it had is given back. False: who calls goes on with it.
        Called again it does nothing, and tells the same. If it raises, who calls has to discard
        ``exchange``, with what it has of the pool.
        """
        if exchange.ended:
            return True
        if exchange.has_slot or exchange.waiter is not None:
            return False
        exchange.pool.acquire(exchange)
        if not exchange.has_slot:
            return False
        connection = self._usable(exchange, now)
        if connection is None:
            connection = self._open_now(exchange)
            if connection is None:
                return False
        try:
            is_over = exchange.begin(connection)
        except OSError:
            if not self._is_stale(exchange):
                raise
            return False
        if is_over:
            self.keep(exchange)
        return is_over

    async def _reach(self, exchange: Exchange) -> Connection:
        """Wait for a slot, if there was none, and open a connection in it, if it has none."""
        if exchange.waiter is not None:
            await self._wait_for_slot(exchange)
            self._usable(exchange, self._clock.now())
        return exchange.connection or await self._open(exchange)

    def _is_stale(self, exchange: Exchange) -> bool:
        """Whether to send a request once more, on a fresh connection, after a failure.

        The server ended the connection while it was idle, or when the request was on its way: it
        has not been answered, and does no harm if it is done twice.
        """
        connection = exchange.connection
        if connection is None or not connection.uses or exchange.has_begun:
            return False
        if not exchange.hop.is_repeatable:
            return False
        connection.close()
        exchange.connection = None
        return True

    async def _wait_for_slot(self, exchange: Exchange) -> None:
        """Wait for one's turn."""
        waiter = exchange.waiter
        assert waiter is not None
        try:
            await waiter.wait(exchange.deadline)
        except BaseException:
            # It may have had its turn in that very moment: what it got is good for the next one.
            _give_back(exchange.pool.release(exchange, True))
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

    async def _open(self, exchange: Exchange) -> Connection:
        """Open a connection in the slot of ``exchange``."""
        connection = self._open_now(exchange)
        if exchange.opening is not None:
            return await self._opened(exchange)
        if connection is None:
            connection = exchange.connection = await self._connector.open(exchange)
        return connection

    def _open_now(self, exchange: Exchange) -> Connection | None:
        """Open a connection, or begin to, where that takes no more than a call; see there."""
        if exchange.surplus is not None:
            exchange.surplus.close()
            exchange.surplus = None
        self._clean_up()
        return self._connector.open_now(exchange)

    async def _opened(self, exchange: Exchange) -> Connection:
        """Wait for a connection that is being opened."""
        try:
            stream = await exchange.opening
        except (OSError, DeadlineError):
            self._connector.not_opened(exchange)
            raise
        return self._connector.opened(exchange, stream)

    def keep(self, exchange: Exchange) -> None:
        """Give a slot back, with its connection if that can be used again."""
        exchange.ended = self._clock.now()
        connection = exchange.connection
        assert connection is not None
        if exchange.is_reusable(connection) and exchange.pool is self.pool:
            connection.engine.start_next_cycle()
            connection.uses += 1
            connection.idle_since = exchange.ended
            following = exchange.pool.release(exchange, True)
            if following is not None:
                _give_back(following)
            elif not self._is_watched:
                self._watch_idle()
        else:
            self.discard(exchange)

    def discard(self, exchange: Exchange) -> None:
        """Close a connection, if there is one, and give the slot back; any number of times."""
        pool = exchange.pool
        try:
            connection = exchange.connection
            if exchange.opening is not None and pool is self.pool:
                exchange.opening.leave()
                exchange.opening = None
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
        now = self._clock.now()
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
