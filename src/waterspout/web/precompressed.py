"""Files that lie beside their original, compressed: ``app.js.br`` for ``app.js``."""

from collections.abc import Iterable, Sequence

from waterspout.web.contentcoding import choose_coding
from waterspout.web.openfile import OpenFile, open_below

__all__ = ["find_precompressed", "offered_codings"]

# In the order of preference: what is smallest comes first.
_SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}


def offered_codings(value: bool | Iterable[str]) -> tuple[str, ...]:
    """Return the codings that the keyword ``precompressed`` of a rule stands for.

    True is all of ``br``, ``zstd`` and ``gzip``; or some of them, those to be preferred first.
    Raises ``ValueError`` for another name.
    """
    if value is True:
        return tuple(_SUFFIXES)
    if value is False:
        return ()
    codings = (value,) if isinstance(value, str) else tuple(value)
    for coding in codings:
        if coding not in _SUFFIXES:
            raise ValueError(f"precompressed: {coding!r} is none of {', '.join(_SUFFIXES)}")
    return codings


def find_precompressed(
    original: OpenFile, accept_encoding: str | None, offered: Sequence[str], roots: Sequence[str]
) -> tuple[OpenFile, str] | None:
    """Open the neighbour of a file that the client likes best, and name its coding.

    None where there is none that it takes. One that is older than its original, by the second, is
    the compressed form of something else, and not used.
    """
    left = list(offered)
    while (coding := choose_coding(accept_encoding, left)) is not None:
        try:
            file = open_below(original.path + _SUFFIXES[coding], roots)
        except OSError:
            left.remove(coding)
            continue
        if int(file.status.st_mtime) >= int(original.status.st_mtime):
            return file, coding
        file.close()
        left.remove(coding)
    return None
