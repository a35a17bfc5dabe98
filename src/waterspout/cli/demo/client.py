"""The client of the demonstration: a fetch that blocks, one with a callback, ten that are awaited.

Each function plays its part and returns when it is over. What it measures goes into a `Fetch`.
"""

import asyncio
import time
from collections.abc import Callable

from waterspout.cli.demo.records import Fetch
from waterspout.httpclient import AsyncHTTPClient, HTTPClient, HTTPResponse
from waterspout.ioloop import PeriodicCallback

__all__ = ["TEN", "fetch_and_block", "fetch_ten", "fetch_with_callback", "uri"]

#: As many as `AsyncHTTPClient` fetches at the same time, if it isn't told otherwise.
TEN = 10


def uri(path: str, fetch: Fetch) -> str:
    """Return what the server is asked for, different for each fetch."""
    return f"{path}?{fetch.number}"


def fetch_and_block(address: str, path: str, fetch: Fetch, patience: float) -> str:
    """Fetch; return the answer when it is there."""
    with HTTPClient() as client:
        fetch.asked = time.monotonic()
        response = client.fetch(address + uri(path, fetch), request_timeout=patience)
    fetch.answered = time.monotonic()
    return response.body.decode()


async def fetch_with_callback(
    address: str,
    path: str,
    fetch: Fetch,
    patience: float,
    on_return: Callable[[], None],
    on_tick: Callable[[], None],
    interval: float,
) -> str:
    """Fetch; call ``on_return`` as soon as the client lets go, then ``on_tick`` every
    ``interval`` seconds until the answer is there, and return that.
    """
    is_answered = asyncio.Event()
    answers: list[HTTPResponse] = []

    def handle(response: HTTPResponse) -> None:
        fetch.answered = time.monotonic()
        answers.append(response)
        is_answered.set()

    client = AsyncHTTPClient()
    fetch.asked = time.monotonic()
    client.fetch(address + uri(path, fetch), callback=handle, request_timeout=patience)
    on_return()
    ticks = PeriodicCallback(on_tick, 1000 * interval)
    ticks.start()
    try:
        await is_answered.wait()
    finally:
        ticks.stop()
    answers[0].rethrow()
    return answers[0].body.decode()


async def fetch_ten(address: str, path: str, fetches: list[Fetch], patience: float) -> None:
    """Fetch ten times at once; ``fetches`` is filled from the first question on."""
    client = AsyncHTTPClient()

    async def fetch_one(fetch: Fetch) -> None:
        await client.fetch(address + uri(path, fetch), request_timeout=patience)
        fetch.answered = time.monotonic()

    fetches += [Fetch(number, asked=time.monotonic()) for number in range(1, TEN + 1)]
    await asyncio.gather(*map(fetch_one, fetches))
