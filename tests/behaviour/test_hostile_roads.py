"""Hostile proxies, servers behind proxies, and name servers: the right error, and nothing left."""

import itertools
import os
import socket

import pytest
from tests.hostile import LIMIT, MISDEEDS, MOST, Misdeed, drips, floods, raw, resets, says, stalls
from tests.httpclient.proxies import connecting, socks5
from tests.httpclient.scripted_server import Peer, always, eventually, response, serve

from waterspout.httpclient import (
    HTTPClientError,
    HTTPConnectError,
    HTTPResolveError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
)
from waterspout.net.racing import _MOST_ATTEMPTS as MOST_ATTEMPTS

EMPTY = {"used": 0, "idle": 0, "waiting": 0}
TUNNELS = {"CONNECT": (connecting(), "http"), "SOCKS": (socks5(heard=[]), "socks5h")}
OF_THE_SERVER = [misdeed for misdeed in MISDEEDS if not misdeed.is_tls]


@pytest.fixture
def client(make_client):
    return make_client(max_body_size=MOST, validate_cert=False, defaults={"request_timeout": LIMIT})


# What a server can do, by other roads


@pytest.mark.slow
@pytest.mark.parametrize("misdeed", OF_THE_SERVER, ids=lambda misdeed: misdeed.name)
def test_a_proxy_that_fetches(client, misdeed):
    with serve(misdeed.script) as proxy:
        with pytest.raises(misdeed.kind, match=misdeed.message) as caught:
            client.fetch("http://some.test/", proxy=f"http://me:s3cret@127.0.0.1:{proxy.port}")
        assert "s3cret" not in str(caught.value)
        pool = client.flow.pool.statistics
        assert (pool["used"], pool["waiting"]) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "road", ["straight", *(pytest.param(road, marks=pytest.mark.deep) for road in TUNNELS)]
)
@pytest.mark.parametrize("misdeed", OF_THE_SERVER, ids=lambda misdeed: misdeed.name)
def test_a_server_that_speaks_tls(client, server_tls, misdeed, road):
    """In secret, and at the other end of a tunnel, it is the same, but that a tunnel does not carry
    a reset, and TLS does not take an end for one.
    """
    breaks = misdeed.name.startswith(("closes", "resets"))
    expected = HTTPStreamClosedError if breaks else misdeed.kind
    with serve(misdeed.script, tls=server_tls) as server:
        if road == "straight":
            with pytest.raises(expected, match=misdeed.message):
                client.fetch(server.url)
        else:
            script, scheme = TUNNELS[road]
            with serve(script) as proxy, pytest.raises(expected, match=misdeed.message):
                client.fetch(server.url, proxy=f"{scheme}://127.0.0.1:{proxy.port}")
        pool = client.flow.pool.statistics
        assert (pool["used"], pool["waiting"]) == (0, 0)


# What a proxy can do before there is a tunnel

_ANSWER = b"HTTP/1.1 200 OK\r\n"
_FIELDS = itertools.repeat(b"X: y\r\n")
_STALE = response(
    b"",
    "407 Again",
    Proxy_Authenticate='Digest realm="r", nonce="n", qop="auth", stale=true, algorithm=SHA-256',
)


def _answers_itself(peer: Peer) -> None:
    peer.answer(_ANSWER + b"\r\n")
    peer.send(response(b"evil"))


OF_THE_PROXY = [
    Misdeed("closes at once", lambda peer: None, "HTTPConnectError"),
    Misdeed("closes without an answer", says(b""), "HTTPConnectError", "without an answer"),
    Misdeed("closes in its answer", says(_ANSWER), "HTTPConnectError", "middle of its answer"),
    Misdeed("resets", resets(b""), "HTTPConnectResetError"),
    Misdeed("resets in its answer", resets(_ANSWER), "HTTPConnectResetError"),
    Misdeed("never answers", stalls(b""), "HTTPTimeoutError"),
    Misdeed("stalls in its answer", stalls(_ANSWER), "HTTPTimeoutError"),
    Misdeed("drips", drips(_ANSWER + b"X: " + b"y" * 99), "HTTPTimeoutError"),
    Misdeed("endless fields", floods(_ANSWER, _FIELDS), "HTTPTooLargeError"),
    Misdeed(
        "an endless field",
        floods(_ANSWER + b"X: ", itertools.repeat(b"y" * 4096)),
        "HTTPTooLargeError",
    ),
    Misdeed(
        "an endless status line",
        floods(_ANSWER[:-2], itertools.repeat(b"OK" * 999)),
        "HTTPTooLargeError",
    ),
    Misdeed(
        "endless informational answers",
        floods(b"", itertools.repeat(b"HTTP/1.1 103 Early\r\n\r\n")),
        "HTTPProtocolError",
        "more than 10",
    ),
    Misdeed(
        "refuses without an end",
        floods(b"HTTP/1.1 403 No\r\n\r\n", itertools.repeat(bytes(65536))),
        "HTTPProxyError",
        "403 No",
    ),
    Misdeed("answers twice", says((_ANSWER + b"\r\n") * 2), "HTTPProtocolError", "sent more"),
    Misdeed(
        "answers for the server",
        says(_ANSWER + b"\r\n" + response(b"evil")),
        "HTTPProtocolError",
        "sent more",
    ),
    Misdeed("answers before it is asked", raw(_ANSWER + b"\r\n"), "HTTPTimeoutError", phase="tls"),
    Misdeed("asks again and again", lambda peer: peer.answer_all(_STALE), "HTTPProxyError", "407"),
    Misdeed(
        "opens no tunnel but answers",
        _answers_itself,
        "HTTPClientError",  # which one depends on whether it comes at once
    ),
]


