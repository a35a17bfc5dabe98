"""waterspout's AsyncHTTPClient on uvloop.

async_waterspout.py URL WARMUP FETCHES SECONDS TASKS
"""

import uvloop

from measure import Run
from waterspout.httpclient import AsyncHTTPClient


async def main(run: Run) -> None:
    """Measure one client, shared by all tasks."""
    client = AsyncHTTPClient(force_instance=True, max_clients=max(run.tasks, run.origins))

    async def fetch() -> bytes:
        return (await client.fetch(run.url)).body

    await run.awaiting(fetch)


uvloop.run(main(Run.from_arguments()))
