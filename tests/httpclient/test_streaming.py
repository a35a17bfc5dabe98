"""What becomes of a streamed response that is cancelled, dropped or shared; and of a large one."""

import asyncio
import contextlib
import gc
import subprocess
import sys
import threading

import pytest
import uvloop
from tests.httpclient.scripted_server import OK, always, eventually, response, serve

from waterspout.httpclient import (
    AsyncHTTPClient,
    HTTPClient,
    HTTPClientError,
    HTTPTimeoutError,
)
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient

EMPTY = {"used": 0, "idle": 0, "waiting": 0}
BODY = bytes(100_000)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    """A function that runs a coroutine as `asyncio.run` does, on each kind of loop in turn."""

    def run(coroutine):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(coroutine)

    return run


@contextlib.contextmanager
def half_a_body():
    """A server that sends the head and two bytes of four, and waits for the end."""
    gone = threading.Event()

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        peer.wait_for_end()
        gone.set()

    with serve(script) as server:
        server.gone = gone  # type: ignore[attr-defined]
        yield server


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def new_client() -> SimpleAsyncHTTPClient:
    client = AsyncHTTPClient(force_instance=True)
    assert isinstance(client, SimpleAsyncHTTPClient)
    return client


def test_a_cancelled_reader_frees_everything(run):
    async def main(server):
        client = new_client()
        reading = asyncio.Event()

        async def read():
            async with client.stream(server.url) as answer:
                async for piece in answer.iter_bytes():
                    assert piece == b"ab"
                    reading.set()

        task = asyncio.create_task(read())
        await reading.wait()
        await settled()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await settled()
        assert client._flow.pool.statistics == EMPTY
        client.close()

    with half_a_body() as server:
        run(main(server))
        assert server.gone.wait(20)


def test_cancelled_before_the_head(run):
    async def main(server):
        client = new_client()

        async def read():
            async with client.stream(server.url):
                pytest.fail("there is no head")

        task = asyncio.create_task(read())
        await asyncio.to_thread(eventually, lambda: server.requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await settled()
        assert client._flow.pool.statistics == EMPTY
        client.close()

    with serve(lambda peer: (peer.read_request(), peer.wait_for_end())) as server:
        run(main(server))


def test_a_wait_that_was_given_up_loses_nothing(run):
    sends_on = threading.Event()

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        assert sends_on.wait(20)
        peer.send(b"cd")

    async def main(server):
        client = new_client()
        async with client.stream(server.url) as answer:
            pieces = answer.iter_bytes()
            assert await anext(pieces) == b"ab"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(pieces), 0.01)
            sends_on.set()
            assert await answer.read() == b"cd"
        client.close()

    with serve(script) as server:
        run(main(server))


def test_two_threads_at_once():
    sends_on = threading.Event()

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        assert sends_on.wait(20)
        peer.send(b"cd")

    got: list[bytes] = []
    with serve(script) as server, HTTPClient() as client, client.stream(server.url) as answer:
        pieces = answer.iter_bytes()
        assert next(pieces) == b"ab"
        pull = answer._pull
        reader = threading.Thread(target=lambda: got.append(pull.take()))
        reader.start()
        try:
            eventually(lambda: pull._is_reading)
            with pytest.raises(RuntimeError, match="being read already"):
                pull.take()
            with pytest.raises(RuntimeError, match="being read, by another thread"):
                pull.leave()
        finally:
            sends_on.set()
            reader.join()
        assert got == [b"cd"]
        assert list(pieces) == []
        assert client._flow.pool.statistics == {"used": 0, "idle": 1, "waiting": 0}


def test_two_readers_at_once(run):
    async def main(server):
        client = new_client()
        async with client.stream(server.url) as answer:
            assert await anext(answer.iter_bytes()) == b"ab"
            first = asyncio.create_task(answer.read())
            await settled()
            with pytest.raises(RuntimeError, match="being read already"):
                await answer.read()
            first.cancel()
        client.close()
        await settled()

    with half_a_body() as server:
        run(main(server))


@pytest.mark.parametrize(
    ("come", "found", "what"),
    [
        (b"1\r\nb\r\n", [b"b"], "ended inside a body"),
        (b"1\r\nb\r\n0\r\n\r\n", [b"b"], None),
        (b"zzz\r\n", [], "chunk's size"),
        (b"", [], "ended inside a body"),
    ],
)
def test_what_is_at_hand_for_a_slow_reader(run, come, found, what):
    """He finds it, and hears of what went wrong, as one does who waits for it."""
    is_slow = threading.Event()

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        is_slow.wait(20)
        peer.send(come)

    async def main(server):
        client = new_client()
        async with client.stream(server.url) as answer:
            pieces = answer.iter_bytes()
            assert await anext(pieces) == b"a"
            connection = answer._exchange.connection
            assert connection is not None
            is_slow.set()
            for _ in range(100_000):
                if not connection.stream.is_quiet(ask=False):
                    break
                await asyncio.sleep(0)
            for piece in found:
                assert await anext(pieces) == piece
            with pytest.raises(StopAsyncIteration if what is None else HTTPClientError, match=what):
                await anext(pieces)
        assert client._flow.pool.statistics["used"] == 0
        client.close()

    with serve(script) as server:
        run(main(server))


