"""From whatever goes wrong in an exchange to the error that says what, where and to whom.

Decides; does no I/O.
"""

import ssl
from typing import Protocol

from waterspout.httpclient.errors import (
    HTTPClientError,
    HTTPProtocolError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTooLargeError,
    from_os_error,
    phase_of,
)
from waterspout.httpclient.hop import Hop
from waterspout.httpclient.timeouts import which_timeout
from waterspout.httpclient.tlsadvice import tls_reason
from waterspout.net import CallbackError, DeadlineError
from waterspout.protocol.errors import RemoteProtocolError

__all__ = ["explained"]

# Of those that the engine gives with an error: something is larger than allowed.
_TOO_LARGE = frozenset({413, 414, 431})


class Failed(Protocol):
    """What is to be known about an exchange."""

    @property
    def hop(self) -> Hop: ...
    @property
    def phase(self) -> str: ...
    @property
    def deadline(self) -> float: ...
    @property
    def sent(self) -> float: ...
    @property
    def has_begun(self) -> bool: ...
    @property
    def has_ended(self) -> bool: ...


def explained(error: Exception, exchange: Failed, now: float) -> BaseException:
    """Return what to raise to the caller of a fetch for what an exchange raised.

    That is the error itself where it says all, and what a callback raised as it is.
    """
    if isinstance(error, CallbackError) and error.__cause__ is not None:
        return error.__cause__
    made = _made(error, exchange, now)
    if made is None:
        return error
    made.url = exchange.hop.target.url
    made.phase = phase_of(exchange.phase)
    return made


def _made(error: Exception, exchange: Failed, now: float) -> HTTPClientError | None:
    phase = exchange.phase
    asked = f"{exchange.hop.method} {exchange.hop.target.url}"
    if isinstance(error, DeadlineError):
        name = which_timeout(now, exchange.deadline, not exchange.sent)
        seconds: float = getattr(exchange.hop, name)
        late = HTTPTimeoutError(f"Timeout while {phase} ({name} {seconds:g} s): {asked}")
        late.timeout = name
        return late
    if isinstance(error, ssl.SSLError):
        # Of TLS 1.3 a server may tell after the handshake that it failed, but not in its answer.
        is_connecting = not exchange.sent or not (
            exchange.has_begun or isinstance(error, ssl.SSLEOFError)
        )
        message = f"Error while {phase}: {tls_reason(error)}: {asked}"
        return from_os_error(error, message, is_connecting)
    message = f"Error while {phase}: {error}: {asked}"
    if isinstance(error, OSError):
        return from_os_error(error, message, not exchange.sent)
    if isinstance(error, RemoteProtocolError):
        if exchange.has_ended:
            return HTTPStreamClosedError(message)
        if error.status in _TOO_LARGE:
            return HTTPTooLargeError(message)
        return HTTPProtocolError(message)
    return error if isinstance(error, HTTPClientError) and error.phase is None else None
