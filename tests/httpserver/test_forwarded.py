"""What a server believes of who asks: fields of proxies that are listed, and of nobody else."""

import json
import logging
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import Client, Wire, request

from waterspout.httpserver import HTTPServer
from waterspout.httpserver.forwarded import Downstream
from waterspout.netutil import bind_unix_socket
from waterspout.protocol.http1 import Limits, RequestHead, ServerConnection
from waterspout.web import Application, RequestHandler

NEAR = ("10.0.0.1", 1000)
FAR = ("203.0.113.1", 1000)


def head(*lines: str) -> RequestHead:
    engine = ServerConnection(Limits())
    engine.receive_data(request(*lines))
    found = engine.next_event()
    assert isinstance(found, RequestHead)
    return found


def told(*lines: str, trusted: object = None, peer: object = NEAR, **options) -> str:
    """Return who is found to ask."""
    forwarding = Downstream(True, trusted, None).forwarding(peer)  # type: ignore[arg-type]
    assert forwarding is not None
    return forwarding.remote_ip(head(*lines), "peer")


@pytest.mark.parametrize(
    ("lines", "trusted", "client"),
    [
        ([], None, "peer"),
        (["X-Forwarded-For: 1.2.3.4"], None, "1.2.3.4"),
        (["X-Real-Ip: 1.2.3.4"], None, "1.2.3.4"),
        # The nearest proxy has written last.
        (["X-Forwarded-For: 9.9.9.9, 1.2.3.4"], None, "1.2.3.4"),
        (["X-Forwarded-For: 9.9.9.9", "X-Forwarded-For: 1.2.3.4"], None, "1.2.3.4"),
        (["X-Forwarded-For: 1.2.3.4", "x-forwarded-for: 9.9.9.9, 5.6.7.8"], None, "5.6.7.8"),
        (["X-Real-Ip: 9.9.9.9", "X-Real-Ip: 1.2.3.4"], None, "1.2.3.4"),
        (["X-Real-Ip: 9.9.9.9, 1.2.3.4"], None, "1.2.3.4"),
        # As in Tornado, whose documentation has proxies set the one without the other.
        (["X-Forwarded-For: 9.9.9.9", "X-Real-Ip: 1.2.3.4"], None, "1.2.3.4"),
        (["X-Forwarded-For: 1.2.3.4", "X-Real-Ip: "], None, "1.2.3.4"),
        # Where nobody is listed what the peer names is the client, also in a private network.
        (["X-Forwarded-For: 9.9.9.9, 10.9.9.9"], None, "10.9.9.9"),
        (["X-Forwarded-For: 9.9.9.9, 10.9.9.9"], [], "10.9.9.9"),
        (["X-Forwarded-For: 9.9.9.9, 10.9.9.9"], ["*"], "10.9.9.9"),
        # What is listed is passed over.
        (["X-Forwarded-For: 9.9.9.9, 1.2.3.4, 10.0.0.7"], ["10.0.0.0/8"], "1.2.3.4"),
        (["X-Forwarded-For: 1.2.3.4, 10.0.0.8, 10.0.0.7"], ["10.0.0.0/8"], "1.2.3.4"),
        (["X-Forwarded-For: 1.2.3.4, ::ffff:10.0.0.7"], ["10.0.0.0/8"], "1.2.3.4"),
        (["X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 10.0.0.7"], ["10.0.0.0/8"], "1.2.3.4"),
        (["X-Forwarded-For: 10.0.0.9, 10.0.0.7"], ["10.0.0.0/8"], "10.0.0.9"),
        (["X-Forwarded-For: 9.9.9.9, 2001:db8::1"], ["10.0.0.1", "2001:db8::/32"], "9.9.9.9"),
        # Ports, brackets, and members that are none.
        (["X-Forwarded-For: 1.2.3.4:5678"], None, "1.2.3.4"),
        (["X-Forwarded-For: [2001:DB8::1]:5678"], None, "2001:db8::1"),
        (["X-Forwarded-For: ,1.2.3.4, ,"], None, "1.2.3.4"),
        # Behind what cannot be understood nobody is known.
        (["X-Forwarded-For: 1.2.3.4, unknown"], None, "peer"),
        (["X-Forwarded-For: 1.2.3.4, fe80::1%<b>"], None, "peer"),
        (["X-Forwarded-For: 1.2.3.4, unknown, 10.0.0.7"], ["10.0.0.0/8"], "10.0.0.7"),
        (["X-Real-Ip: nonsense", "X-Forwarded-For: 9.9.9.9"], None, "peer"),
        (["X-Forwarded-For: \xff"], None, "peer"),
        (["X-Real_Ip: 9.9.9.9", "X_Forwarded_For: 9.9.9.9"], None, "peer"),
    ],
)
def test_who_asks(lines: list[str], trusted: list[str] | None, client: str):
    assert told(*lines, trusted=trusted) == client


