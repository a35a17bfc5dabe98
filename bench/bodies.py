"""The client case with long bodies, TLS and many origins: every client that understands HTTP.

As in client.py the client's process has one core and the server the other, and the client reads its
own clocks. All are compared to waterspout.
"""

from __future__ import annotations

import functools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import candidates
import environment
from client import GROUPS, PACKAGES
from options import Options
from processes import Child, Cores, ProcessError, free_port
from report import Report, Table, figure_cells
from rounds import Figures, Rounds, Sample, remarks

SERVER = candidates.Candidate("bodies", "uvloop protocol", "servers/bodies.py")


@dataclass(frozen=True)
class Load:
    """What is fetched: paths, the size of what comes, how often, and from how many origins."""

    name: str
    path: str
    size: int
    fetches: int
    origins: int = 1
    is_secure: bool = False
    is_streamed: bool = False  # One after the other, and nobody holds a body.


MIB = 1024 * 1024
LOADS = (
    Load("1 MiB", f"{MIB}", MIB, 500),
    Load("100 MiB", f"{100 * MIB}", 100 * MIB, 5),
    Load("1 MiB in chunks of 4 KiB", f"chunked/{MIB}", MIB, 200),
    Load("100 origins", "12", 12, 1000, 100),
    Load("500 origins met once", "12", 12, 500, 500),
    Load("TLS", "12", 12, 2000, is_secure=True),
    Load("1 MiB over TLS", f"{MIB}", MIB, 200, is_secure=True),
    Load("2 GiB streamed", f"{2048 * MIB}", 2048 * MIB, 1, is_streamed=True),
)
QUICK_LOADS = (
    *LOADS[:-1],
    Load("256 MiB streamed", f"{256 * MIB}", 256 * MIB, 1, is_streamed=True),
)

# Of a load, once it is warm. Who is tens of times slower fetches less often for it.
SECONDS = 1.0

# Half of the time goes into starting the clients. What a fetch costs differs less from start to
# start here than where it is small.
MOST_ROUNDS = 3


def measure(options: Options) -> Report:
    """Run the case."""
    cores = Cores.available()
    count = min(options.rounds, MOST_ROUNDS)
    port = free_port()
    rounds = {group: Rounds() for group in GROUPS}
    chosen = {
        group: [c for c in candidates.choose(all_, options.only) if not c.name.startswith("raw-")]
        for group, all_ in GROUPS.items()
    }
    python = str(environment.checkout_python())
    script = str(environment.BENCH / SERVER.script)
    with tempfile.TemporaryDirectory() as directory:
        served = Served(port, free_port(), *environment.certificates(Path(directory)))
        arguments = map(str, (port, served.tls_port, served.certificate, served.key))
        with Child([python, script, *arguments], cores.other) as server:
            server.wait_until_listening(port)
            for group in GROUPS:
                tasks = TASKS if group == "asynchronous" else 1
                take = functools.partial(
                    _samples, tasks=tasks, served=served, cores=cores, options=options
                )
                rounds[group].run(chosen[group], count, take)
    figures = {}
    tables = []
    loads = QUICK_LOADS if options.is_quick else LOADS
    notes = [f"{group}, {note}" for group in GROUPS for note in rounds[group].notes]
    for group in GROUPS:
        for load in loads:
            name = f"{group}, {load.name}"
            figures[name] = found = rounds[group].figures(load.name, "waterspout")
            notes += remarks(name, found)
            rows = [
                [c.name, c.what, *figure_cells(found.get(c.name)), _peak(found.get(c.name))]
                for c in chosen[group]
            ]
            titles = ["candidate", "what", "us/fetch", "ratio", "fetches/s", "peak MB"]
            tables.append(Table(f"Client, {name}", titles, rows))
    settings = (
        f"{count} rounds of at most {SECONDS:g} s; asynchronous on uvloop in {TASKS} tasks; medians"
    )
    return Report("bodies", settings, environment.versions(PACKAGES), figures, tables, notes)


def _peak(figures: Figures | None) -> str:
    return "-" if figures is None else f"{figures.peak_mb:.1f}"


# Of asynchronous clients: 100 MiB each are in memory.
TASKS = 4


@dataclass(frozen=True)
class Served:
    """Where the server listens, and what it has for TLS."""

    port: int
    tls_port: int
    authority: Path
    certificate: Path
    key: Path

    def url(self, load: Load) -> str:
        """The URL of a load."""
        scheme, port = ("https", self.tls_port) if load.is_secure else ("http", self.port)
        return f"{scheme}://127.0.0.1:{port}/{load.path}"


def _samples(
    command: list[str], tasks: int, served: Served, cores: Cores, options: Options
) -> dict[str, Sample]:
    samples = {}
    for load in QUICK_LOADS if options.is_quick else LOADS:
        at_once, fetches, warmup = 1, load.fetches, 0
        if not load.is_streamed:
            at_once = tasks
            fetches = max(tasks, load.fetches // (10 if options.is_quick else 1))
            warmup = max(tasks, min(100, fetches // 5))
        manner = "streamed" if load.is_streamed else "whole"
        authority = served.authority if load.is_secure else "-"
        numbers = (warmup, fetches, SECONDS, at_once, load.size, load.origins, manner, authority)
        full_command = [*command, served.url(load), *map(str, numbers)]
        with Child(full_command, cores.tested, is_talking=True) as client:
            counted = json.loads(client.hear(150))
        if not counted["requests"]:
            raise ProcessError(f"{load.name}: {counted['errors']} errors and no good answer")
        samples[load.name] = Sample(**counted)
    return samples
