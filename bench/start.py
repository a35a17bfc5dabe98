"""The start case: what it costs to start Python and import a server and a client.

The interpreter alone, which imports nothing, is the floor. It is taken in both environments, for
what is installed there (the .pth files of a checkout's tools) may cost something at every start.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median, quantiles

import environment
from environment import MissingError
from options import Options
from processes import Child, Cores, ProcessError
from report import Report, Table

RUNS, QUICK_RUNS = 60, 6
# Runs that are thrown away: they write the bytecode and fill the page cache.
WARMUP = 2


@dataclass(frozen=True)
class Program:
    """One line of the table."""

    name: str
    python: Callable[[], Path]
    imports: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The command that imports and ends. Raises MissingError if there is no such Python."""
        code = "\n".join(f"import {module}" for module in self.imports)
        return [str(self.python()), "-c", code]


OWN_FLOOR = Program("python", environment.checkout_python)
OWN = Program(
    "waterspout", environment.checkout_python, ("waterspout.web", "waterspout.httpclient")
)
PEERS_FLOOR = Program("python", environment.peers_python)
TORNADO = Program("tornado", environment.peers_python, ("tornado.web", "tornado.httpclient"))
FLOORS = {OWN: OWN_FLOOR, TORNADO: PEERS_FLOOR}


@dataclass(frozen=True)
class Start:
    """What one program came to: medians, and what the imports add to the interpreter."""

    cpu_ms: float
    wall_ms: float
    added_cpu_ms: float
    added_wall_ms: float


def measure(options: Options) -> Report:
    """Run the case."""
    runs = QUICK_RUNS if options.is_quick else RUNS
    medians, notes = _medians(runs)
    starts = {
        program: _start(medians[program], medians[floor])
        for program, floor in FLOORS.items()
        if program in medians
    }
    table = Table(
        "Start of a process",
        ["candidate", "imports", "CPU ms", "wall ms", "CPU ms added", "wall ms added"],
        [
            [program.name, ", ".join(program.imports), *_cells(starts.get(program))]
            for program in FLOORS
        ],
    )
    settings = (
        f"{runs} interleaved runs, bytecode warm; medians; "
        "added: to an interpreter that imports nothing"
    )
    versions = environment.versions(["tornado"])
    results = {program.name: start for program, start in starts.items()}
    return Report("start", settings, versions, results, [table], notes)


def _medians(runs: int) -> tuple[dict[Program, tuple[float, float]], list[str]]:
    """CPU and wall milliseconds of each program that runs, and a note on each that does not."""
    core = Cores.available().tested
    taken: dict[Program, list[tuple[float, float]]] = {}
    notes: dict[Program, str] = {}
    for number in range(WARMUP + runs):
        for program in (OWN_FLOOR, OWN, PEERS_FLOOR, TORNADO):
            if program in notes:
                continue
            try:
                sample = _sample(program.command(), core)
            except (MissingError, ProcessError) as error:
                notes[program] = f"{program.name}: {error}"
                continue
            if number >= WARMUP:
                taken.setdefault(program, []).append(sample)
    medians = {
        program: (
            median(cpu for cpu, _ in samples) * 1e3,
            median(wall for _, wall in samples) * 1e3,
        )
        for program, samples in taken.items()
    }
    told = list(notes.values())
    if OWN in taken and TORNADO in taken:
        told.append(_in_pairs(taken[OWN], taken[TORNADO]))
    return medians, told


def _in_pairs(own: list[tuple[float, float]], other: list[tuple[float, float]]) -> str:
    """What ours costs beside the other of the same moment: the moods of the machine cancel out."""
    ratios = [ours / theirs for (ours, _), (theirs, _) in zip(own, other, strict=True)]
    low, middle, high = quantiles(ratios, n=4)
    return (
        f"run beside run, waterspout takes {middle:.2f} times the CPU of tornado"
        f" (quartiles {low:.2f} and {high:.2f})"
    )


def _start(own: tuple[float, float], floor: tuple[float, float]) -> Start:
    added = (own[0] - floor[0], own[1] - floor[1])
    return Start(*(round(milliseconds, 1) for milliseconds in (*own, *added)))


def _cells(start: Start | None) -> list[str]:
    return [str(value) for value in astuple(start)] if start else ["-"] * 4


def _sample(command: list[str], core: int) -> tuple[float, float]:
    """CPU and wall seconds of one start."""
    begin = time.perf_counter()
    with Child(command, core) as child:
        usage = child.wait_for_usage()
        wall = time.perf_counter() - begin
    return usage.ru_utime + usage.ru_stime, wall
