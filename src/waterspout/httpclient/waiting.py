"""`fetch_soon`: what `Flow.fetch` does, awaited, without a coroutine as long as it takes none.

Most fetches find an idle connection, send a request in one piece, and wait for the response and for
nothing else. Such a one is a `Waiting`, which the stream steps whenever bytes have come. For
whatever else there is, and for all that goes wrong, `Flow.fetch` goes on with it where it is.
"""

import asyncio
from typing import Any

from waterspout.httpclient.exchange import Exchange
from waterspout.httpclient.flow import Fetch, Flow
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.response import HTTPResponse
from waterspout.net.driver import Driver
from waterspout.net.transport import AsyncStream

__all__ = ["fetch_soon"]


def fetch_soon(
    flow: Flow, asked: HTTPRequest | str, raise_error: bool, future: Any = None
) -> asyncio.Future[HTTPResponse]:
    """Begin to fetch; return the future of what `Flow.fetch` returns or raises.

    To be called in the running loop, which has to be that of ``flow``. Who cancels the future ends
    the fetch. It runs in the context of whoever brings its bytes, so callbacks of users are not for
    it. A ``future`` of one's own needs no more of a future's methods than are called here.
    """
    net: Any = flow.net
    loop: asyncio.AbstractEventLoop = net.loop
    outcome: asyncio.Future[HTTPResponse] = loop.create_future() if future is None else future
    try:
        fetch = flow.begin(asked, raise_error)
    except Exception as error:
        outcome.set_exception(error)
        return outcome
    waiting: Waiting = Waiting.__new__(Waiting)
    waiting._prepare(flow, fetch, loop, outcome)
    if fetch.is_plain:
        waiting._send()
    else:
        waiting._hand_over(None)
    return outcome


class Waiting:
    """A fetch on its way, driver of the gate that its stream is; see `net.driver.Driver`.

    Belongs to the loop's thread.
    """

    def _prepare(
        self,
        flow: Flow,
        fetch: Fetch,
        loop: asyncio.AbstractEventLoop,
        future: "asyncio.Future[HTTPResponse]",
    ) -> None:
        self._flow = flow
        self._fetch = fetch
        self._loop = loop
        self._future = future
        # None as soon as it is over, or was handed over.
        self._exchange: Exchange | None = None
        self._is_watched = False  # whether we hear of it if somebody cancels the future

    def _send(self) -> None:
        flow = self._flow
        try:
            exchange = self._exchange = flow.next_exchange(self._fetch)
            is_over = flow.send_now(exchange, self._fetch.begun)
        except BaseException as error:
            self._hand_over(error)
        else:
            self._go_on(exchange, is_over)

    def resume(self) -> None:
        """Take what has come, or the error that ends the wait; called by the stream."""
        exchange = self._exchange
        assert exchange is not None
        stream: AsyncStream = exchange.reading
        try:
            stream.fail()
            data = stream.take_unread()
            if data is None:
                stream.driver = self
                return
            is_over = exchange.take(data)
            if is_over:
                self._flow.keep(exchange)
        except BaseException as error:
            self._hand_over(error)
        else:
            self._go_on(exchange, is_over)

    def _go_on(self, exchange: Exchange, is_over: bool) -> None:
        if is_over:
            if not exchange.is_passed_over:
                self._end(exchange)
                return
        elif type(exchange.reading) is AsyncStream:
            stream: AsyncStream = exchange.reading
            stream.driver = self
            if not self._is_watched:
                self._is_watched = True
                self._future.add_done_callback(self._on_outside)
            return
        self._hand_over(None)

    def _end(self, exchange: Exchange) -> None:
        future = self._leave()
        if future.done():
            return
        try:
            response = self._fetch.outcome(exchange)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(response)

    def _hand_over(self, error: BaseException | None) -> None:
        """Let a coroutine go on; with ``error``, if that has come meanwhile."""
        exchange = self._exchange
        future = self._leave()
        if future.done():  # Cancelled, in this very moment.
            if exchange is not None:
                self._flow.discard(exchange)
            return
        fetch = self._fetch
        fetch.failure = error
        coroutine = self._flow.fetch(fetch.asked, fetch.raise_error, fetch)
        Driver(coroutine, self._loop, None, future).begin()

    def _leave(self) -> "asyncio.Future[HTTPResponse]":
        """Have nothing to do with it any more; return the future for its outcome."""
        self._exchange = None
        if self._is_watched:
            self._is_watched = False
            self._future.remove_done_callback(self._on_outside)
        return self._future

    def _on_outside(self, _future: "asyncio.Future[HTTPResponse]") -> None:
        """Somebody else has cancelled the future, or set a result: of no use any more is ours."""
        exchange = self._exchange
        if exchange is None:
            return  # It has ended since.
        self._exchange = None
        stream: AsyncStream = exchange.reading
        stream.driver = None
        self._flow.discard(exchange)

    def __repr__(self) -> str:
        return f"<Waiting {'over' if self._exchange is None else self._exchange.phase}>"
