"""Ends the coroutines that answer a request: its client has gone, or it has taken too long.

A coroutine that waits for the client itself, for what it sends or until it has read, is told by
``StreamClosedError`` that it has gone, and has some time to end by itself. All others are
cancelled. One that does not end then is given up: it runs on, and holds nobody up but itself.
"""

from typing import TYPE_CHECKING

from waterspout.httpserver.policy import Policy
from waterspout.iostream import StreamClosedError
from waterspout.log import app_log

if TYPE_CHECKING:
    from waterspout.httpserver.exchange import Exchange

__all__ = ["RequestTimeoutError", "abandon", "cancel", "give_up", "takes_eof_for_end"]


class RequestTimeoutError(Exception):
    """A request has taken longer than it may, ``timeout`` seconds from its head on: a 503."""

    status = 503

    def __init__(self, timeout: float) -> None:
        super().__init__(f"the request took longer than {timeout:g} s")


def cancel(exchange: "Exchange", reason: Exception) -> None:
    """Cancel what answers ``exchange``."""
    exchange.cancel_reason = reason
    for task in list(exchange.tasks or ()):
        task.cancel()


def takes_eof_for_end(exchange: "Exchange", policy: Policy) -> bool:
    """Tell whether a client that sends no more has gone.

    Most have, but some wait for the answer. There is no telling them apart, so they get it only
    where there is nothing to cancel. In the middle of a response whose client has gone the next
    piece of it finds that out.
    """
    is_quiet = bool(exchange.tasks) and not exchange.status
    return is_quiet and not policy.allow_half_close and _may_cancel(exchange, policy)


def abandon(exchange: "Exchange", policy: Policy) -> None:
    """End what answers a client that has gone, if that may be, or log that it does not end."""
    if exchange.tasks and _may_cancel(exchange, policy):
        _end(exchange, policy.cancel_timeout)


def _may_cancel(exchange: "Exchange", policy: Policy) -> bool:
    return exchange.cancel_on_disconnect and policy.cancel_on_disconnect


def _end(exchange: "Exchange", timeout: float) -> None:
    if exchange.cancel_reason is None and not exchange.was_told:
        cancel(exchange, StreamClosedError())
    exchange.end_timer = exchange.loop.call_later(timeout, _on_end_overdue, exchange, timeout)


def _on_end_overdue(exchange: "Exchange", timeout: float) -> None:
    if exchange.cancel_reason is None:
        exchange.was_told = False
        _end(exchange, timeout)
    else:
        exchange.end_timer = None
        give_up(exchange, timeout)


def give_up(exchange: "Exchange", timeout: float) -> None:
    """Log that what answers ``exchange`` goes on although it was cancelled."""
    app_log.error("does not end %g s after it was cancelled: %s", timeout, exchange.summary)
