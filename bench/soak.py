"""The soak: minutes of mixed load on `waterspout serve`, a worker killed every 10 seconds.

One worker is spared, so that it can be seen what it comes to; the others are killed in turn, when
they are 20 seconds old. (Killed sooner, `serve` takes them for a crash loop, and starts them anew
after longer and longer pauses.)

Promised: no wrong answer; no request fails but those in the hands of a killed worker; the memory
and the descriptors of the worker that is spared, and of the parent, stay what they were.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import environment
from options import Options
from processes import Child, Cores, ProcessError, free_port
from report import Report, Table
from soakload import Clients, Kills, Tally

KILL_SECONDS = 10.0
SAMPLE_SECONDS = 0.5
SETTLE_SECONDS = 15.0
WORKERS = 3
CLIENTS_OF_A_KIND = 4
# What may come on top: the allocator's pools fill, a page here and there is touched for the first
# time. Short runs are still filling them.
MEMORY_GROWTH = 1.10
MEMORY_SPARE = 8e6


@dataclass
class Watched:
    """What one process had, sample by sample."""

    what: str
    pid: int
    resident: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    idle_descriptors: tuple[int, int] = (0, 0)  # before the load and after it

    def sample(self) -> None:
        """Look at it now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        self.resident.append(pages * os.sysconf("SC_PAGE_SIZE"))
        self.descriptors.append(_descriptors(self.pid))

    @property
    def memory(self) -> tuple[float, float]:
        """Medians of the second and of the last quarter of its life, in bytes."""
        quarter = max(1, len(self.resident) // 4)
        early = self.resident[quarter : 2 * quarter] or self.resident
        return statistics.median(early), statistics.median(self.resident[-quarter:])

    def broken(self) -> list[str]:
        """What it should not have."""
        early, late = self.memory
        found = []
        if late > early * MEMORY_GROWTH + MEMORY_SPARE:
            found.append(f"{self.what}: memory grew from {early / 1e6:.1f} to {late / 1e6:.1f} MB")
        before, after = self.idle_descriptors
        if after > before:
            found.append(f"{self.what}: {before} descriptors before the load, {after} after it")
        return found


@dataclass
class Soak:
    """What one run has found."""

    tallies: dict[str, Tally]
    watched: list[Watched]
    kills: int
    seconds: float

    def broken(self) -> list[str]:
        """The promises that were not kept."""
        found = [line for each in self.watched for line in each.broken()]
        for name, tally in self.tallies.items():
            if tally.wrong or tally.failed:
                reasons = "; ".join(tally.complaints)
                found.append(f"{name}: {tally.wrong} wrong, {tally.failed} failed: {reasons}")
            if not (tally.right or tally.given_up):
                found.append(f"{name}: no answer at all")
        return found


def measure(options: Options) -> Report:
    """Run the case."""
    soak = asyncio.run(_run(options.seconds))
    broken = soak.broken()
    load = Table(
        f"{soak.seconds:.0f} s of mixed load, {soak.kills} workers killed",
        ["client", "", "right", "wrong", "in killed hands", "failed", "given up"],
        [
            [name, "", *(f"{value:,}" for value in _counts(tally))]
            for name, tally in soak.tallies.items()
        ],
    )
    memory = Table(
        "What the processes had",
        ["process", "", "MB early", "MB late", "descriptors at most", "idle before", "idle after"],
        [
            [
                each.what,
                "",
                *(f"{value / 1e6:.1f}" for value in each.memory),
                str(max(each.descriptors)),
                *map(str, each.idle_descriptors),
            ]
            for each in soak.watched
        ],
    )
    return Report(
        "soak",
        f"{WORKERS} workers, {CLIENTS_OF_A_KIND} clients of each kind, a kill every"
        f" {KILL_SECONDS:g} s",
        environment.versions([]),
        {
            "seconds": round(soak.seconds, 1),
            "kills": soak.kills,
            "load": {name: asdict(tally) for name, tally in soak.tallies.items()},
            "processes": {
                each.what: {
                    "early_mb": round(each.memory[0] / 1e6, 1),
                    "late_mb": round(each.memory[1] / 1e6, 1),
                    "descriptors": each.idle_descriptors,
                }
                for each in soak.watched
            },
        },
        [load, memory],
        broken,
        is_broken=bool(broken),
    )


async def _run(seconds: float) -> Soak:
    port = free_port()
    cores = Cores.available()
    python = environment.checkout_python()
    command = [str(python), "-m", "waterspout", "serve", "soak_app:app", "--port", str(port)]
    command += ["--workers", str(WORKERS), "--access-log", "off"]
    with Child(command, cores.tested, cwd=environment.BENCH / "servers") as server:
        server.wait_until_listening(port)
        spared, *others = await _workers(server)
        watched = [Watched("the parent", server.pid), Watched("the spared worker", spared)]
        kills = Kills()
        clients = Clients(port, kills)
        before = [_descriptors(each.pid) for each in watched]
        begun = time.monotonic()
        load = asyncio.create_task(clients.run(CLIENTS_OF_A_KIND))
        next_kill = begun + KILL_SECONDS
        count = 0
        while (now := time.monotonic()) < begun + seconds and not load.done():
            await asyncio.sleep(SAMPLE_SECONDS)
            for each in watched:
                each.sample()
            if now >= next_kill:
                next_kill += KILL_SECONDS
                workers = set(await _workers(server)) - {spared}
                others = [*(pid for pid in others if pid in workers), *(workers - set(others))]
                oldest = others.pop(0)
                kills.pids.add(oldest)
                kills.last = time.monotonic()
                os.kill(oldest, signal.SIGKILL)
                count += 1
        spent = time.monotonic() - begun
        clients.stop.set()
        await load
        for each, idle in zip(watched, before, strict=True):
            each.idle_descriptors = (idle, await _settled(each.pid, idle))
    return Soak(clients.tallies, watched, count, spent)


def _counts(tally: Tally) -> tuple[int, ...]:
    return tally.right, tally.wrong, tally.killed, tally.failed, tally.given_up


def _descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


async def _workers(server: Child) -> list[int]:
    """The workers, when all are there."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        found = [pid for pid in server.members() if pid != server.pid]
        if len(found) >= WORKERS:
            return found
        await asyncio.sleep(0.05)
    raise ProcessError(f"has {len(found)} workers and not {WORKERS}")


async def _settled(pid: int, wanted: int) -> int:
    """The descriptors of a process once they are no more than wanted, or when time is up."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while _descriptors(pid) > wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    return _descriptors(pid)
