"""Sending a file from any handler."""

import gzip
import zlib
from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout.web import Application, RequestHandler
from waterspout.web.filebody import send_content, send_file
from waterspout.web.openfile import OpenFile, open_file

CONTENT = b"".join(b"%d," % number for number in range(100_000))


class Sends(RequestHandler):
    """Sends the part of a file that the query says."""

    path = ""

    async def get(self):
        file = open_file(self.path)
        try:
            start, end = (int(self.get_argument(name)) for name in ("start", "end"))
            await send_file(self, file, start, end)
        finally:
            file.close()


@pytest.fixture
def rules(tmp_path):
    """A rule that leads to a file."""
    (tmp_path / "file").write_bytes(CONTENT)
    return [("/", type("Sends", (Sends,), {"path": str(tmp_path / "file")}))]


# Around what goes with the head, what goes in one piece, and the end.
BOUNDS = [
    (0, 1),
    (5, 10),
    (0, 65_536),
    (0, 65_537),
    (1, 262_145),
    (1, 262_146),
    (100, 524_288),
    (0, len(CONTENT)),
    (len(CONTENT) - 1, len(CONTENT)),
]


@pytest.mark.parametrize(("start", "end"), BOUNDS)
@pytest.mark.parametrize("is_at_hand", [True, False])
async def test_exactly_the_part(wire: Wire, rules, monkeypatch, start, end, is_at_hand):
    if not is_at_hand:
        monkeypatch.setattr(OpenFile, "read_now", lambda self, size, offset: None)
    client = await wire.client(rules)
    for _ in range(2):
        answer = await client.ask(path=f"/?start={start}&end={end}")
        assert answer["Content-Length"] == str(end - start)
        assert answer.body == CONTENT[start:end]


async def test_a_part_that_is_not_there_is_cut_or_an_error(wire: Wire, rules, caplog):
    server = wire.serve(rules)
    client = await wire.connect(server)
    assert (await client.ask(path=f"/?start={len(CONTENT)}&end={len(CONTENT) + 1}")).status == 500
    await client.send(f"GET /?start=0&end={len(CONTENT) + 1} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    with pytest.raises((EOFError, ConnectionResetError)):
        await client.response()
    assert f"was cut short at {len(CONTENT)} " in caplog.text


async def test_pieces_may_be_transformed(wire: Wire, rules):
    application = Application(rules, compress_response=True, log_function=lambda handler: None)
    client = await wire.client(application)
    answer = await client.ask("Accept-Encoding: gzip", path=f"/?start=0&end={len(CONTENT)}")
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == CONTENT
    # Each piece can be read when it has come.
    assert zlib.decompressobj(31).decompress(answer.body[: len(answer.body) // 2])


class Content(RequestHandler):
    content: Any = b""

    async def get(self):
        await send_content(self, type(self).content)


@pytest.mark.parametrize("is_whole", [True, False])
async def test_content_whole_or_in_pieces(wire: Wire, is_whole):
    content = b"whole" if is_whole else [b"wh", b"", b"ole"]
    client = await wire.client([("/", type("Content", (Content,), {"content": content}))])
    answer = await client.ask()
    assert answer.body == b"whole"
    assert ("Content-Length" in answer) is is_whole