@pytest.mark.parametrize("misdeed", OF_THE_PROXY, ids=lambda misdeed: misdeed.name)
def test_a_proxy_that_connects(client, misdeed):
    with serve(misdeed.script) as proxy:
        with pytest.raises(misdeed.kind, match=misdeed.message) as caught:
            client.fetch(
                "https://some.test/",
                proxy=f"http://me:s3cret@127.0.0.1:{proxy.port}",
                proxy_auth_mode="digest",
            )
        assert "s3cret" not in str(caught.value)
        assert caught.value.phase == (misdeed.phase or caught.value.phase)
        assert caught.value.phase in ("proxy", "tls")
        assert client.flow.pool.statistics == EMPTY
        assert proxy.connections < 10


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize(
    ("script", "error"),
    [
        (lambda peer: None, HTTPConnectError),
        (lambda peer: peer.wait_for_end(), HTTPTimeoutError),
        (lambda peer: peer.reset(), HTTPConnectError),
        (floods(b"", itertools.repeat(bytes(65536))), HTTPClientError),
        (floods(b"\x05\x00\x05\x00\x00\x03\xff", itertools.repeat(bytes(65536))), HTTPClientError),
        (floods(b"", itertools.repeat(b"\x05")), HTTPClientError),
        (raw(b"\x05\x00" * 3), HTTPClientError),
        (raw(b"\x00"), HTTPClientError),
    ],
    ids=["closes", "silent", "resets", "zeros", "a long name", "fives", "at once", "half"],
)
def test_socks(client, version, script, error):
    with serve(_without_reading(script)) as proxy:
        with pytest.raises(error):
            client.fetch("https://127.0.0.2/", proxy=f"socks{version}://127.0.0.1:{proxy.port}")
        assert client.flow.pool.statistics == EMPTY


def _without_reading(script):
    def speak(peer):
        peer.read_request = lambda: None
        script(peer)

    return speak


# What a name server can say


def test_addresses_without_an_end(make_client):
    client = make_client(
        resolver=lambda host, port, family: itertools.cycle(["127.0.0.2", "127.0.0.1"])
    )
    with serve(always()) as server:
        assert client.fetch(f"http://some.test:{server.port}/").body == b"ok"


def test_no_address(make_client):
    client = make_client(resolver=lambda host, port, family: [])
    with pytest.raises(HTTPResolveError, match=r"no address of some\.test") as caught:
        client.fetch("http://some.test/")
    assert caught.value.phase == "resolve"
    assert client.flow.pool.statistics == EMPTY


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="descriptors can't be counted")
def test_many_addresses_that_lead_nowhere(make_client):
    """Not more of them are tried than there should be sockets, and all of these are closed."""
    before = len(os.listdir("/proc/self/fd"))
    client = make_client(
        resolver=lambda host, port, family: [f"127.0.0.{number}" for number in range(2, 200)]
    )
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://some.test:{unused.getsockname()[1]}/"
        with pytest.raises(HTTPConnectError, match=f"and {MOST_ATTEMPTS - 3} more") as caught:
            client.fetch(url)
    assert isinstance(caught.value, ConnectionRefusedError)
    assert client.flow.pool.statistics == EMPTY
    client.let_notice()
    # A loop has descriptors of its own.
    eventually(lambda: len(os.listdir("/proc/self/fd")) <= before + 10)


def test_a_proxy_whose_name_leads_nowhere(make_client):
    client = make_client(resolver=lambda host, port, family: [])
    with pytest.raises(HTTPResolveError, match=r"no address of proxy\.test"):
        client.fetch("http://some.test/", proxy="http://proxy.test:1")
    with pytest.raises(HTTPResolveError, match=r"no address of some\.test"):
        client.fetch("http://some.test/", proxy="socks5://127.0.0.1:1")
    assert client.flow.pool.statistics == EMPTY
