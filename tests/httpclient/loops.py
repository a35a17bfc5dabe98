"""Loops to run clients in, and how to wait in them."""

import asyncio

import pytest
import uvloop
from tests.httpclient.scripted_server import always, serve

from waterspout.httpclient import AsyncHTTPClient
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient

__all__ = ["EMPTY", "client_of_no_loop", "eventually", "run", "server", "settled", "statistics"]

EMPTY = {"used": 0, "idle": 0, "waiting": 0}


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    """A function that runs a coroutine as `asyncio.run` does, on each kind of loop in turn."""

    def run(coroutine):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(coroutine)

    return run


@pytest.fixture
def server():
    with serve(always()) as server:
        yield server


@pytest.fixture
def client_of_no_loop():
    """A client that is made where no loop runs; the loop that it would wait for is closed."""
    client = AsyncHTTPClient(force_instance=True)
    loop = client.io_loop.asyncio_loop
    yield client
    client.close()
    if not loop.is_closed():
        loop.close()


def statistics(client: AsyncHTTPClient) -> dict[str, int]:
    assert isinstance(client, SimpleAsyncHTTPClient)
    return client._flow.pool.statistics


async def settled() -> None:
    """Let the loop do what is at hand."""
    for _ in range(5):
        await asyncio.sleep(0)


async def eventually(condition) -> None:
    """Let the loop run until another thread, or the loop, has made ``condition`` true."""
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come true")
