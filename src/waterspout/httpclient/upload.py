"""Sending a request that has a body: whole, in pieces, as it is produced, or not at all.

The server may answer before the body is out, and then the rest of it is of no use. So between two
pieces it is looked whether something has come.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from waterspout.net import CallbackError, DeadlineError
from waterspout.protocol.errors import LocalProtocolError

if TYPE_CHECKING:
    from waterspout.httpclient.connection import Connection
    from waterspout.httpclient.exchange import Exchange

__all__ = ["send_with_body"]

# A body up to this size goes out together with its head, in one write.
_SMALL_BODY = 64 * 1024
_PIECE_SIZE = 64 * 1024

# RFC 9110 section 10.1.1: who expects 100 (Continue) must not wait for it for ever.
_CONTINUE_TIMEOUT = 1.0


async def send_with_body(exchange: Exchange, connection: Connection, head: bytes) -> None:
    """Send ``head`` and the body of a request, or as much as the server wants of it.

    If the final answer comes in between, ``exchange.head`` is there on return, and half a request
    is on the connection, so that it can't be used again.
    """
    hop = exchange.hop
    engine = connection.engine
    body = hop.body
    if body is not None and len(body) <= _SMALL_BODY and not hop.expects_continue:
        data = b"".join((head, engine.send_data(body), engine.send_end()))
        await _write(exchange, connection, data)
        if exchange.meter is not None:
            exchange.meter.on_sent(len(body))
        return
    await _write(exchange, connection, head)
    if hop.expects_continue and await _is_answered(exchange, connection):
        return
    if body is None:
        await _produce(exchange, connection)
        return
    for start in range(0, len(body), _PIECE_SIZE):
        if start and (came := connection.stream.read_now()) is not None:
            await exchange.advance(connection, came)
            if exchange.head is not None:
                return
        piece = body[start : start + _PIECE_SIZE]
        await _write(exchange, connection, engine.send_data(piece))
        if exchange.meter is not None:
            exchange.meter.on_sent(len(piece))
    engine.send_end()


async def _write(exchange: Exchange, connection: Connection, data: bytes) -> None:
    waiting = connection.stream.write(data, exchange.limit())
    if waiting is not None:
        await waiting


async def _is_answered(exchange: Exchange, connection: Connection) -> bool:
    """Wait for 100 (Continue), not too long; True if the final answer came instead."""
    limit = min(exchange.deadline, exchange.net.time() + _CONTINUE_TIMEOUT)
    exchange.is_asking = True
    try:
        while not exchange.is_continued:
            try:
                data = connection.stream.read(limit)
                if not isinstance(data, bytes):
                    data = await data
            except DeadlineError:
                if limit == exchange.deadline:
                    raise
                return False
            await exchange.advance(connection, data)
            if exchange.head is not None:
                return True
        return False
    finally:
        exchange.is_asking = False


async def _produce(exchange: Exchange, connection: Connection) -> None:
    """Have the user's producer write the body."""
    source = exchange.hop.source
    producer = exchange.hop.request.body_producer if source is None else source.produce
    assert producer is not None
    production = _Production(exchange, connection)
    try:
        await exchange.net.settle(producer(production.write), exchange.deadline)
        if production.last is not None:
            await production.last
        production.check()
        production.is_over = True
    except BaseException as error:
        production.stop()
        if isinstance(error, Exception):
            production.check()
        if exchange.head is not None and isinstance(error, Exception):
            return  # It was told so, or fell over what had to end anyway.
        if production.failure is not None:
            raise production.failure from None
        if isinstance(error, Exception) and not isinstance(
            error, DeadlineError | LocalProtocolError
        ):
            raise CallbackError from error
        raise
    if exchange.head is None:
        await _write(exchange, connection, connection.engine.send_end())


class _Production:
    """What a producer writes to."""

    def __init__(self, exchange: Exchange, connection: Connection) -> None:
        self._exchange = exchange
        self._connection = connection
        #: The last write.
        self.last: Any = None
        #: Why a write failed.
        self.failure: Exception | None = None
        #: Whether the body is out, or given up: the connection may be another request's by now.
        self.is_over = False

    def write(self, chunk: bytes | bytearray | memoryview) -> Any:
        """Send a piece of the body; return what to await before the next one."""
        if self.is_over:
            raise RuntimeError("a body_producer has nothing to write to when its request is over")
        data = chunk if isinstance(chunk, bytes) else bytes(chunk)
        self.last = self._exchange.net.start(self._send(data, self.last))
        return self.last

    def check(self) -> None:
        """Raise what went wrong while a write was at it and is none of the producer's: the answer
        that came is no HTTP, or who is told of it has failed.
        """
        if self.failure is not None and not isinstance(self.failure, OSError):
            raise self.failure

    def stop(self) -> None:
        """Give up what is not written yet."""
        self.is_over = True
        if isinstance(self.last, asyncio.Future):
            self.last.cancel()

    async def _send(self, data: bytes, previous: Any) -> None:
        # Who writes on without waiting is written in turn.
        if previous is not None:
            await previous
        connection = self._connection
        try:
            came = connection.stream.read_now()
            if came is not None and self._exchange.notice(connection, came):
                raise ConnectionAbortedError("the server has answered, and wants no more")
            await _write(self._exchange, connection, connection.engine.send_data(data))
            if self._exchange.meter is not None:
                self._exchange.meter.on_sent(len(data))
        except Exception as error:
            self.failure = error
            raise
