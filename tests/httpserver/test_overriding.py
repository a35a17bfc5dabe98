"""Subclasses of HTTPServer that take requests themselves, or want to hear of the ends."""

import gzip
import logging
from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout.httpserver import HTTPServer
from waterspout.httpserver.observer import ServerObserver
from waterspout.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    ResponseStartLine,
)
from waterspout.web import Application, RequestHandler, stream_request_body


class Passing(HTTPMessageDelegate):
    """Notes what passes on its way to another delegate."""

    def __init__(self, other, events):
        self.other = other
        self.events = events

    def headers_received(self, start_line, headers):
        self.events.append(start_line.path)
        headers["X-Noted"] = "yes"
        return self.other.headers_received(start_line, headers)

    def data_received(self, chunk):
        self.events.append(chunk)
        return self.other.data_received(chunk)

    def finish(self):
        self.events.append("finish")
        self.other.finish()

    def on_connection_close(self):
        self.events.append("gone")
        self.other.on_connection_close()


class Noting(HTTPServer):
    """Notes each request, and each connection's end."""

    events: list

    def start_request(self, server_conn, request_conn):
        assert server_conn in self.connections
        return Passing(super().start_request(server_conn, request_conn), self.events)

    def on_close(self, server_conn):
        self.events.append("closed")


def noting(wire: Wire, callback: Any, **options: Any) -> Noting:
    """Return a server that notes."""
    server = wire.serve(callback, server_class=Noting, **options)
    assert isinstance(server, Noting)
    server.events = []
    return server


class Echo(RequestHandler):
    def post(self):
        self.write(self.request.headers["X-Noted"].encode() + self.request.body)


@stream_request_body
class StreamedEcho(RequestHandler):
    def prepare(self):
        self.write(self.request.headers["X-Noted"])

    def data_received(self, chunk):
        self.write(chunk)

    def post(self):
        pass


def echo(request):
    body = request.headers["X-Noted"].encode() + request.body
    request.connection.write_headers(*_ok(len(body)), body)
    request.connection.finish()


async def echo_later(request):
    echo(request)


def _ok(length):
    line = ResponseStartLine("HTTP/1.1", 200, "OK")
    return line, HTTPHeaders({"Content-Length": str(length)})


SERVED = {
    "an application": lambda: Application([("/.*", Echo)], log_function=lambda handler: None),
    "streaming": lambda: Application([("/.*", StreamedEcho)], log_function=lambda handler: None),
    "a function": lambda: echo,
    "a coroutine function": lambda: echo_later,
}


@pytest.mark.parametrize("kind", SERVED)
async def test_each_request_goes_through_start_request(wire: Wire, kind: str):
    server = noting(wire, SERVED[kind]())
    client = await wire.connect(server)
    for path in ("/a", "/b"):
        response = await client.ask(method="POST", body=b"hello", path=path)
        assert (response.status, response.body) == (200, b"yeshello")
    client.close()
    await wire.closed(server)
    assert server.events == ["/a", b"hello", "finish", "/b", b"hello", "finish", "closed"]


async def test_bodies_are_decoded_before(wire: Wire):
    server = noting(wire, echo, decompress_request=True)
    client = await wire.connect(server)
    coded = gzip.compress(b"hello")
    response = await client.ask("Content-Encoding: gzip", method="POST", body=coded)
    assert response.body == b"yeshello"
    assert server.events == ["/", b"hello", "finish"]


async def test_what_is_malformed_for_a_function_is_a_400(wire: Wire, caplog):
    def look(request):
        return request.arguments

    server = noting(wire, look)
    client = await wire.connect(server)
    with caplog.at_level(logging.CRITICAL):
        fields = ("Content-Type: multipart/form-data",)
        assert (await client.ask(*fields, method="POST", body=b"x")).status == 400


async def test_a_delegate_of_ones_own(wire: Wire):
    class Closed(HTTPMessageDelegate):
        def __init__(self, connection):
            self.connection = connection

        def finish(self):
            self.connection.write_headers(*_ok(6), b"closed")
            self.connection.finish()

    class Never(HTTPServer):
        def start_request(self, server_conn, request_conn):
            return Closed(request_conn)

    client = await wire.client(echo, server_class=Never)
    assert (await client.ask()).body == b"closed"


async def test_a_start_request_that_fails_is_a_500(wire: Wire, caplog):
    class Failing(HTTPServer):
        def start_request(self, server_conn, request_conn):
            raise RuntimeError("broken")

    client = await wire.client(echo, server_class=Failing)
    with caplog.at_level(logging.CRITICAL):
        assert (await client.ask()).status == 500


async def test_an_on_close_that_fails_changes_nothing(wire: Wire, caplog):
    class Failing(HTTPServer):
        def on_close(self, server_conn):
            raise RuntimeError("broken")

    server = wire.serve(echo, server_class=Failing)
    client = await wire.connect(server)
    await wire.connection(server)
    with caplog.at_level(logging.ERROR, "waterspout"):
        client.close()
        await wire.closed(server)
        await server.wait_all_closed()
    assert "broken" in caplog.text


async def test_the_delegate_hears_of_ends(wire: Wire):
    ended = []

    class Hearing(HTTPServerConnectionDelegate):
        def on_close(self, server_conn):
            ended.append(server_conn)

    server = wire.serve(Hearing())
    client = await wire.connect(server)
    connection = await wire.connection(server)
    client.close()
    await wire.closed(server)
    assert ended == [connection]


async def test_a_server_is_a_delegate(wire: Wire):
    """One that serves another: whose ``start_request`` is not overridden."""
    inner = HTTPServer(Application([("/.*", StreamedEcho)], log_function=lambda handler: None))
    assert isinstance(inner, HTTPServerConnectionDelegate)
    server = noting(wire, inner)
    client = await wire.connect(server)
    assert (await client.ask(method="POST", body=b"hello")).body == b"yeshello"


async def test_servers_that_override_nothing_hand_requests_over_as_ever(wire: Wire):
    class Plain(HTTPServer):
        pass

    application = Application([("/.*", Echo)])
    for server_class in (HTTPServer, Plain):
        server = wire.serve(application, server_class=server_class)
        assert server.application == application.start_exchange
        assert server.start_at_head == application.start_at_head


async def test_who_counts_is_the_applications_also_here(wire: Wire):
    application = Application([("/.*", Echo)])
    application.observer = ServerObserver()
    assert noting(wire, application).observer is application.observer
