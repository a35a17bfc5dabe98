"""Timeouts: which one, in which phase, and that none is early. Each case in three styles."""

import itertools
import secrets
import socket
import threading
import time

import pytest
from tests.hostile import CHUNKED, floods
from tests.httpclient.scripted_server import OK, Peer, always, response, serve

from waterspout.httpclient.errors import HTTPTimeoutError

SHORT = 0.1
# Where something has to be reached before. A busy machine may not get there in a short time.
GROWING = (0.1, 0.5, 2.5, 12.5)
# A deadline that doesn't hold is later than this.
LATE = 60.0


def timed(client, *args, **kwargs):
    """Fetch, expect a timeout, and return its message; not before its time."""
    begun = time.monotonic()
    with pytest.raises(HTTPTimeoutError) as caught:
        client.fetch(*args, **kwargs)
    took = time.monotonic() - begun
    (seconds,) = [value for name, value in kwargs.items() if name.endswith("_timeout")]
    assert took >= seconds * 0.9
    assert caught.value.code == 599
    assert client.flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}
    return str(caught.value)


def timed_in(phase, name, client, *args, **kwargs):
    """Return the message of a timeout, called ``name``, that is long enough to end in a phase."""
    for seconds in GROWING:
        message = timed(client, *args, **{name: seconds}, **kwargs)
        if phase in message:
            assert f"({name} {seconds:g} s)" in message
            return message
    raise AssertionError(f"not in {seconds:g} s: {phase}")


def drip(data: bytes):
    """A script that sends ``data`` byte by byte, as fast as to keep every single wait short."""

    def script(peer: Peer) -> None:
        peer.read_request()
        over = threading.Event()
        for byte in data * 1000:
            peer.send(bytes([byte]))
            over.wait(0.01)

    return script


def test_no_answer(client):
    with serve(lambda peer: peer.wait_for_end()) as server:
        message = timed_in("waiting for the response", "request_timeout", client, server.url)
    assert message.startswith("Timeout while waiting for the response (request_timeout ")
    assert server.url in message


def test_half_an_answer(client):
    def half(peer):
        peer.read_request()
        peer.send(OK[:-1])
        peer.wait_for_end()

    with serve(half) as server:
        timed_in("reading the response", "request_timeout", client, server.url)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 50,
        response(b"x" * 10_000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100,
        b"HTTP/1.0 200 OK\r\n\r\nxxxxxxxxx",
    ],
    ids=["head", "body", "chunks", "until close"],
)
def test_dripping_does_not_help(client, data):
    with serve(drip(data)) as server:
        timed(client, server.url, request_timeout=SHORT)


@pytest.mark.parametrize("arguments", [{}, {"streaming_callback": lambda data: None}])
def test_to_be_kept_busy_does_not_help(make_client, arguments):
    """Who has much to do gives way to others, and does not wait: a timer finds nobody to end."""
    client = make_client(max_body_size=2**40)
    with serve(floods(CHUNKED, itertools.repeat(b"1\r\nx\r\n" * 20_000))) as server:
        timed_in("reading", "request_timeout", client, server.url, **arguments)


def test_redirects_count(client):
    """Each hop is quick enough, all together are not."""
    over = threading.Event()

    def slowly(peer):
        while True:
            peer.read_request()
            over.wait(0.03)
            peer.send(response(b"", "302 Found", Location="/next"))

    with serve(slowly) as server:
        timed(client, server.url, request_timeout=SHORT, max_redirects=1000)


def test_a_body_that_nobody_reads(client):
    stop = threading.Event()
    with serve(lambda peer: stop.wait(LATE)) as server:
        try:
            body = b"x" * 50_000_000
            name, phase = "request_timeout", "sending the request"
            timed_in(phase, name, client, server.url, method="POST", body=body)
        finally:
            stop.set()


def test_a_server_that_is_asked_and_keeps_silent(client):
    with serve(lambda peer: peer.wait_for_end()) as server:
        timed(
            client,
            server.url,
            method="POST",
            body=b"body",
            expect_100_continue=True,
            request_timeout=SHORT,
        )


def test_a_produced_body_that_nobody_reads(client):
    stop = threading.Event()

    async def produce(write):
        while True:
            await write(b"x" * 100_000)

    with serve(lambda peer: stop.wait(LATE)) as server:
        try:
            timed(client, server.url, method="POST", body_producer=produce, request_timeout=SHORT)
        finally:
            stop.set()


@pytest.fixture
def full_backlog():
    """The port of a server that accepts nobody, and whose queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _ in range(8):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(listener.getsockname())
            waiting.append(connection)
        yield listener.getsockname()[1]
        for connection in waiting:
            connection.close()


def test_no_connection(client, full_backlog):
    url = f"http://127.0.0.1:{full_backlog}/"
    message = timed(client, url, connect_timeout=SHORT)
    assert f"connecting to 127.0.0.1:{full_backlog} (connect_timeout 0.1 s)" in message
    message = timed(client, url, request_timeout=SHORT)
    assert f"connecting to 127.0.0.1:{full_backlog} (request_timeout 0.1 s)" in message


def test_no_handshake(client):
    with serve(lambda peer: peer.wait_for_end()) as server:
        url = server.url.replace("http:", "https:")
        phase = f"shaking hands (TLS) with 127.0.0.1:{server.port}"
        timed_in(phase, "connect_timeout", client, url)


def test_no_name_server(client, monkeypatch):
    stop = threading.Event()

    def silence(*args, **kwargs):
        stop.wait(LATE)
        raise socket.gaierror(socket.EAI_AGAIN, "silence")

    monkeypatch.setattr(socket, "getaddrinfo", silence)
    # A name of its own: the lookup of the test before may not have heard yet that it is over, and
    # who asks for the same name waits for the same answer.
    host = f"{secrets.token_hex(8)}.test"
    try:
        message = timed(client, f"http://{host}/", connect_timeout=SHORT)
    finally:
        stop.set()
    assert f"resolving {host} (connect_timeout 0.1 s)" in message


def test_a_timeout_is_over_with_its_request(client):
    """What was armed for one request never hits the next."""
    over = threading.Event()

    def slowly(peer):
        peer.answer()
        peer.read_request()
        over.wait(seconds + 0.1)
        peer.send(OK)
        peer.answer()

    for seconds in GROWING:
        with serve(slowly) as server:
            try:
                client.fetch(server.url, request_timeout=seconds)
            except HTTPTimeoutError:
                continue  # too short for this machine
            client.fetch(server.url)
            client.fetch(server.url, request_timeout=60)
            assert server.connections == 1
            break
    else:
        pytest.fail("no request is answered in time")


@pytest.mark.parametrize("name", ["request_timeout", "connect_timeout"])
@pytest.mark.parametrize("seconds", [0, 0.0, 1e7, 1e12, float("inf")])
def test_no_limit(client, name, seconds):
    with serve(always()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        assert client.fetch(url, allow_ipv6=False, **{name: seconds}).body == b"ok"


def test_no_time_at_all(client):
    with serve(always()) as server, pytest.raises(HTTPTimeoutError):
        client.fetch(server.url, request_timeout=-1)
