"""Clients that send a little again and again, so as never to be silent: it buys them no time."""

from time import monotonic

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import Policy
from waterspout.web import RequestHandler, stream_request_body

POLICY = Policy(
    idle_timeout=70.0,
    header_timeout=30.0,
    body_grace=10.0,
    min_body_rate=100.0,
    request_timeout=500.0,
)


class Gathered(RequestHandler):
    def post(self):
        self.write("had it")

    get = post


@stream_request_body
class Streamed(RequestHandler):
    def data_received(self, chunk):
        pass

    def post(self):
        self.write("had it")


RULES = [("/", Gathered), ("/streamed", Streamed)]
CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize("path", ["/", "/streamed"])
@pytest.mark.parametrize(
    ("start", "drip"),
    [
        pytest.param(b"0\r\n", b"A: b\r\n", id="trailers"),
        pytest.param(b"0\r\n", b"a", id="the name of a trailer"),
        pytest.param(b"1;a=", b"b", id="an extension"),
        pytest.param(b"0", b"0", id="the size of a chunk"),
        pytest.param(b"1\r", b"", id="the end of a size"),
        pytest.param(b"1\r\nx\r", b"", id="the end of a chunk"),
        pytest.param(b"0\r\n\r", b"", id="the end"),
    ],
)
async def test_what_frames_a_body_is_no_body(wire: Wire, path, start, drip):
    server = wire.serve(RULES, policy=POLICY)
    client = await wire.connect(server)
    await client.send(request(CHUNKED, method="POST", path=path) + start)
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    await turns()
    deadline = connection.deadline
    assert deadline <= monotonic() + 10.01
    for _ in range(14):
        await client.send(drip)
        await turns(2)
    await turns()
    assert connection.deadline == deadline
    server.sweep(deadline)
    refusal = await client.response()
    assert refusal.status == 408
    assert refusal["Connection"] == "close"
    assert await client.rest() == b""


@pytest.mark.parametrize("path", ["/", "/streamed"])
async def test_chunks_of_one_byte_are_as_slow_as_their_bytes(wire: Wire, path):
    server = wire.serve(RULES, policy=POLICY)
    client = await wire.connect(server)
    await client.send(request(CHUNKED, method="POST", path=path))
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    await turns()
    first = connection.deadline
    for _ in range(50):
        await client.send(b"1\r\nx\r\n")
        await turns(2)
    await turns()
    assert first <= connection.deadline <= first + 50 / 100 + 0.1
    server.sweep(connection.deadline)
    assert (await client.response()).status == 408


@pytest.mark.parametrize("path", ["/", "/streamed"])
async def test_who_is_told_to_continue_and_does_not(wire: Wire, path):
    server = wire.serve(RULES, policy=POLICY)
    client = await wire.connect(server)
    fields = ("Content-Length: 10", "Expect: 100-continue")
    await client.send(request(*fields, method="POST", path=path))
    assert (await client.response()).status == 100
    connection = await wire.connection(server)
    await turns()
    assert connection.deadline <= monotonic() + 10.01
    server.sweep(connection.deadline)
    assert (await client.response()).status == 408
    assert await client.rest() == b""


async def test_empty_lines_are_silence(wire: Wire):
    server = wire.serve(RULES, policy=POLICY)
    client = await wire.connect(server)
    connection = await wire.connection(server)
    deadline = connection.deadline
    for _ in range(30):
        await client.send(b"\r\n")
        await turns(2)
    await turns()
    assert connection.deadline <= deadline
    server.sweep(deadline)
    await client.rest()
    client.close()
    await wire.closed(server)


async def test_a_head_byte_by_byte(wire: Wire):
    server = wire.serve(RULES, policy=POLICY)
    client = await wire.connect(server)
    connection = await wire.connection(server)
    assert (await client.ask()).body == b"had it"
    await client.send(b"G")
    while connection.deadline > monotonic() + 30:
        await turns(1)
    deadline = connection.deadline
    for byte in b"ET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 50:
        await client.send(bytes([byte]))
        await turns(1)
    await turns()
    assert connection.deadline == deadline
    server.sweep(deadline)
    assert (await client.response()).status == 408
    assert await client.rest() == b""


@pytest.mark.parametrize("path", ["/", "/streamed"])
async def test_a_body_within_its_rate_has_no_longer_than_its_request(wire: Wire, path):
    server = wire.serve(RULES, policy=POLICY)
    client = await wire.connect(server)
    await client.send(request("Content-Length: 1000000", method="POST", path=path))
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    end = connection.exchange.deadline
    await client.send(b"x" * 99_999)
    while connection.deadline < end:
        await turns(1)
    assert connection.deadline == end
    server.sweep(end)
    assert (await client.response()).status in (408, 503)
    assert await client.rest() == b""
