"""White space between the tags of a template: kept, folded, or all on one line."""

import re
from typing import Final

__all__ = ["MODES", "default_mode", "filter_whitespace"]

MODES: Final = ("all", "single", "oneline")

_RUN: Final = re.compile(r"\s+")
_BLANKS: Final = re.compile(r"[\t ]+")


def filter_whitespace(mode: str, text: str) -> str:
    """Return ``text`` with its white space as ``mode`` wants it.

    - ``all``: as it is.
    - ``single``: a run of white space that has a line break becomes one line break; spaces and
      tabs beside each other become one space.
    - ``oneline``: each run becomes one space.

    Raises ``ValueError`` for another mode.
    """
    if mode == "all":
        return text
    # One pass over maximal runs: patterns with two open ends around the line break would take
    # quadratic time for a long run without one.
    if mode == "single":
        return _RUN.sub(_fold, text)
    if mode == "oneline":
        return _RUN.sub(" ", text)
    raise ValueError(f"a whitespace mode is one of {', '.join(MODES)}, not {mode!r}")


def default_mode(name: str) -> str:
    """Return the mode of a template that names none: it is folded in HTML and JavaScript."""
    return "single" if name.endswith((".html", ".js")) else "all"


def _fold(run: re.Match[str]) -> str:
    text = run[0]
    return "\n" if "\n" in text else _BLANKS.sub(" ", text)
