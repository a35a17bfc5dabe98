"""The urls case: a long list of URLs, fetched by `waterspout fetch -i` and by a bare loop.

The bare loop is what one would write: some tasks that share an AsyncHTTPClient, and do nothing with
a body but read it. The command also reads its list piece by piece, takes care of slow hosts, counts
what comes and writes a result for each URL, which a later run goes on from.

The whole process is measured, from its start to its end. Its memory at its peak must be the same
for a list that is ten times as long.
"""

from __future__ import annotations

import functools
import json
import tempfile
import time
from pathlib import Path
from statistics import median

import candidates
import environment
from options import Options
from processes import Child, Cores, ProcessError, free_port
from report import Report, Table, figure_cells
from rounds import Rounds, Sample, remarks

URLS, QUICK_URLS = 100_000, 10_000
LONG_LIST, QUICK_LONG_LIST = 100_000, 20_000
TASKS = 20

# More is no noise: what the allocator keeps for later differs by a megabyte or so.
MOST_GROWN_MB = 4.0

GROUP = "list of URLs"


def measure(options: Options) -> Report:
    """Run the case."""
    urls = QUICK_URLS if options.is_quick else URLS
    longest = QUICK_LONG_LIST if options.is_quick else LONG_LIST
    cores = Cores.available()
    port = free_port()
    rounds = Rounds()
    peaks: dict[str, dict[int, float]] = {}
    with (
        tempfile.TemporaryDirectory() as directory,
        Child([*candidates.PARTNER.command(), str(port)], cores.other) as server,
    ):
        server.wait_until_listening(port)
        fetch = functools.partial(_fetch, port=port, core=cores.tested, directory=Path(directory))

        def sample(command: list[str]) -> dict[str, Sample]:
            return {GROUP: fetch(command, urls)[0]}

        rounds.run(candidates.LISTS, options.rounds, sample)
        for candidate in candidates.LISTS:
            if candidate.name in rounds.taken.get(GROUP, {}):
                peaks[candidate.name] = {
                    count: fetch(candidate.command(), count)[1]
                    for count in (longest // 10, longest)
                }
    figures = rounds.figures(GROUP, candidates.LISTS[0].name)
    notes = [*rounds.notes, *remarks(GROUP, figures)]
    shares = _shares(rounds)
    if shares:
        notes.append(
            f"the command does {median(shares):.0%} of the URLs a second of the bare loop,"
            f" {min(shares):.0%} to {max(shares):.0%} in single rounds"
        )
    grown = {name: of_count[longest] - of_count[longest // 10] for name, of_count in peaks.items()}
    notes += [
        f"{name}: {amount:.1f} MB more for a list ten times as long"
        for name, amount in grown.items()
        if amount > MOST_GROWN_MB
    ]
    tables = [
        Table(
            "Client, list of URLs: CPU time of the whole process",
            ["candidate", "what", "us/URL", "ratio", "URLs/s"],
            [[c.name, c.what, *figure_cells(figures.get(c.name))] for c in candidates.LISTS],
        ),
        Table(
            "Client, list of URLs: memory at its peak, in MB",
            ["candidate", "what", f"{longest // 10:,} URLs", f"{longest:,} URLs", "more"],
            [
                [c.name, c.what, *_memory_cells(peaks.get(c.name), grown.get(c.name, 0.0))]
                for c in candidates.LISTS
            ],
        ),
    ]
    settings = f"{options.rounds} rounds of {urls:,} URLs, {TASKS} at a time; medians"
    results = {"figures": figures, "peak_mb": peaks}
    is_broken = any(amount > MOST_GROWN_MB for amount in grown.values())
    return Report("urls", settings, environment.versions([]), results, tables, notes, is_broken)


def _fetch(
    command: list[str], count: int, *, port: int, core: int, directory: Path
) -> tuple[Sample, float]:
    """Fetch a list of so many URLs; what that took, and the memory at its peak in MB."""
    urls, results = directory / f"{count}.txt", directory / "results.jsonl"
    if not urls.exists():
        lines = (f"http://127.0.0.1:{port}/items/{number}.html\n" for number in range(count))
        urls.write_text("".join(lines))
    results.unlink(missing_ok=True)
    begun = time.perf_counter()
    with Child([*command, str(urls), str(TASKS), str(results)], core) as client:
        usage, peak = client.wait_for_usage_and_peak()
        seconds = time.perf_counter() - begun
    done = _good_results(results) if results.exists() else count
    if not done:
        raise ProcessError(f"none of {count} URLs was fetched")
    sample = Sample(done, count - done, seconds, usage.ru_utime + usage.ru_stime)
    return sample, peak


def _good_results(path: Path) -> int:
    with path.open() as lines:
        return sum(json.loads(line)["status"] == 200 for line in lines)


def _shares(rounds: Rounds) -> list[float]:
    """How many times the rate of the bare loop the command's is, within each round."""
    bare, command = (rounds.taken.get(GROUP, {}).get(each.name, []) for each in candidates.LISTS)
    return [
        (ours.requests / ours.seconds) / (floor.requests / floor.seconds)
        for floor, ours in zip(bare, command, strict=False)
        if floor and ours
    ]


def _memory_cells(of_count: dict[int, float] | None, grown: float) -> list[str]:
    if of_count is None:
        return ["-", "-", "-"]
    return [*(f"{peak:.1f}" for peak in of_count.values()), f"{grown:+.1f}"]
