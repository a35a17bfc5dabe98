"""What a case found, as a table for the reader and as JSON for the record."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rounds import Figures

RESULTS = Path(__file__).resolve().parent / "results"

NO_FIGURES = ["-", "-", "-"]


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and rows of as many cells. The first two are words."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """The table in plain text, in aligned columns."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        rule = "  ".join("-" * width for width in widths)
        aligned = [_aligned(line, widths) for line in lines]
        return "\n".join([self.title, "", aligned[0], rule, *aligned[1:]])

    def markdown(self) -> str:
        """The table in Markdown."""
        rules = ["---" if i < 2 else "---:" for i in range(len(self.columns))]
        lines = [self.columns, rules, *self.rows]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])


@dataclass(frozen=True)
class Report:
    """One run of a case."""

    case: str
    settings: str
    versions: Mapping[str, str]
    results: Mapping[str, Any]
    tables: Sequence[Table]
    notes: Sequence[str]
    is_broken: bool = False  # A promise was: the notes say which.

    def show(self, is_markdown: bool) -> str:
        """All that the reader gets to see."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        parts = [
            "\n".join([f"{_today()}, {_machine()}.", f"{versions}.", f"{self.settings}."]),
            *(table.markdown() if is_markdown else table.text() for table in self.tables),
        ]
        if self.notes:
            parts.append("\n".join(f"- {note}" for note in self.notes))
        return "\n\n".join(parts)

    def write(self, target: Path) -> None:
        """Write the record."""
        record = {
            "case": self.case,
            "date": _today(),
            "machine": _machine(),
            "settings": self.settings,
            "versions": self.versions,
            "results": self.results,
            "notes": self.notes,
        }
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(record, indent=1, default=dataclasses.asdict) + "\n")


def figure_cells(figures: Figures | None) -> list[str]:
    """Three cells: CPU microseconds, the ratio to the floor, requests a second."""
    if figures is None:
        return NO_FIGURES
    return [f"{figures.cpu_us:.1f}", f"{figures.ratio:.2f}", f"{figures.per_second:,}"]


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    words = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join(words + numbers)


def _today() -> str:
    return datetime.date.today().isoformat()


def _machine() -> str:
    cores = len(os.sched_getaffinity(0))
    return f"{_cpu_model()}, {cores} cores, {platform.system()} {platform.release()}"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
