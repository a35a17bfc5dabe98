"""httpx2's AsyncClient on uvloop.

async_httpx2.py URL WARMUP FETCHES SECONDS TASKS
"""

import ssl

import httpx2
import uvloop

from measure import Run


async def main(run: Run) -> None:
    """Measure one client, shared by all tasks."""
    verify = ssl.create_default_context(cafile=run.authority) if run.authority else True
    async with httpx2.AsyncClient(verify=verify) as client:

        async def fetch() -> bytes:
            return (await client.get(run.url)).content

        async def stream() -> int:
            async with client.stream("GET", run.url) as response:
                return sum([len(piece) async for piece in response.aiter_bytes()])

        await run.awaiting(fetch, stream)


uvloop.run(main(Run.from_arguments()))
