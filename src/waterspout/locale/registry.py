"""Which locales there are, and which of them is closest to what somebody asks for.

Knows codes, and not what a locale can do.
"""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

__all__ = ["Registry"]

T = TypeVar("T")

# What BCP 47 allows in practice: language, extensions, script, region, variants. Codes come from
# clients, and nobody has a catalogue for what is longer.
_MAX_SUBTAGS = 8


class Registry(Generic[T]):
    """Locales by their codes; one of them is the default. Never changed: to load is to replace."""

    def __init__(self, locales: Mapping[str, T], default: str) -> None:
        self._locales = dict(locales)
        self.default = default
        self._codes = {_normal(code): code for code in self._locales}

    @property
    def codes(self) -> frozenset[str]:
        """The codes of all locales."""
        return frozenset(self._locales)

    def get(self, code: str) -> T:
        """Return the locale with exactly this code. ValueError if there is none."""
        try:
            return self._locales[code]
        except KeyError:
            raise ValueError(f"no locale {code[:50]!r} is loaded, nor is it the default") from None

    def closest(self, codes: Iterable[str]) -> str:
        """Return the code of the first locale that serves one of ``codes``, else the default.

        ``codes`` are in the order of preference, in any case and with ``-`` or ``_``. A code is
        served by itself, by its language and region without a script in between, and by what
        remains as its subtags are dropped from the end (RFC 4647 section 3.4).
        """
        for code in codes:
            found = self._serves(code) if code else None
            if found is not None:
                return found
        return self.default

    def _serves(self, code: str) -> str | None:
        known = self._codes
        subtags = _normal(code).split("_", _MAX_SUBTAGS)[:_MAX_SUBTAGS]
        candidates = ["_".join(subtags[:count]) for count in range(len(subtags), 0, -1)]
        if len(subtags) > 2 and len(subtags[1]) == 4:
            candidates.insert(1, f"{subtags[0]}_{subtags[2]}")
        for candidate in candidates:
            if candidate in known:
                return known[candidate]
        return None


def _normal(code: str) -> str:
    return code.replace("-", "_").lower()
