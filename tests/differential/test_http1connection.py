"""The same programs that drive the wire, here and in Tornado: delegates are told the same."""

import asyncio
import importlib
import socket
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire, wire

pytest.importorskip("tornado.http1connection", reason="Tornado is not installed")

__all__ = ["wire"]

FRAMEWORKS = ("tornado", "waterspout")


def program(wire: Wire, framework: str) -> tuple[Any, Any, Any, Client]:
    """Return the framework's two modules, a stream, and who is at its other end."""
    modules = [
        importlib.import_module(f"{framework}.{name}") for name in ("http1connection", "httputil")
    ]
    ours, theirs = socket.socketpair()
    client = Client(theirs)
    wire.clients.append(client)
    stream = importlib.import_module(f"{framework}.iostream").IOStream(ours)
    wire.streams.append(stream)
    return modules[0], modules[1], stream, client


def delegate(httputil: Any, told: list[Any], then: Any = None) -> Any:
    """Return who notes what it is told."""

    class Noting(httputil.HTTPMessageDelegate):  # type: ignore[misc]
        def __init__(self) -> None:
            self.body = b""

        def headers_received(self, start_line, headers):
            told.append((tuple(start_line), sorted(headers.get_all())))

        def data_received(self, chunk):
            self.body += chunk

        def finish(self):
            told.append(self.body)
            if then is not None:
                then(self)

        def on_connection_close(self):
            told.append("closed")

    return Noting()


RESPONSES = {
    "length": (b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nA: b\r\n\r\nhello", False),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        False,
    ),
    "to the end": (b"HTTP/1.1 200 OK\r\n\r\nhello", True),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", False),
    "not modified": (b"HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n", False),
    "cut": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", True),
    "bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", True),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_client(wire: Wire, name):
    wire.run(compare_clients(wire, *RESPONSES[name]))


async def compare_clients(wire: Wire, response: bytes, is_end: bool) -> None:
    found = [await ask(wire, framework, response, is_end) for framework in FRAMEWORKS]
    assert found[0] == found[1]


async def ask(wire: Wire, framework: str, response: bytes, is_end: bool) -> Any:
    http1connection, httputil, stream, server = program(wire, framework)
    told: list[Any] = []
    params = http1connection.HTTP1ConnectionParameters()
    connection = http1connection.HTTP1Connection(stream, True, params)
    fields = httputil.HTTPHeaders({"Host": "a", "Content-Length": "4"})
    connection.write_headers(httputil.RequestStartLine("POST", "/", ""), fields, b"bo")
    connection.write(b"dy")
    connection.finish()
    await server.send(response)
    if is_end:
        server.end_sending()
    try:
        await connection.read_response(delegate(httputil, told))
    except OSError as error:
        told.append(type(error).__name__)
    is_open = not stream.closed()
    sent = await server.until(b"body")
    return told, is_open, sorted(sent.split(b"\r\n"))


REQUESTS = {
    "one": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "three": b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody" * 3,
    "chunks": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nbody\r\n0\r\n\r\n",
    "to be closed": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "of old": b"GET / HTTP/1.0\r\n\r\n",
    "of old, kept": b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "to be continued": b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
    b"Content-Length: 4\r\n\r\n",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_server(wire: Wire, name):
    wire.run(compare_servers(wire, REQUESTS[name]))


async def compare_servers(wire: Wire, data: bytes) -> None:
    found = [await serve(wire, framework, data) for framework in FRAMEWORKS]
    assert found[0] == found[1]


async def serve(wire: Wire, framework: str, data: bytes) -> Any:
    http1connection, httputil, stream, client = program(wire, framework)
    told: list[Any] = []
    ended = asyncio.get_running_loop().create_future()

    class Serving(httputil.HTTPServerConnectionDelegate):  # type: ignore[misc,name-defined]
        def start_request(self, server_conn, request_conn):
            def answer(message: Any) -> None:
                fields = httputil.HTTPHeaders({"Content-Length": str(len(message.body))})
                line = httputil.ResponseStartLine("HTTP/1.1", 200, "OK")
                request_conn.write_headers(line, fields, message.body)
                request_conn.finish()

            return delegate(httputil, told, answer)

        def on_close(self, server_conn):
            ended.set_result(None)

    http1connection.HTTP1ServerConnection(stream).start_serving(Serving())
    await client.send(data)
    answers: list[Any] = []
    if b"Expect" in data:
        # The phrase is not the same.
        answers.append((await client.until(b"\r\n\r\n"))[:12])
        await client.send(b"body")
    for _ in range(max(1, data.count(b"POST"))):
        response = await client.response()
        # That a connection ends is said here to clients of HTTP/1.0, too, who expect nothing else.
        fields = sorted(
            (name, value.lower())
            for name, value in response.fields
            if b"HTTP/1.1" in data or value != "close"
        )
        answers.append((response.status, response.reason, fields, response.body))
    client.end_sending()
    await ended
    return told, answers, stream.closed()
