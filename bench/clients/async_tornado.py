"""Tornado's AsyncHTTPClient on uvloop.

async_tornado.py URL WARMUP FETCHES SECONDS TASKS
"""

import uvloop
from tornado.httpclient import AsyncHTTPClient

from measure import Run


async def main(run: Run) -> None:
    """Measure one client, shared by all tasks."""
    # A body that is streamed is measured as well by the bound for those that are held.
    limits = {"max_body_size": run.size, "max_buffer_size": run.size} if run.is_streamed else {}
    client = AsyncHTTPClient(force_instance=True, max_clients=run.tasks, **limits)

    async def fetch() -> bytes:
        return (await client.fetch(run.url, ca_certs=run.authority)).body

    async def stream() -> int:
        sizes: list[int] = []
        await client.fetch(
            run.url,
            streaming_callback=lambda piece: sizes.append(len(piece)),
            request_timeout=run.seconds,
        )
        return sum(sizes)

    await run.awaiting(fetch, stream)


uvloop.run(main(Run.from_arguments()))
