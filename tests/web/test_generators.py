"""Handlers whose methods are coroutines of generators."""

import asyncio
from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout import gen
from waterspout.web import HTTPError, RequestHandler


class Old(RequestHandler):
    @gen.coroutine
    def prepare(self):
        self.write("prepared ")
        yield gen.moment

    @gen.coroutine
    def get(self, *path: Any):
        parts = yield [self.part("a"), self.native_part("b")]
        self.write(" ".join(parts))
        yield self.flush()
        self.write(" end")

    @gen.coroutine
    def post(self):
        self.write("at once")

    @gen.coroutine
    def put(self):
        yield gen.sleep(0)
        raise HTTPError(409)

    @gen.coroutine
    def part(self, name):
        yield gen.moment
        raise gen.Return(name)

    async def native_part(self, name):
        return await self.part(name)


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [("GET", 200, b"prepared a b end"), ("POST", 200, b"prepared at once"), ("PUT", 409, None)],
)
async def test_methods(wire: Wire, method, status, body):
    client = await wire.client([("/", Old)])
    answer = await client.ask(method=method)
    assert answer.status == status
    assert body is None or answer.body == body


async def test_the_generator_hears_that_the_client_has_gone(wire: Wire):
    begun, ended = asyncio.Event(), asyncio.Event()

    class Waiting(RequestHandler):
        @gen.coroutine
        def get(self):
            begun.set()
            try:
                yield gen.sleep(3600)
            finally:
                ended.set()

    client = await wire.client([("/", Waiting)])
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await begun.wait()
    client.close()
    await ended.wait()
