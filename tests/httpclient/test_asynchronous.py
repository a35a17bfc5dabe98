"""What only the client of a loop does: futures, callbacks, cancelling, one client for each loop."""

import asyncio
import gc
import gzip
import logging
import os
import random
import subprocess
import sys
import threading
import weakref

import pytest
import uvloop
from tests.httpclient.scripted_server import OK, always, response, serve

from waterspout.httpclient import (
    AsyncHTTPClient,
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    HTTPResponse,
)
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient
from waterspout.httpclient.errors import HTTPTimeoutError
from waterspout.ioloop import IOLoop
from waterspout.net import AsyncNet

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


# Futures


def test_it_is_started_at_once(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        future = client.fetch(server.url)
        assert asyncio.isfuture(future)
        assert not future.done()
        assert statistics(client)["used"] == 1
        response = await future
        assert response.body == b"ok"
        assert await client.fetch(server.url) is not response
        client.close()

    run(main())


def test_many_at_once(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True, max_clients=5)
        responses = await asyncio.gather(*[client.fetch(server.url) for _ in range(100)])
        assert {response.body for response in responses} == {b"ok"}
        assert statistics(client) == {"used": 0, "idle": 5, "waiting": 0}
        client.close()

    run(main())
    assert server.connections == 5


def test_a_future_that_nobody_awaits(run, server, caplog):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        client.fetch(server.url)
        await eventually(lambda: server.requests and not statistics(client)["used"])
        client.close()

    run(main())
    assert not caplog.records


def test_a_result_from_outside(run, server):
    """Nobody should, but then nothing must be left over."""

    async def main():
        client = AsyncHTTPClient(force_instance=True)
        future = client.fetch(server.url)
        future.set_result(HTTPResponse(HTTPRequest(server.url), 200))
        await eventually(lambda: not statistics(client)["used"])
        client.close()

    run(main())


def test_what_can_not_be_fetched_fails_at_once(run):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        future = client.fetch("ftp://example.org/")
        assert future.done()
        with pytest.raises(ValueError, match="unsupported URL scheme"):
            await future
        client.close()

    run(main())


# Cancelling


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


# Callbacks


def test_a_callback_is_called_once_and_later(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        called: list[HTTPResponse] = []
        future = client.fetch(server.url, callback=called.append)
        assert called == []
        response = await future
        await settled()
        assert called == [response]
        client.fetch("ftp://example.org/", called.append)
        assert len(called) == 1
        await settled()
        assert len(called) == 2
        assert called[1].code == 599
        assert isinstance(called[1].error, ValueError)
        client.close()

    run(main())


def test_a_callback_that_raises_is_logged(run, server, caplog):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        await client.fetch(server.url, callback=lambda response: 1 / 0)
        await settled()
        client.close()

    run(main())
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.name == "waterspout.application"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_callback_may_be_a_coroutine(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        heard = asyncio.Event()

        async def handle(response):
            await asyncio.sleep(0)
            heard.set()

        client.fetch(server.url, callback=handle)
        await asyncio.wait_for(heard.wait(), 10)
        client.close()

    run(main())


def test_a_cancelled_fetch_calls_nobody(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        called: list[HTTPResponse] = []
        assert client.fetch(server.url, callback=called.append).cancel()
        await settled()
        assert called == []
        client.close()

    run(main())


def test_fetch_first_and_start_the_loop_afterwards(server):
    io_loop = IOLoop()
    codes = []

    def handle(response):
        codes.append((response.code, str(response.error)))
        if len(codes) == 2:
            io_loop.stop()

    client = AsyncHTTPClient()
    client.fetch(server.url, callback=handle)
    client.fetch(server.url + "missing path", callback=handle)
    io_loop.start()
    assert sorted(code for code, _ in codes) == [200, 599]
    client.close()
    io_loop.run_sync(settled)
    io_loop.close()


# One client for each loop


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
    with serve(lambda peer: peer.wait_for_end()) as silent:
        client = client_of_no_loop
        assert isinstance(client, SimpleAsyncHTTPClient)

        async def leave():
            await client.fetch(server.url)
            future = client.fetch(silent.url)
            await eventually(lambda: silent.connections)
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


@pytest.fixture
def configure():
    yield AsyncHTTPClient.configure
    AsyncHTTPClient.configure(None)


def test_configured_arguments(run, server, configure):
    configure(None, defaults={"user_agent": "mine"}, max_clients=3)

    async def main():
        client = AsyncHTTPClient(force_instance=True)
        await client.fetch(server.url)
        client.close()

    run(main())
    assert server.last.headers["user-agent"] == "mine"
    with HTTPClient() as client:
        client.fetch(server.url)
        assert server.last.headers["user-agent"] == "mine"
        assert client._flow.pool.slots == 3


class Canned(AsyncHTTPClient):
    """An implementation of somebody else's."""

    def initialize(self, prefix="", defaults=None):  # type: ignore[override]
        super().initialize(defaults=defaults)
        self.prefix = prefix

    def fetch_impl(self, request, callback):
        if "broken" in request.url:
            error = ConnectionRefusedError(111, "refused")
            callback(HTTPResponse(request, 599, error=error))
            return
        self.io_loop.add_callback(
            callback,
            HTTPResponse(
                request, 404 if "missing" in request.url else 200, reason=request.user_agent
            ),
        )


@pytest.mark.parametrize("name", [Canned, f"{__name__}.Canned"])
def test_another_implementation(run, configure, monkeypatch, name):
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Canned.__module__])
    configure(name, prefix="x", defaults={"user_agent": "mine"})
    called: list[HTTPResponse] = []

    async def main():
        client = AsyncHTTPClient()
        assert isinstance(client, Canned)
        assert client.prefix == "x"
        request = HTTPRequest("http://x/")
        response = await client.fetch(request)
        assert response.reason == "mine"
        assert request.user_agent is None
        with pytest.raises(HTTPClientError):
            await client.fetch("http://x/missing")
        assert (await client.fetch("http://x/missing", raise_error=False)).code == 404
        with pytest.raises(ConnectionRefusedError):
            await client.fetch("http://x/broken", raise_error=False)
        await client.fetch("http://x/broken", called.append)
        await settled()
        assert called[0].code == 599
        client.close()

    run(main())
    with pytest.raises(TypeError, match="fetch_impl"):
        HTTPClient()


def test_fetch_impl_of_our_own(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        heard = asyncio.get_running_loop().create_future()
        client.fetch_impl(HTTPRequest(server.url), heard.set_result)
        assert (await heard).code == 200
        client.close()

    run(main())


def test_an_implementation_that_is_none(run):
    class Unfinished(AsyncHTTPClient):
        pass

    async def main():
        with pytest.raises(NotImplementedError):
            Unfinished(force_instance=True).fetch("http://x/")

    run(main())


# Others have their turn


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tiny chunks", "a bomb"])
def test_the_loop_goes_on(run, kind):
    """A response that is work for a second lets others have their turn."""
    if kind == "a bomb":
        answer = response(gzip.compress(bytes(90_000_000), 1), Content_Encoding="gzip")
    else:
        chunks = b"1\r\nx\r\n" * 500_000 + b"0\r\n\r\n"
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks

    async def main(server):
        client = AsyncHTTPClient(force_instance=True)
        fetching = client.fetch(server.url)
        passes = 0
        while not fetching.done():
            await asyncio.sleep(0)
            passes += fetching.done() is False and statistics(client)["used"]
        assert len((await fetching).body) >= 500_000
        assert passes > 50
        client.close()

    with serve(always(answer)) as server:
        run(main(server))


# The end


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
