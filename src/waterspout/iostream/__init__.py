"""Streams of bytes for those who want them raw: read until something, write and wait."""

from waterspout.iostream.base import BaseIOStream
from waterspout.iostream.errors import (
    StreamBufferFullError,
    StreamClosedError,
    UnsatisfiableReadError,
)
from waterspout.iostream.stream import IOStream

__all__ = [
    "BaseIOStream",
    "IOStream",
    "StreamBufferFullError",
    "StreamClosedError",
    "UnsatisfiableReadError",
]
