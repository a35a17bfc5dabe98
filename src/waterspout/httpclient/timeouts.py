"""Times in seconds: what may be said, which of them is over, and what is told of a fetch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waterspout.httpclient.exchange import Exchange

__all__ = ["checked_seconds", "limit", "spent", "which_timeout"]

# Three years, in seconds. Longer timeouts are more than systems can count to.
_FOREVER = 1e8

# Loops count time in milliseconds: a timer may fire a little too early.
_TICK = 0.005


def checked_seconds(name: str, value: Any) -> float | None:
    """Return a timeout that a user gave, or None; TypeError or ValueError if it is none.

    One that is negative is over already: it may be what is left of another.
    """
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, not {value!r}")
    if math.isnan(value):
        raise ValueError(f"{name} must be a number of seconds, not {value!r}")
    return value


def limit(name: str, value: Any) -> float:
    """Return a timeout to count with: 0, None and more than three years are infinite."""
    seconds = checked_seconds(name, value)
    return seconds if seconds and seconds < _FOREVER else math.inf


def which_timeout(now: float, deadline: float, is_connecting: bool) -> str:
    """Return the name of the timeout that is over.

    ``deadline`` is that of the whole fetch. What has a limit of its own before that is connecting,
    and then each read and write.
    """
    if now >= deadline - _TICK:
        return "request_timeout"
    return "connect_timeout" if is_connecting else "read_timeout"


def spent(exchange: Exchange, begun: float, hop_begun: float, queued: float) -> dict[str, float]:
    """Return ``HTTPResponse.time_info`` for the last exchange of a fetch; see there.

    ``queued`` is how long those before it waited.
    """
    start = exchange.free
    queue = queued + start - hop_begun
    return {
        "queue": queue,
        # 0 where the connection was there already.
        "namelookup": max(0.0, exchange.resolved - start),
        "connect": max(0.0, exchange.connected - start),
        "appconnect": max(0.0, exchange.secured - start),
        "pretransfer": exchange.sent - start,
        "starttransfer": exchange.answered - start,
        "total": exchange.ended - begun - queue,
        "redirect": hop_begun - begun - queued,
    }
