"""The idle case: how much memory many idle keep-alive connections take.

A server answers one request on each connection, all stay open, and its resident memory is compared
with what it was before, warmed up. The kernel's own memory for the sockets is not in that figure.
"""

from __future__ import annotations

import select
import socket
import time
from contextlib import ExitStack
from typing import TypedDict

import candidates
import environment
import wire
from environment import MissingError
from options import Options
from processes import Child, Cores, ProcessError, free_port, raise_descriptor_limit
from report import Report, Table

USUAL = ("waterspout", "tornado")
WARMUP = 100
SETTLE_SECONDS = 1.0
SPARE_DESCRIPTORS = 100


class Growth(TypedDict):
    """What one server came to."""

    before_mb: float
    growth_mb: float
    kb_a_connection: float
    open_connections: int


def measure(options: Options) -> Report:
    """Run the case."""
    cores = Cores.available()
    count = min(options.connections, raise_descriptor_limit() - SPARE_DESCRIPTORS)
    names = options.only or USUAL
    chosen = [c for c in candidates.SERVERS if c.name in names]
    results: dict[str, Growth] = {}
    notes = []
    if count < options.connections:
        notes.append(f"the limit of open files allows {count} connections only")
    for candidate in chosen:
        try:
            results[candidate.name] = _growth(candidate.command(), cores, count)
        except (MissingError, ProcessError, OSError) as error:
            notes.append(f"{candidate.name}: {error}")
    table = Table(
        f"Resident memory of {count} idle connections",
        ["candidate", "what", "MB before", "MB more", "KB a connection", "still open"],
        [[c.name, c.what, *_cells(results.get(c.name))] for c in chosen],
    )
    versions = environment.versions(["uvloop", *sorted({c.split("-")[0] for c in names})])
    return Report("idle", "one request on each connection", versions, results, [table], notes)


def _growth(command: list[str], cores: Cores, count: int) -> Growth:
    port = free_port()
    with Child([*command, str(port)], cores.tested) as server, ExitStack() as stack:
        server.wait_until_listening(port)
        for _ in range(WARMUP):
            _open(port).close()
        time.sleep(SETTLE_SECONDS)
        before = server.resident_bytes()
        poll = select.poll()
        for _ in range(count):
            poll.register(stack.enter_context(_open(port)), select.POLLIN)
        time.sleep(SETTLE_SECONDS)
        growth = server.resident_bytes() - before
        # Nothing was asked, so what can be read is the end of a connection that the server closed.
        closed = len(poll.poll(0))
    return {
        "before_mb": round(before / 1e6, 1),
        "growth_mb": round(growth / 1e6, 1),
        "kb_a_connection": round(growth / count / 1e3, 2),
        "open_connections": count - closed,
    }


def _open(port: int) -> socket.socket:
    """A connection to the server, after one request and its answer."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(wire.request("browser", port).encode())
    answer = b""
    while not answer.endswith(b"Hello, world"):
        received = connection.recv(65536)
        if not received:
            raise ProcessError("closed a connection before it had answered")
        answer += received
    return connection


def _cells(growth: Growth | None) -> list[str]:
    return [f"{value:,}" for value in growth.values()] if growth else ["-"] * 4
