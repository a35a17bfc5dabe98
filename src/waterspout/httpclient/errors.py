"""What can go wrong with a fetch, and how it is told.

Whatever fails is an `HTTPClientError`: with the code of the answer if there was one, with 599 if
there was none. What the system reported is also an OSError of its kind, so ``except
ConnectionRefusedError`` and ``except HTTPClientError`` both catch a connection that was refused.
"""

import http
import socket
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waterspout.httpclient.response import HTTPResponse

__all__ = [
    "NO_ANSWER",
    "HTTPClientError",
    "HTTPConnectError",
    "HTTPError",
    "HTTPProtocolError",
    "HTTPProxyError",
    "HTTPStreamClosedError",
    "HTTPTimeoutError",
    "ProxyRefusedError",
    "from_os_error",
]

#: The code of what is no answer of a server.
NO_ANSWER = 599

_REASONS = {status.value: status.phrase for status in http.HTTPStatus}


class HTTPClientError(Exception):
    """A fetch that did not end in a response with a code of 200 to 299.

    ``code`` is that of the response, or 599 where there is none; ``response`` is the whole of it,
    or None.
    """

    def __init__(
        self, code: int, message: str | None = None, response: "HTTPResponse | None" = None
    ) -> None:
        self.code = code
        self.message = message or _REASONS.get(code, "Unknown")
        self.response = response
        super().__init__(code, self.message, response)

    def __str__(self) -> str:
        return f"HTTP {self.code}: {self.message}"

    # An exception group or a debugger may show this inside of the response and the other way round.
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


#: The same under its older name.
HTTPError = HTTPClientError


class _NoAnswerError(HTTPClientError):
    """What there is no response to; made from its message alone."""

    def __init__(self, message: str = "") -> None:
        super().__init__(NO_ANSWER, message or self._usual)

    _usual = "No answer"

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,)


class HTTPTimeoutError(_NoAnswerError):
    """A timeout is over: connect_timeout or request_timeout; the message says which, and where."""

    _usual = "Timeout"


class HTTPStreamClosedError(_NoAnswerError):
    """The connection ended before the response did."""

    _usual = "Stream closed"


class HTTPProtocolError(_NoAnswerError):
    """What the server sent is no response, or more than is allowed."""

    _usual = "Protocol error"


class _SystemError(_NoAnswerError, OSError):
    """What the system reported, with its ``errno`` and ``strerror``."""

    def __init__(self, message: str = "", cause: OSError | None = None) -> None:
        _NoAnswerError.__init__(self, message)
        if cause is not None:
            self.errno = cause.errno
            self.strerror = cause.strerror

    __str__ = _NoAnswerError.__str__


class HTTPConnectError(_SystemError):
    """No connection was made."""


class HTTPConnectionRefusedError(HTTPConnectError, ConnectionRefusedError):
    """Nobody listens there."""


class HTTPResolveError(HTTPConnectError, socket.gaierror):
    """The host has no address."""


class HTTPProxyError(HTTPConnectError):
    """A proxy refused to connect us.

    ``status`` is that of its answer to CONNECT; None where it speaks SOCKS.
    """

    def __init__(self, message: str = "", cause: "ProxyRefusedError | None" = None) -> None:
        super().__init__(message, cause)
        self.status = None if cause is None else cause.status


class ProxyRefusedError(OSError):
    """What a proxy refused, and why; becomes an `HTTPProxyError`."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


class HTTPTLSError(HTTPConnectError, ssl.SSLError):
    """The peers could not agree on how to talk in secret."""


class HTTPCertificateError(HTTPTLSError, ssl.SSLCertVerificationError):
    """The server's certificate was not accepted."""


class HTTPConnectionLostError(_SystemError, HTTPStreamClosedError, ConnectionError):
    """The connection broke."""


class HTTPConnectionResetError(HTTPConnectionLostError, ConnectionResetError):
    """The server reset the connection."""


_KINDS: list[tuple[type[OSError], Any]] = [
    (ProxyRefusedError, HTTPProxyError),
    (ConnectionRefusedError, HTTPConnectionRefusedError),
    (socket.gaierror, HTTPResolveError),
    (ssl.SSLCertVerificationError, HTTPCertificateError),
    (ssl.SSLError, HTTPTLSError),
]


def from_os_error(error: OSError, message: str, is_connecting: bool) -> HTTPClientError:
    """Return the error to raise for what the system reported, of the same kind where that helps."""
    if isinstance(error, ConnectionResetError):
        return HTTPConnectionResetError(message, error)
    if not is_connecting:
        return HTTPConnectionLostError(message, error)
    for kind, made in _KINDS:
        if isinstance(error, kind):
            explained: HTTPClientError = made(message, error)
            return explained
    return HTTPConnectError(message, error)
