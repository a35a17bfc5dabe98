"""What can go wrong with a fetch, and how it is told.

Whatever fails is an `HTTPClientError`: with the code of the answer if there was one, with 599 if
there was none. What the system reported is also an OSError of its kind, so ``except
ConnectionRefusedError`` and ``except HTTPClientError`` both catch a connection that was refused.

What is indented is also an error of the kind above it, and of that in parentheses::

    HTTPClientError                 the code of the answer is not one of 200 to 299
      HTTPTimeoutError              it took too long; ``timeout`` is the name of the limit
      HTTPConnectError              no connection could be made (OSError)
        HTTPConnectionRefusedError  nobody listens there (ConnectionRefusedError)
        HTTPResolveError            the host has no address (socket.gaierror)
        HTTPConnectResetError       the server broke it off (HTTPConnectionResetError)
        HTTPProxyError              a proxy would not connect us; ``status`` is its answer's code
        HTTPTLSError                the TLS handshake failed (ssl.SSLError)
          HTTPCertificateError      the certificate is not trusted (ssl.SSLCertVerificationError)
      HTTPStreamClosedError         the connection ended before the response did
        HTTPConnectionLostError     the connection broke (ConnectionError)
          HTTPConnectionResetError  the server reset it (ConnectionResetError)
      HTTPProtocolError             what came is no HTTP, or not what it says to be
        HTTPTooLargeError           the response is larger than allowed
        HTTPRedirectError           a redirect leads where it must not
      HTTPBodyError                 the body of the request can be sent only once, and was

``error.url`` is what was asked for, without credentials, and ``error.phase`` how far it had come:
one of ``queue resolve connect proxy tls send wait read``, or None where an answer is the error. All
can be pickled.
"""

import http
import socket
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waterspout.httpclient.response import HTTPResponse

__all__ = [
    "NO_ANSWER",
    "PHASES",
    "HTTPBodyError",
    "HTTPCertificateError",
    "HTTPClientError",
    "HTTPConnectError",
    "HTTPConnectResetError",
    "HTTPConnectionLostError",
    "HTTPConnectionRefusedError",
    "HTTPConnectionResetError",
    "HTTPError",
    "HTTPProtocolError",
    "HTTPProxyError",
    "HTTPRedirectError",
    "HTTPResolveError",
    "HTTPStreamClosedError",
    "HTTPTLSError",
    "HTTPTimeoutError",
    "HTTPTooLargeError",
    "ProxyRefusedError",
    "from_os_error",
    "phase_of",
]

#: The code of what is no answer of a server.
NO_ANSWER = 599

#: How far a fetch can come, in order; with how messages say so.
PHASES = {
    "queue": "waiting in the queue",
    "resolve": "resolving",
    "connect": "connecting",
    "proxy": "asking the proxy",
    "tls": "shaking hands",
    "send": "sending",
    "wait": "waiting for the response",
    "read": "reading",
}

_REASONS = {status.value: status.phrase for status in http.HTTPStatus}


class HTTPClientError(Exception):
    """A fetch that did not end in a response with a code of 200 to 299.

    ``code`` is that of the response, or 599 where there is none; ``response`` is the whole of it,
    or None. ``url`` and ``phase`` tell what was asked for, and where it failed; None where that is
    not known.
    """

    #: One of `PHASES`, or None.
    phase: str | None = None

    def __init__(
        self, code: int, message: str | None = None, response: "HTTPResponse | None" = None
    ) -> None:
        self.code = code
        self.message = message or _REASONS.get(code, "Unknown")
        self.response = response
        #: Without credentials.
        self.url: str | None = None if response is None else response.effective_url
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
        return _remade, (type(self), self.message, self._state())

    def _state(self) -> dict[str, Any]:
        return dict(self.__dict__)


def _remade(kind: type[_NoAnswerError], message: str, state: dict[str, Any]) -> _NoAnswerError:
    error = kind(message)
    for name, value in state.items():
        setattr(error, name, value)
    return error


class HTTPTimeoutError(_NoAnswerError):
    """A timeout is over: ``timeout`` is its name, ``connect_timeout`` for instance."""

    timeout: str | None = None
    _usual = "Timeout"


class HTTPStreamClosedError(_NoAnswerError):
    """The connection ended before the response did."""

    _usual = "Stream closed"


class HTTPProtocolError(_NoAnswerError):
    """What the server sent is no response, or more than is allowed."""

    _usual = "Protocol error"


class HTTPTooLargeError(HTTPProtocolError):
    """The response is larger than ``max_header_size`` or ``max_body_size``, or a line of it is."""

    _usual = "Too large"


class HTTPRedirectError(HTTPProtocolError):
    """A redirect that can't be followed: its Location is no URL of http or https."""

    _usual = "Bad redirect"


class HTTPBodyError(_NoAnswerError):
    """The body of the request was wanted once more, and is an iterator, which is used up."""

    _usual = "The body can't be sent again"


class _SystemError(_NoAnswerError, OSError):
    """What the system reported, with its ``errno`` and ``strerror``."""

    def __init__(self, message: str = "", cause: OSError | None = None) -> None:
        _NoAnswerError.__init__(self, message)
        if cause is not None:
            for name in _OF_THE_SYSTEM:
                if hasattr(cause, name):
                    setattr(self, name, getattr(cause, name))

    __str__ = _NoAnswerError.__str__

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "errno": self.errno, "strerror": self.strerror}


# What an OSError says, and an ssl.SSLError.
_OF_THE_SYSTEM = ("errno", "strerror", "library", "reason", "verify_code", "verify_message")


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


class HTTPConnectResetError(HTTPConnectError, HTTPConnectionResetError):
    """The server reset the connection before it could be used: in the TLS handshake."""


_KINDS: list[tuple[type[OSError], Any]] = [
    (ProxyRefusedError, HTTPProxyError),
    (ConnectionRefusedError, HTTPConnectionRefusedError),
    (ConnectionResetError, HTTPConnectResetError),
    (socket.gaierror, HTTPResolveError),
    (ssl.SSLCertVerificationError, HTTPCertificateError),
    (ssl.SSLError, HTTPTLSError),
]


def phase_of(text: str) -> str | None:
    """Return the name of the phase that a message puts as ``text``, one of `PHASES`."""
    return next((phase for phase, words in PHASES.items() if text.startswith(words)), None)


def from_os_error(error: OSError, message: str, is_connecting: bool) -> HTTPClientError:
    """Return the error to raise for what the system reported, of the same kind where that helps."""
    if not is_connecting:
        is_reset = isinstance(error, ConnectionResetError)
        return (HTTPConnectionResetError if is_reset else HTTPConnectionLostError)(message, error)
    for kind, made in _KINDS:
        if isinstance(error, kind):
            explained: HTTPClientError = made(message, error)
            return explained
    return HTTPConnectError(message, error)
