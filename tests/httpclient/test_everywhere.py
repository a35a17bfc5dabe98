"""Fetches that end before their time, at any point of any way: what they had is given back."""

import asyncio
import os
import random
import threading
from collections import Counter
from functools import partial

import pytest
from tests.httpclient.loops import eventually, settled, statistics
from tests.httpclient.places import ENDLESS, everywhere, resolve, resolve_at_once
from tests.httpclient.scripted_server import eventually as at_last
from tests.httpclient.styles import Blocking

from waterspout.httpclient import AsyncHTTPClient, CookieJar, HTTPClientError, HTTPTimeoutError
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient
from waterspout.httpclient.errors import PHASES
from waterspout.net import AsyncNet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.path.exists("/proc/self/fd"), reason="descriptors can't be counted here"
    ),
]

SLOTS = 6


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def lookups() -> int:
    return sum(thread.name.startswith("waterspout resolves") for thread in threading.enumerate())


@pytest.mark.parametrize("rounds", [100, pytest.param(1000, marks=pytest.mark.deep)])
def test_cancelled_anywhere(run, server_tls, tmp_path, rounds):
    """Ten at a time, in a pool that is too small for them, so some are in the queue."""
    chance = random.Random(rounds)

    async def pause() -> None:
        for _ in range(chance.choice((0, 1, 2, 4, 8, 16, 64, 256))):
            await asyncio.sleep(0)

    async def stream(client, url, arguments) -> object:
        async with client.stream(url, **arguments) as answer:
            async for _ in answer.iter_bytes():
                await asyncio.sleep(0)
            return answer

    async def main(ways) -> None:
        before = descriptors() + 1  # uvloop opens /dev/null for itself, when it gets to it
        client = AsyncHTTPClient(
            force_instance=True,
            max_clients=SLOTS,
            max_clients_per_origin=SLOTS - 1,
            resolver=resolve,
            validate_cert=False,
            cookie_jar=CookieJar(),
        )
        assert isinstance(client, SimpleAsyncHTTPClient)
        tasks = asyncio.all_tasks()
        outcomes: Counter[tuple[str, str]] = Counter()
        names = sorted(ways)

        def begin(name) -> asyncio.Future:
            url, arguments = ways[name]
            if chance.random() < 0.2:
                return asyncio.ensure_future(stream(client, url, arguments))
            return client.fetch(url, raise_error=False, **arguments)

        for _ in range(rounds):
            chosen = [chance.choice(names) for _ in range(10)]
            futures = [begin(name) for name in chosen]
            while not all(future.done() for future in futures):
                await pause()
                chance.choice(futures).cancel()
            for name, future in zip(chosen, futures, strict=True):
                outcomes[name, "cancelled" if future.cancelled() else "done"] += 1
                if not future.cancelled() and (error := future.exception()) is not None:
                    assert isinstance(error, HTTPClientError), (name, error)
            await settled()
            assert statistics(client)["used"] == statistics(client)["waiting"] == 0
        for name in names if rounds >= 1000 else ():
            assert outcomes[name, "cancelled"], name
            assert bool(outcomes[name, "done"]) is not name.startswith(ENDLESS), name
        net = client._flow.net
        assert isinstance(net, AsyncNet)
        assert net.gates <= SLOTS
        assert asyncio.all_tasks() == tasks
        if hasattr(client._flow, "_connector"):  # Compiled it is hidden.
            assert not client._flow._connector._names._questions
        # All slots are there.
        answers = await asyncio.gather(*[client.fetch(ways["plain"][0]) for _ in range(SLOTS)])
        assert [answer.body for answer in answers] == [b"ok"] * SLOTS
        client.close()
        assert net.gates == 0
        await eventually(lambda: descriptors() <= before)

    with everywhere(server_tls, tmp_path) as ways:
        run(main(ways))


@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=pytest.mark.deep)])
def test_out_of_time_anywhere(make_client, server_tls, tmp_path, rounds):
    """Each way with all kinds of time that is too short for it."""
    chance = random.Random(rounds)
    phases: Counter[str | None] = Counter()
    with everywhere(server_tls, tmp_path) as ways:
        client = make_client(
            max_clients=SLOTS, resolver=resolve, validate_cert=False, cookie_jar=CookieJar()
        )
        if isinstance(client, Blocking):
            client = make_client(max_clients=SLOTS, resolver=resolve_at_once, validate_cert=False)
            ways = {name: way for name, way in ways.items() if "awaited" not in name}
        before = descriptors() + 1  # uvloop opens /dev/null for itself, when it gets to it
        for name in sorted(ways) * rounds:
            url, arguments = ways[name]
            which = chance.choice(("request_timeout", "connect_timeout", "read_timeout"))
            limits = {"request_timeout": 0.05, which: chance.random() * 0.02}
            try:
                client.fetch(url, raise_error=False, **arguments, **limits)
            except HTTPTimeoutError as error:
                phases[error.phase] += 1
                told = {error.timeout} <= limits.keys() and error.url is not None
            except HTTPClientError:
                told = name == "reset and retry"
            else:
                told = not name.startswith(ENDLESS)
            assert told, name
            client.let_notice()
            pool = client.flow.pool.statistics
            assert pool["used"] == pool["waiting"] == 0, name
        assert phases.keys() <= PHASES.keys()
        assert {"connect", "proxy", "tls", "wait", "read"} <= phases.keys()
        assert client.fetch(ways["plain"][0]).body == b"ok"
        client.client.close()
        client.let_notice()
        at_last(partial(_is_as_before, client, before))


def _is_as_before(client, before: int) -> bool:
    client.let_notice()
    return descriptors() <= before
