"""Bodies of requests in a content coding (RFC 9110 section 8.4), decoded on their way.

Whoever asks for the pieces of such a body gets what they unfold to, 64 KiB at most at a time and
not more than one such piece in a turn of the event loop; the next bytes are read from the client
when all of that has been taken. So a small body that unfolds to a huge one is found out at its
bound, without ever being in memory, and holds up nobody.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

from waterspout.httpserver.answering import start_answering
from waterspout.httpserver.exchange import Exchange
from waterspout.iostream import StreamClosedError
from waterspout.protocol.coding import Decoder, load_optional, parse_codings
from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.http1.writer import reason_phrase

__all__ = ["Decoding", "Decompression"]


class Decompression:
    """Serves requests through ``host``, which finds their bodies decoded.

    ``max_body_size`` bounds what a body unfolds to, in bytes.
    """

    def __init__(self, host: Any, max_body_size: int) -> None:
        self.start_exchange: Callable[[Exchange], object] = host.start_exchange
        self._start_at_head: Callable[[Exchange], bool] | None = getattr(
            host, "start_at_head", None
        )
        self._max_body_size = max_body_size
        # Not at the first request: there may be no descriptor left to load a library with.
        load_optional()

    def start_at_head(self, exchange: Exchange) -> bool:
        """Offer a request whose body is still to come; take it where that is in a coding."""
        fields = exchange.head.find_all(b"content-encoding")
        if fields:
            try:
                codings = parse_codings(b",".join(fields).decode("latin-1"))
                if codings is None:
                    raise RemoteProtocolError("a content coding that is not known", 415)
            except RemoteProtocolError as error:
                _refuse_coding(exchange, error)
                return True
            if codings:
                exchange.decoding = Decoding(exchange, codings, self._max_body_size)
                headers = exchange.head.headers
                headers["X-Consumed-Content-Encoding"] = headers.pop("Content-Encoding")
        if self._start_at_head is not None and self._start_at_head(exchange):
            return True
        if exchange.decoding is None:
            return False
        start_answering(exchange, self._gather(exchange), copy_context())
        return True

    async def _gather(self, exchange: Exchange) -> None:
        """Hand over the request when its body is there, decoded."""
        pieces = []
        try:
            while piece := await exchange.read_piece():
                pieces.append(piece)
        except StreamClosedError:
            return  # the client has gone, or the body was no good
        exchange.body = b"".join(pieces)
        pieces.clear()
        exchange.decoding = None
        self.start_exchange(exchange)


def _refuse_coding(exchange: Exchange, error: RemoteProtocolError) -> None:
    """Answer, and tell what could be understood (RFC 9110 section 15.5.16)."""
    status = error.status
    fields = b"Content-Type: text/plain\r\nAccept-Encoding: gzip, deflate\r\n"
    exchange.respond(status, None, fields, f"{status} {reason_phrase(status)}\n".encode())
    exchange.server_connection.on_failure(exchange, status, error)


class Decoding:
    """Decodes the body of one request, for who asks for its pieces.

    Belongs to the thread of the event loop.
    """

    def __init__(self, exchange: Exchange, codings: list[str], max_size: int) -> None:
        self._exchange = exchange
        self._connection = exchange.server_connection
        self._codings = codings
        #: How large the decoded body may be, in bytes; settled when the first piece is asked for.
        self.max_size = max_size
        self._decoder: Decoder | None = None
        self._pieces: Iterator[bytes] = iter(())  # what has been received and not been taken
        self._kept: list[bytes] = []  # what a reader has asked for and been cancelled
        self._reader: asyncio.Future[bytes] | None = None
        self._is_at_work = False  # the next piece is on its way

    def read_piece(self) -> "asyncio.Future[bytes]":
        """Return a future of the next decoded piece; see ``Exchange.read_piece``."""
        if self._reader is not None and not self._reader.done():
            raise RuntimeError("the body is being read already")
        if self._decoder is None:
            self._decoder = Decoder(self._codings, self.max_size)
        loop: asyncio.AbstractEventLoop = self._connection.loop
        reader = self._reader = loop.create_future()
        if self._kept:
            reader.set_result(self._kept.pop())
        elif not self._is_at_work:
            self._is_at_work = True
            loop.call_soon(self._advance)
        return reader

    def _advance(self) -> None:
        """Find the next piece, in what is here or in what is to come."""
        if self._connection.exchange is not self._exchange:
            self._fail(None)
            return
        try:
            piece = next(self._pieces, b"")
        except RemoteProtocolError as error:
            self._refuse(error)
            return
        if piece:
            self._give(piece)
        else:
            self._connection.read_piece().add_done_callback(self._on_received)

    def _on_received(self, received: "asyncio.Future[bytes]") -> None:
        """Decode what the client has sent; nothing is the end of the body."""
        gone = received.exception()
        if gone is not None:
            self._fail(gone)
            return
        assert self._decoder is not None
        data = received.result()
        if data:
            self._pieces = self._decoder.decode(data)
            self._advance()
            return
        try:
            self._decoder.finish()
        except RemoteProtocolError as error:
            self._refuse(error)
            return
        self._give(b"")

    def _give(self, piece: bytes) -> None:
        self._is_at_work = False
        assert self._reader is not None
        if self._reader.done():  # cancelled: the next one gets it
            self._kept.append(piece)
        else:
            self._reader.set_result(piece)

    def _refuse(self, error: RemoteProtocolError) -> None:
        if self._connection.exchange is self._exchange:
            self._connection.refuse_body(error)
        self._fail(error)

    def _fail(self, error: BaseException | None) -> None:
        self._is_at_work = False
        reader = self._reader
        assert reader is not None
        if not reader.done():
            reader.set_exception(StreamClosedError(error))
            reader.exception()  # nobody has to look at it
