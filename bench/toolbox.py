"""The toolbox case: coroutines, locks, queues, callbacks and streams, beside Tornado's.

One process a candidate and round runs all operations (`operations.py`), without a network.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import environment
from environment import MissingError
from options import Options
from processes import Child, Cores, ProcessError
from report import Report, Table

COUNT, QUICK_COUNT = 10_000, 2_000
SCRIPT = Path(__file__).with_name("operations.py")


@dataclass(frozen=True)
class Framework:
    """One column of the table."""

    name: str
    python: Callable[[], Path]
    framework: str
    loop: str  # `own`, the framework's default, or `uvloop`

    def command(self, count: int) -> list[str]:
        """The command that measures. Raises MissingError if there is no such Python."""
        return [str(self.python()), str(SCRIPT), self.framework, self.loop, str(count)]


OWN = Framework("waterspout", environment.checkout_python, "waterspout", "own")
TORNADO = Framework("tornado", environment.peers_python, "tornado", "own")
ON_UVLOOP = Framework("tornado on uvloop", environment.peers_python, "tornado", "uvloop")
FRAMEWORKS = (OWN, TORNADO, ON_UVLOOP)


def measure(options: Options) -> Report:
    """Run the case."""
    count = QUICK_COUNT if options.is_quick else COUNT
    core = Cores.available().tested
    taken: dict[Framework, list[dict[str, float]]] = {each: [] for each in FRAMEWORKS}
    notes: list[str] = []
    for _ in range(options.rounds):
        for framework in FRAMEWORKS:
            if framework in taken:
                try:
                    taken[framework].append(_sample(framework.command(count), core))
                except (MissingError, ProcessError) as error:
                    notes.append(f"{framework.name}: {error}")
                    del taken[framework]
    rows, results = [], {}
    for name in next(iter(taken.values()), [{}])[0]:
        figures = {
            framework.name: round(median(sample[name] for sample in samples), 2)
            for framework, samples in taken.items()
        }
        ratios = {
            framework.name: round(_ratio(taken[OWN], taken[framework], name), 2)
            for framework in (TORNADO, ON_UVLOOP)
            if OWN in taken and framework in taken
        }
        results[name] = {"cpu_us": figures, "ratio": ratios}
        rows.append(
            [
                name,
                "",
                *(f"{figures[f.name]:.2f}" if f.name in figures else "-" for f in FRAMEWORKS),
                *(f"{ratios[f.name]:.2f}" if f.name in ratios else "-" for f in FRAMEWORKS[1:]),
            ]
        )
    columns = ["operation", "", *(f"{each.name}, us" for each in FRAMEWORKS)]
    table = Table(
        "CPU of one operation", [*columns, "ratio to tornado", "ratio to it on uvloop"], rows
    )
    settings = f"{options.rounds} interleaved rounds of {count:,} operations, medians"
    versions = environment.versions(["tornado", "uvloop"])
    return Report("toolbox", settings, versions, results, [table], notes)


def _ratio(own: list[dict[str, float]], other: list[dict[str, float]], name: str) -> float:
    """Taken inside a round, so that a slow minute of the machine counts for nobody."""
    return median(a[name] / b[name] for a, b in zip(own, other, strict=True))


def _sample(command: list[str], core: int) -> dict[str, float]:
    """CPU microseconds of each operation, in one process."""
    with Child(command, core, is_talking=True) as child:
        found: dict[str, float] = json.loads(child.hear(120))
    return found
