"""Clients that are closed, forgotten, or left to the end of the program."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref

import pytest
from tests.httpclient.loops import EMPTY, eventually, settled, statistics
from tests.httpclient.scripted_server import OK, serve

from waterspout.httpclient import (
    AsyncHTTPClient,
)
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient
from waterspout.httpclient.errors import HTTPTimeoutError


def test_a_client_that_is_forgotten(run, server):
    async def main():
        client = SimpleAsyncHTTPClient(force_instance=True)
        await client.fetch(server.url)
        stream = client._flow.pool.idle[0].stream
        gone = weakref.ref(client)
        del client
        gc.collect()
        assert gone() is None
        await settled()
        with pytest.raises(ConnectionError):
            stream.read_now()

    run(main())


def test_a_client_that_is_forgotten_while_its_loop_does_not_run(server):
    loop = asyncio.new_event_loop()

    async def main():
        client = SimpleAsyncHTTPClient(force_instance=True)
        await client.fetch(server.url)
        return client

    client = loop.run_until_complete(main())
    stream = client._flow.pool.idle[0].stream
    del client
    gc.collect()
    assert stream.is_quiet(ask=False)
    loop.run_until_complete(settled())
    assert not stream.is_quiet(ask=False)
    loop.close()


@pytest.mark.slow
def test_what_is_under_way_when_a_client_is_closed(run):
    release = threading.Event()

    def hold(peer):
        peer.read_request()
        release.wait(10)
        peer.send(OK)
        peer.wait_for_end()

    async def main(server):
        client = AsyncHTTPClient(force_instance=True)
        good, late = client.fetch(server.url), client.fetch(server.url, request_timeout=0.7)
        await eventually(lambda: len(server.requests) == 2)
        client.close()
        with pytest.raises(HTTPTimeoutError):
            await late
        release.set()
        assert (await good).body == b"ok"
        assert statistics(client) == EMPTY

    with serve(hold) as server:
        run(main(server))


def test_a_client_that_is_forgotten_in_the_middle(run, server):
    async def main():
        future = AsyncHTTPClient(force_instance=True).fetch(server.url)
        gc.collect()
        assert (await future).body == b"ok"

    run(main())


PROGRAM = """
import asyncio, sys
import {loop} as loops
from waterspout.httpclient import AsyncHTTPClient, HTTPClient

kept = HTTPClient()
kept.fetch(sys.argv[1])
HTTPClient().fetch(sys.argv[1])

async def main():
    # In asyncio's debug mode, and on a busy machine, it is told of what is slow.
    asyncio.get_running_loop().slow_callback_duration = 60
    await AsyncHTTPClient().fetch(sys.argv[1])
    await AsyncHTTPClient(force_instance=True).fetch(sys.argv[1])
    global another
    another = AsyncHTTPClient(force_instance=True)
    await another.fetch(sys.argv[1])
    unfinished = another.fetch(sys.argv[1])

with asyncio.Runner(loop_factory=loops.new_event_loop) as runner:
    runner.run(main())
print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("argument", ["-Xdev", "-Werror"])
def test_a_program_that_closes_nothing_ends_in_silence(server, loop, argument):
    ended = subprocess.run(
        [sys.executable, argument, "-c", PROGRAM.format(loop=loop), server.url],
        env={**os.environ, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
