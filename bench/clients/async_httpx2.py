"""httpx2's AsyncClient on uvloop.

async_httpx2.py URL WARMUP FETCHES SECONDS TASKS
"""

import httpx2
import uvloop

from measure import Run


async def main(run: Run) -> None:
    """Measure one client, shared by all tasks."""
    async with httpx2.AsyncClient() as client:

        async def fetch() -> bytes:
            return (await client.get(run.url)).content

        await run.awaiting(fetch)


uvloop.run(main(Run.from_arguments()))
