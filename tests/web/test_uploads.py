"""Forms with files as a handler finds them, and what a malformed one is answered with."""

import asyncio
import json

import pytest
from tests.httputil.form_writer import BOUNDARY, file, form, part, value
from tests.wire.server_under_test import Client, Response, Wire

from waterspout.httputil import (
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    set_parse_body_config,
)
from waterspout.web import RequestHandler

MULTIPART = f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}"


class Upload(RequestHandler):
    def post(self):
        files = self.request.files
        self.write(
            {
                "fields": {name: self.get_body_arguments(name) for name in ("a", "b")},
                "query": self.get_query_argument("a", None),
                "files": {
                    name: [(file.filename, file.content_type, len(file.body)) for file in found]
                    for name, found in files.items()
                },
            }
        )


class Argument(RequestHandler):
    def post(self):
        self.write(self.get_argument("a", "none"))


class Ignores(RequestHandler):
    def post(self):
        self.write("fine")


RULES = [("/", Upload), ("/argument", Argument), ("/ignores", Ignores)]


async def sent(client: Client, *parts: bytes, path: str = "/") -> Response:
    return await client.ask(MULTIPART, method="POST", path=path, body=form(*parts))


async def test_fields_and_files(wire: Wire):
    client = await wire.client(RULES)
    for _ in range(2):
        answer = await sent(
            client,
            value("a", " é ".encode()),
            value("b", b"1"),
            file("f", "ü.bin", b"x" * 300_000, "image/png"),
            file("f", "2", b""),
            value("b", b"2"),
            path="/?a=query",
        )
        assert answer.status == 200
        assert json.loads(answer.body) == {
            "fields": {"a": ["é"], "b": ["1", "2"]},
            "query": "query",
            "files": {
                "f": [["ü.bin", "image/png", 300_000], ["2", "application/unknown", 0]],
            },
        }


async def test_in_fragments(wire: Wire):
    client = await wire.client(RULES)
    body = form(value("a", b"1"), file("f", "x", b"\r\n--"))
    head = f"POST / HTTP/1.1\r\nHost: a\r\n{MULTIPART}\r\nTransfer-Encoding: chunked\r\n\r\n"
    await client.send(head.encode())
    for at in range(len(body)):
        await client.send(b"1\r\n" + body[at : at + 1] + b"\r\n")
    await client.send(b"0\r\n\r\n")
    assert json.loads((await client.response("POST")).body)["files"] == {
        "f": [["x", "application/unknown", 4]]
    }


async def is_refused(client: Client, caplog, reason: str, *args, **kwargs) -> None:
    """Hold that a request gets a 400, that one line tells why, and that the next one is served."""
    caplog.clear()
    answer = await client.ask(*args, method="POST", **kwargs)
    assert answer.status == 400
    assert b"Traceback" not in answer.body
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert record.exc_info is None
    assert reason in record.getMessage()
    assert record.getMessage().count("\n") == 0
    assert (await client.ask(method="POST", path="/ignores")).body == b"fine"


@pytest.mark.parametrize("path", ["/", "/argument"])
async def test_malformed_forms_are_a_400_and_one_line_in_the_log(wire: Wire, caplog, path):
    client = await wire.client(RULES)
    good = form(value("a", b"1"))
    for body, reason in (
        (b"a=1", "must begin with its boundary"),
        (good[:-5], "must end with its boundary"),
        (b"\r\n" + good, "must begin with its boundary"),
        (good.replace(b"\r\n", b"\n"), "Invalid line break"),
        (form(part("Content-Type: text/plain")), "Missing Content-Disposition"),
        (form(part("Content-Disposition: form-data")), "Missing name"),
        (form(part(b'Content-Disposition: form-data; name="\xff"')), "failed to decode"),
        (form(part('Content-Disposition: form-data; name="a\nb"')), "control character"),
    ):
        await is_refused(client, caplog, reason, MULTIPART, path=path, body=body)


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        ("multipart/form-data", "the boundary"),
        ('multipart/form-data; boundary=""', "the boundary"),
        ("multipart/form-data; boundary=" + "B" * 71, "the boundary"),
        ("multipart/form-data; boundary=\xe9", "the boundary"),
        ("multipart/form-data; boundary=B; boundary=C", "comes twice"),
        ('multipart/form-data; boundary="B', "malformed parameter"),
    ],
)
async def test_boundaries_that_are_a_400(wire: Wire, caplog, content_type, reason):
    client = await wire.client(RULES)
    body = form(value("a", b"1"), boundary=b"B")
    await is_refused(client, caplog, reason, f"Content-Type: {content_type}", body=body)


