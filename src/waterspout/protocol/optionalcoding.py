"""Brotli (RFC 7932) and Zstandard (RFC 8878), where libraries for them are installed.

The extra ``waterspout[coding]`` has both. A library that can't bound what it puts out at a time is
not used: what it would do with a few bytes of a stranger is up to them.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from waterspout.protocol.coding import PIECE_SIZE, Step
from waterspout.protocol.errors import RemoteProtocolError

__all__ = ["available", "optional_step"]

# RFC 9659: a decoder must take windows of 8 MB, and no sender may use larger ones.
_MAX_WINDOW_LOG = 23

# Frames behind each other are legal, and cost some microseconds each.
_MAX_FRAMES = 16384


class _Brotli(Step):
    name = "br"

    def __init__(self) -> None:
        library = _brotli()
        self._engine = library.Decompressor()
        self._error: type[Exception] = library.error
        self._has_begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` unfolds to. What is behind the end is refused by the library."""
        self._has_begun = self._has_begun or bool(data)
        piece = self._unfold(data) if data else b""
        while piece:
            yield piece
            # With its input used up it may still hold output back.
            piece = b"" if self._engine.is_finished() else self._unfold(b"")

    def finish(self) -> None:
        """Check that all was there."""
        if self._has_begun and not self._engine.is_finished():
            raise self._cut()

    def _unfold(self, data: bytes) -> bytes:
        try:
            piece: bytes = self._engine.process(data, output_buffer_limit=PIECE_SIZE)
        except self._error as error:
            raise self._invalid(error) from None
        return piece


class _Zstd(Step):
    name = "zstd"

    def __init__(self) -> None:
        self._library = _zstd()
        self._frames = 0
        self._engine: Any = None

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` unfolds to: one or more frames."""
        while data or (self._engine is not None and not self._engine.needs_input):
            if self._engine is None or self._engine.eof:
                if not data:
                    return
                self._begin_frame()
            try:
                piece = self._engine.decompress(data, PIECE_SIZE)
            except self._library.ZstdError as error:
                raise self._invalid(error) from None
            data = self._engine.unused_data if self._engine.eof else b""
            if piece:
                yield piece

    def finish(self) -> None:
        """Check that all was there."""
        if self._engine is not None and not self._engine.eof:
            raise self._cut()

    def _begin_frame(self) -> None:
        self._frames += 1
        if self._frames > _MAX_FRAMES:
            raise RemoteProtocolError(f"more than {_MAX_FRAMES} zstd frames")
        most = self._library.DecompressionParameter.window_log_max
        self._engine = self._library.ZstdDecompressor(options={most: _MAX_WINDOW_LOG})


# Python's own, or what it is for those before.
_ZSTD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"


@functools.cache
def _installed(name: str) -> Any:
    """Return a library, None if it is not installed; that is looked for once.

    An ``ImportError`` of another kind is raised, and not kept: what can't be loaded for want of
    file descriptors may be loaded later.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


def _brotli() -> Any:
    """Return the library, None if there is none that will do."""
    for name in ("brotli", "brotlicffi"):
        try:
            library = _installed(name)
        except ImportError:
            continue
        if library is not None and hasattr(library.Decompressor, "can_accept_more_data"):
            return library
    return None


def _zstd() -> Any:
    try:
        return _installed(_ZSTD)
    except ImportError:
        return None


@functools.cache
def _has_zstd() -> bool:
    try:
        return find_spec(_ZSTD) is not None
    except ModuleNotFoundError:
        return False


def available() -> tuple[str, ...]:
    """Return the names of the codings for which there is a library. It need not be imported yet."""
    return ("br",) * (_brotli() is not None) + ("zstd",) * _has_zstd()


def optional_step(coding: str) -> Callable[[], Step] | None:
    """Return what makes a `Step` that undoes a coding; None if there is no library for it."""
    if coding == "br":
        return _Brotli if _brotli() is not None else None
    if coding == "zstd":
        return _Zstd if _zstd() is not None else None
    return None
