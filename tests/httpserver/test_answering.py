"""Functions of a request that look at a malformed one."""

import asyncio

import pytest
from tests.wire.server_under_test import Wire

from waterspout.httputil import HTTPServerRequest


def answer(request: HTTPServerRequest) -> None:
    request.connection.respond(200, None, b"", b"a" if "a" in request.arguments else b"none")


def plain(request: HTTPServerRequest) -> None:
    answer(request)


async def at_once(request: HTTPServerRequest) -> None:
    answer(request)


async def later(request: HTTPServerRequest) -> None:
    await asyncio.sleep(0)
    answer(request)


@pytest.mark.parametrize("function", [plain, at_once, later])
async def test_what_is_malformed_is_a_400_and_one_line_in_the_log(wire: Wire, caplog, function):
    client = await wire.client(function)
    assert (await client.ask(path="/?a")).body == b"a"
    for fields, path, body in (
        ([], "/?" + "&" * 1000, b""),
        (["Content-Type: multipart/form-data; boundary=B"], "/", b"x"),
    ):
        caplog.clear()
        refused = await client.ask(*fields, method="POST", path=path, body=body)
        assert refused.status == 400
        assert refused.body == b"400 Bad Request\n"
        [record] = caplog.records
        assert record.levelname == "WARNING"
        assert record.getMessage().startswith("400 POST /")
        assert record.exc_info is None
    assert (await client.ask(path="/")).body == b"none"


async def test_a_response_that_has_begun_is_cut(wire: Wire, caplog):
    def begins(request: HTTPServerRequest) -> None:
        request.connection.start_response(200, None, b"", 10)
        answer(request)

    client = await wire.client(begins)
    await client.send(b"GET /?" + b"&" * 1000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    rest = await client.rest_or_reset()
    assert not rest.endswith(b"400 Bad Request\n")
    assert b"Content-Length: 10\r\n" in rest or not rest
    [record] = caplog.records
    assert record.levelname == "WARNING"
