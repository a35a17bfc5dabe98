"""Retries, each case in three styles."""

import asyncio
from typing import Any

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import AsyncHTTPClient, HTTPStreamClosedError, RetryPolicy
from waterspout.net import AsyncNet

SOON = RetryPolicy(total=2, backoff=0.01)
BUSY = response(b"later", "503 Busy")


def test_after_a_status(make_client):
    with serve(answering(BUSY, BUSY, OK)) as server:
        answer = make_client(retries=SOON).fetch(server.url)
        assert answer.body == b"ok"
        assert [one.code for one in answer.history] == [503, 503]
        assert len(server.requests) == 3
        assert server.connections == 1


def test_the_last_one_is_the_response(make_client):
    with serve(answering(BUSY, BUSY, BUSY)) as server:
        answer = make_client().fetch(server.url, raise_error=False, retries=SOON)
        assert answer.code == 503
        assert answer.body == b"later"
        assert len(server.requests) == 3


def test_after_a_connection_that_broke(make_client):
    def break_off(peer):
        peer.read_request()
        peer.reset()

    with serve(break_off, break_off, answering(OK)) as server:
        assert make_client(retries=2).fetch(server.url, retries=SOON).body == b"ok"
        assert server.connections == 3


def test_what_may_not_be_repeated(make_client):
    def break_off(peer):
        peer.read_request()
        peer.reset()

    with serve(break_off, answering(OK)) as server:
        with pytest.raises(ConnectionResetError):
            make_client(retries=SOON).fetch(server.url, method="POST", body=b"x")
        assert server.connections == 1


def test_who_waits_can_be_cancelled(monkeypatch):
    async def main(url):
        client: Any = AsyncHTTPClient(force_instance=True)
        waits = asyncio.Event()
        sleep = AsyncNet.sleep

        async def tell_and_sleep(net, seconds):
            waits.set()
            await sleep(net, seconds)

        monkeypatch.setattr(AsyncNet, "sleep", tell_and_sleep)
        request = client.fetch(url, retries=RetryPolicy(backoff=15.0, jitter=False))
        await waits.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert client._flow.pool.statistics["used"] == 0
        client.close()

    with serve(answering(BUSY)) as server:
        asyncio.run(main(server.url))


def test_wrong_ones(client):
    with pytest.raises(ValueError, match="retries must not be negative"):
        client.fetch("http://127.0.0.1:1/", retries=-1)


@pytest.mark.parametrize(
    ("retry_after", "is_waited_for"),
    [
        ("0", True),
        ("Sun, 06 Nov 1994 08:49:37 GMT", True),
        ("soon", True),
        ("31", False),
        ("Fri, 31 Dec 9999 23:59:59 GMT", False),
        ("9" * 1000, False),
    ],
)
def test_how_long_the_server_wants_to_be_left_alone(make_client, retry_after, is_waited_for):
    """What is more than ``max_backoff`` is not waited for."""
    busy = response(b"later", "503 Busy", Retry_After=retry_after)
    with serve(answering(busy, OK)) as server:
        answer = make_client(retries=SOON).fetch(server.url, raise_error=False)
        assert (answer.code, len(server.requests)) == ((200, 2) if is_waited_for else (503, 1))


def test_no_retry_that_would_come_too_late(make_client):
    """There is an answer: better that than a timeout."""
    busy = response(b"later", "503 Busy", Retry_After="25")
    with serve(always(busy)) as server:
        client = make_client(retries=SOON)
        assert client.fetch(server.url, raise_error=False, request_timeout=20).code == 503
        assert len(server.requests) == 1


def test_a_server_that_is_down_does_not_get_a_multiple(make_client):
    policy = RetryPolicy(total=5, backoff=0.0)
    with serve(always(BUSY)) as server:
        client = make_client(retries=policy)
        for _ in range(20):
            assert client.fetch(server.url, raise_error=False).code == 503
        # Ten in reserve, and a fifth of the fetches; some come back with time, if that is slow.
        retries = len(server.requests) - 20
        assert 14 <= retries < 50


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok"


def test_what_a_callback_has_seen_does_not_come_twice(make_client):
    got: list[bytes] = []
    with serve(answering(CUT), answering(OK)) as server:
        with pytest.raises(HTTPStreamClosedError):
            make_client(retries=SOON).fetch(server.url, streaming_callback=got.append)
        assert server.connections == 1
    assert got == [b"ok"]


@pytest.mark.parametrize("has_headers", [False, True])
def test_unless_it_can_forget(make_client, has_headers):
    got: list[bytes] = []
    heads: list[str] = []
    restarts: list[tuple[bytes, int]] = []

    def restart():
        restarts.append((b"".join(got), len(heads)))
        got.clear()
        heads.clear()

    whole = response(b"whole")
    with serve(answering(CUT), answering(CUT), answering(whole)) as server:
        answer = make_client(retries=SOON).fetch(
            server.url,
            streaming_callback=got.append,
            header_callback=heads.append if has_headers else None,
            restart_callback=restart,
        )
        assert server.connections == 3
    assert answer.code == 200
    assert b"".join(got) == b"whole"
    assert restarts == [(b"ok", len(heads))] * 2
    assert len(heads) == (3 if has_headers else 0)


def test_nobody_is_told_to_forget_what_nobody_has_seen(make_client):
    got: list[bytes] = []

    def break_off(peer):
        peer.read_request()
        peer.reset()

    def fail():
        raise AssertionError

    with serve(break_off, answering(BUSY, OK)) as server:
        make_client(retries=SOON).fetch(
            server.url, streaming_callback=got.append, restart_callback=fail
        )
    assert got == [b"ok"]


def test_nor_where_there_is_no_retry_left(make_client):
    got: list[bytes] = []

    def fail():
        raise AssertionError

    with serve(answering(CUT)) as server, pytest.raises(HTTPStreamClosedError):
        make_client().fetch(server.url, streaming_callback=got.append, restart_callback=fail)
    with serve(answering(CUT)) as server, pytest.raises(HTTPStreamClosedError):
        make_client(retries=SOON).fetch(
            server.url,
            method="POST",
            body=b"x",
            streaming_callback=got.append,
            restart_callback=fail,
        )


def test_what_a_restart_raises(make_client):
    def fail():
        raise ZeroDivisionError

    with serve(answering(CUT), answering(OK)) as server:
        with pytest.raises(ZeroDivisionError):
            make_client(retries=SOON).fetch(
                server.url, streaming_callback=lambda data: None, restart_callback=fail
            )
        assert server.connections == 1


def test_streams(make_client):
    with serve(answering(BUSY, CUT), answering(OK)) as server:
        client = make_client(retries=SOON)
        with client.stream(server.url) as answer:
            assert [one.code for one in answer.history] == [503]
            # What the reader has seen does not come twice.
            with pytest.raises(HTTPStreamClosedError):
                answer.read()
        assert server.connections == 1
