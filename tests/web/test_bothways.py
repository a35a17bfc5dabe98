"""A body that streams in and out at the same time: neither side is ahead of the other by much."""

import asyncio

from tests.wire.server_under_test import Wire, turns

from waterspout.httpserver import Policy
from waterspout.protocol.http1 import Limits
from waterspout.web import RequestHandler, stream_request_body

SIZE = 32 * 1024 * 1024
PIECE = bytes(range(256)) * 256  # 64 KiB


@stream_request_body
class Echo(RequestHandler):
    """Sends back what comes, as it comes."""

    received = 0

    def prepare(self):
        self.set_header("Content-Length", self.request.headers["Content-Length"])

    async def data_received(self, chunk):
        type(self).received += len(chunk)
        self.write(chunk)
        await self.flush()

    def post(self):
        pass


async def test_an_echo_holds_its_client_back_and_loses_nothing(wire: Wire):
    Echo.received = 0
    policy = Policy(limits=Limits(max_body_size=SIZE))
    server = wire.serve([("/", Echo)], send_buffer=64 * 1024, policy=policy)
    client = await wire.connect(server, receive_buffer=64 * 1024)
    head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"
    await client.send(head.encode())

    async def send():
        for _ in range(SIZE // len(PIECE)):
            await client.send(PIECE)

    sending = asyncio.ensure_future(send())
    await client.until(b"\r\n\r\n")
    # Who reads nothing is not read from.
    before = -1
    while before != Echo.received:
        before = Echo.received
        await turns(200)
    assert not sending.done()
    assert before < SIZE // 4
    for _ in range(SIZE // len(PIECE)):
        assert await client.read(len(PIECE)) == PIECE
    await sending
    assert Echo.received == SIZE
