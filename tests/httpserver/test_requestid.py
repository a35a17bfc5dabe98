"""The names of requests."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import Wire

from waterspout.httpserver import requestid
from waterspout.httpserver.requestid import request_id_of
from waterspout.httputil import HTTPServerRequest
from waterspout.protocol.http1 import Limits
from waterspout.protocol.http1.messages import RequestHead
from waterspout.protocol.http1.parser import RequestParser
from waterspout.web import Application, RequestHandler


def head_of(*values: bytes) -> RequestHead:
    lines = b"".join(b"X-Request-Id: %b\r\n" % value for value in values)
    head = RequestParser(Limits()).parse(b"GET / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n", 0)
    assert head is not None
    return head


@pytest.mark.parametrize(
    "value",
    [
        b"a",
        b"7b0ff2a6-5f5e-4a4f-a5ab-1e5a7a4b6a55",
        b"Root=1-67891233-abcdef012345678912345678",
        b"dGhpcw==/+",
        b"x" * 128,
    ],
)
def test_the_clients_id_is_taken(value):
    assert request_id_of(head_of(value)) == value.decode()


@pytest.mark.parametrize(
    "values",
    [(), (b"",), (b"x" * 129,), (b"a b",), (b'a"',), (b"a,b",), (b"\xe9",), (b"a", b"a"), (b"{",)],
)
def test_another_is_made(values):
    made = request_id_of(head_of(*values))
    assert len(made) == 32
    assert int(made, 16) >= 0
    assert made != request_id_of(head_of(*values))


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "full"), ImportError("full")])
def test_one_is_made_where_nothing_can_be_imported(monkeypatch, error):
    def fail():
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(requestid, "_generator", fail)
        made = request_id_of(None)
        assert len(made) == 32
        assert int(made, 16) >= 0
        assert made != request_id_of(None)


@given(st.binary(min_size=1, max_size=200))
def test_an_id_needs_no_escape(value):
    value = bytes(byte for byte in value if byte == 9 or 32 <= byte != 127)
    found = request_id_of(head_of(value))
    assert 0 < len(found) <= 128
    assert found.isascii()
    assert not set(found) & set(" \t\"'\\,;<>&%{}()[]|`$")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_ids_differ_after_a_fork():
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, request_id_of(None).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        assert pipe.read() != request_id_of(None)


class Shown(RequestHandler):
    def get(self):
        assert self.request.request_id is self.request.connection.request_id
        self.write(self.request.request_id)


async def test_a_handler_can_ask(wire: Wire):
    client = await wire.client([("/", Shown)])
    answer = await client.ask("X-Request-Id: mine")
    assert answer.body == b"mine"
    assert "X-Request-Id" not in answer
    first, second = (await client.ask()).body, (await client.ask()).body
    assert len(first) == len(second) == 32
    assert first != second


async def test_the_response_names_it(wire: Wire):
    client = await wire.client(Application([("/", Shown)], request_id_header=True, access_log=None))
    answer = await client.ask("X-Request-Id: mine")
    assert answer["X-Request-Id"] == "mine"
    answer = await client.ask()
    assert answer["X-Request-Id"].encode() == answer.body
    assert len((await client.ask(path="/nowhere"))["X-Request-Id"]) == 32


def test_a_request_made_by_hand_has_none():
    assert HTTPServerRequest("GET", "/").request_id == ""
