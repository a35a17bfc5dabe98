"""Output transforms: compression, and those that a program makes."""

import asyncio
import zlib
from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout.httputil import HTTPHeaders
from waterspout.web import Application, GZipContentEncoding, OutputTransform, RequestHandler

GZIP = "Accept-Encoding: gzip"
TEXT = b"0123456789" * 200


def unzipped(data: bytes) -> bytes:
    return zlib.decompress(data, 16 + zlib.MAX_WBITS)


class Text(RequestHandler):
    """Answers with a long text, and with what the query says."""

    def get(self):
        for name in ("Content-Type", "Vary", "Cache-Control", "Content-Encoding", "Content-Range"):
            if value := self.get_argument(name, None):
                self.set_header(name, value)
        self.set_status(int(self.get_argument("status", "200")))
        self.write(TEXT[: int(self.get_argument("size", "2000"))])

    head = post = get


class Length(Text):
    """Says how long the body is; for HEAD without making it."""

    def get(self):
        self.set_header("Content-Length", self.get_argument("length", "2000"))
        self.write(TEXT)

    def head(self):
        self.set_header("Content-Length", "2000")


class Pieces(RequestHandler):
    """Sends three pieces; the client must be able to read each."""

    async def get(self):
        if length := self.get_argument("length", None):
            self.set_header("Content-Length", length)
        for piece in (b"one ", b"two ", b""):
            self.write(piece)
            await self.flush()
        self.write(b"three")

    head = get


class Waits(RequestHandler):
    """Sends a piece and waits to be allowed to send another."""

    event: asyncio.Event

    async def get(self):
        self.write(b"one")
        await self.flush()
        await self.event.wait()
        self.write(b"two")


class Empty(RequestHandler):
    def get(self):
        self.set_status(204)


class FailsLate(RequestHandler):
    async def get(self):
        self.write(TEXT)
        await self.flush()
        raise RuntimeError("late")


RULES = [
    ("/", Text),
    ("/length", Length),
    ("/pieces", Pieces),
    ("/waits", Waits),
    ("/empty", Empty),
    ("/late", FailsLate),
]


def application(**settings: Any) -> Application:
    settings = settings or {"compress_response": True}
    return Application(RULES, log_function=lambda handler: None, **settings)


async def compressing(wire: Wire):
    return await wire.client(application())


# Who compresses


@pytest.mark.parametrize("setting", ["compress_response", "gzip"])
async def test_a_setting_asks_for_it(wire: Wire, setting):
    client = await wire.client(application(**{setting: True}))
    answer = await client.ask(GZIP)
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Content-Length"] == str(len(answer.body))
    assert answer["Vary"] == "Accept-Encoding"
    assert unzipped(answer.body) == TEXT


async def test_without_the_setting_nothing_is_compressed(wire: Wire):
    settings: dict[str, Any]
    for settings in ({"compress_response": False}, {"gzip": None}, {"transforms": []}):
        client = await wire.client(application(**settings))
        answer = await client.ask(GZIP)
        assert answer.body == TEXT
        assert "Vary" not in answer


def test_the_argument_transforms_is_all_there_is():
    made = application(transforms=[OutputTransform], compress_response=True)
    assert made.transforms == [OutputTransform]
    made.add_transform(GZipContentEncoding)
    assert made.transforms == [OutputTransform, GZipContentEncoding]
    assert application(other=1).transforms == []


# What is compressed