def test_no_more_proxies_are_passed_over_than_there_can_be():
    hops = ", ".join(f"10.0.0.{index}" for index in range(100))
    assert told(f"X-Forwarded-For: 9.9.9.9, {hops}", trusted=["10.0.0.0/8"]) == "10.0.0.68"


@pytest.mark.parametrize(
    ("trusted", "peer", "is_believed"),
    [
        (None, NEAR, True),
        ([], ("127.0.0.1", 1), True),
        (None, None, True),
        (None, FAR, False),
        (["*"], FAR, True),
        (["203.0.113.0/24"], FAR, True),
        # A list is the whole list.
        (["203.0.113.0/24"], NEAR, False),
        (["203.0.113.0/24"], ("127.0.0.1", 1), False),
        (["203.0.113.0/24"], None, False),
        (["203.0.113.0/24", "unix"], None, True),
    ],
)
def test_who_is_believed(trusted: list[str] | None, peer: object, is_believed: bool):
    lines = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https"]
    found = told(*lines, trusted=trusted, peer=peer)
    assert found == ("1.2.3.4" if is_believed else "peer")
    forwarding = Downstream(True, trusted, None).forwarding(peer)
    assert forwarding is not None
    assert forwarding.protocol(head(*lines), "http") == ("https" if is_believed else "http")


def test_who_is_not_believed_is_told_once(caplog: pytest.LogCaptureFixture):
    downstream = Downstream(True, None, None)
    for _ in range(3):
        forwarding = downstream.forwarding(FAR)
        assert forwarding is not None
        assert forwarding.remote_ip(head(), "203.0.113.1") == "203.0.113.1"
        forwarding.remote_ip(head("X-Forwarded-For: 1.2.3.4"), "203.0.113.1")
    assert caplog.messages == [
        "203.0.113.1 says in whose name it asks, and is not believed: trusted_downstream does not"
        " list it"
    ]


