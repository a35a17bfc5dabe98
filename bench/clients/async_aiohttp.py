"""A ClientSession of aiohttp's on uvloop.

async_aiohttp.py URL WARMUP FETCHES SECONDS TASKS
"""

import aiohttp
import uvloop

from measure import Run


async def main(run: Run) -> None:
    """Measure one session, shared by all tasks."""
    async with aiohttp.ClientSession() as session:

        async def fetch() -> bytes:
            async with session.get(run.url) as response:
                return await response.read()

        await run.awaiting(fetch)


uvloop.run(main(Run.from_arguments()))
