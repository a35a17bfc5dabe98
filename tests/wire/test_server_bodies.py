"""Request bodies: by length, by chunks, in many pieces, and with ``Expect: 100-continue``."""

import asyncio

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import Policy
from waterspout.web import RequestHandler

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Body(RequestHandler):
    def get(self):
        self.write(self.request.body)

    post = put = patch = delete = options = get


class Size(RequestHandler):
    def post(self):
        self.write(str(len(self.request.body)))


class Ping(RequestHandler):
    def get(self):
        self.write("pong")


RULES = [("/", Body), ("/size", Size), ("/ping", Ping)]


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_every_method_may_have_a_body(wire: Wire, method):
    client = await wire.client(RULES)
    assert (await client.ask(method=method, body=b"hello")).body == b"hello"
    await client.send(request("Transfer-Encoding: chunked", method=method) + chunks(b"a", b"bc"))
    assert (await client.response()).body == b"abc"
    assert (await client.ask(method=method)).body == b""
    assert (await client.ask("Content-Length: 0", method=method)).body == b""


async def test_all_bytes_arrive(wire: Wire):
    client = await wire.client(RULES)
    body = bytes(range(256)) * 1000
    assert (await client.ask(method="POST", body=body)).body == body
    await client.send(request("Transfer-Encoding: chunked", method="POST") + chunks(body, body))
    assert (await client.response()).body == body * 2


async def test_trailers_and_extensions_are_passed_over(wire: Wire):
    client = await wire.client(RULES)
    await client.send(
        request("Transfer-Encoding: chunked", method="POST")
        + b'5;a;b=c;d="e f"\r\nhello\r\n0;x\r\nContent-Length: 7\r\nTransfer-Encoding: x\r\n\r\n'
        + request(path="/ping")
    )
    assert (await client.response()).body == b"hello"
    assert (await client.response()).body == b"pong"


async def test_a_body_of_many_tiny_chunks_lets_others_be_served(wire: Wire):
    count = 100_000
    policy = Policy(max_chunk_rate=1e9)
    server = wire.serve(RULES, policy=policy)
    sender = await wire.connect(server)
    other = await wire.connect(server)
    head = request("Transfer-Encoding: chunked", method="POST", path="/size")
    sending = asyncio.create_task(sender.send(head + b"1\r\nx\r\n" * count + b"0\r\n\r\n"))
    answer = asyncio.create_task(sender.response())
    answered = 0
    while not answer.done():
        assert (await other.ask(path="/ping")).body == b"pong"
        answered += 1
    await sending
    assert (await answer).body == b"100000"
    # Each turn parses some 4,000 of them, and each request takes a few turns.
    assert answered >= 5


async def test_a_body_of_many_tiny_chunks_is_slowed_down(wire: Wire):
    turn = 0.05
    policy = Policy(max_chunk_rate=4096 / turn)
    client = await wire.client(RULES, policy=policy)
    loop = asyncio.get_running_loop()
    start = loop.time()
    head = request("Transfer-Encoding: chunked", method="POST", path="/size")
    await client.send(head + b"1\r\nx\r\n" * 4096 * 4 + b"0\r\n\r\n")
    assert (await client.response()).body == b"16384"
    assert loop.time() - start > 3 * turn


async def test_who_has_gone_meanwhile_is_not_gone_on_with(wire: Wire):
    server = wire.serve(RULES, policy=Policy(max_chunk_rate=4096 / 0.02))
    client = await wire.connect(server)
    head = request("Transfer-Encoding: chunked", method="POST", path="/size")
    await client.send(head + b"1\r\nx\r\n" * 10_000)
    connection = await wire.connection(server)
    while "receiving" not in repr(connection):
        await turns(1)
    server.stop()
    assert await server.close_all_connections(0) == 1


async def test_continue_is_sent_before_the_body(wire: Wire):
    client = await wire.client(RULES)
    for framing, body in (
        ("Content-Length: 5", b"hello"),
        ("Transfer-Encoding: chunked", chunks(b"hello")),
    ):
        await client.send(request("Expect: 100-Continue", framing, method="POST"))
        assert await client.read(len(CONTINUE)) == CONTINUE
        await client.send(body)
        answer = await client.response()
        assert answer.status == 200
        assert answer.body == b"hello"


async def test_continue_is_not_sent_where_the_body_has_come(wire: Wire):
    client = await wire.client(RULES)
    assert (await client.ask("Expect: 100-continue", method="POST", body=b"hello")).status == 200
    await client.send(
        request("Expect: 100-continue", "Transfer-Encoding: chunked", method="POST")
        + chunks(b"hello")
    )
    assert (await client.response()).status == 200


async def test_continue_is_not_sent_where_there_is_no_body(wire: Wire):
    client = await wire.client(RULES)
    assert (await client.ask("Expect: 100-continue")).status == 200
    assert (await client.ask("Expect: 100-continue", "Content-Length: 0")).status == 200


async def test_continue_is_not_sent_to_http_1_0(wire: Wire):
    client = await wire.client(RULES)
    await client.send(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert await client.receives_nothing()
    await client.send(b"hello")
    assert (await client.response()).body == b"hello"


async def test_the_final_answer_comes_instead_where_the_body_is_too_large(wire: Wire):
    client = await wire.client(RULES, max_body_size=4)
    await client.send(request("Expect: 100-continue", "Content-Length: 5", method="POST"))
    answer = await client.response()
    assert answer.status == 413
    assert answer["Connection"] == "close"
    assert await client.rest() == b""


async def test_continue_waits_for_its_turn(wire: Wire):
    gate = asyncio.Event()

    class Gate(RequestHandler):
        async def get(self):
            await gate.wait()
            self.write("waited")

    client = await wire.client([("/gate", Gate), *RULES])
    await client.send(
        request(path="/gate") + request("Expect: 100-continue", "Content-Length: 5", method="PUT")
    )
    assert await client.receives_nothing()
    gate.set()
    assert (await client.response()).body == b"waited"
    assert await client.read(len(CONTINUE)) == CONTINUE
    await client.send(b"hello")
    assert (await client.response()).body == b"hello"
