"""Content codings (RFC 9110 section 8.4): bytes in, decoded bytes out, never more than allowed.

Decoding is incremental and bounded: a small message that unfolds to a huge one is refused as soon
as it has outgrown its limit, at a cost of one piece. Knows no sockets and no headers but the value
of Content-Encoding.
"""

import zlib
from collections.abc import Callable, Iterator

from waterspout.protocol.errors import RemoteProtocolError

__all__ = ["PIECE_SIZE", "Decoder", "Step", "accepted", "load_optional", "parse_codings"]

#: Codings on top of each other that are undone; honest senders use one.
MAX_CODINGS = 2

#: Decoded bytes that are held at a time.
PIECE_SIZE = 64 * 1024

# A gzip file may hold several members, one behind the other. Each costs some microseconds to set
# up, and an empty one is 20 bytes long.
_MAX_MEMBERS = 16384

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def accepted() -> str:
    """Return what to send as Accept-Encoding: gzip, and what there are libraries for.

    `deflate` is understood but not asked for, because servers do not agree on what it is.
    """
    from waterspout.protocol.optionalcoding import available

    return ", ".join(("gzip", *available()))


def load_optional() -> None:
    """Import the libraries that there are for more codings, before there is a body in one."""
    for name in ("br", "zstd"):
        _optional_step(name)


def parse_codings(value: str, *, takes_all: bool = False) -> list[str] | None:
    """Return the codings that a Content-Encoding names, in the order in which they were applied.

    Those are gzip and deflate; with ``takes_all`` also what there are libraries for. Empty where
    there is nothing to undo; None where one is unknown: the body is to be handed on as it is.
    Raises ``RemoteProtocolError`` where more than `MAX_CODINGS` are named.
    """
    names = [name for name in (part.strip(" \t").lower() for part in value.split(",")) if name]
    codings = [_NAMES.get(name, name) for name in names if name != "identity"]
    if len(codings) > MAX_CODINGS:
        raise RemoteProtocolError(f"more than {MAX_CODINGS} content codings", 415)
    for coding in codings:
        if coding not in _STEPS and not (takes_all and _optional_step(coding)):
            return None
    return codings


class Decoder:
    """Undoes the ``codings`` of one body, which `parse_codings` returned.

    ``max_size`` bounds the decoded body. Raises ``RemoteProtocolError`` where the body is not what
    it says to be, ends too early, goes on behind its end, or is too large.
    """

    def __init__(self, codings: list[str], max_size: int) -> None:
        self._steps = [_new_step(coding) for coding in reversed(codings)]
        self._max_size = max_size
        self._size = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` unfolds to, in pieces; to be exhausted before the next call."""
        pieces = self._steps[0].decode(data)
        for step in self._steps[1:]:
            pieces = _chain(step, pieces, self._max_size)
        for piece in pieces:
            self._size += len(piece)
            if self._size > self._max_size:
                raise _too_large(self._max_size)
            yield piece

    def finish(self) -> None:
        """Check that the body ended where its coding does."""
        for step in self._steps:
            step.finish()


class Step:
    """Undoes one coding; see `Decoder`."""

    name = ""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` unfolds to, in pieces of a bounded size."""
        raise NotImplementedError

    def finish(self) -> None:
        """Check that all was there. A body without a byte counts as one: some servers send it."""
        raise NotImplementedError

    def _invalid(self, error: Exception) -> RemoteProtocolError:
        return RemoteProtocolError(f"the body is no valid {self.name}: {error}")

    def _cut(self) -> RemoteProtocolError:
        return RemoteProtocolError(f"the body ended inside its {self.name} coding")


class _ZlibStep(Step):
    """Undoes one coding with zlib."""

    def __init__(self, window: int) -> None:
        self._engine = zlib.decompressobj(window)
        self._has_begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` unfolds to, in pieces of a bounded size."""
        self._has_begun = self._has_begun or bool(data)
        while data:
            if self._engine.eof:
                self._go_on_behind_end()
            piece = self._unfold(data)
            data = self._engine.unused_data or self._engine.unconsumed_tail
            if piece:
                yield piece
        # With its input used up zlib may still hold output back.
        while not self._engine.eof and (piece := self._unfold(b"")):
            yield piece

    def finish(self) -> None:
        """Check that all was there. A body without a byte counts as one: some servers send it."""
        if self._has_begun and not self._engine.eof:
            raise self._cut()

    def _unfold(self, data: bytes) -> bytes:
        try:
            return self._engine.decompress(data, PIECE_SIZE)
        except zlib.error as error:
            raise self._invalid(error) from None

    def _go_on_behind_end(self) -> None:
        raise RemoteProtocolError(f"bytes behind the end of a {self.name} body")


class _Gzip(_ZlibStep):
    """RFC 1952: one or more members, each with a checksum."""

    name = "gzip"

    def __init__(self) -> None:
        super().__init__(_GZIP)
        self._members = 1

    def _go_on_behind_end(self) -> None:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise RemoteProtocolError(f"more than {_MAX_MEMBERS} gzip members")
        self._engine = zlib.decompressobj(_GZIP)


class _Deflate(_ZlibStep):
    """The `zlib` format of RFC 1950, as HTTP wants it, or bare RFC 1951, as some servers send
    it.
    """

    name = "deflate"

    def __init__(self) -> None:
        super().__init__(_ZLIB)

    def decode(self, data: bytes) -> Iterator[bytes]:
        if data and not self._has_begun and not _is_zlib(data):
            self._engine = zlib.decompressobj(_RAW)
        return super().decode(data)


def _is_zlib(data: bytes) -> bool:
    """Tell by the first byte or two whether this is RFC 1950: method 8, window, check bits."""
    if data[0] & 0x0F != 8 or data[0] >> 4 > 7:
        return False
    return len(data) < 2 or (data[0] * 256 + data[1]) % 31 == 0


def _chain(step: Step, pieces: Iterator[bytes], max_size: int) -> Iterator[bytes]:
    # What lies between two codings is bounded as well, or it could be large without an end result.
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max_size:
            raise _too_large(max_size)
        yield from step.decode(piece)


def _too_large(limit: int) -> RemoteProtocolError:
    return RemoteProtocolError(f"the decoded body is larger than {limit} bytes", 413)


_NAMES = {"x-gzip": "gzip"}
_STEPS: dict[str, Callable[[], Step]] = {"gzip": _Gzip, "deflate": _Deflate}


def _new_step(coding: str) -> Step:
    make = _STEPS.get(coding) or _optional_step(coding)
    assert make is not None
    return make()


def _optional_step(coding: str) -> Callable[[], Step] | None:
    # What most bodies do without must not make a program start later.
    from waterspout.protocol.optionalcoding import optional_step

    return optional_step(coding)
