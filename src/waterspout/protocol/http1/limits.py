"""The bounds that hold for what a peer sends."""

import sys
from typing import Any, NamedTuple, Self

__all__ = ["Limits"]

# What the counters of the compiled engine hold.
_LARGEST_BODY = 2**63 - 1
_LARGEST = sys.maxsize


class _Limits(NamedTuple):
    max_start_line_size: int = 8 * 1024  #: request line (414) or status line
    max_header_size: int = 64 * 1024  #: all fields of a head together; also of the trailers (431)
    max_header_count: int = 100  #: fields in a head; also in the trailers (431)
    max_body_size: int = 100 * 1024 * 1024  #: body without its framing (413)
    max_chunk_line_size: int = 1024  #: a chunk's size with its extensions (400)
    max_interim_responses: int = 10  #: 1xx heads before the final one
    max_chunks_per_turn: int = 4096  #: chunks of a body parsed before others get their turn


class Limits(_Limits):
    """How much a peer may send; sizes are in bytes and hold however the input is cut up.

    The size of a line counts its line end. One instance serves any number of connections and
    threads: it never changes. ``ValueError`` where a limit is no integer, is negative, or is
    beyond what can be counted.
    """

    __slots__ = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make one, with the defaults of what is not given."""
        limits = super().__new__(cls, *args, **kwargs)
        value: Any
        for name, value in zip(cls._fields, limits, strict=True):
            least = 1 if name == "max_chunks_per_turn" else 0
            most = _LARGEST_BODY if name == "max_body_size" else _LARGEST
            if not isinstance(value, int) or not least <= value <= most:
                raise ValueError(
                    f"limit {name} must be an integer from {least} to {most}, not {value!r}",
                )
        return limits

    def _replace(self, **kwargs: Any) -> Self:
        return type(self)(**{**self._asdict(), **kwargs})
