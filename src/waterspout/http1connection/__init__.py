"""HTTP/1 on a stream, message by message, for programs that drive the wire themselves."""

from waterspout.http1connection.connection import HTTP1Connection
from waterspout.http1connection.framing import (
    is_transfer_encoding_chunked,
    parse_hex_int,
    parse_int,
)
from waterspout.http1connection.parameters import HTTP1ConnectionParameters
from waterspout.http1connection.server import HTTP1ServerConnection

__all__ = [
    "HTTP1Connection",
    "HTTP1ConnectionParameters",
    "HTTP1ServerConnection",
    "is_transfer_encoding_chunked",
    "parse_hex_int",
    "parse_int",
]
