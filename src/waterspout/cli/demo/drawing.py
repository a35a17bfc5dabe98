"""From records to lines of text: pure functions, their only units characters and seconds.

A line is a list of pieces, each with the name of its style; `screen` knows what those look like.
"""

import itertools
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from waterspout.cli.demo.records import Fetch, seconds

__all__ = [
    "ASCII",
    "BLOCKS",
    "Glyphs",
    "Line",
    "bars",
    "legend",
    "paragraph",
    "speech",
    "text",
    "totals",
]

Line = list[tuple[str, str]]

_INDENT = 3
_NUMBER = 4  # the width of a request's number, and the space behind it
_WAITED = 10  # the width of the column on the right


class Glyphs(NamedTuple):
    """What bars are made of."""

    work: str
    wait: str


BLOCKS = Glyphs("█", "░")
ASCII = Glyphs("#", ".")


def text(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(piece for piece, _ in line).rstrip()


def paragraph(words: str, width: int, style: str = "", first: str = " " * _INDENT) -> list[Line]:
    """Return words as lines no longer than ``width``; the first one begins with ``first``."""
    wrapped = _wrap(words, width - _INDENT)
    margins = [first] + [" " * _INDENT] * (len(wrapped) - 1)
    return [[(margin + line, style)] for margin, line in zip(margins, wrapped, strict=True)]


def speech(at: float, who: str, what: str, width: int) -> list[Line]:
    """Return what somebody said or did at a time, as lines no longer than ``width``."""
    head = f"{at:{_INDENT + 5}.2f} s  "
    first, *rest = _wrap(what, width - len(head) - len(who) - 2)
    margin = " " * (len(head) + len(who) + 2)
    lines: list[Line] = [[(head, "dim"), (f"{who}  ", who), (first, "")]]
    return lines + [[(margin + line, "")] for line in rest]


def bars(
    fetches: Sequence[Fetch], now: float, length: float, width: int, glyphs: Glyphs
) -> list[Line]:
    """Draw a row for each request under an axis of ``length`` seconds, up to the time ``now``.

    Rows are in the order in which the handlers began, and numbered so. Zero is when the first
    request was sent.
    """
    cells = width - _INDENT - _NUMBER - _WAITED
    cell = length / cells
    # The last number may stand a little behind the end of the axis.
    axis = " " * (_INDENT + _NUMBER) + _axis(length, cells, cells + 3)
    lines: list[Line] = [[(axis.ljust(width - len("waited")) + "waited", "dim")]]
    zero = min((fetch.asked for fetch in fetches), default=now)
    for rank, fetch in enumerate(sorted(fetches, key=_turn), 1):
        row: Line = [(f"{rank:>{_INDENT + _NUMBER - 2}}  ", "dim")]
        row += _bar(fetch, zero, now, cell, cells, glyphs)
        if fetch.waited is not None:
            style = "dim" if fetch.waited < cell else "wait"
            row.append((seconds(fetch.waited, length / len(fetches)).rjust(_WAITED), style))
        lines.append(row)
    return lines


def legend(glyphs: Glyphs) -> list[Line]:
    """Tell what a row is, and what the two kinds of bars mean."""
    pieces = [("a row a request:  ", "dim")]
    pieces += [(glyphs.work * 2, "work"), (" its handler works  ", "dim")]
    pieces += [(glyphs.wait * 2, "wait"), (" it waits", "dim")]
    return [[(" " * _INDENT, ""), *pieces]]


def totals(rows: Sequence[tuple[str, float]], width: int, glyphs: Glyphs) -> list[Line]:
    """Draw how long each of some things took, with their names."""
    longest = max(time for _, time in rows)
    names = max(len(name) for name, _ in rows)
    cells = width - _INDENT - names - 2 - _WAITED
    lines: list[Line] = []
    for name, time in rows:
        size = max(1, round(cells * time / longest))
        lines.append(
            [
                (" " * _INDENT + name.ljust(names) + "  ", ""),
                (glyphs.work * size + " " * (cells - size), "work"),
                (seconds(time, longest / 10).rjust(_WAITED), ""),
            ]
        )
    return lines


def _turn(fetch: Fetch) -> tuple[float, int]:
    return math.inf if fetch.began is None else fetch.began, fetch.number


def _bar(
    fetch: Fetch, zero: float, now: float, cell: float, cells: int, glyphs: Glyphs
) -> Iterable[tuple[str, str]]:
    """Return the cells of one request. What is in the middle of a cell is what the cell shows."""
    states = [_state(fetch, zero + (index + 0.5) * cell, now) for index in range(cells)]
    if fetch.began is not None and "work" not in states:
        states[min(int((fetch.began - zero) / cell), cells - 1)] = "work"
    looks = {"work": glyphs.work, "wait": glyphs.wait, "": " "}
    for style, run in itertools.groupby(states):
        yield looks[style] * len(list(run)), style


def _state(fetch: Fetch, time: float, now: float) -> str:
    end = now if fetch.answered is None else fetch.answered
    if not fetch.asked <= time < end:
        return ""
    if fetch.began is None or time < fetch.began:
        return "wait"
    return "work" if fetch.ended is None or time < fetch.ended else "wait"


def _axis(length: float, cells: int, room: int) -> str:
    """Return numbers of seconds, each beginning where its moment is, as many as there is room."""
    step = _step(length, cells // 6)
    line = ""
    for tick in range(int(length / step) + 1):
        label = "0 s" if tick == 0 else f"{tick * step:g}"
        place = round(tick * step / length * cells)
        if place + len(label) <= room:
            line = line.ljust(place) + label
    return line


def _step(length: float, most: int) -> float:
    """Return the smallest of 1, 2, 5, 10, 20 ... (or parts) that leaves ``most`` steps or fewer."""
    magnitude = 10.0 ** math.floor(math.log10(length / max(1, most)))
    return next(
        step for step in (magnitude * factor for factor in (1, 2, 5, 10)) if length / step <= most
    )


def _wrap(words: str, width: int) -> list[str]:
    """Return words as lines; a number stays with its unit."""
    glued = re.sub(r"(?<=\d) (?=m?s\b)", "\0", words)
    lines = textwrap.wrap(glued, width, break_on_hyphens=False, break_long_words=False)
    return [line.replace("\0", " ") for line in lines]
