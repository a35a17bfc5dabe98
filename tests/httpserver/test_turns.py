"""A long response to a client that reads as fast as it is sent: others have their turn."""

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httputil import HTTPHeaders, ResponseStartLine
from waterspout.iostream import StreamClosedError
from waterspout.web import RequestHandler

OK = ResponseStartLine("HTTP/1.1", 200, "OK")


@pytest.mark.parametrize(("size", "most"), [(1, 17), (8192, 7), (100_000, 2)])
async def test_a_handler_that_flushes_on_and_on_lets_others_run(wire: Wire, size: int, most: int):
    counts = []

    class Flushes(RequestHandler):
        async def get(self):
            had_turn: list[bool] = []
            self.request.connection.loop.call_soon(had_turn.append, True)
            count = 0
            while not had_turn and count < 1000:
                self.write(b"x" * size)
                await self.flush()
                count += 1
            counts.append(count)

    client = await wire.client([("/", Flushes)])
    for _ in range(3):
        await client.ask()
    assert len(counts) == 3
    assert max(counts) <= most


async def test_to_ask_whether_the_client_has_caught_up_takes_no_turn(wire: Wire):
    asked: list[bool] = []

    async def answer(request):
        connection = request.connection
        await connection.write_headers(OK, HTTPHeaders({"Content-Length": "0"}))
        asked.extend(connection.drain().done() for _ in range(100))
        connection.finish()

    client = await wire.client(answer)
    await client.ask()
    assert asked == [True] * 100


async def test_a_client_that_goes_in_between_is_told_of(wire: Wire):
    ends = []

    async def answer(request):
        connection = request.connection
        connection.write_headers(OK, HTTPHeaders())
        sent = connection.write(b"x" * 100_000)
        connection.abort()
        assert not sent.done()
        try:
            await sent
        except StreamClosedError:
            ends.append("closed")

    client = await wire.client(answer)
    await client.send(request())
    while not ends:
        await turns(1)
    assert ends == ["closed"]
