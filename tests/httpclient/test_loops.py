"""One client for each loop, or for several; what it does there by and by."""

import asyncio
import gc
import os
import socket
import threading

import pytest
import uvloop
from tests.httpclient.loops import EMPTY, eventually, settled, statistics
from tests.httpclient.scripted_server import OK, always, serve

from waterspout.httpclient import (
    AsyncHTTPClient,
)
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient
from waterspout.ioloop import IOLoop


def test_one_client_for_each_loop(run):
    clients = []

    async def main():
        client = AsyncHTTPClient()
        assert client is AsyncHTTPClient()
        assert client is AsyncHTTPClient(max_clients=3)
        assert type(client) is SimpleAsyncHTTPClient
        assert client is not SimpleAsyncHTTPClient()
        assert client is not AsyncHTTPClient(force_instance=True)
        assert client.io_loop is IOLoop.current()
        clients.append(client)
        if len(clients) == 1:
            client.close()
            client.close()
            assert AsyncHTTPClient() is not client
            with pytest.raises(RuntimeError, match="closed"):
                client.fetch("http://127.0.0.1:1/")

    run(main())
    run(main())
    assert clients[0] is not clients[1]


def test_a_client_in_one_loop_after_the_other(run, server, client_of_no_loop):
    client = client_of_no_loop
    streams = []

    async def main():
        assert (await client.fetch(server.url)).body == b"ok"
        assert (await client.fetch(server.url)).body == b"ok"
        assert client.io_loop is IOLoop.current()
        called = asyncio.get_running_loop().create_future()
        client.fetch(server.url, callback=called.set_result)
        assert (await called).body == b"ok"
        streams.append(client._flow.pool.idle[0].stream)

    for number in (1, 2, 3):
        run(main())
        assert server.connections == number
    # The last one is alive as long as nobody asks for another: but its loop took it along.
    for stream in streams:
        with pytest.raises(ConnectionError):
            stream.read_now()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.fetch(server.url)
    assert not client._flows


@pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")
def test_a_loop_that_is_closed_without_a_word(server, client_of_no_loop):
    """What is idle, and what is under way, goes when the client comes to another loop.

    That a loop was closed with transports open asyncio tells by itself.
    """

    def listen(peer):
        peer.read_request()
        peer.wait_for_end()

    with serve(listen) as silent:
        client = client_of_no_loop
        assert isinstance(client, SimpleAsyncHTTPClient)

        async def leave():
            await client.fetch(server.url)
            future = client.fetch(silent.url)
            await eventually(lambda: silent.requests)
            return client._flow, future

        first = asyncio.new_event_loop()
        flow, future = first.run_until_complete(leave())
        (idle,) = flow.pool.idle
        first.close()

        async def go_on():
            assert (await client.fetch(server.url)).body == b"ok"
            assert first not in client._flows

        asyncio.run(go_on())
        assert flow.pool.statistics == EMPTY
        assert future.cancelled()
        with pytest.raises(ConnectionError):
            idle.stream.read_now()
        client.close()
        del flow, idle, future
        gc.collect()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
def test_a_loop_that_is_closed_while_something_connects(client_of_no_loop):
    """What is closed then is not what has got the same descriptor since. Of uvloop's, which closes
    descriptors with itself; asyncio's complain of Tasks that are left.
    """
    client = client_of_no_loop
    assert isinstance(client, SimpleAsyncHTTPClient)

    async def leave(passes):
        fetches = [client.fetch(url) for _ in range(3)]
        for _ in range(passes):
            await asyncio.sleep(0)
        return fetches

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for passes in range(5):
            loop = uvloop.new_event_loop()
            fetches = loop.run_until_complete(leave(passes))
            loop.close()
            others = [os.open(os.devnull, os.O_RDONLY) for _ in range(40)]
            client._flow_here()  # As in another loop: what was left in this one is closed.
            del loop, fetches
            gc.collect()
            for descriptor in others:
                os.close(descriptor)  # OSError, if it was closed


def test_a_client_in_two_loops_at_once(server, client_of_no_loop):
    client = client_of_no_loop
    both = threading.Barrier(2, timeout=20)
    bodies = []

    async def main():
        for _ in range(20):
            both.wait()  # The loops take turns.
            bodies.append((await client.fetch(server.url)).body)

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [b"ok"] * 40
    assert server.connections == 2
    client.close()


def test_a_loop_that_another_thread_runs(server):
    loop = asyncio.new_event_loop()

    async def make():
        return AsyncHTTPClient(force_instance=True)

    client = loop.run_until_complete(make())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(settled(), loop).result(20)
    with pytest.raises(RuntimeError, match="another thread runs"):
        client.fetch(server.url)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    client.close()
    loop.run_until_complete(settled())
    loop.close()


def test_the_limits_of_an_origin(run):
    release = threading.Event()

    def hold(peer):
        peer.read_request()
        release.wait(10)
        peer.send(OK)
        peer.answer_all()

    async def main(slow, server):
        client = AsyncHTTPClient(force_instance=True, max_clients=3, max_clients_per_origin=2)
        futures = [client.fetch(slow.url) for _ in range(5)]
        await eventually(lambda: len(slow.requests) == 2)
        assert statistics(client) == {"used": 2, "idle": 0, "waiting": 3}
        assert (await client.fetch(server.url)).body == b"ok"
        futures.pop().cancel()
        await settled()
        release.set()
        assert [response.body for response in await asyncio.gather(*futures)] == [b"ok"] * 4
        assert slow.connections == 2
        client.close()

    with serve(hold) as slow, serve(always()) as server:
        run(main(slow, server))


def test_what_is_idle_is_closed_by_and_by(run, server, monkeypatch):
    monkeypatch.setattr("waterspout.httpclient.flow._WATCH_INTERVAL", 0.01)
    ended = threading.Event()

    def once(peer):
        peer.answer()
        ended.wait(10)

    async def main(ending):
        client = AsyncHTTPClient(force_instance=True, idle_timeout=0)
        await client.fetch(server.url)
        await client.fetch(ending.url)
        assert statistics(client)["idle"] == 2
        ended.set()
        # The server has ended one of them.
        await eventually(lambda: statistics(client)["idle"] == 1)
        client.close()
        client = AsyncHTTPClient(force_instance=True, idle_timeout=0.02)
        await client.fetch(server.url)
        await eventually(lambda: statistics(client) == EMPTY)
        client.close()

    with serve(once) as ending:
        run(main(ending))
