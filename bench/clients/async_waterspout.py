"""waterspout's AsyncHTTPClient on uvloop.

async_waterspout.py URL WARMUP FETCHES SECONDS TASKS
"""

import uvloop

from measure import Run
from waterspout.httpclient import AsyncHTTPClient


async def main(run: Run) -> None:
    """Measure one client, shared by all tasks."""
    client = AsyncHTTPClient(
        force_instance=True, max_clients=max(run.tasks, run.kept), ca_certs=run.authority
    )

    async def fetch() -> bytes:
        return (await client.fetch(run.url)).body

    async def stream() -> int:
        async with client.stream(run.url) as response:
            return sum([len(piece) async for piece in response.iter_bytes()])

    await run.awaiting(fetch, stream)


uvloop.run(main(Run.from_arguments()))
