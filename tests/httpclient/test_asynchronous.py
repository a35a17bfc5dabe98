"""What only the client of a loop does: futures and callbacks."""

import asyncio
import gzip
import logging

import pytest
from tests.httpclient.loops import eventually, settled, statistics
from tests.httpclient.scripted_server import always, response, serve

from waterspout.httpclient import (
    AsyncHTTPClient,
    HTTPRequest,
    HTTPResponse,
)
from waterspout.ioloop import IOLoop


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
