"""Delegates under a server: what is called when, and what becomes of their errors."""

import asyncio
import logging

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)


class Noting(HTTPServerConnectionDelegate, HTTPMessageDelegate):
    """Notes what it is called with; answers at the end."""

    def __init__(self, **actions):
        self.events = []
        self.actions = actions

    def start_request(self, server_conn, request_conn):
        self.connection = request_conn
        return self

    def on_close(self, server_conn):
        self.events.append("closed")

    def note(self, name, event):
        self.events.append(event)
        return self.actions[name](self) if name in self.actions else None

    def headers_received(self, start_line, headers):
        return self.note("head", (*start_line, headers.get("X-Field")))

    def data_received(self, chunk):
        return self.note("data", chunk)

    def finish(self):
        self.note("finish", "finish")
        if "finish" not in self.actions:
            self.answer()

    def on_connection_close(self):
        self.events.append("gone")

    def answer(self):
        line = ResponseStartLine("HTTP/1.1", 200, "OK")
        self.connection.write_headers(line, HTTPHeaders({"Content-Length": "2"}), b"ok")
        self.connection.finish()


def fail(self):
    raise RuntimeError("broken")


async def fail_later(self):
    await asyncio.sleep(0)
    raise RuntimeError("broken")


async def wait(self):
    await asyncio.sleep(0)
    self.events.append("waited")


HEAD = (*RequestStartLine("PUT", "/a?b", "HTTP/1.1"), "x")


async def test_the_order_of_calls(wire: Wire):
    delegate = Noting(head=wait, data=wait)
    server = wire.serve(delegate)
    client = await wire.connect(server)
    for body in (b"", b"body"):
        answer = await client.ask("X-Field: x", method="PUT", path="/a?b", body=body)
        assert answer.body == b"ok"
    client.close()
    await wire.closed(server)
    assert delegate.events[:3] == [HEAD, "waited", "finish"]
    assert delegate.events[3:] == [HEAD, "waited", b"body", "waited", "finish", "closed"]


async def test_pipelined_requests_are_answered_in_their_order(wire: Wire):
    delegate = Noting(head=wait, data=wait)
    client = await wire.client(delegate)
    await client.send(request(method="PUT", body=b"1") * 20 + request() * 20)
    for _ in range(40):
        assert (await client.response()).body == b"ok"
    assert delegate.events.count("finish") == 40


async def test_an_answer_that_comes_later(wire: Wire):
    delegate = Noting(finish=lambda self: None)
    client = await wire.client(delegate)
    await client.send(request(method="PUT", body=b"abc"))
    assert await client.receives_nothing()
    assert delegate.events[-1] == "finish"
    delegate.answer()
    assert (await client.response()).body == b"ok"


async def test_an_answer_before_the_body_closes(wire: Wire):
    delegate = Noting(head=lambda self: self.answer())
    client = await wire.client(delegate)
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
    assert (await client.response())["Connection"] == "close"
    client.end_sending()
    assert await client.rest() == b""
    assert delegate.events[1] == "gone"
    assert "finish" not in delegate.events


@pytest.mark.parametrize("action", [fail, fail_later])
@pytest.mark.parametrize("name", ["head", "data"])
async def test_a_delegate_that_fails(wire: Wire, caplog, name, action):
    delegate = Noting(**{name: action})
    client = await wire.client(delegate)
    with caplog.at_level(logging.CRITICAL, "waterspout.application"):
        answer = await client.ask(method="PUT", body=b"abc")
    assert answer.status == 500
    assert delegate.events.count("gone") == 1
    assert "finish" not in delegate.events


async def test_a_finish_that_fails(wire: Wire, caplog):
    delegate = Noting(finish=fail)
    client = await wire.client(delegate)
    with caplog.at_level(logging.CRITICAL, "waterspout.application"):
        assert (await client.ask(method="PUT", body=b"abc")).status == 500
    assert "gone" not in delegate.events


async def test_a_client_that_goes(wire: Wire):
    delegate = Noting()
    server = wire.serve(delegate)
    client = await wire.connect(server)
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    while b"abc" not in delegate.events:
        await turns(1)
    client.close()
    await wire.closed(server)
    assert sorted(delegate.events[2:]) == ["closed", "gone"]


async def test_a_client_that_only_ends_its_sending_is_answered(wire: Wire):
    delegate = Noting(head=wait, data=wait)
    client = await wire.client(delegate)
    await client.send(request(method="PUT", body=b"abc"))
    client.end_sending()
    assert (await client.response()).body == b"ok"
    assert "gone" not in delegate.events


async def test_a_piece_is_not_lost_with_who_has_waited_for_it(wire: Wire):
    exchanges = []

    class Taking(Noting):
        def start_request(self, server_conn, request_conn):
            exchanges.append(request_conn)
            return super().start_request(server_conn, request_conn)

    released = asyncio.Event()

    async def hold(self):
        await released.wait()

    client = await wire.client(Taking(head=hold))
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
    while not exchanges:
        await turns(1)
    [exchange] = exchanges
    reader = exchange.read_piece()
    with pytest.raises(RuntimeError, match="the body is being read already"):
        exchange.read_piece()
    reader.cancel()
    await client.send(b"abc")
    await turns()
    assert await exchange.read_piece() == b"abc"
    assert await exchange.read_piece() == b""
    assert await exchange.read_piece() == b""
    released.set()
    assert (await client.response()).body == b"ok"


async def test_on_close_that_fails(wire: Wire, caplog):
    class Failing(Noting):
        def on_close(self, server_conn):
            raise RuntimeError("broken")

    server = wire.serve(Failing())
    client = await wire.connect(server)
    assert (await client.ask()).body == b"ok"
    client.close()
    await wire.closed(server)
    assert "on_close of" in caplog.text
