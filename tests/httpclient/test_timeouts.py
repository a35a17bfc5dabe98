"""Time: which limit holds when, which one is told of, and where the time went."""

import math
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from tests.httpclient.scripted_server import OK, PATIENCE, response, serve

from waterspout.httpclient import HTTPClient, HTTPRequest
from waterspout.httpclient.errors import HTTPTimeoutError
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.hop import Key, first_hop
from waterspout.httpclient.pool import Ticket
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.timeouts import limit, spent, which_timeout
from waterspout.net import run_blocking
from waterspout.net.fake import FakeNet

URL = "http://example.org/"


# Decisions


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, math.inf),
        (0, math.inf),
        (0.0, math.inf),
        (1e9, math.inf),
        (math.inf, math.inf),
        (1, 1),
        (0.25, 0.25),
        (-1, -1),
    ],
)
def test_a_limit(value, seconds):
    assert limit("read_timeout", value) == seconds


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        ("5", TypeError, "a number of seconds, not '5'"),
        (True, TypeError, "not True"),
        (math.nan, ValueError, "a number of seconds, not nan"),
    ],
)
@pytest.mark.parametrize("name", ["connect_timeout", "request_timeout", "read_timeout"])
def test_what_is_no_limit(client, name, value, error, told):
    with pytest.raises(error, match=f"{name} must be {'.*'}{told}"):
        client.fetch(URL, **{name: value})


@pytest.mark.parametrize(
    ("now", "is_connecting", "name"),
    [
        (5, True, "connect_timeout"),
        (5, False, "read_timeout"),
        (9.996, True, "request_timeout"),
        (11, False, "request_timeout"),
    ],
)
def test_which_one_is_over(now, is_connecting, name):
    assert which_timeout(now, 10, is_connecting) == name


def test_where_the_time_went():
    exchange = SimpleNamespace(
        free=13, resolved=14, connected=16, secured=19, sent=20, answered=25, ended=31
    )
    assert spent(exchange, 2, 11, 3) == {  # type: ignore[arg-type]
        "queue": 5,
        "namelookup": 1,
        "connect": 3,
        "appconnect": 6,
        "pretransfer": 7,
        "starttransfer": 12,
        "total": 24,
        "redirect": 6,
    }


# Over a scripted network


def fetch(flow: Flow, **arguments: object):
    return run_blocking(flow.fetch(HTTPRequest(URL, **arguments), True))  # type: ignore[arg-type]


def test_a_server_that_drips_is_waited_for():
    net = FakeNet([4.0, OK[:10], 4.0, OK[10:20], 4.0, OK[20:]])
    assert fetch(Flow(net, Settings()), read_timeout=5, request_timeout=0).body == b"ok"
    assert net.now == 1012.0


def test_a_server_that_falls_silent():
    net = FakeNet([4.0, OK[:-1], 6.0, OK[-1:]])
    flow = Flow(net, Settings())
    with pytest.raises(
        HTTPTimeoutError, match=r"reading the response \(read_timeout 5 s\)"
    ) as told:
        fetch(flow, read_timeout=5, request_timeout=0)
    assert told.value.timeout == "read_timeout"
    assert net.now == 1009.0
    assert net.streams[0].is_closed
    assert flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


def test_the_shorter_one_counts():
    flow = Flow(FakeNet([30.0]), Settings(defaults={"read_timeout": 5}))
    with pytest.raises(HTTPTimeoutError, match=r"waiting for the response \(read_timeout 5 s\)"):
        fetch(flow)
    flow = Flow(FakeNet([30.0]), Settings(defaults={"read_timeout": 5}))
    with pytest.raises(HTTPTimeoutError, match=r"\(request_timeout 4 s\)"):
        fetch(flow, request_timeout=4)
    flow = Flow(FakeNet(30.0), Settings())
    with pytest.raises(HTTPTimeoutError, match=r"\(connect_timeout 3 s\)"):
        fetch(flow, request_timeout=4, connect_timeout=3, read_timeout=2)


def test_the_queue_is_told_apart():
    """As Tornado has it: what a fetch waits for its turn is not in its time."""
    net = FakeNet([1.0, response(b"", "302 Found", Location="/"), 2.0, OK])
    flow = Flow(net, Settings(max_clients=1))
    held = Ticket(Key("other", 80))
    flow.pool.acquire(held)

    def leave() -> None:
        net.wait(8.0, math.inf)
        following = flow.pool.release(held, False)
        assert following is not None
        assert following.waiter is not None
        following.waiter.wake()

    net.others = [leave]
    answer = fetch(flow)
    assert answer.request_time == 3.0
    assert answer.time_info == {
        "queue": 8.0,
        "namelookup": 0.0,
        "connect": 0.0,
        "appconnect": 0.0,
        "pretransfer": 0.0,
        "starttransfer": 2.0,
        "total": 3.0,
        "redirect": 1.0,
    }


