"""What packs bodies by a coding, for tests; they are skipped where there is no library for it."""

import functools
from collections.abc import Callable

import pytest

from waterspout.protocol import optionalcoding


def packer(coding: str) -> Callable[[bytes], bytes]:
    """Return the function that packs by ``br`` or ``zstd``."""
    library = pytest.importorskip("brotli" if coding == "br" else optionalcoding._ZSTD)
    # The best of brotli takes seconds for what is long.
    options = {"quality": 5} if coding == "br" else {}
    return functools.partial(library.compress, **options)