async def test_bounds(wire: Wire, caplog):
    client = await wire.client(RULES)
    hundred = [value("a", b"1")] * 100
    assert (await sent(client, *hundred)).status == 200
    reason = "more than 100 parts"
    await is_refused(client, caplog, reason, MULTIPART, body=form(*hundred, value("a", b"1")))
    long_head = part("Content-Disposition: form-data; name=a\r\nb: " + "c" * 10_240)
    await is_refused(client, caplog, "larger than 10240 bytes", MULTIPART, body=form(long_head))
    many_fields = part("Content-Disposition: form-data; name=a" + "\r\nb: c" * 16)
    await is_refused(client, caplog, "more than 16 fields", MULTIPART, body=form(many_fields))


async def test_bounds_may_be_set(wire: Wire, caplog):
    client = await wire.client(RULES)
    urlencoded = "Content-Type: application/x-www-form-urlencoded"
    set_parse_body_config(
        ParseBodyConfig(
            multipart=ParseMultipartConfig(max_parts=1),
            urlencoded=ParseUrlEncodedConfig(max_arguments=1),
        )
    )
    try:
        two = [value("a", b"1"), value("a", b"1")]
        await is_refused(client, caplog, "more than 1 parts", MULTIPART, body=form(*two))
        await is_refused(client, caplog, "more than 1 fields", urlencoded, body=b"a&b")
        await is_refused(client, caplog, "more than 1 fields", path="/?a&b")
        assert (await sent(client, value("a", b"1"), path="/argument")).body == b"1"
    finally:
        set_parse_body_config(ParseBodyConfig())


async def test_a_malformed_form_that_nobody_looks_at_harms_nobody(wire: Wire, caplog):
    client = await wire.client(RULES)
    answer = await client.ask(MULTIPART, method="POST", path="/ignores", body=b"x")
    assert answer.body == b"fine"
    assert not caplog.records


async def test_values_are_held_to_utf_8_but_files_are_not(wire: Wire, caplog):
    client = await wire.client(RULES)
    assert (await sent(client, file("a", "x", b"\xff"))).status == 200
    body = form(value("a", b"\xff"))
    await is_refused(client, caplog, "Invalid unicode in a", MULTIPART, body=body)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [b"\r\n--" + BOUNDARY[:-1], b"\r\n--", b"-", b"\r", b"\r\n\r\n"])
async def test_many_mebibytes_of_almost_boundaries(wire: Wire, unit):
    client = await wire.client(RULES)
    junk = unit * (16 * 1024 * 1024 // len(unit))
    answer = await sent(client, value("a", b"1"), file("f", "x", junk))
    assert json.loads(answer.body)["files"] == {"f": [["x", "application/unknown", len(junk)]]}
    answer = await client.ask(MULTIPART, method="POST", body=form(value("a", b""))[:-4] + junk)
    assert answer.status == 400


async def test_many_tiny_parts_are_refused_and_others_are_served_meanwhile(wire: Wire):
    server = wire.serve(RULES)
    client, other = await wire.connect(server), await wire.connect(server)
    body = form(more=[value("a", b"")] * 150_000)
    refused, served = await asyncio.gather(
        client.ask(MULTIPART, method="POST", body=body), other.ask(method="POST", path="/ignores")
    )
    assert refused.status == 400
    assert served.body == b"fine"
