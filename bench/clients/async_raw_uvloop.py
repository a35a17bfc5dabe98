"""The floor of the asynchronous clients: uvloop protocols that parse nothing.

async_raw_uvloop.py URL WARMUP FETCHES SECONDS TASKS
"""

import asyncio
from dataclasses import dataclass
from typing import cast

import uvloop

from measure import BODY, Run

run = Run.from_arguments()
REQUEST = run.request


@dataclass
class Tally:
    """What all connections together have still to do."""

    to_send: int
    busy_connections: int
    over: asyncio.Future[None]
    errors: int = 0


class Raw(asyncio.Protocol):
    """One connection: one read is one answer, and brings the next request about."""

    tally: Tally
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what the requests are written to."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Count the answer and ask again."""
        tally = self.tally
        tally.errors += not data.endswith(BODY)
        if tally.to_send > 0:
            tally.to_send -= 1
            self.transport.write(REQUEST)
        else:
            tally.busy_connections -= 1
            if not tally.busy_connections:
                tally.over.set_result(None)


async def ask(connections: list[Raw], count: int) -> int:
    """Have `count` requests answered, at least one by each connection; the number of errors."""
    over = asyncio.get_running_loop().create_future()
    tally = Tally(count - len(connections), len(connections), over)
    for connection in connections:
        connection.tally = tally
        connection.transport.write(REQUEST)
    await over
    return tally.errors


async def main() -> None:
    """Warm up, then measure."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Raw, "127.0.0.1", run.port) for _ in range(run.tasks)]
    connections = [protocol for _, protocol in made]
    await ask(connections, run.warmup)
    run.begin()
    errors = await ask(connections, run.fetches)
    run.end(run.fetches, errors)


uvloop.run(main())
