"""Forms and queries without bound, sent as raw bytes: refused, in one line of the log.

The bounds are those a server has by itself; the same is tried by length and by chunks, and on
handlers that are plain and on coroutines.
"""

import asyncio
import json

import pytest
from tests.wire.server_under_test import Client, Response, Wire, request

from waterspout.web import RequestHandler

URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=B"
MEBI = 1024 * 1024


def count(handler: RequestHandler) -> None:
    """Tell how many values and files there are."""
    handler.get_argument("a", None)
    values = sum(map(len, handler.request.arguments.values()))
    files = sum(map(len, handler.request.files.values()))
    handler.write({"values": values, "files": files})


class Plain(RequestHandler):
    """Counts at once."""

    def get(self) -> None:
        count(self)

    post = put = patch = get


class Waiting(RequestHandler):
    """Counts later."""

    async def get(self) -> None:
        await asyncio.sleep(0)
        count(self)

    post = put = patch = get


class Ping(RequestHandler):
    """Looks at nothing."""

    def get(self) -> None:
        self.write("pong")

    post = get


RULES = [("/plain", Plain), ("/async", Waiting), ("/ping", Ping)]


def part(head: bytes = b'Content-Disposition: form-data; name="a"', content: bytes = b"1") -> bytes:
    return b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def form(parts: bytes) -> bytes:
    return parts + b"--B--\r\n"


async def sent(
    client: Client, kind: str, framing: str, content_type: str, body: bytes, method: str = "POST"
) -> Response:
    path = f"/{kind}"
    if framing == "length":
        return await client.ask(content_type, method=method, path=path, body=body)
    size = 65536
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    head = request(content_type, "Transfer-Encoding: chunked", method=method, path=path)
    await client.send(head + chunks + b"0\r\n\r\n")
    return await client.response()


kinds = pytest.mark.parametrize("kind", ["plain", "async"])
framings = pytest.mark.parametrize("framing", ["length", "chunks"])

WITHIN = {
    "a thousand arguments": (URLENCODED, b"&".join([b"a=1"] * 1000), {"values": 1000, "files": 0}),
    "a hundred parts": (MULTIPART, form(part() * 100), {"values": 100, "files": 0}),
    "a hundred files": (
        MULTIPART,
        form(part(b'Content-Disposition: form-data; name="a"; filename="f"') * 100),
        {"values": 0, "files": 100},
    ),
    "a head of a part of 10 KiB": (
        MULTIPART,
        form(part(b'Content-Disposition: form-data; name="a"\r\nX: ' + b"x" * 10_100)),
        {"values": 1, "files": 0},
    ),
    "no form at all": ("Content-Type: text/plain", b"a&" * 5000, {"values": 0, "files": 0}),
}

BEYOND = {
    "1001 arguments": (URLENCODED, b"&".join([b"a=1"] * 1001), "more than 1000 fields"),
    "1001 arguments without values": (URLENCODED, b"a&" * 1001, "more than 1000 fields"),
    "8 MiB of arguments": (URLENCODED, b"a&" * 4 * MEBI, "more than 1000 fields"),
    "8 MiB of separators": (URLENCODED, b"&" * 8 * MEBI, "more than 1000 fields"),
    "101 parts": (MULTIPART, form(part() * 101), "more than 100 parts"),
    "8 MiB of parts": (MULTIPART, form(part() * (8 * MEBI // len(part()))), "more than 100 parts"),
    "8 MiB of boundaries": (MULTIPART, form(b"--B\r\n" * MEBI), "part"),
    "a head of a part of 11 KiB": (
        MULTIPART,
        form(part(b'Content-Disposition: form-data; name="a"\r\nX: ' + b"x" * 11_000)),
        "larger than 10240 bytes",
    ),
    "a head of a part of 8 MiB": (
        MULTIPART,
        form(part(b"X: " + b"x" * 8 * MEBI)),
        "larger than 10240 bytes",
    ),
    "a head of a part that does not end": (MULTIPART, b"--B\r\n" + b"X" * MEBI, "10240 bytes"),
}


@kinds
@framings
@pytest.mark.parametrize("case", WITHIN)
async def test_within_the_bounds(wire: Wire, caplog, kind, framing, case):
    content_type, body, expected = WITHIN[case]
    client = await wire.client(RULES)
    answer = await sent(client, kind, framing, content_type, body)
    assert (answer.status, json.loads(answer.body)) == (200, expected)
    assert not caplog.records


@kinds
@framings
@pytest.mark.parametrize("case", BEYOND)
@pytest.mark.slow
async def test_beyond_the_bounds(wire: Wire, caplog, kind, framing, case):
    """tornado CVE-2025-47287, CVE-2026-31958; starlette CVE-2023-30798, CVE-2026-54283."""
    content_type, body, reason = BEYOND[case]
    client = await wire.client(RULES)
    answer = await sent(client, kind, framing, content_type, body)
    assert answer.status == 400
    [record] = caplog.records
    message = record.getMessage()
    assert reason in message
    assert record.levelname == "WARNING"
    assert record.exc_info is None
    assert message.isprintable()
    assert len(message) < 500
    # It was read to its end, so the connection goes on.
    assert (await client.ask(path="/ping")).body == b"pong"


@kinds
async def test_a_query_has_the_bounds_of_a_form(wire: Wire, caplog, kind):
    client = await wire.client(RULES)
    answer = await client.ask(path=f"/{kind}?" + "a&" * 999 + "a=1")
    assert answer.status == 200
    assert not caplog.records
    answer = await client.ask(path=f"/{kind}?" + "a&" * 1000 + "a=1")
    assert answer.status == 400
    assert len(caplog.records) == 1


@pytest.mark.parametrize("case", BEYOND)
async def test_who_does_not_look_is_not_disturbed(wire: Wire, caplog, case):
    content_type, body, _ = BEYOND[case]
    client = await wire.client(RULES)
    answer = await client.ask(content_type, method="POST", path="/ping", body=body)
    assert answer.body == b"pong"
    assert not caplog.records


@kinds
@pytest.mark.parametrize(
    "unit", [b"%", b"+", b"%2", b"%zz", b"=", b"\xff", b"%41", b";", b"%26"], ids=repr
)
async def test_a_long_value_is_decoded_in_linear_time(wire: Wire, kind, unit):
    """Where it were quadratic, a mebibyte would take hours."""
    client = await wire.client(RULES)
    answer = await sent(client, kind, "length", URLENCODED, b"a=" + unit * (MEBI // len(unit)))
    assert answer.status == (400 if unit == b"\xff" else 200)
    assert (await client.ask(path="/ping")).body == b"pong"


@kinds
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_every_method_with_a_body_has_arguments(wire: Wire, kind, method):
    client = await wire.client(RULES)
    answer = await sent(client, kind, "length", URLENCODED, b"a=1&b=2", method)
    assert json.loads(answer.body)["values"] == 2