@pytest.mark.parametrize(
    ("lines", "protocol"),
    [
        ([], "own"),
        (["X-Scheme: https"], "https"),
        (["X-Forwarded-Proto: https"], "https"),
        (["X-Forwarded-Proto: HTTPS"], "https"),
        (["X-Forwarded-Proto: https, http"], "http"),
        (["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], "http"),
        (["X-Forwarded-Proto: https", "X-Scheme: http"], "http"),
        (["X-Forwarded-Proto: https", "X-Scheme:"], "https"),
        (["X-Scheme: ftp"], "own"),
        (["X-Scheme: https, javascript"], "own"),
        (["X-Scheme: ,https,"], "https"),
    ],
)
def test_by_which_protocol(lines: list[str], protocol: str):
    forwarding = Downstream(True, None, None).forwarding(NEAR)
    assert forwarding is not None
    assert forwarding.protocol(head(*lines), "own") == protocol
    fixed = Downstream(True, None, "http").forwarding(NEAR)
    assert fixed is not None
    assert fixed.protocol(head(*lines), "own") == protocol.replace("own", "http")


def test_a_protocol_alone_believes_nobody():
    forwarding = Downstream(False, None, "https").forwarding(NEAR)
    assert forwarding is not None
    lines = head("X-Scheme: http", "X-Real-Ip: 1.2.3.4")
    assert forwarding.protocol(lines, "http") == "https"
    assert forwarding.remote_ip(lines, "peer") == "peer"


def test_nothing_is_nothing():
    assert Downstream(False, None, None).forwarding(NEAR) is None


def test_a_protocol_that_is_none():
    with pytest.raises(ValueError, match="protocol must be 'http' or 'https', not 'ftp'"):
        HTTPServer(lambda request: None, protocol="ftp")


def test_what_is_trusted_is_checked_at_once():
    with pytest.raises(ValueError, match=r"a peer is an IP address, .*, not 'proxy'"):
        HTTPServer(lambda request: None, xheaders=True, trusted_downstream=["proxy"])
    with pytest.raises(TypeError, match="peers are a list of addresses and networks"):
        HTTPServer(lambda request: None, xheaders=True, trusted_downstream="10.0.0.1")


@given(
    st.lists(st.sampled_from(["1.2.3.4", "5.6.7.8", "unknown", "", "[::1]:8"]), max_size=5),
    st.integers(0, 3),
)
def test_what_a_client_sends_itself_changes_nothing(own: list[str], cut: int):
    """However it is cut into fields, the proxy's word behind it counts."""
    fields = [
        f"X-Forwarded-For: {', '.join(own[:cut])}",
        f"X-Forwarded-For: {', '.join(own[cut:])}",
    ]
    assert told(*fields, "X-Forwarded-For: 192.0.2.1") == "192.0.2.1"


# On the wire


class Who(RequestHandler):
    def get(self):
        request = self.request
        self.write(f"{request.remote_ip} {request.protocol} {request.full_url()}")


FIELDS = ("X-Real-Ip: 1.2.3.4", "X-Scheme: https")


async def test_a_request_through_a_proxy(wire: Wire):
    client = await wire.client([("/", Who)], xheaders=True)
    assert (await client.ask(*FIELDS)).body == b"1.2.3.4 https https://a/"
    # Each request on a connection speaks for itself.
    assert (await client.ask()).body == b"127.0.0.1 http http://a/"
    assert (await client.ask("X-Real-Ip: 5.6.7.8")).body == b"5.6.7.8 http http://a/"


async def test_by_default_nobody_is_believed(wire: Wire):
    client = await wire.client([("/", Who)])
    assert (await client.ask(*FIELDS)).body == b"127.0.0.1 http http://a/"


async def test_who_is_not_listed_is_not_believed(wire: Wire):
    client = await wire.client([("/", Who)], xheaders=True, trusted_downstream=["10.0.0.1"])
    assert (await client.ask(*FIELDS)).body == b"127.0.0.1 http http://a/"


async def test_a_protocol_for_all(wire: Wire):
    client = await wire.client([("/", Who)], protocol="https")
    assert (await client.ask("X-Scheme: http")).body == b"127.0.0.1 https https://a/"


async def test_a_proxy_on_a_unix_socket(wire: Wire, tmp_path):
    for options, found in (
        ({"xheaders": True}, b"1.2.3.4 https https://a/"),
        ({"xheaders": True, "trusted_downstream": ["127.0.0.1"]}, b"0.0.0.0 http http://a/"),
        ({}, b"0.0.0.0 http http://a/"),
    ):
        server = HTTPServer(Application([("/", Who)], log_function=lambda handler: None), **options)
        wire.servers.append(server)
        server.add_socket(bind_unix_socket(str(tmp_path / "socket")))
        client = Client(socket.socket(socket.AF_UNIX))
        wire.clients.append(client)
        client.socket.connect(str(tmp_path / "socket"))
        assert (await client.ask(*FIELDS)).body == found


async def test_the_logs_show_who_asks(wire: Wire, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    application = Application([("/", Who)], access_log="json")
    client = await wire.client(application, xheaders=True)
    await client.ask(*FIELDS)
    await client.send(request("X-Real-Ip: 5.6.7.8", "Content-Length: 9999999999"))
    assert (await client.response()).status == 413
    lines = [
        json.loads(record.getMessage()) for record in caplog.records if "access" in record.name
    ]
    assert [line["remote_ip"] for line in lines] == ["1.2.3.4", "5.6.7.8"]
    address = client.socket.getsockname()
    peer = f"{address[0]}:{address[1]}"
    assert [line["peer"] for line in lines] == [peer, peer]
    [refused] = [text for text in caplog.messages if text.startswith("refused a request")]
    assert refused.startswith(f"refused a request from 5.6.7.8 through {address} GET / [")


async def test_the_access_log_as_text(wire: Wire, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "waterspout.access")
    client = await wire.client(Application([("/", Who)]), xheaders=True)
    await client.ask(*FIELDS)
    await client.send(request("X-Real-Ip: 5.6.7.8", "Content-Length: 9999999999"))
    assert (await client.response()).status == 413
    assert caplog.messages[0].startswith("200 GET / (1.2.3.4) ")
    assert caplog.messages[1].startswith("413 GET / (5.6.7.8) ")
