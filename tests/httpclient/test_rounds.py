"""What goes on between the exchanges of a fetch, over a scripted network with its own clock."""

import socket

import pytest
from tests.httpclient.scripted_server import OK, response

from waterspout.httpclient import HTTPClientError, HTTPRequest, HTTPResponse, RetryPolicy
from waterspout.httpclient.errors import HTTPTimeoutError
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.settings import Settings
from waterspout.net import run_blocking
from waterspout.net.fake import FakeNet

URL = "http://example.org/"
BUSY = response(b"later", "503 Busy")
REFUSED = ConnectionRefusedError(111, "refused")
RESET = ConnectionResetError(104, "reset")

# Waits that can be foretold.
POLICY = RetryPolicy(total=3, backoff=1.0, jitter=False)


def fetch(flow: Flow, raise_error: bool = True, **arguments: object) -> HTTPResponse:
    request = HTTPRequest(URL, **arguments)  # type: ignore[arg-type]
    return run_blocking(flow.fetch(request, raise_error))


def new_flow(net: FakeNet, **arguments: object) -> Flow:
    return Flow(net, Settings(**{"retries": POLICY, **arguments}))  # type: ignore[arg-type]


def test_nothing_is_tried_again_by_itself():
    net = FakeNet(REFUSED, [OK])
    with pytest.raises(ConnectionRefusedError):
        fetch(Flow(net, Settings()))
    assert len(net.tried) == 1


def test_who_can_not_connect_tries_again_whatever_the_method():
    net = FakeNet(REFUSED, REFUSED, [OK])
    answer = fetch(new_flow(net), method="POST", body=b"x")
    assert answer.body == b"ok"
    assert net.now == 1000 + 1 + 2
    assert answer.history == []
    assert answer.time_info["redirect"] == 3.0


def test_the_last_failure_is_raised():
    net = FakeNet(*[REFUSED] * 4)
    flow = new_flow(net)
    with pytest.raises(ConnectionRefusedError):
        fetch(flow)
    assert net.now == 1000 + 1 + 2 + 4
    assert flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


def test_what_was_sent_is_tried_again_if_it_does_no_harm():
    assert fetch(new_flow(FakeNet([RESET], [OK]))).body == b"ok"
    cut = OK[:-1]
    assert fetch(new_flow(FakeNet([cut, b""], [OK]))).body == b"ok"
    with pytest.raises(ConnectionResetError):
        fetch(new_flow(FakeNet([RESET], [OK])), method="POST", body=b"x")
    policy = RetryPolicy(jitter=False, methods=["POST"])
    flow = new_flow(FakeNet([RESET], [OK]), retries=policy)
    assert fetch(flow, method="POST", body=b"x").body == b"ok"


def test_a_body_that_was_produced_is_not_sent_again():
    net = FakeNet([RESET], [OK])
    with pytest.raises(ConnectionResetError):
        fetch(new_flow(net), method="PUT", body_producer=lambda write: write(b"x"))


def test_nonsense_is_not_asked_for_again():
    net = FakeNet([b"nonsense\r\n\r\n"], [OK])
    with pytest.raises(HTTPClientError):
        fetch(new_flow(net))


def test_a_host_that_does_not_exist():
    net = FakeNet([OK])
    net.hosts["example.org"] = socket.gaierror(socket.EAI_NONAME, "unknown")
    with pytest.raises(socket.gaierror):
        fetch(new_flow(net))
    assert net.now == 1000


def test_what_a_callback_has_seen_does_not_come_twice():
    pieces: list[bytes] = []
    net = FakeNet([OK[:-1], b""], [OK])
    with pytest.raises(HTTPClientError):
        fetch(new_flow(net), streaming_callback=pieces.append)
    assert pieces == [b"o"]


def test_statuses():
    net = FakeNet([BUSY, BUSY, OK])
    pieces: list[bytes] = []
    answer = fetch(new_flow(net), streaming_callback=pieces.append)
    assert pieces == [b"ok"]
    assert [one.code for one in answer.history] == [503, 503]
    assert net.now == 1003
    assert len(net.streams) == 1


def test_the_last_refusal_is_the_response():
    pieces: list[bytes] = []
    net = FakeNet([BUSY] * 4)
    answer = fetch(new_flow(net), raise_error=False, streaming_callback=pieces.append)
    assert answer.code == 503
    assert b"".join(pieces) == b"later"
    assert len(answer.history) == 3


def test_other_statuses_and_methods_are_left_alone():
    assert fetch(new_flow(FakeNet([response(b"", "500 Oh")])), False).code == 500
    assert fetch(new_flow(FakeNet([BUSY])), False, method="POST", body=b"").code == 503


def test_the_server_is_given_the_time_that_it_asks_for():
    net = FakeNet([response(b"", "429 Slow down", Retry_After="7"), OK])
    assert fetch(new_flow(net)).body == b"ok"
    assert net.now == 1007


@pytest.mark.parametrize("after", ["31", "1" * 1000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_too_long_a_time_is_not_waited_for(after):
    net = FakeNet([response(b"", "503 Busy", Retry_After=after), OK])
    assert fetch(new_flow(net), raise_error=False, request_timeout=0).code == 503
    assert net.now == 1000


def test_no_wait_goes_beyond_the_deadline():
    net = FakeNet([response(b"", "503 Busy", Retry_After="25"), OK])
    assert fetch(new_flow(net), raise_error=False).code == 503
    net = FakeNet(REFUSED, REFUSED, REFUSED)
    with pytest.raises(ConnectionRefusedError):
        fetch(new_flow(net), request_timeout=3.0)
    assert net.now == 1001
    net = FakeNet(30.0, 30.0)
    with pytest.raises(HTTPTimeoutError, match=r"request_timeout 8 s"):
        fetch(new_flow(net), connect_timeout=5, request_timeout=8)
    assert net.now == 1008


def test_a_server_that_is_down_is_not_stormed():
    net = FakeNet(*[REFUSED] * 1000)
    policy = RetryPolicy(total=5, backoff=0.0, jitter=False, budget=0.25)
    flow = new_flow(net, retries=policy)
    for _ in range(100):
        with pytest.raises(ConnectionRefusedError):
            fetch(flow)
    assert len(net.tried) == 100 + 10 + 25
    without = RetryPolicy(total=5, backoff=0.0, jitter=False, budget=None)
    with pytest.raises(ConnectionRefusedError):
        fetch(flow, retries=without)
    assert len(net.tried) == 135 + 6


def test_a_request_may_have_its_own():
    net = FakeNet(REFUSED, [OK])
    assert fetch(Flow(net, Settings()), retries=POLICY).body == b"ok"
    with pytest.raises(ConnectionRefusedError):
        fetch(new_flow(FakeNet(REFUSED, [OK])), retries=0)
    with pytest.raises(TypeError, match="retries are a whole number, not 'x'"):
        fetch(Flow(FakeNet(), Settings()), retries="x")


def test_redirects_do_not_use_up_retries():
    moved = response(b"", "302 Moved", Location="/next")
    net = FakeNet([BUSY, moved, BUSY, OK])
    answer = fetch(new_flow(net, retries=RetryPolicy(total=2, backoff=1.0, jitter=False)))
    assert [one.code for one in answer.history] == [503, 302, 503]
    assert net.now == 1003
