"""The way of a fetch over a scripted network, with a clock that moves when somebody waits."""

import socket

import pytest
from tests.httpclient.scripted_server import OK, response

from waterspout.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from waterspout.httpclient.connection import Connection
from waterspout.httpclient.errors import HTTPStreamClosedError, HTTPTimeoutError
from waterspout.httpclient.flow import Flow, _give_back
from waterspout.httpclient.hop import Key
from waterspout.httpclient.pool import Ticket
from waterspout.httpclient.settings import Settings
from waterspout.net import Address, run_blocking
from waterspout.net.fake import FakeNet, FakeStream
from waterspout.protocol.http1 import ClientConnection, Limits

URL = "http://example.org/"
EMPTY = {"used": 0, "idle": 0, "waiting": 0}


def fetch(flow: Flow, url: str = URL, **arguments: object) -> HTTPResponse:
    request = HTTPRequest(url, **arguments) if arguments else url  # type: ignore[arg-type]
    return run_blocking(flow.fetch(request, True))


def new_flow(net: FakeNet, **arguments: object) -> Flow:
    return Flow(net, Settings(**arguments))  # type: ignore[arg-type]


def test_times():
    net = FakeNet([0.25, OK[:10], 0.5, OK[10:]])
    flow = new_flow(net)
    answer = fetch(flow)
    assert answer.request_time == 0.75
    assert answer.time_info["starttransfer"] == 0.25
    assert answer.time_info["total"] == 0.75
    assert flow.pool.statistics == {"used": 0, "idle": 1, "waiting": 0}


def test_a_deadline_is_for_all_reads_together():
    net = FakeNet([6.0, OK[:5], 6.0, OK[5:10], 6.0, OK[10:20], 6.0, OK[20:]])
    flow = new_flow(net)
    with pytest.raises(HTTPTimeoutError, match=r"reading the response \(request_timeout 20 s\)"):
        fetch(flow)
    assert net.now == 1020.0
    assert net.streams[0].is_closed
    assert flow.pool.statistics == EMPTY


def test_a_deadline_is_for_all_hops_together():
    hop = response(b"", "302 Found", Location="/")
    net = FakeNet([6.0, hop, 6.0, hop, 6.0, hop, 6.0, hop])
    with pytest.raises(HTTPTimeoutError, match="waiting for the response"):
        fetch(new_flow(net))
    assert net.now == 1020.0


def test_connecting_has_a_deadline_of_its_own():
    flow = new_flow(FakeNet(30.0))
    with pytest.raises(HTTPTimeoutError, match=r"connecting to example.org:80 \(connect_timeout 5"):
        fetch(flow, connect_timeout=5)
    assert flow.pool.statistics == EMPTY


def test_addresses_race():
    net = FakeNet(30.0, 0.4, 30.0)
    net.hosts["example.org"] = [
        Address(socket.AF_INET, (f"192.0.2.{number}", 80)) for number in (1, 2, 3)
    ]
    with pytest.raises(HTTPTimeoutError, match="waiting for the response"):
        fetch(new_flow(net))
    assert len(net.tried) == 3
    assert len(net.streams) == 1
    flow = new_flow(FakeNet(30.0, OSError(113, "no route"), [OK]))
    flow.net.hosts["example.org"] = net.hosts["example.org"]  # type: ignore[attr-defined]
    assert fetch(flow).body == b"ok"
    assert flow.net.time() == 1000.25


def test_addresses_have_one_deadline_together():
    net = FakeNet(30.0, 30.0)
    net.hosts["example.org"] = [Address(socket.AF_INET, (f"192.0.2.{n}", 80)) for n in (1, 2)]
    with pytest.raises(HTTPTimeoutError, match=r"connecting to example.org:80 \(connect_timeout"):
        fetch(new_flow(net), connect_timeout=5)
    assert net.now == 1005.0


def test_all_addresses_are_told_of_if_none_can_be_had():
    net = FakeNet(OSError(101, "no network"), ConnectionRefusedError(111, "refused"))
    net.hosts["example.org"] = [Address(socket.AF_INET, (f"192.0.2.{n}", 80)) for n in (1, 2)]
    with pytest.raises(ConnectionRefusedError, match=r"192.0.2.1: no network; 192.0.2.2: refused"):
        fetch(new_flow(net))


def test_waiting_in_the_queue_counts():
    net = FakeNet([OK])
    flow = new_flow(net, max_clients=1)
    held = Ticket(Key("other", 80))
    flow.pool.acquire(held)
    net.others = [lambda: net.wait(15.0, 2000.0), lambda: net.wait(15.0, 2000.0)]
    with pytest.raises(HTTPTimeoutError, match=r"waiting in the queue \(request_timeout 20 s\)"):
        fetch(flow)
    assert flow.pool.statistics == {"used": 1, "idle": 0, "waiting": 0}
    assert held.has_slot


