"""The client case: every client against the C floor server, one core for it and one for the floor.

Blocking clients fetch one after the other; asynchronous ones in as many tasks as there are
connections. The client itself reads its clocks, around the loop of fetches alone.
"""

from __future__ import annotations

import functools
import json

import candidates
import environment
from options import Options
from processes import Child, Cores, ProcessError, free_port
from report import Report, Table, figure_cells
from rounds import Rounds, Sample, remarks

PACKAGES = ["uvloop", "pycurl", "pyreqwest", "urllib3", "httpx2", "requests", "aiohttp", "tornado"]

GROUPS = {"blocking": candidates.BLOCKING, "asynchronous": candidates.ASYNCHRONOUS}


def measure(options: Options) -> Report:
    """Run the case."""
    cores = Cores.available()
    port = free_port()
    rounds = {group: Rounds() for group in GROUPS}
    chosen = {group: candidates.choose(all_, options.only) for group, all_ in GROUPS.items()}
    with Child([*candidates.PARTNER.command(), str(port)], cores.other) as server:
        server.wait_until_listening(port)
        for group in GROUPS:
            rounds[group].run(
                chosen[group],
                options.rounds,
                functools.partial(_samples, group=group, port=port, cores=cores, options=options),
            )
    figures = {group: rounds[group].figures(group, GROUPS[group][0].name) for group in GROUPS}
    notes = [f"{group}, {note}" for group in GROUPS for note in rounds[group].notes]
    for group in GROUPS:
        notes += remarks(group, figures[group])
    tables = [
        Table(
            f"Client, {group}: CPU time of the client's process",
            ["candidate", "what", "us/fetch", "ratio", "fetches/s"],
            [[c.name, c.what, *figure_cells(figures[group].get(c.name))] for c in chosen[group]],
        )
        for group in GROUPS
    ]
    settings = (
        f"{options.rounds} rounds of {options.requests} fetches or {options.seconds:g} s; "
        f"asynchronous on uvloop in {options.connections} tasks; medians"
    )
    versions = environment.versions(PACKAGES)
    return Report("client", settings, versions, figures, tables, notes)


def _samples(
    command: list[str], group: str, port: int, cores: Cores, options: Options
) -> dict[str, Sample]:
    arguments = (options.warmup, options.requests, options.seconds, options.connections)
    url = f"http://127.0.0.1:{port}/"
    full_command = [*command, url, *map(str, arguments)]
    with Child(full_command, cores.tested, is_talking=True) as client:
        counted = json.loads(client.hear(2 * options.seconds + 20))
    if not counted["requests"]:
        raise ProcessError(f"{counted['errors']} errors and no good answer")
    return {group: Sample(**counted)}
