#!/usr/bin/env python3
"""The time of a page of 1,000 table rows, in waterspout's templates and in its peers'.

Run it by the checkout's own Python, which has all three: `.venv/bin/python bench/template.py`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import jinja2
import tornado.template

import waterspout.template
from report import Table

ROWS = 1000
ROUNDS, QUICK_ROUNDS = 40, 8
# Pages in a round: a round takes some hundredths of a second, so that a switch of processes in
# one of them is seen as what it is.
PAGES = 10

TABLES = {
    "tuples": """<table>
{% for number, name, mail, note in rows %}
  <tr><td>{{ number }}</td><td>{{ name }}</td><td>{{ mail }}</td><td>{{ note }}</td></tr>
{% end %}
</table>
""",
    "objects": """<table>
{% for row in rows %}
  <tr><td>{{ row.number }}</td><td>{{ row.name }}</td>
  <td>{{ row.mail }}</td><td>{{ row.note }}</td></tr>
{% end %}
</table>
""",
}


class Row:
    """What an object-relational mapper would give."""

    def __init__(self, number: int, name: str, mail: str, note: str) -> None:
        self.number, self.name, self.mail, self.note = number, name, mail, note


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="CPU time of a page of 1,000 rows")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = parser.parse_args()
    rows = []
    for kind in TABLES:
        times = measure(kind, QUICK_ROUNDS if given.quick else ROUNDS)
        for name, samples in times.items():
            # Taken inside a round, so that a slow minute of the machine counts for nobody.
            ratios = [own / peer for own, peer in zip(samples, times["jinja2"], strict=True)]
            rows.append([name, kind, f"{median(samples) * 1e6:.0f}", f"{median(ratios):.2f}"])
    title = f"A page of {ROWS:,} rows of four values, escaped, as UTF-8"
    table = Table(title, ["candidate", "rows are", "CPU us a page", "ratio to jinja2"], rows)
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("jinja2", "tornado")]
    print(f"Python {platform.python_version()}, {', '.join(versions)}.\n")
    print(table.markdown() if given.markdown else table.text())


def measure(kind: str, rounds: int) -> dict[str, list[float]]:
    """Return CPU seconds a page of each candidate, one value a round."""
    pages = candidates(kind)
    # They are the same pages; only how they write an apostrophe differs.
    assert len({page().replace(b"&#34;", b"&quot;") for page in pages.values()}) == 1
    times: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(rounds):
        for name, page in pages.items():
            begin = time.process_time()
            for _ in range(PAGES):
                page()
            times[name].append((time.process_time() - begin) / PAGES)
    return times


def candidates(kind: str) -> dict[str, Callable[[], bytes]]:
    """Return functions that make the page."""
    text = TABLES[kind]
    data: Any = values()
    if kind == "objects":
        data = [Row(*row) for row in data]
    own = waterspout.template.Template(text, whitespace="all")
    theirs = tornado.template.Template(text, whitespace="all")
    environment = jinja2.Environment(autoescape=True, keep_trailing_newline=True)
    jinja = environment.from_string(text.replace("{% end %}", "{% endfor %}"))
    return {
        "waterspout": lambda: own.generate(rows=data),
        "jinja2": lambda: jinja.render(rows=data).encode(),
        "tornado": lambda: theirs.generate(rows=data),
    }


def values() -> list[tuple[int, str, str, str]]:
    """Return the rows; one note in four has something to escape."""
    return [
        (
            number,
            f"Name {number}",
            f"user{number}@example.com",
            'a <b> & "c"' if number % 4 == 0 else "plain text of a cell",
        )
        for number in range(ROWS)
    ]


main()