def test_other_tasks_have_their_turn(run):
    """Also while what comes, comes at once: a body that unfolds to far more than it was."""
    import gzip

    body = gzip.compress(bytes(64 * 1024 * 1024), 1)
    turns = 0

    async def tick():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def main(server):
        client = new_client()
        ticking = asyncio.create_task(tick())
        async with client.stream(server.url) as answer:
            async for _ in answer.iter_bytes():
                pass
        ticking.cancel()
        client.close()

    with serve(always(response(body, Content_Encoding="gzip"))) as server:
        run(main(server))
    assert turns > 60


def test_the_loop_ends_in_the_middle(run):
    """Whoever runs it cancels the task, and nothing is left open: a warning is an error here."""

    async def main(server):
        client = new_client()

        async def read():
            async with client.stream(server.url) as answer:
                async for _ in answer.iter_bytes():
                    pass

        task = asyncio.create_task(read())
        await asyncio.to_thread(eventually, lambda: server.requests)
        await settled()
        assert not task.done()

    with half_a_body() as server:
        run(main(server))
        assert server.gone.wait(20)


@pytest.mark.filterwarnings("ignore:a streamed response was not left:ResourceWarning")
def test_what_is_dropped_in_a_loop_is_closed(run):
    async def main(server):
        client = new_client()
        streaming = client.stream(server.url)
        answer = await streaming.__aenter__()
        assert await anext(answer.iter_bytes()) == b"ab"
        del answer, streaming
        gc.collect()
        await settled()
        assert client._flow.pool.statistics == EMPTY
        client.close()

    with half_a_body() as server:
        run(main(server))
        assert server.gone.wait(20)


def test_what_is_asked_for_in_one_loop_is_not_had_in_another(run):
    async def make():
        client = new_client()
        try:
            return client.stream("http://127.0.0.1/")
        finally:
            client.close()

    async def enter(streaming):
        async with streaming:
            pass

    # What is raised where things are collected would fail the test as well.
    with pytest.raises(RuntimeError, match="event loop"):
        run(enter(run(make())))


@pytest.mark.filterwarnings("ignore:a streamed response was not left:ResourceWarning")
def test_what_is_dropped_in_a_thread_is_closed():
    with HTTPClient() as client, half_a_body() as server:
        streaming = client.stream(server.url)
        answer = streaming.__enter__()
        assert next(iter(answer.iter_bytes())) == b"ab"
        del answer, streaming
        gc.collect()
        assert server.gone.wait(20)
        eventually(lambda: client._flow.pool.statistics == EMPTY)


def test_what_is_dropped_warns():
    with HTTPClient() as client, half_a_body() as server:
        answers = [client.stream(server.url).__enter__()]
        with pytest.warns(ResourceWarning, match="was not left"):
            answers.clear()
        assert server.gone.wait(20)


def test_read_in_another_thread():
    read = []
    with HTTPClient() as client, serve(always(response(BODY))) as server:
        with client.stream(server.url) as answer:
            thread = threading.Thread(target=lambda: read.append(answer.read()))
            thread.start()
            thread.join()
            assert client.fetch(server.url).body == BODY
        assert read == [BODY]


def test_an_implementation_that_streams_nothing(run):
    class Canned(AsyncHTTPClient):
        def initialize(self, defaults=None):
            super().initialize(defaults)

    async def main():
        client = Canned(force_instance=True)
        with pytest.raises(NotImplementedError, match=r"Canned has no stream\(\)"):
            client.stream("http://127.0.0.1/")
        client.close()

    run(main())


def test_the_queue_has_a_deadline(run):
    async def main(server):
        client = AsyncHTTPClient(force_instance=True, max_clients=1)
        async with client.stream(server.url):
            with pytest.raises(HTTPTimeoutError, match="queue"):
                async with client.stream(server.url, request_timeout=0.05):
                    pytest.fail("there is no connection")
        client.close()

    with serve(always(OK)) as server:
        run(main(server))


PROGRAM = """
import asyncio, resource, sys
from waterspout.httpclient import AsyncHTTPClient, HTTPClient

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def blocking(url):
    with HTTPClient() as client:
        client.fetch(url + "small")
        before, size = peak(), 0
        with client.stream(url) as response:
            for piece in response.iter_bytes():
                size += len(piece)
    return before, size

async def awaiting(url):
    client = AsyncHTTPClient()
    await client.fetch(url + "small")
    before, size = peak(), 0
    async with client.stream(url) as response:
        async for piece in response.iter_bytes():
            size += len(piece)
    return before, size

style, url = sys.argv[1:]
before, size = blocking(url) if style == "blocking" else asyncio.run(awaiting(url))
print(size, peak() - before)
"""


@pytest.mark.deep
@pytest.mark.parametrize("style", ["blocking", "awaiting"])
def test_two_gibibytes_in_a_few_megabytes(style):
    size = 2 * 1024**3

    def script(peer):
        while True:
            if peer.read_request().target == "/small":
                peer.send(OK)
                continue
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(size // (1024 * 1024)):
                peer.send(bytes(1024 * 1024))

    with serve(script) as server:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, style, server.url],
            capture_output=True,
            text=True,
            check=True,
        )
    received, grown = map(int, done.stdout.split())
    assert received == size
    assert grown < 10 * 1024  # kilobytes
