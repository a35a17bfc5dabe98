"""A ClientSession of aiohttp's on uvloop.

async_aiohttp.py URL WARMUP FETCHES SECONDS TASKS
"""

import ssl

import aiohttp
import uvloop

from measure import Run


async def main(run: Run) -> None:
    """Measure one session, shared by all tasks."""
    trusted = ssl.create_default_context(cafile=run.authority) if run.authority else True
    connector = aiohttp.TCPConnector(ssl=trusted)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def fetch() -> bytes:
            async with session.get(run.url) as response:
                return await response.read()

        async def stream() -> int:
            async with session.get(run.url) as response:
                return sum([len(piece) async for piece in response.content.iter_any()])

        await run.awaiting(fetch, stream)


uvloop.run(main(Run.from_arguments()))
