"""The command line of bench/run, as a value."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import candidates
import wire

DESCRIPTION = "CPU time a request and requests a second, of waterspout and of its peers."


CANDIDATES = {
    "server": candidates.SERVERS,
    "client": candidates.BLOCKING + candidates.ASYNCHRONOUS,
    "web": candidates.FRAMEWORKS,
    "soak": (),
    "toolbox": (),
}

# Cases of the clients that say themselves what is fetched.
OF_ITS_OWN = ("bodies", "urls")


@dataclass(frozen=True)
class Options:
    """What to measure, how often, and what to do with the result."""

    case: str
    requests: int
    seconds: float
    rounds: int
    connections: int
    only: tuple[str, ...]
    loads: tuple[str, ...]
    is_quick: bool
    is_markdown: bool
    is_whole: bool  # Nothing is left out or shortened: the result may be recorded.
    json: Path | None

    @property
    def warmup(self) -> int:
        """Requests before the clocks start: at least one on each connection."""
        return max(self.connections, min(2000, self.requests // 10))


def parse(arguments: list[str] | None = None) -> Options:
    """The options of this command line; ends the program if it makes no sense."""
    parser = argparse.ArgumentParser(prog="bench/run", description=DESCRIPTION)
    parser.add_argument("side", choices=("server", "client", "web", "toolbox", "soak"))
    parser.add_argument(
        "--case",
        choices=("load", "bodies", "urls", "idle", "start"),
        default="load",
        help="bodies: long bodies, TLS and many origins; urls: a long list (both: client only); "
        "idle: memory of 10,000 idle connections; start: time to import (both: server only)",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter; not recorded")
    parser.add_argument("--requests", type=int, help="requests (fetches) a round")
    parser.add_argument("--seconds", type=float, help="how long the soak takes, 300 by default")
    parser.add_argument("--connections", type=int, help="connections (tasks), 32 by default")
    parser.add_argument("--only", default="", metavar="NAME,NAME", help="these candidates")
    parser.add_argument("--load", choices=tuple(wire.LOADS), help="one kind of request")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there")
    given = parser.parse_args(arguments)
    side = {"load": given.side, "bodies": "client", "urls": "client"}.get(given.case, "server")
    if given.side != side:
        parser.error(f"--case {given.case} is a case of the {side}")
    if given.case in OF_ITS_OWN and (given.load or given.requests or given.connections):
        parser.error(f"the case of {given.case} has loads of its own")
    if given.case == "urls" and given.only:
        parser.error("the case of urls has candidates of its own")
    if given.side in ("web", "toolbox") and (given.load or given.requests or given.connections):
        parser.error(f"the {given.side} case has loads of its own")
    if given.seconds and given.side != "soak":
        parser.error("--seconds is for the soak")
    is_server = given.side == "server"
    only = tuple(name for name in given.only.split(",") if name)
    unknown = sorted(set(only) - {candidate.name for candidate in CANDIDATES[given.side]})
    if unknown:
        parser.error(f"no such candidate: {', '.join(unknown)}")
    is_cut = (
        given.quick or only or given.load or given.requests or given.connections or given.seconds
    )
    connections = given.connections or (10_000 if given.case == "idle" else 32)
    usual_requests = (10_000 if given.quick else 50_000) if is_server else 10_000
    return Options(
        case=given.side if given.case == "load" else given.case,
        requests=max(connections, given.requests or usual_requests),
        seconds=_seconds(given.side, given.seconds, given.quick),
        rounds=3 if given.quick else 5,
        connections=connections,
        only=only,
        loads=(given.load,) if given.load else tuple(wire.LOADS),
        is_quick=given.quick,
        is_markdown=given.markdown,
        is_whole=not is_cut,
        json=given.json,
    )


def _seconds(side: str, given: float | None, is_quick: bool) -> float:
    """How long a round of the load takes, or the soak."""
    if side == "soak":
        return given or (30.0 if is_quick else 300.0)
    return 0.5 if is_quick else 2.0
