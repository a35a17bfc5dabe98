"""Connections that begin with a PROXY header: of whom it is wanted, and what is behind it."""

import asyncio
import logging
import socket
import ssl

import pytest
from tests.wire.server_under_test import Client, Wire, request, turns

from waterspout.httpserver import HTTPServer, Policy
from waterspout.netutil import bind_unix_socket
from waterspout.web import Application, RequestHandler

LINE = b"PROXY TCP4 203.0.113.7 192.0.2.1 50000 443\r\n"
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
BINARY = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xcb\x00\x71\x07\xc0\0\2\1\xc3\x50\1\xbb\4\0\0"


class Who(RequestHandler):
    def get(self):
        request = self.request
        self.write(f"{request.remote_ip} {request.connection.remote_address} {request.protocol}")


SAID = b"203.0.113.7 ('203.0.113.7', 50000) http"


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING)
    return lambda: caplog.messages


@pytest.mark.parametrize("header", [LINE, BINARY])
async def test_the_client_is_who_the_header_says(wire: Wire, header: bytes):
    client = await wire.client([("/", Who)], proxy_protocol=True)
    await client.send(header + request() + request())
    assert (await client.response()).body == SAID
    assert (await client.response()).body == SAID
    assert (await client.ask()).body == SAID


@pytest.mark.parametrize("header", [LINE, BINARY])
async def test_a_header_byte_by_byte(wire: Wire, header: bytes):
    client = await wire.client([("/", Who)], proxy_protocol=True)
    for index in range(len(header)):
        await client.send(header[index : index + 1])
        await turns(3)
    assert (await client.ask()).body == SAID


@pytest.mark.parametrize("header", [LOCAL, b"PROXY UNKNOWN\r\n"])
async def test_who_asks_for_itself(wire: Wire, header: bytes):
    client = await wire.client([("/", Who)], proxy_protocol=True)
    await client.send(header + request())
    address = client.socket.getsockname()
    assert (await client.response()).body == f"127.0.0.1 {address} http".encode()


async def test_of_others_no_header_is_wanted(wire: Wire):
    client = await wire.client([("/", Who)], proxy_protocol=["10.0.0.0/8"])
    assert (await client.ask()).body.startswith(b"127.0.0.1 ")
    # Nor is it believed.
    await client.send(LINE + request())
    assert (await client.response()).status == 400


async def test_the_list_of_trusted_peers_is_meant(wire: Wire):
    for trusted, first in ((["127.0.0.0/8"], b"203.0.113.7"), (["unix"], b"127.0.0.1")):
        client = await wire.client([("/", Who)], proxy_protocol=True, trusted_downstream=trusted)
        await client.send((LINE if first == b"203.0.113.7" else b"") + request())
        assert (await client.response()).body.startswith(first + b" ")


async def test_without_the_option_it_is_no_request(wire: Wire):
    client = await wire.client([("/", Who)])
    await client.send(LINE + request())
    assert (await client.response()).status == 400


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (request(), "no PROXY header begins with b'GET / HTTP/1.1\\r\\n'"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "a malformed PROXY line: b'PROXY TCP4"),
        (BINARY[:12] + b"\x31" + BINARY[13:], "a PROXY header of version and command 0x31"),
    ],
)
async def test_who_sends_no_good_header_is_closed_and_told_of(
    wire: Wire, warnings, header: bytes, told: str
):
    server = wire.serve([("/", Who)], proxy_protocol=True)
    client = await wire.connect(server)
    address = client.socket.getsockname()
    await client.send(header)
    assert await client.rest_or_reset() == b""
    assert len(warnings()) == 1
    assert warnings()[0].startswith(f"closed a connection of {address}: {told}")
    assert not server.connections
    while server.opening:
        await turns(1)


async def test_who_goes_in_the_middle(wire: Wire, warnings):
    client = await wire.client([("/", Who)], proxy_protocol=True)
    await client.send(LINE[:-2])
    await turns()
    client.end_sending()
    assert await client.rest() == b""
    assert [text.partition(": ")[2] for text in warnings()] == [
        "the connection ended inside its PROXY header"
    ]


async def test_who_looks_in_and_goes_is_not_worth_a_line(wire: Wire, warnings):
    client = await wire.client([("/", Who)], proxy_protocol=True)
    client.end_sending()
    assert await client.rest() == b""
    assert warnings() == []


@pytest.mark.parametrize("begin", [b"", LINE[:-1]])
async def test_who_takes_too_long(wire: Wire, warnings, begin: bytes):
    policy = Policy(header_timeout=0.01)
    client = await wire.client([("/", Who)], proxy_protocol=True, policy=policy)
    await client.send(begin)
    assert await client.rest() == b""
    assert [text.partition(": ")[2] for text in warnings()] == ["no whole PROXY header in 0.01 s"]


async def test_a_client_that_waits_holds_up_nobody(wire: Wire):
    server = wire.serve([("/", Who)], proxy_protocol=True)
    slow = await wire.connect(server)
    await slow.send(LINE[:10])
    client = await wire.connect(server)
    await client.send(LINE + request())
    assert (await client.response()).body == SAID
    await slow.send(LINE[10:] + request())
    assert (await slow.response()).body == SAID


async def test_fields_count_where_the_header_says_a_trusted_address(wire: Wire):
    for trusted, found in ((["203.0.113.0/24"], b"1.2.3.4 "), (["10.0.0.1"], b"203.0.113.7 ")):
        client = await wire.client(
            [("/", Who)], proxy_protocol=["127.0.0.1"], xheaders=True, trusted_downstream=trusted
        )
        await client.send(LINE + request("X-Forwarded-For: 1.2.3.4"))
        assert (await client.response()).body.startswith(found)


async def test_a_proxy_on_a_unix_socket(wire: Wire, tmp_path):
    server = HTTPServer(
        Application([("/", Who)], log_function=lambda handler: None), proxy_protocol=["unix"]
    )
    wire.servers.append(server)
    server.add_socket(bind_unix_socket(str(tmp_path / "socket")))
    for header, found in ((LINE, SAID), (LOCAL, b"0.0.0.0 None http")):
        client = Client(socket.socket(socket.AF_UNIX))
        wire.clients.append(client)
        client.socket.connect(str(tmp_path / "socket"))
        await client.send(header + request())
        assert (await client.response()).body == found


@pytest.mark.parametrize("header", [LINE, BINARY])
async def test_before_tls(wire: Wire, header: bytes):
    """The header comes in clear, and the client's first message may be right behind it."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    client = await wire.client([("/", Who)], ssl_options=server_context, proxy_protocol=True)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    loop = asyncio.get_running_loop()
    sent = header

    async def go_on(call, *arguments):
        nonlocal sent
        while True:
            try:
                return call(*arguments)
            except ssl.SSLWantReadError:
                await client.send(sent + outgoing.read())
                sent = b""
                incoming.write(await loop.sock_recv(client.socket, 65536))
            finally:
                if not sent and outgoing.pending:
                    await client.send(outgoing.read())

    await go_on(tls.do_handshake)
    await go_on(tls.write, request())
    answer = b""
    while SAID[:-4] not in answer:
        answer += await go_on(tls.read, 65536)
    assert answer.endswith(SAID + b"s")


async def test_a_drain_waits_for_it_a_while(wire: Wire):
    policy = Policy(first_request_timeout=0.01)
    server = wire.serve([("/", Who)], proxy_protocol=True, policy=policy)
    client = await wire.connect(server)
    await client.send(LINE[:10])
    while not server.opening:
        await turns(1)
    assert await server.drain(grace=10.0) == 0
    assert await client.rest_or_reset() == b""
