"""What a client may not send: the server refuses it, closes, and answers nothing after it."""

import asyncio

import pytest
from tests.wire.cases import BAD_REQUESTS, CUT_REQUESTS
from tests.wire.server_under_test import Wire, request

from waterspout.httpserver import Policy
from waterspout.protocol.http1 import Limits
from waterspout.web import RequestHandler

GOOD = request()


class Served(RequestHandler):
    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "CONNECT")

    def get(self):
        self.write("served")

    post = put = options = connect = get


class Waiting(RequestHandler):
    """Waits until the test opens ``gate``."""

    def initialize(self, gate):
        self.gate = gate

    async def get(self):
        await self.gate.wait()
        self.write("waited")


RULES = [(r".*", Served)]


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=str)
@pytest.mark.slow
async def test_a_bad_request_is_refused_and_nothing_is_parsed_after_it(wire: Wire, case):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(GOOD + case.raw + GOOD * 3)
    assert (await client.response()).body == b"served"
    refusal = await client.response()
    assert refusal.status == case.status
    assert refusal["Connection"] == "close"
    assert refusal["Content-Type"] == "text/plain"
    assert await client.rest() == b""
    client.close()
    await wire.closed(server)


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD_REQUESTS, ids=str)
async def test_a_bad_request_is_refused_once_by_the_byte(wire: Wire, case):
    client = await wire.client(RULES)
    raw = case.raw
    if len(raw) > 2000:
        pieces = [raw[index : index + 777] for index in range(0, len(raw), 777)]
    else:
        pieces = [raw[index : index + 1] for index in range(len(raw))]
    if case.name.endswith("never ends"):
        # A line that is incomplete is looked at again when its size has doubled.
        pieces.append(raw[-1:] * 8192)
    for piece in pieces:
        await client.send(piece)
        await asyncio.sleep(0)
    refusal = await client.response()
    assert refusal.status == case.status
    client.end_sending()
    assert await client.rest() == b""


@pytest.mark.parametrize("case", CUT_REQUESTS, ids=str)
async def test_a_request_that_is_cut_off_is_refused(wire: Wire, case):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(case.raw)
    assert await client.receives_nothing()
    client.end_sending()
    refusal = await client.response()
    assert refusal.status == 400
    assert await client.rest() == b""
    await wire.closed(server)


@pytest.mark.parametrize("case", CUT_REQUESTS, ids=str)
async def test_a_client_may_go_anywhere_in_a_request(wire: Wire, case):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(case.raw)
    await wire.connection(server)
    client.reset()
    await wire.closed(server)


async def test_a_bad_request_behind_one_that_is_served_waits_for_its_answer(wire: Wire):
    gate = asyncio.Event()
    client = await wire.client([("/", Waiting, {"gate": gate})])
    await client.send(GOOD + b"GET /\r\n\r\n" + GOOD)
    assert await client.receives_nothing()
    gate.set()
    assert (await client.response()).body == b"waited"
    assert (await client.response()).status == 400
    assert await client.rest() == b""


async def test_what_a_refused_client_goes_on_sending_does_not_take_its_answer_away(wire: Wire):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(b"GET /\r\n\r\n")
    for _ in range(30):
        await client.send(b"x" * 65536)
    assert (await client.response()).status == 400
    assert await client.rest() == b""
    client.close()
    await wire.closed(server)


async def test_a_refused_client_that_does_not_stop_is_cut_off(wire: Wire):
    server = wire.serve(RULES, max_body_size=1)
    client = await wire.connect(server)
    await client.send(b"GET /\r\n\r\n")

    async def go_on():
        while True:
            await client.send(b"x" * 1024 * 1024)

    with pytest.raises(OSError):  # noqa: PT011 - reset, or broken pipe
        await go_on()
    await wire.closed(server)


async def test_a_refused_client_that_stays_is_cut_off_after_a_while(wire: Wire):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(b"GET /\r\n\r\n")
    assert (await client.response()).status == 400
    [connection] = server.connections
    server.sweep(connection.deadline - 0.1)
    assert await client.rest() == b""
    assert server.connections
    server.sweep(connection.deadline)
    await wire.closed(server)


@pytest.mark.parametrize("size", [9999, 10000])
async def test_max_header_size(wire: Wire, size):
    client = await wire.client(RULES, max_header_size=10000)
    room = size - len(b"Host: a\r\n") - len(b"A: \r\n")
    answer = await client.ask(f"A: {'b' * room}")
    assert answer.status == 200
    assert (await client.ask("A: " + "b" * (10001 - 14))).status == 431
    assert await client.rest() == b""


async def test_a_request_line_beyond_its_bound(wire: Wire):
    client = await wire.client(RULES, policy=Policy(limits=Limits(max_start_line_size=100)))
    bound = 100 - len("GET  HTTP/1.1\r\n")
    assert (await client.ask(path="/" + "a" * (bound - 1))).status == 200
    assert (await client.ask(path="/" + "a" * bound)).status == 414
    assert await client.rest() == b""


class Size(RequestHandler):
    def post(self):
        self.write(str(len(self.request.body)))


@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "announced"])
async def test_a_body_beyond_its_bound_by_length(wire: Wire, is_sent):
    client = await wire.client([("/", Size)], max_body_size=1000)
    assert (await client.ask(method="POST", body=b"x" * 1000)).body == b"1000"
    await client.send(request("Content-Length: 1001", method="POST"))
    if is_sent:
        await client.send(b"x" * 1001 + GOOD)
    refusal = await client.response()
    assert refusal.status == 413
    assert refusal["Connection"] == "close"
    assert await client.rest() == b""


@pytest.mark.parametrize("chunk", [1, 100, 500])
async def test_a_body_beyond_its_bound_by_chunks(wire: Wire, chunk):
    client = await wire.client([("/", Size)], max_body_size=1000)
    piece = b"%x\r\n%b\r\n" % (chunk, b"x" * chunk)
    head = request("Transfer-Encoding: chunked", method="POST")
    await client.send(head + piece * (1000 // chunk) + b"0\r\n\r\n")
    assert (await client.response()).body == b"1000"
    await client.send(head + piece * (1000 // chunk))
    assert await client.receives_nothing()
    await client.send(b"1\r\nx\r\n0\r\n\r\n" + GOOD)
    assert (await client.response()).status == 413
    assert await client.rest() == b""


async def test_a_client_that_sends_a_large_body_before_it_reads_gets_the_413(wire: Wire):
    server = wire.serve([("/", Size)], max_body_size=1000)
    client = await wire.connect(server)
    size = 8 * 1024 * 1024
    await client.send(request(f"Content-Length: {size}", method="POST") + b"x" * size)
    assert (await client.response()).status == 413
    assert await client.rest() == b""
    client.close()
    await wire.closed(server)


async def test_a_head_request_that_is_refused_gets_no_body(wire: Wire):
    client = await wire.client([("/", Size)], max_body_size=10)
    await client.send(request("Content-Length: 11", method="HEAD"))
    refusal = await client.response("HEAD")
    assert refusal.status == 413
    assert await client.rest() == b""


async def test_a_refusal_is_one_line_in_the_log(wire: Wire, caplog):
    caplog.set_level("INFO", "waterspout.general")
    client = await wire.client(RULES)
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nA: \x1b[31m\x00\r\n\r\n" * 3)
    await client.response()
    assert await client.rest() == b""
    [record] = caplog.records
    assert record.getMessage().startswith("refused a request from ('127.0.0.1', ")
    assert record.getMessage().isprintable()
