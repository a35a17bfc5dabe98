"""Rounds over all candidates, A B C, A B C, and the figures that come of them.

A noisy machine slows whatever runs at that moment. So no candidate has all its runs in a row, a
ratio is taken between two runs of the same round, and of all rounds the median counts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from candidates import Candidate
from environment import MissingError
from processes import ProcessError

# Rounds whose CPU time differs by more than this factor are worth a remark.
UNSTEADY = 1.25


@dataclass(frozen=True)
class Sample:
    """One candidate in one round, under one load."""

    requests: int
    errors: int
    seconds: float
    cpu_seconds: float
    load_cpu_seconds: float = 0.0  # of the other side of the wire, where it is counted
    peak_mb: float = 0.0  # of memory, where it is counted

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a request, of the thing under test."""
        return self.cpu_seconds / self.requests * 1e6


@dataclass(frozen=True)
class Figures:
    """One candidate under one load: medians over the rounds, and how far these lay apart."""

    cpu_us: float
    ratio: float
    per_second: float
    cpu_us_lowest: float
    cpu_us_highest: float
    errors: int
    busy_share: float  # of the time, in which the thing under test had something to do
    peak_mb: float


def remarks(group: str, figures: Mapping[str, Figures]) -> list[str]:
    """What a reader of the group's figures has to know: errors, and rounds that differ widely."""
    found = [f"{group}, {n}: {f.errors} errors" for n, f in figures.items() if f.errors]
    unsteady = [
        f"{n} {f.cpu_us_lowest:.1f} to {f.cpu_us_highest:.1f}"
        for n, f in figures.items()
        if f.cpu_us_highest > UNSTEADY * f.cpu_us_lowest
    ]
    if unsteady:
        found.append(f"{group}, rounds lay far apart, in us: {', '.join(unsteady)}")
    return found


@dataclass
class Rounds:
    """All samples: `taken[group][candidate]` has one a round, None where there is none."""

    taken: dict[str, dict[str, list[Sample | None]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def run(
        self,
        candidates: Sequence[Candidate],
        count: int,
        measure: Callable[[list[str]], Mapping[str, Sample]],
    ) -> None:
        """Take `count` rounds. `measure` gets a candidate's command and returns a sample for each
        group. A candidate that fails is noted and left out of the rounds that follow."""
        commands = {c: command for c in candidates if (command := self._command(c))}
        for number in range(count):
            print(f"round {number + 1} of {count}", file=sys.stderr)
            for candidate, command in list(commands.items()):
                try:
                    samples = measure(command)
                except ProcessError as error:
                    self.notes.append(f"{candidate.name}: {error}")
                    del commands[candidate]
                    continue
                for group, sample in samples.items():
                    of_candidate = self.taken.setdefault(group, {})
                    row = of_candidate.setdefault(candidate.name, [None] * count)
                    row[number] = sample

    def figures(self, group: str, floor: str) -> dict[str, Figures]:
        """The figures of every candidate of the group; `floor` is the one they are compared to."""
        of_candidate = self.taken.get(group, {})
        return {
            name: _figures(row, of_candidate.get(floor, [None] * len(row)))
            for name, row in of_candidate.items()
        }

    def _command(self, candidate: Candidate) -> list[str]:
        try:
            return candidate.command()
        except MissingError as error:
            self.notes.append(f"{candidate.name}: {error}")
            return []


def _figures(row: Sequence[Sample | None], floors: Sequence[Sample | None]) -> Figures:
    samples = [sample for sample in row if sample]
    cpu_us = [sample.cpu_us for sample in samples]
    ratios = [
        sample.cpu_us / floor.cpu_us
        for sample, floor in zip(row, floors, strict=True)
        if sample and floor
    ]
    return Figures(
        cpu_us=round(median(cpu_us), 2),
        ratio=round(median(ratios), 2) if ratios else 0.0,
        per_second=round(median(sample.requests / sample.seconds for sample in samples)),
        cpu_us_lowest=round(min(cpu_us), 2),
        cpu_us_highest=round(max(cpu_us), 2),
        errors=sum(sample.errors for sample in samples),
        busy_share=round(median(s.cpu_seconds / s.seconds for s in samples), 2),
        peak_mb=round(median(sample.peak_mb for sample in samples), 1),
    )
