"""pyreqwest's Client on uvloop.

async_pyreqwest.py URL WARMUP FETCHES SECONDS TASKS
"""

import uvloop
from pyreqwest.client import ClientBuilder

from measure import Run


async def main(run: Run) -> None:
    """Measure one client, shared by all tasks."""
    async with ClientBuilder().build() as client:

        async def fetch() -> bytes:
            response = await client.get(run.url).build().send()
            return (await response.bytes()).to_bytes()

        await run.awaiting(fetch)


uvloop.run(main(Run.from_arguments()))
