"""Fetches that are cancelled, at any point: what they had is given back."""

import asyncio
import os
import random
import threading

import pytest
from tests.httpclient.loops import EMPTY, eventually, settled, statistics
from tests.httpclient.scripted_server import OK, always, serve

from waterspout.httpclient import (
    AsyncHTTPClient,
    HTTPResponse,
)
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient
from waterspout.httpclient.errors import HTTPTimeoutError
from waterspout.net import AsyncNet


def test_to_cancel_frees_in_the_next_pass(run):
    async def main():
        with serve(lambda peer: peer.wait_for_end()) as server:
            client = AsyncHTTPClient(force_instance=True, max_clients=1)
            running = client.fetch(server.url)
            waiting = client.fetch(server.url)
            await eventually(lambda: server.connections)
            assert statistics(client) == {"used": 1, "idle": 0, "waiting": 1}
            assert waiting.cancel()
            assert waiting.cancelled()
            await asyncio.sleep(0)
            assert statistics(client) == {"used": 1, "idle": 0, "waiting": 0}
            assert running.cancel()
            assert running.cancelled()
            assert not running.cancel()
            await asyncio.sleep(0)
            assert statistics(client) == EMPTY
            with pytest.raises(asyncio.CancelledError):
                await running
            client.close()

    run(main())


def test_a_slot_that_was_just_handed_over_is_not_lost(run):
    release = threading.Event()

    def hold(peer):
        peer.read_request()
        release.wait(10)
        peer.send(OK)
        peer.answer_all()

    async def main(server):
        client = AsyncHTTPClient(force_instance=True, max_clients=1)

        # It is called when the body has come. The second hears of it in the next pass of the loop,
        # and by then the slot was given to him, but he has not gone on yet.
        def cancel_second(data):
            second.cancel()

        first = client.fetch(server.url, streaming_callback=cancel_second)
        second: asyncio.Future[HTTPResponse]
        second, third = client.fetch(server.url), client.fetch(server.url)
        release.set()
        assert (await first).code == 200
        assert (await third).body == b"ok"
        assert second.cancelled()
        assert statistics(client) == {"used": 0, "idle": 1, "waiting": 0}
        client.close()

    with serve(hold) as server:
        run(main(server))
        assert server.connections == 1


@pytest.mark.parametrize("calls_back", [False, True])
def test_the_queue_has_a_deadline(run, calls_back):
    async def main(server):
        client = AsyncHTTPClient(force_instance=True, max_clients=1)
        first = client.fetch(server.url)
        callback = (lambda response: None) if calls_back else None
        second = client.fetch(server.url, callback=callback, request_timeout=0.05)
        if calls_back:
            error = (await second).error
        else:
            with pytest.raises(HTTPTimeoutError) as caught:
                await second
            error = caught.value
        assert "waiting in the queue (request_timeout 0.05 s)" in str(error)
        assert statistics(client) == {"used": 1, "idle": 0, "waiting": 0}
        first.cancel()
        await settled()
        client.close()

    with serve(lambda peer: peer.wait_for_end()) as server:
        run(main(server))


def test_a_timeout_around_it(run):
    async def main(server):
        client = AsyncHTTPClient(force_instance=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.fetch(server.url), 0.05)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.fetch(server.url)
        assert statistics(client) == EMPTY
        client.close()

    with serve(lambda peer: peer.wait_for_end()) as server:
        run(main(server))


def test_a_callback_cancels_its_own_fetch(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        futures: list[asyncio.Future[HTTPResponse]] = []
        future = client.fetch(server.url, streaming_callback=lambda data: futures[0].cancel())
        futures.append(future)
        with pytest.raises(asyncio.CancelledError):
            await future
        assert statistics(client)["used"] == 0
        client.close()

    run(main())


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="descriptors can't be counted")
@pytest.mark.parametrize("is_streaming", [False, True])
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(100, marks=pytest.mark.slow),
        pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.deep]),
    ],
)
def test_many_cancelled_at_random_leave_nothing(run, server, server_tls, is_streaming, rounds):
    chance = random.Random(2)

    async def take(data):
        await asyncio.sleep(0)

    async def main(urls):
        client = AsyncHTTPClient(
            force_instance=True, max_clients=4, max_clients_per_origin=3 if is_streaming else None
        )
        assert isinstance(client, SimpleAsyncHTTPClient)
        arguments = {"streaming_callback": take} if is_streaming else {}

        def fetch():
            return client.fetch(chance.choice(urls), validate_cert=False, **arguments)

        for url in urls:
            await client.fetch(url, validate_cert=False)
        await client.fetch(urls[0])
        before = descriptors()
        outcomes = {"done": 0, "cancelled": 0}
        for _ in range(rounds):
            futures = [fetch() for _ in range(10)]
            while not all(future.done() for future in futures):
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
                chance.choice(futures).cancel()
            for future in futures:
                outcomes["cancelled" if future.cancelled() else "done"] += 1
                assert future.cancelled() or future.result().code == 200
            await settled()
            assert statistics(client)["used"] == statistics(client)["waiting"] == 0
        assert outcomes["cancelled"] > 2 * rounds
        net = client._flow.net
        assert isinstance(net, AsyncNet)
        # Those of idle connections: nobody waits any more, and who waited has gone.
        assert net.gates <= 4
        await asyncio.gather(*[fetch() for _ in range(4)])
        client.close()
        await settled()
        await eventually(lambda: descriptors() <= before)

    with serve(always(), tls=server_tls) as secure:
        run(main([server.url, secure.url]))