# In all styles


def test_silence_ends_a_download(client):
    def script(peer):
        peer.read_request()
        peer.send(response(b"x" * 100)[:-1])
        peer.wait_for_end()

    with serve(script) as server:
        with pytest.raises(HTTPTimeoutError, match=r"\(read_timeout 0.05 s\)") as told:
            client.fetch(server.url, read_timeout=0.05, request_timeout=0)
        assert told.value.timeout == "read_timeout"
        assert client.flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


def test_silence_ends_an_upload(client):
    done = threading.Event()

    def script(peer):
        peer.read_head()
        done.wait(PATIENCE)

    with serve(script) as server:
        with pytest.raises(HTTPTimeoutError, match=r"sending the request \(read_timeout 0.1 s\)"):
            client.fetch(
                server.url,
                method="POST",
                body=b"x" * 50_000_000,
                read_timeout=0.1,
                request_timeout=0,
            )
        done.set()


@pytest.mark.slow
def test_a_limit_of_one_fetch_is_not_that_of_the_next(client):
    """The connection is the same, and its timers are those of the request before."""
    let_go = threading.Event()

    def script(peer):
        peer.answer()
        peer.read_request()
        let_go.wait(PATIENCE)
        peer.send(OK)
        peer.answer_all()

    with serve(script) as server:
        assert client.fetch(server.url, read_timeout=0.2).body == b"ok"
        threading.Timer(0.4, let_go.set).start()
        assert client.fetch(server.url).body == b"ok"
        assert client.fetch(server.url, read_timeout=20).body == b"ok"
        assert server.connections == 1


def test_times_of_a_connection_that_was_there(client, server_tls, ca_certs):
    with serve(lambda peer: peer.answer_all(), tls=server_tls) as server:
        first = client.fetch(server.url, ca_certs=ca_certs).time_info
        assert 0 < first["connect"] <= first["appconnect"] <= first["pretransfer"]
        assert first["pretransfer"] <= first["starttransfer"] <= first["total"]
        second = client.fetch(server.url, ca_certs=ca_certs).time_info
        assert second["namelookup"] == second["connect"] == second["appconnect"] == 0
        assert 0 == second["pretransfer"] < second["starttransfer"] <= second["total"]


def test_settings_are_checked():
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"idle_timeout": "1"}, TypeError, "idle_timeout must be a number of seconds"),
        ({"idle_timeout": -1}, ValueError, "idle_timeout must be at least 0"),
        ({"defaults": {"request_timeout": "1"}}, TypeError, "request_timeout must be a number"),
        ({"max_clients": 0}, ValueError, "max_clients must be at least 1"),
        ({"max_clients": "10"}, TypeError, "max_clients must be an int"),
        ({"max_clients_per_origin": 0}, ValueError, "max_clients_per_origin must be at least 1"),
        ({"max_clients_per_origin": 1.5}, TypeError, "max_clients_per_origin must be an int"),
    ]
    for arguments, error, told in cases:
        with pytest.raises(error, match=told):
            HTTPClient(**arguments)


def test_who_says_nothing_has_limits():
    def limits(settings, **arguments):
        hop = first_hop(HTTPRequest("http://a.test/", **arguments), settings)
        return hop.connect_timeout, hop.request_timeout, hop.read_timeout

    assert limits(Settings()) == (20, 20, math.inf)
    settings = Settings(defaults={"request_timeout": 0, "read_timeout": 3})
    assert limits(settings) == (20, math.inf, 3)
    assert limits(settings, connect_timeout=1, request_timeout=2) == (1, 2, 3)


def test_what_was_idle_for_too_long_is_not_used(make_client):
    with serve(lambda peer: peer.answer_all()) as server:
        client = make_client(idle_timeout=10)
        client.fetch(server.url)
        client.flow.pool.idle[0].idle_since -= 9
        client.fetch(server.url)
        assert server.connections == 1
        client.flow.pool.idle[0].idle_since -= 11
        client.fetch(server.url)
        assert server.connections == 2
        client = make_client(idle_timeout=0)
        client.fetch(server.url)
        client.flow.pool.idle[0].idle_since -= 1e6
        client.fetch(server.url)
        assert server.connections == 3
