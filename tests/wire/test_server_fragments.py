"""Requests that come in pieces: the answers are the same wherever the cuts are."""

import asyncio
import re

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.web import RequestHandler


class Echo(RequestHandler):
    def get(self, *args):
        self.write(repr((self.request.path, self.request.headers.get("A"), self.request.body)))

    post = get


class LateEcho(Echo):
    async def get(self, *args):
        await asyncio.sleep(0)
        super().get()

    post = get


RULES = [(r"/late(.*)", LateEcho), (r".*", Echo)]
STREAM = b"".join(
    [
        request("A: 1", path="/first"),
        request("A: 2", path="/length", method="POST", body=b"hello"),
        b"\r\n" + request("A: 3", path="/late"),
        request("Transfer-Encoding: chunked", path="/chunks", method="POST")
        + b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
        request("Content-Length: 3", "Expect: 100-continue", path="/late2", method="POST")
        + b"\0\r\n",
        request("Connection: close", path="/last"),
    ]
)
BODIES = [
    b"('/first', '1', b'')",
    b"('/length', '2', b'hello')",
    b"('/late', '3', b'')",
    b"('/chunks', None, b'hello world')",
    b"('/late2', None, b'\\x00\\r\\n')",
    b"('/last', None, b'')",
]


def bodies(received: bytes) -> list[bytes]:
    return re.findall(rb"\('/.*?\)", received)


async def test_byte_by_byte(wire: Wire):
    client = await wire.client(RULES)
    for index in range(len(STREAM)):
        await client.send(STREAM[index : index + 1])
        await asyncio.sleep(0)
    assert bodies(await client.rest()) == BODIES


@pytest.mark.parametrize("size", [2, 3, 5, 7, 16, 33, 64, 100])
async def test_in_pieces(wire: Wire, size):
    client = await wire.client(RULES)
    for index in range(0, len(STREAM), size):
        await client.send(STREAM[index : index + size])
        await asyncio.sleep(0)
    assert bodies(await client.rest()) == BODIES


async def test_cut_anywhere(wire: Wire):
    server = wire.serve(RULES)
    for index in range(0, len(STREAM), 3):
        client = await wire.connect(server)
        await client.send(STREAM[:index])
        await asyncio.sleep(0)
        await client.send(STREAM[index:])
        assert bodies(await client.rest()) == BODIES
        client.close()


async def test_in_one_piece(wire: Wire):
    client = await wire.client(RULES)
    await client.send(STREAM)
    assert bodies(await client.rest()) == BODIES
