"""The server case: every server under the same load, one core for it and one for the load."""

from __future__ import annotations

import candidates
import environment
import wire
from load import Load
from options import Options
from processes import Child, Cores, free_port
from report import Report, Table, figure_cells
from rounds import Rounds, Sample, remarks

PACKAGES = [
    "uvloop",
    "fastpysgi",
    "granian",
    "uvicorn",
    "httptools",
    "starlette",
    "aiohttp",
    "tornado",
]

# Where the server had work for less of the time, the load generator sets the requests a second.
BUSY_SHARE = 0.93


def measure(options: Options) -> Report:
    """Run the case."""
    cores = Cores.available()
    chosen = candidates.choose(candidates.SERVERS, options.only)
    rounds = Rounds()
    rounds.run(chosen, options.rounds, lambda command: _samples(command, cores, options))
    figures = {load: rounds.figures(load, candidates.FLOOR.name) for load in options.loads}
    notes = list(rounds.notes)
    for load in options.loads:
        notes += remarks(load, figures[load])
        busy = [n for n, f in figures[load].items() if f.busy_share < BUSY_SHARE]
        if busy:
            notes.append(
                f"{load}, {', '.join(busy)}: the load generator was the limit; "
                "requests/s are lower bounds"
            )
    table = Table(
        "Server: CPU time of the server's process tree",
        ["candidate", "what"]
        + [f"{load} {c}" for load in options.loads for c in ("us/request", "ratio", "requests/s")],
        [
            [c.name, c.what]
            + [cell for load in options.loads for cell in figure_cells(figures[load].get(c.name))]
            for c in chosen
        ],
    )
    settings = (
        f"{options.rounds} rounds of {options.requests} requests or {options.seconds:g} s on "
        f"{options.connections} connections; medians; {_sizes(options)}"
    )
    versions = environment.versions(PACKAGES)
    return Report("server", settings, versions, figures, [table], notes)


def _samples(command: list[str], cores: Cores, options: Options) -> dict[str, Sample]:
    """Start the server and measure it under each load; in between nothing is in flight."""
    port = free_port()
    with Child([*command, str(port)], cores.tested) as server:
        server.wait_until_listening(port)
        return {load: _under_load(server, port, load, cores, options) for load in options.loads}


def _under_load(server: Child, port: int, load: str, cores: Cores, options: Options) -> Sample:
    request = wire.request(load, port).encode()
    size = Load(options.connections, options.warmup, options.requests, options.seconds)
    return size.put_on(server, port, request, cores.other)


def _sizes(options: Options) -> str:
    sizes = [f"{load} {len(wire.request(load, 50000))}" for load in options.loads]
    return f"bytes a request: {', '.join(sizes)}"