@pytest.mark.parametrize(
    ("accepted", "is_coded"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("*", True),
        ("br, gzip;q=0.1", True),
        ("gzip;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("br", False),
        ("", False),
    ],
)
async def test_for_clients_that_take_it(wire: Wire, accepted, is_coded):
    answer = await (await compressing(wire)).ask(f"Accept-Encoding: {accepted}")
    assert ("Content-Encoding" in answer) is is_coded
    assert answer["Vary"] == "Accept-Encoding"
    assert (unzipped(answer.body) if is_coded else answer.body) == TEXT


@pytest.mark.parametrize(
    ("query", "is_coded"),
    [
        ("size=1024", True),
        ("size=1023", False),
        ("Content-Type=text/x-own", True),
        ("Content-Type=TEXT/HTML;charset=utf-8", True),
        ("Content-Type=application/json", True),
        ("Content-Type=application/ld%2bjson", True),
        ("Content-Type=image/svg%2bxml", True),
        ("Content-Type=image/png", False),
        ("Content-Type=application/octet-stream", False),
        ("Content-Encoding=br", False),
        ("Cache-Control=no-transform", False),
        ("Cache-Control=private,%20No-Transform", False),
        ("Cache-Control=private", True),
        ("status=206&Content-Range=bytes%200-1999/5000", False),
        ("status=201", True),
        ("status=404", True),
    ],
)
async def test_what_is_worth_it(wire: Wire, query, is_coded):
    answer = await (await compressing(wire)).ask(GZIP, path=f"/?{query}")
    assert answer["Content-Encoding"] == "gzip" if is_coded else True
    assert is_coded or "Content-Encoding" not in answer or answer["Content-Encoding"] == "br"
    assert "Accept-Encoding" in answer["Vary"]


async def test_vary_keeps_what_it_says(wire: Wire):
    answer = await (await compressing(wire)).ask(GZIP, path="/?Vary=Cookie")
    assert answer["Vary"] == "Cookie, Accept-Encoding"


async def test_the_tag_becomes_weak_and_is_found_again(wire: Wire):
    client = await compressing(wire)
    strong = (await client.ask())["Etag"]
    assert strong.startswith('"')
    weak = (await client.ask(GZIP))["Etag"]
    assert weak == f"W/{strong}"
    for tag in (strong, weak):
        answer = await client.ask(GZIP, f"If-None-Match: {tag}")
        assert (answer.status, answer["Etag"], answer.body) == (304, tag, b"")
        assert answer["Vary"] == "Accept-Encoding"
        assert "Content-Length" not in answer
        assert "Content-Encoding" not in answer


async def test_no_content_stays_none(wire: Wire):
    answer = await (await compressing(wire)).ask(GZIP, path="/empty")
    assert (answer.status, answer.body) == (204, b"")
    assert "Content-Encoding" not in answer
    assert "Content-Length" not in answer


async def test_head_has_the_fields_of_get(wire: Wire):
    client = await compressing(wire)
    names = {"content-encoding", "content-length", "etag", "vary", "content-type"}

    async def fields(method):
        answer = await client.ask(GZIP, method=method)
        return {name: value for name, value in answer.fields if name in names}

    assert await fields("HEAD") == await fields("GET")


async def test_head_without_a_body_does_not_know_its_length(wire: Wire):
    client = await compressing(wire)
    answer = await client.ask(GZIP, path="/length", method="HEAD")
    assert answer["Content-Encoding"] == "gzip"
    assert "Content-Length" not in answer
    answer = await client.ask(path="/length", method="HEAD")
    assert answer["Content-Length"] == "2000"
    # The connection is in step.
    assert unzipped((await client.ask(GZIP, path="/length")).body) == TEXT


async def test_a_length_that_is_wrong_is_told(wire: Wire, caplog):
    client = await compressing(wire)
    assert (await client.ask(GZIP, path="/length?length=1999")).status == 500
    assert "the body has 2000 bytes, but Content-Length says 1999" in caplog.text


# In pieces


async def test_pieces(wire: Wire):
    client = await compressing(wire)
    answer = await client.ask(GZIP, path="/pieces")
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Transfer-Encoding"] == "chunked"
    assert unzipped(answer.body) == b"one two three"
    answer = await client.ask(GZIP, path="/pieces", method="HEAD")
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Transfer-Encoding"] == "chunked"


async def test_pieces_that_are_known_to_be_few_stay(wire: Wire):
    client = await compressing(wire)
    answer = await client.ask(GZIP, path="/pieces?length=13")
    assert (answer["Content-Length"], answer.body) == ("13", b"one two three")


async def test_what_has_been_flushed_can_be_read(wire: Wire):
    Waits.event = asyncio.Event()
    client = await compressing(wire)
    await client.send(b"GET /waits HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
    await client.until(b"\r\n\r\n")
    engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    size = int(await client.until(b"\r\n"), 16)
    assert engine.decompress((await client.read(size + 2))[:-2]) == b"one"
    Waits.event.set()
    size = int(await client.until(b"\r\n"), 16)
    assert engine.decompress((await client.read(size + 2))[:-2]) == b"two"
    assert engine.eof
    await client.until(b"0\r\n\r\n")


async def test_an_old_client_gets_all_of_it(wire: Wire):
    client = await compressing(wire)
    await client.send(b"GET /pieces HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
    answer = await client.response()
    assert unzipped(answer.body) == b"one two three"


async def test_an_error_after_the_beginning_cuts(wire: Wire):
    client = await compressing(wire)
    await client.send(b"GET /late HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
    with pytest.raises((EOFError, ConnectionResetError)):
        await client.response()


# Transforms of a program


class Shout(OutputTransform):
    """Changes everything that can be changed."""

    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        headers = HTTPHeaders(headers)
        headers["X-Shout"] = f"{status_code} {finishing} {headers.get('Content-Length')}"
        headers.pop("Content-Length", None)
        return 202, headers, self.transform_chunk(chunk, finishing)

    def transform_chunk(self, chunk, finishing):
        return chunk.upper() + (b"!" if finishing else b"")


class Frame(OutputTransform):
    def __init__(self, request):
        self.path = request.path

    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        headers["Content-Type"] = "text/plain"
        return status_code, headers, f"{self.path}: ".encode() + chunk


async def test_status_fields_and_body_may_change(wire: Wire):
    client = await wire.client(application(transforms=[Shout, Frame]))
    answer = await client.ask(path="/length")
    assert (answer.status, answer.reason) == (202, "Accepted")
    assert answer["X-Shout"] == "200 True 2000"
    assert answer["Content-Type"] == "text/plain"
    assert answer.body == b"/length: " + TEXT + b"!"


async def test_each_piece_may_change(wire: Wire):
    client = await wire.client(application(transforms=[Shout]))
    answer = await client.ask(path="/pieces")
    assert (answer["X-Shout"], answer.body) == ("200 False None", b"ONE TWO THREE!")


async def test_the_length_of_a_whole_body_is_counted_again(wire: Wire):
    client = await wire.client(application(transforms=[Frame]))
    assert (await client.ask()).body == b"/: " + TEXT
    assert (await client.ask(method="HEAD"))["Content-Length"] == "2003"


async def test_error_pages_are_changed_too(wire: Wire):
    client = await wire.client(application(transforms=[Frame]))
    answer = await client.ask(path="/nowhere")
    assert answer.status == 404
    assert answer.body.startswith(b"/nowhere: <html>")


async def test_a_transform_that_fails_is_an_error(wire: Wire, caplog):
    class Fails(OutputTransform):
        def transform_first_chunk(self, status_code, headers, chunk, finishing):
            raise RuntimeError("no transform")

    client = await wire.client(application(transforms=[Fails]))
    assert (await client.ask()).status == 500
    assert "no transform" in caplog.text


def test_the_base_changes_nothing():
    transform = OutputTransform(None)  # type: ignore[arg-type]
    headers = HTTPHeaders()
    assert transform.transform_first_chunk(200, headers, b"a", True) == (200, headers, b"a")
    assert transform.transform_chunk(b"b", False) == b"b"
