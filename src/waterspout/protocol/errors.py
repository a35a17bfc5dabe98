"""Whose fault it is when a message breaks the protocol: the peer's, or ours."""

__all__ = [
    "HTTPInputError",
    "HTTPOutputError",
    "LocalProtocolError",
    "ProtocolError",
    "RemoteProtocolError",
]


class HTTPInputError(ValueError):
    """A start line, a field name, a field value or a body that HTTP does not allow."""


class HTTPOutputError(Exception):
    """A message that this program writes would not be the one that it announced."""


class ProtocolError(Exception):
    """The exchange of messages on a connection went against HTTP."""


class RemoteProtocolError(ProtocolError):
    """The peer sent what HTTP does not allow, or more than a limit allows.

    ``status`` is the answer that a server should give before it closes the connection (400, 413,
    414, 417, 431, 501 or 505); a client ignores it. The message shows at most a short excerpt of
    what the peer sent.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class LocalProtocolError(ProtocolError, HTTPOutputError):
    """This program tried to send what HTTP does not allow. Nothing of it went out."""
