"""A list of URLs, fetched by a plain program with an AsyncHTTPClient; it writes no results.

urls_loop.py FILE TASKS RESULTS
"""

import asyncio
import sys

from waterspout.httpclient import AsyncHTTPClient
from waterspout.ioloop import run


async def main(path: str, tasks: int) -> None:
    """Fetch all of the list with one client, and look at nothing but the body's size."""
    client = AsyncHTTPClient(force_instance=True, max_clients=tasks)
    with open(path) as lines:

        async def work() -> None:
            for line in lines:
                size = len((await client.fetch(line.strip(), raise_error=False)).body)
                assert size, line

        await asyncio.gather(*(work() for _ in range(tasks)))
    client.close()


run(main(sys.argv[1], int(sys.argv[2])))
