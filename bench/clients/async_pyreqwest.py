"""pyreqwest's Client on uvloop.

async_pyreqwest.py URL WARMUP FETCHES SECONDS TASKS
"""

from pathlib import Path

import uvloop
from pyreqwest.client import ClientBuilder

from measure import Run


async def main(run: Run) -> None:
    """Measure one client, shared by all tasks."""
    builder = ClientBuilder()
    if run.authority:
        builder = builder.add_root_certificate_pem(Path(run.authority).read_bytes())
    async with builder.build() as client:

        async def fetch() -> bytes:
            response = await client.get(run.url).build().send()
            return (await response.bytes()).to_bytes()

        async def stream() -> int:
            size = 0
            async with client.get(run.url).build_streamed() as response:
                while piece := await response.body_reader.read_chunk():
                    size += len(piece)
            return size

        await run.awaiting(fetch, stream)


uvloop.run(main(Run.from_arguments()))