def test_what_is_released_is_used_by_who_waits():
    net = FakeNet([OK, OK])
    flow = new_flow(net, max_clients=1)
    fetch(flow)
    (connection,) = flow.pool.idle
    held = Ticket(connection.key)
    flow.pool.acquire(held)
    assert held.connection is connection
    net.others = [
        lambda: net.wait(2.0, 2000.0),
        lambda: _give_back(flow.pool.release(held, True)),
    ]
    answer = fetch(flow)
    assert answer.time_info["queue"] == 2.0
    assert len(net.streams) == 1


def test_who_waits_for_another_host_gets_a_new_connection():
    net = FakeNet([OK], [OK])
    flow = new_flow(net, max_clients=1)
    fetch(flow)
    (connection,) = flow.pool.idle
    held = Ticket(connection.key)
    flow.pool.acquire(held)
    assert held.connection is connection
    net.others = [lambda: _give_back(flow.pool.release(held, True))]
    assert fetch(flow, "http://other.org/").body == b"ok"
    assert net.streams[0].is_closed
    assert not net.streams[1].is_closed


def test_a_request_is_repeated_once_on_a_fresh_connection():
    net = FakeNet([OK, ConnectionResetError(104, "reset")], [OK])
    flow = new_flow(net)
    fetch(flow)
    assert fetch(flow).body == b"ok"
    assert net.streams[0].is_closed
    assert net.streams[0].sent == net.streams[1].sent * 2


def test_a_failed_reconnection_gives_the_slot_back():
    net = FakeNet([OK, b""], OSError(113, "no route"))
    flow = new_flow(net)
    fetch(flow)
    with pytest.raises(HTTPClientError, match=r"connecting to example\.org:80: .*no route"):
        fetch(flow)
    assert flow.pool.statistics == EMPTY


def test_all_dead_connections_are_passed_over():
    net = FakeNet([OK])
    flow = new_flow(net)
    key = Key("example.org", 80)
    streams = [FakeStream(net, [b""]), FakeStream(net, [OK])]
    dead = [Connection(key, stream, ClientConnection(Limits()), 60.0) for stream in streams]
    dead[0].idle_since = net.now - 2
    tickets = [Ticket(key) for _ in dead]
    for ticket, connection in zip(tickets, dead, strict=True):
        flow.pool.acquire(ticket)
        ticket.connection = connection
    for ticket in tickets:
        flow.pool.release(ticket, True)
    assert fetch(flow).body == b"ok"
    assert len(net.streams) == 1
    assert [not stream.is_closed for stream in net.streams] == [True]
    assert all(stream.is_closed for stream in streams)


def test_an_end_before_a_byte_is_a_closed_stream():
    with pytest.raises(HTTPStreamClosedError, match="closed without an answer"):
        fetch(new_flow(FakeNet([b""])))


def test_errors_are_told_without_credentials():
    flow = new_flow(FakeNet(OSError(113, "no route to host")))
    with pytest.raises(OSError, match="no route") as caught:
        fetch(flow, "http://me:secret@example.org/path?q#f")
    assert "secret" not in str(caught.value)
    assert "GET http://example.org/path?q#f" in str(caught.value)


def test_what_is_kept_ready_is_bounded():
    flow = new_flow(FakeNet(*[[OK]] * 300))
    for number in range(300):
        fetch(flow, f"http://example{number}.org/")
    assert flow.pool.statistics["idle"] == 10


def test_an_interrupt_frees_everything():
    class Interrupted(FakeNet):
        async def connect(self, address, deadline):
            raise KeyboardInterrupt

    flow = new_flow(Interrupted())
    with pytest.raises(KeyboardInterrupt):
        fetch(flow)
    assert flow.pool.statistics == EMPTY


@pytest.mark.parametrize(
    "steps",
    [
        [OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)],  # closed after the response
        [b"nonsense"],  # closed for what was said
        [OK, b""],  # closed because it is dead already
    ],
)
def test_an_interrupt_while_a_connection_is_closed_frees_its_slot(steps, monkeypatch):
    flow = new_flow(FakeNet(steps))

    def interrupt(self, farewell=b""):
        raise KeyboardInterrupt

    def fetch_again_and_again():
        while True:
            fetch(flow)
            for connection in flow.pool.idle:
                connection.idle_since -= 2

    monkeypatch.setattr(FakeStream, "close", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch_again_and_again()
    assert flow.pool.statistics == EMPTY


def test_an_interrupt_while_another_connection_makes_room_frees_the_slot(monkeypatch):
    flow = new_flow(FakeNet([OK]), max_clients=1)
    fetch(flow)

    def interrupt(self, farewell=b""):
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeStream, "close", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(flow, "http://example.com/")
    assert flow.pool.statistics == EMPTY


def test_a_request_that_was_repeated_leaves_its_connection_for_others():
    """What went wrong the first time is forgotten."""

    class Breaking(FakeNet):
        async def connect(self, address, deadline):
            stream = await super().connect(address, deadline)
            if len(self.streams) == 1:
                self.breaking = stream
            return stream

    net = Breaking([OK, BrokenPipeError(32, "broken pipe")], [OK, OK])
    flow = new_flow(net)
    fetch(flow)
    net.breaking.is_closed = True  # writing fails
    assert fetch(flow).body == b"ok"
    assert fetch(flow).body == b"ok"
    assert len(net.streams) == 2
