"""Whether a request is sent once more, and when. Decides; does no I/O and has no clock."""

import random
import socket
import ssl
import threading
from collections.abc import Collection
from typing import Any, NamedTuple

from waterspout.httpclient.cookies.setcookie import parse_date
from waterspout.httpclient.errors import ProxyRefusedError
from waterspout.net.interface import DeadlineError
from waterspout.protocol.errors import RemoteProtocolError

__all__ = ["Failure", "RetryBudget", "RetryPolicy", "is_worth_another_try", "parse_retry_after"]

# RFC 9110 section 9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})

# What says that it will pass: too many requests, and what gateways say of those behind them.
_STATUSES = frozenset({429, 502, 503, 504})

# Retries that a budget allows to a client that has hardly asked for anything yet, how fast they
# come back, in one a second, and how many can be saved up in good times.
_FLOOR = 10.0
_FLOOR_RATE = 0.2
_MOST = 100.0

# More seconds than any program waits. Digits beyond are not looked at.
_MAX_DIGITS = 10


class RetryPolicy:
    """How many times a request is sent again, when, and after what; never changed.

    - ``total``: how many times at most; 0 is never
    - ``backoff``: seconds to wait at most before the first one; twice as many before each that
      follows, up to ``max_backoff``. The wait is a random part of that, so that clients that failed
      together do not come back together, or all of it if ``jitter`` is false.
    - ``statuses``: codes of responses after which to try again, 400 to 599
    - ``respect_retry_after``: wait as long as a response says in Retry-After, if that is more. What
      is longer than ``max_backoff`` is not waited for: that response is the last one.
    - ``methods``: for which it does no harm if a request was done twice: the idempotent ones.
      Others are tried again only where no connection came about, so that nothing was sent.
    - ``budget``: retries are at most this part of a client's fetches, beyond a few, so that a
      server that is down does not get a multiple of them; None: no such bound

    Never is there a wait beyond ``request_timeout``, and nothing is sent again whose body can't be,
    or whose response a callback has seen, unless there is a ``restart_callback``.

    Raises ValueError or TypeError for what is out of bounds.
    """

    def __init__(
        self,
        total: int = 3,
        backoff: float = 0.25,
        max_backoff: float = 30.0,
        jitter: bool = True,
        statuses: Collection[int] = _STATUSES,
        respect_retry_after: bool = True,
        methods: Collection[str] = _IDEMPOTENT,
        budget: float | None = 0.2,
    ) -> None:
        if isinstance(total, bool) or not isinstance(total, int):
            raise TypeError(f"retries are a whole number, not {total!r}")
        if total < 0:
            raise ValueError(f"retries must not be negative: {total}")
        for name, seconds in (("backoff", backoff), ("max_backoff", max_backoff)):
            if not 0 <= seconds < float("inf"):
                raise ValueError(f"{name} must be a number of seconds, not {seconds!r}")
        if budget is not None and not 0 <= budget <= 1:
            raise ValueError(f"budget must be a part of 1, or None, not {budget!r}")
        for what, given in (("statuses", statuses), ("methods", methods)):
            if isinstance(given, str):
                raise TypeError(f"{what} must be a collection, not {given!r}")
        for status in statuses:
            if not 400 <= status <= 599:
                raise ValueError(f"statuses must be 400 to 599, not {status!r}")
        self.total = total
        self.backoff = backoff
        self.max_backoff = max_backoff
        self.jitter = jitter
        self.statuses = frozenset(statuses)
        self.respect_retry_after = respect_retry_after
        self.methods = frozenset(methods)
        self.budget = budget

    @classmethod
    def of(cls, retries: Any) -> "RetryPolicy":
        """Return the policy that an argument stands for: a number of retries, or a policy."""
        return retries if isinstance(retries, RetryPolicy) else cls(total=retries)

    def wait_before(
        self, attempt: int, retry_after: float | None, part: float | None = None
    ) -> float | None:
        """Return how many seconds to wait before a retry, or None if there should be none.

        ``attempt`` is which one it is, from 0; ``retry_after`` what the server asked for; ``part``
        replaces the random one, from 0 to 1.
        """
        # The exponent has a bound, which 2 to the power of it would reach long before.
        wait: float = min(self.max_backoff, self.backoff * 2.0 ** min(attempt, 60))
        if self.jitter:
            # Not for secrets.
            wait *= random.random() if part is None else part  # noqa: S311
        if retry_after is not None and self.respect_retry_after:
            if retry_after > self.max_backoff:
                return None
            wait = max(wait, retry_after)
        return wait

    def __repr__(self) -> str:
        return f"<RetryPolicy total={self.total} backoff={self.backoff:g}>"


class RetryBudget:
    """How many retries a client has left: what its fetches have paid in, and a few beyond.

    The few come back with time, so that a client that asks seldom has some too. Any thread may
    call.
    """

    def __init__(self, now: float) -> None:
        self._left = _FLOOR
        self._since = now
        self._lock = threading.Lock()

    def deposit(self, part: float, now: float) -> None:
        """Take note of a fetch, which pays for ``part`` of a retry."""
        with self._lock:
            self._fill(now)
            self._left = min(_MOST, self._left + part)

    def withdraw(self, now: float) -> bool:
        """Pay for a retry; False if there is nothing left to pay with."""
        with self._lock:
            self._fill(now)
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True

    def _fill(self, now: float) -> None:
        if self._left < _FLOOR:
            self._left = min(_FLOOR, self._left + _FLOOR_RATE * (now - self._since))
        self._since = now

    def __repr__(self) -> str:
        return f"<RetryBudget {self._left:.1f}>"


class Failure(NamedTuple):
    """An attempt that ended without a response."""

    error: Exception
    was_sent: bool  #: whether a connection came about, so that something may have been sent
    has_ended: bool  #: whether the server ended the connection within the response
    is_heard: bool  #: whether a callback has seen something of the response, and can't forget it


def is_worth_another_try(failure: Failure, is_repeatable: bool) -> bool:
    """Tell whether what went wrong may go well another time, and does no harm if it does.

    ``is_repeatable`` is whether the request may be done twice. What will fail again, such as a host
    that does not exist or a certificate that is not accepted, is not.
    """
    if failure.is_heard or (failure.was_sent and not is_repeatable):
        return False
    error = failure.error
    if isinstance(error, ProxyRefusedError):
        return error.status in _STATUSES
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, ssl.SSLError):
        return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    if isinstance(error, RemoteProtocolError):
        return failure.has_ended
    return isinstance(error, OSError | DeadlineError)


def parse_retry_after(value: str, now: float) -> float | None:
    """Return how many seconds Retry-After asks for (RFC 9110 section 10.2.3); None if it says none.

    ``now`` is in seconds since the epoch, for the form that is a date.
    """
    value = value.strip(" \t")
    if value.isascii() and value.isdigit():
        return float(value[:_MAX_DIGITS]) if len(value) <= _MAX_DIGITS else float("inf")
    moment = parse_date(value)
    return None if moment is None else max(0.0, moment - now)
