"""HTTP/1.0 and HTTP/1.1 without I/O: bytes to events and messages to bytes, for both sides."""

from waterspout.protocol.http1.client import ClientConnection, EncodedRequest
from waterspout.protocol.http1.connection import Event
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import RequestHead, ResponseHead, Signal
from waterspout.protocol.http1.server import ServerConnection

__all__ = [
    "ClientConnection",
    "EncodedRequest",
    "Event",
    "Limits",
    "RequestHead",
    "ResponseHead",
    "ServerConnection",
    "Signal",
]
