"""The same handlers that leave HTTP, here and in Tornado: the client sees the same bytes."""

import asyncio
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire, request, wire

from waterspout import iostream, web
from waterspout.netutil import bind_sockets

tornado_web = pytest.importorskip("tornado.web", reason="Tornado is not installed")
tornado_iostream = pytest.importorskip("tornado.iostream", reason="Tornado is not installed")
tornado_httpserver = pytest.importorskip("tornado.httpserver", reason="Tornado is not installed")

__all__ = ["wire"]


def rules(web: Any, iostream: Any, streams: list[Any]) -> list[Any]:
    """Return the same rules for either framework."""

    class Base(web.RequestHandler):  # type: ignore[misc]
        def switched(self):
            self.set_status(101)
            self.set_header("Upgrade", "echo")
            self.set_header("Connection", "Upgrade")

        async def serve(self, stream):
            streams.append(stream)
            try:
                while True:
                    line = await stream.read_until(b"\n", max_bytes=100)
                    await stream.write(b"> " + line)
                    if line == b"bytes\n":
                        await stream.write(await stream.read_bytes(5))
                    elif line == b"regex\n":
                        await stream.write(await stream.read_until_regex(rb"\d+;"))
                    elif line == b"into\n":
                        buffer = bytearray(3)
                        size = await stream.read_into(buffer)
                        await stream.write(b"%d" % size + bytes(buffer))
                    elif line == b"rest\n":
                        await stream.write(b"all: " + await stream.read_until_close())
                    elif line == b"quit\n":
                        stream.close()
            except iostream.StreamClosedError:
                stream.close()

    class Raw(Base):
        async def get(self):
            await self.serve(self.detach())

        post = get

    class Flushed(Base):
        async def get(self):
            self.switched()
            await self.flush()
            await self.serve(self.detach())

    class Finished(Base):
        async def get(self):
            self.switched()
            self.clear_header("Content-Type")
            self.finish()
            await self.serve(self.detach())

    return [("/raw", Raw), ("/flushed", Flushed), ("/finished", Finished)]


REQUESTS = {
    "raw": request(path="/raw"),
    "raw behind a body": request(path="/raw", method="POST", body=b"body\n"),
    "flushed": request("Upgrade: echo", path="/flushed"),
    "finished": request("Upgrade: echo", path="/finished"),
}

TALKS = {
    "lines": b"one\ntwo\n" + b"x" * 98 + b"\nquit\n",
    "a line that is too long": b"one\n" + b"x" * 200 + b"\n",
    "bytes": b"bytes\nabcdefgh\nquit\n",
    "regex": b"regex\nab12;rest of it\nquit\n",
    "into": b"into\nabcd\nquit\n",
    "the end": b"one\nhalf",
    "nothing": b"quit\n",
}


async def talk(client: Client, raw: bytes, words: bytes, ahead: int) -> bytes:
    """Send a request and words behind it, some of them at once; return all that comes."""
    await client.send(raw + words[:ahead])
    received = b""
    if b"/raw" not in raw:
        head = await client.until(b"\r\n\r\n")
        lines = sorted(
            line for line in head.split(b"\r\n") if not line.startswith((b"Date", b"Ser"))
        )
        received = b"\n".join(lines)
    await client.send(words[ahead:])
    client.end_sending()
    return received + await client.rest_or_reset()


@pytest.mark.parametrize("ahead", [0, 3, 1000])
@pytest.mark.parametrize("words", TALKS)
@pytest.mark.parametrize("name", REQUESTS)
def test_the_same_talk(wire: Wire, name, words, ahead):
    wire.run(compare(wire, name, words, ahead))


async def compare(wire: Wire, name: str, words: str, ahead: int) -> None:
    streams: list[Any] = []
    ours = wire.serve(rules(web, iostream, wire.streams))
    theirs = tornado_httpserver.HTTPServer(
        tornado_web.Application(
            rules(tornado_web, tornado_iostream, streams), log_function=lambda handler: None
        )
    )
    theirs.add_sockets(bind_sockets(0, "127.0.0.1"))
    [listener] = theirs._sockets.values()
    try:
        found = await talk(await wire.connect(ours), REQUESTS[name], TALKS[words], ahead)
        expected = await talk(await wire.connect_to(listener), REQUESTS[name], TALKS[words], ahead)
        assert found == expected
        assert words == "nothing" or b"> " in found or words.startswith("a line")
    finally:
        theirs.stop()
        await theirs.close_all_connections()
        for stream in streams:
            stream.close()
        await asyncio.sleep(0)
