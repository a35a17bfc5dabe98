"""Who counts what a server does."""

from typing import Any

from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.refusal import Refusal

__all__ = ["ServerObserver"]


class ServerObserver:
    """Is told what happens on a server, where its application has one as ``observer``.

    A subclass overrides what it wants to know. Everything is called in the thread of the event
    loop, and has to be quick; what it raises is logged, and changes nothing. Without an observer
    nothing here costs more than an ``if``.
    """

    def on_connection_open(self, connection: Any) -> None:
        """Take note that a client has connected."""

    def on_connection_refused(self, connection: Any) -> None:
        """Take note that a client had connected when the server was at its end."""

    def on_bad_proxy_header(self, address: Any) -> None:
        """Take note that a peer was let go, without a connection, for its PROXY header.

        ``address`` is the peer's.
        """

    def on_connection_close(self, connection: Any) -> None:
        """Take note that a connection has ended."""

    def on_request_start(self, exchange: Exchange) -> None:
        """Take note that the head of a request has come."""

    def on_request_end(self, exchange: Exchange) -> None:
        """Take note that a request is over.

        Its response is complete, or its connection was detached; or ``finish_time`` is 0.0, and the
        client has gone, or was refused in the middle of its request. ``status`` is 0 where nothing
        was sent. Once for each ``on_request_start``.
        """

    def on_refusal(self, refusal: Refusal) -> None:
        """Take note of a request that the server itself has answered.

        Where it has an ``exchange`` that has been, or is about to be, told of by
        ``on_request_end`` too.
        """
