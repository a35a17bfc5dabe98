"""The server behind TLS: the same answers, and what goes wrong in a handshake."""

import asyncio
import socket
import ssl
import sys
from time import monotonic

import pytest
from tests.wire.secret import Secret
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import HTTPServer, HTTPServerConnection, Policy
from waterspout.web import RequestHandler

trustme = pytest.importorskip("trustme")


class Hello(RequestHandler):
    def get(self):
        self.write(f"{self.request.protocol} {self.request.full_url()}")

    def post(self):
        self.write(str(len(self.request.body)))


class Gate(RequestHandler):
    def initialize(self, gate):
        self.gate = gate

    async def get(self):
        await self.gate.wait()
        self.write("waited")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server_context(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_context(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Streams:
    """A client over TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head_and_body(self) -> tuple[str, bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        size = int(head.lower().partition("content-length: ")[2].partition("\r")[0])
        return head, await self.reader.readexactly(size)


@pytest.fixture
def connect(client_context):
    """A function that connects a client; all are closed at the end of the test."""

    async def connect(server: HTTPServer) -> Streams:
        host, port = server.sockets[0].getsockname()
        return Streams(
            *await asyncio.open_connection(
                host, port, ssl=client_context, server_hostname="localhost"
            )
        )

    return connect


async def close(client: Streams) -> None:
    client.writer.close()
    try:
        await client.writer.wait_closed()
    except (OSError, ssl.SSLError):
        pass


async def test_keep_alive_and_pipelining(wire: Wire, server_context, connect):
    server = wire.serve([("/", Hello)], ssl_options=server_context)
    client = await connect(server)
    for _ in range(2):
        client.writer.write(request() * 20)
        for _ in range(20):
            head, body = await client.head_and_body()
            assert head.startswith("HTTP/1.1 200 OK")
            assert body == b"https https://a/"
    await close(client)
    await wire.closed(server)


async def test_a_large_body_both_ways(wire: Wire, server_context, connect):
    server = wire.serve([("/", Hello)], ssl_options=server_context)
    client = await connect(server)
    client.writer.write(request(method="POST", body=b"x" * 3_000_000))
    assert (await client.head_and_body())[1] == b"3000000"
    await close(client)


async def test_errors_are_answered_and_close(wire: Wire, server_context, connect):
    server = wire.serve([("/", Hello)], ssl_options=server_context, max_body_size=10)
    for raw, status in (
        (b"GET /\r\n\r\n" + request() * 3, 400),
        (request("Content-Length: 11", method="POST"), 413),
    ):
        client = await connect(server)
        client.writer.write(raw)
        head, _ = await client.head_and_body()
        assert head.startswith(f"HTTP/1.1 {status} ")
        assert "Connection: close" in head
        await close(client)
        await wire.closed(server)


async def test_a_client_that_sends_a_large_body_gets_to_read_the_413(
    wire: Wire, server_context, connect
):
    server = wire.serve([("/", Hello)], ssl_options=server_context, max_body_size=10)
    client = await connect(server)
    size = 3_000_000
    client.writer.write(request(f"Content-Length: {size}", method="POST") + b"x" * size)
    await client.writer.drain()
    head, _ = await client.head_and_body()
    assert head.startswith("HTTP/1.1 413 ")
    await close(client)
    await wire.closed(server)


async def test_a_refused_client_that_stays_is_closed(wire: Wire, server_context, connect):
    policy = Policy(linger_timeout=4.0)
    server = wire.serve([("/", Hello)], ssl_options=server_context, policy=policy)
    client = await connect(server)
    client.writer.write(b"GET /\r\n\r\n" + request())
    await client.head_and_body()
    [connection] = server.connections
    assert connection.deadline <= monotonic() + 4
    server.sweep(connection.deadline)
    assert await client.reader.read() == b""
    await close(client)
    await wire.closed(server)


async def test_stop_closes_idle_and_awaits_the_others(wire: Wire, server_context, connect):
    gate = asyncio.Event()
    server = wire.serve([("/", Gate, {"gate": gate})], ssl_options=server_context)
    idle = await connect(server)
    busy = await connect(server)
    busy.writer.write(request())
    while not any(connection.exchange for connection in server.connections):
        await turns(1)
    server.stop()
    closing = asyncio.create_task(server.close_all_connections())
    assert await idle.reader.read() == b""
    gate.set()
    head, body = await busy.head_and_body()
    assert "Connection: close" in head
    assert body == b"waited"
    assert await busy.reader.read() == b""
    await close(idle)
    await close(busy)
    assert await closing == 0


@pytest.mark.parametrize("is_drained", [False, True])
async def test_nobody_waits_for_the_leave_of_a_client_that_reads_nothing(
    wire: Wire, server_context, client_context, is_drained
):
    """As one that keeps its connection for later; of this one the server hears nothing at all."""
    policy = Policy(linger_timeout=1000.0)
    server = wire.serve([("/", Hello)], ssl_options=server_context, policy=policy)
    raw = await wire.connect_to(server.sockets[0])
    come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(come, go, server_hostname="localhost")

    async def through(step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                if go.pending:
                    await raw.send(go.read())
                come.write(await asyncio.get_running_loop().sock_recv(raw.socket, 65536))

    await through(client.do_handshake)
    client.write(request())
    assert (await through(lambda: client.read(10_000))).startswith(b"HTTP/1.1 200 OK")
    connection = await wire.connection(server)
    connection.deadline -= policy.linger_timeout + 1  # so long ago was that
    server.stop()
    if is_drained:
        assert await server.drain(None) == 0
    else:
        assert await server.close_all_connections() == 0
    come.write(await raw.rest())
    come.write_eof()
    assert client.read() == b""  # the server has taken its own leave


async def test_an_idle_connection_is_closed(wire: Wire, server_context, connect):
    server = wire.serve([("/", Hello)], ssl_options=server_context)
    client = await connect(server)
    connection = await wire.connection(server)
    server.sweep(connection.deadline)
    assert await client.reader.read() == b""
    await close(client)
    await wire.closed(server)


async def test_plain_bytes_on_a_tls_port_harm_nobody(wire: Wire, server_context, connect):
    server = wire.serve([("/", Hello)], ssl_options=server_context)
    stranger = await wire.connect(server)
    await stranger.send(request())
    await stranger.rest_or_reset()
    client = await connect(server)
    client.writer.write(request())
    assert (await client.head_and_body())[1] == b"https https://a/"
    await close(client)


async def test_ssl_options_may_be_a_dictionary(wire: Wire, authority, connect, tmp_path):
    certificate = authority.issue_cert("localhost")
    certfile = tmp_path / "cert.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(certfile))
    server = wire.serve([("/", Hello)], ssl_options={"certfile": str(certfile)})
    client = await connect(server)
    client.writer.write(request())
    assert (await client.head_and_body())[1] == b"https https://a/"
    await close(client)


def test_a_certificate_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pem"):
        HTTPServer(print, ssl_options={"certfile": str(tmp_path / "nowhere.pem")})


def test_options_without_a_certificate_are_told():
    with pytest.raises(ValueError, match="certfile"):
        HTTPServer(print, ssl_options={})


def test_an_unknown_option_is_told():
    with pytest.raises(TypeError, match="unknown ssl_options: certificate"):
        HTTPServer(print, ssl_options={"certificate": "x"})


async def test_a_drain_waits_for_no_handshake_for_ever(wire: Wire, server_context):
    server = wire.serve(
        [("/", Hello)],
        ssl_options=server_context,
        policy=Policy(first_request_timeout=0.0, header_timeout=1e6),
    )
    client = await wire.connect(server)
    while not server.opening:
        await turns(1)
    assert await server.drain(None) == 0
    assert not server.opening
    assert await client.rest_or_reset() == b""


class Big(RequestHandler):
    """More than the buffers on both sides take together."""

    def get(self):
        self.write(bytes(BIG))

    def compute_etag(self):
        return None


BIG = 8_000_000


def is_in(connection: HTTPServerConnection, seconds: float) -> bool:
    """Tell whether the deadline is so far away; a test takes less than five seconds."""
    return seconds - 5 < connection.deadline - monotonic() <= seconds


async def ask_for_much(wire: Wire, server_context, connect, policy: Policy, *lines: str):
    """Return a client that does not read, the connection of whom it asked, and that server."""
    rules = [("/", Big)]
    server = wire.serve(rules, ssl_options=server_context, policy=policy, send_buffer=65536)
    client = await connect(server)
    client.writer.transport.pause_reading()
    client.writer.write(request(*lines))
    connection = await wire.connection(server)
    while connection.exchange is not None or not connection.requests:
        await turns(1)
    return client, connection, server


PATIENT = Policy(linger_timeout=10.0, write_timeout=100.0, idle_timeout=70.0)
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="it has a kernel that can be asked")


@only_linux
@pytest.mark.parametrize("lines", [["Connection: close"], []], ids=["last", "idle"])
async def test_a_slow_reader_gets_the_whole_of_its_answer(
    wire: Wire, server_context, connect, lines
):
    """Most of it is in a buffer below TLS that nobody tells of."""
    client, connection, server = await ask_for_much(wire, server_context, connect, PATIENT, *lines)
    if not lines:
        assert is_in(connection, 70)
        server.sweep(connection.deadline)
    assert is_in(connection, 10)
    total = 0
    for part in range(1, 4):
        client.writer.transport.resume_reading()
        while total < part * BIG // 4:
            total += len(await client.reader.read(65536))
        client.writer.transport.pause_reading()
        await turns()
        now = connection.deadline
        server.sweep(now)
        assert connection.deadline == now + 100
    client.writer.transport.resume_reading()
    while piece := await client.reader.read(65536):
        total += len(piece)
    assert total > BIG  # with the head
    await close(client)
    await wire.closed(server)


@only_linux
async def test_a_reader_that_stops_in_its_last_answer_is_cut_off(
    wire: Wire, server_context, connect
):
    client, connection, server = await ask_for_much(
        wire, server_context, connect, PATIENT, "Connection: close"
    )
    waits = []
    while server.connections:
        now = connection.deadline
        server.sweep(now)
        waits.append(connection.deadline - now)
        await turns()
    # What the client's system takes without it counts; but once that is full its time runs.
    assert waits[0] in (90.0, 100.0)
    assert set(waits[1:-1]) <= {100.0}
    assert waits[-1] == 0.0
    client.writer.transport.abort()


@only_linux
async def test_who_never_says_goodbye_is_waited_for_no_longer_than_one_may_linger(
    wire: Wire, server_context, client_context
):
    policy = Policy(linger_timeout=10.0, write_timeout=100.0)
    server = wire.serve([("/", Hello)], ssl_options=server_context, policy=policy)
    client = await wire.connect(server)
    secret = Secret(client, client_context)
    await secret.shake_hands()
    await secret.send(request("Connection: close"))
    connection = await wire.connection(server)
    while "closing" not in repr(connection):
        await turns(1)
    assert is_in(connection, 10)
    await client.receive()
    for _ in range(3):
        await turns()
        # What has come is acknowledged now, and not in 40 ms.
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    now = connection.deadline
    server.sweep(now)
    if not connection.is_lost:  # the answer itself has moved meanwhile
        assert connection.deadline == now + 10
        server.sweep(now + 10)
    await wire.closed(server)


@pytest.mark.parametrize("timeout", [0.0, float("inf")])
async def test_what_a_policy_allows_tls_takes(wire: Wire, server_context, connect, timeout):
    policy = Policy(linger_timeout=timeout, header_timeout=timeout or 20.0)
    server = wire.serve([("/", Hello)], ssl_options=server_context, policy=policy)
    client = await connect(server)
    client.writer.write(request("Connection: close"))
    assert (await client.head_and_body())[1] == b"https https://a/"
    await close(client)
    await wire.closed(server)


@pytest.fixture
def agreed(authority):
    """A function that connects, and returns what was agreed on of the protocols offered."""

    async def agreed(server: HTTPServer, *protocols: str) -> str | None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        context.set_alpn_protocols(list(protocols))
        host, port = server.sockets[0].getsockname()
        client = Streams(
            *await asyncio.open_connection(host, port, ssl=context, server_hostname="localhost")
        )
        chosen: str | None = client.writer.get_extra_info("ssl_object").selected_alpn_protocol()
        client.writer.write(request())
        assert (await client.head_and_body())[1] == b"https https://a/"
        await close(client)
        return chosen

    return agreed


async def test_the_protocol_is_agreed_on(wire: Wire, authority, agreed, tmp_path):
    certfile = tmp_path / "cert.pem"
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(certfile))
    server = wire.serve([("/", Hello)], ssl_options={"certfile": str(certfile)})
    for _ in range(2):
        assert await agreed(server, "h2", "http/1.1") == "http/1.1"
        assert await agreed(server, "h2") is None
        server.reload_certificates()


async def test_a_context_agrees_on_what_it_says_itself(wire: Wire, authority, agreed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = wire.serve([("/", Hello)], ssl_options=context)
    assert await agreed(server, "http/1.1") is None
    context.set_alpn_protocols(["http/1.0", "http/1.1"])
    assert await agreed(server, "http/1.1", "http/1.0") == "http/1.0"
