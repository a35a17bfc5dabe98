"""Streams of bytes for those who want them raw: read until something, write and wait."""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.iostream.errors import (
    StreamBufferFullError,
    StreamClosedError,
    UnsatisfiableReadError,
)

if TYPE_CHECKING:
    from waterspout.iostream.base import BaseIOStream
    from waterspout.iostream.examples import doctests
    from waterspout.iostream.pipe import PipeIOStream
    from waterspout.iostream.stream import IOStream
    from waterspout.iostream.tls import SSLIOStream

__all__ = [
    "BaseIOStream",
    "IOStream",
    "PipeIOStream",
    "SSLIOStream",
    "StreamBufferFullError",
    "StreamClosedError",
    "UnsatisfiableReadError",
    "doctests",
]

# Their errors are everywhere, the streams themselves not.
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BaseIOStream": "base",
        "IOStream": "stream",
        "PipeIOStream": "pipe",
        "SSLIOStream": "tls",
        "doctests": "examples",
    },
)
