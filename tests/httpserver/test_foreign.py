"""An application that is given requests by a connection which is not the server's."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from tests.wire.server_under_test import turns

from waterspout.http1connection import HTTP1ConnectionParameters, HTTP1ServerConnection
from waterspout.httpserver.foreign import ForeignExchange
from waterspout.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPServerRequest,
    RequestStartLine,
)
from waterspout.iostream import IOStream, StreamClosedError
from waterspout.protocol.errors import LocalProtocolError
from waterspout.web import (
    Application,
    HTTPError,
    RequestHandler,
    StaticFileHandler,
    stream_request_body,
)

# It has the loop that the tests run on.
pytestmark = pytest.mark.usefixtures("wire")


class Recorder(HTTPConnection):
    """A connection that keeps what is sent."""

    def __init__(self):
        self.heads = []
        self.body = b""
        self.finished = asyncio.Event()
        self.close_callback: Callable[[], None] = self.finish

    def set_close_callback(self, callback):
        self.close_callback = callback

    def write_headers(self, start_line, headers, chunk=None):
        self.heads.append((start_line, headers))
        return self.write(chunk or b"")

    def write(self, chunk):
        self.body += chunk
        sent = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent

    def finish(self):
        assert not self.finished.is_set()
        self.finished.set()


class Echo(RequestHandler):
    def get(self, name):
        self.set_header("X-Name", name)
        self.set_cookie("a", "b")
        self.write({"q": self.get_argument("q"), "cookie": self.get_cookie("k")})

    async def post(self, name):
        await asyncio.sleep(0)
        self.write(self.request.body)
        await self.flush()
        self.write("!")

    def put(self, name):
        self.set_status(204)

    def delete(self, name):
        raise HTTPError(403)

    def patch(self, name):
        self.set_header("Content-Length", 10)
        self.write("half")
        self.flush()
        raise RuntimeError("late")


@stream_request_body
class Counting(RequestHandler):
    def prepare(self):
        self.sizes = []

    def data_received(self, chunk):
        self.sizes.append(len(chunk))

    def post(self):
        self.write(str(self.sizes))


def send(application, method, uri, *pieces, **fields):
    """Give a request to the application; return its connection."""
    connection = Recorder()
    delegate = application.start_request(object(), connection)
    headers = HTTPHeaders({"Host": "h", **{k.replace("_", "-"): v for k, v in fields.items()}})
    delegate.headers_received(RequestStartLine(method, uri, "HTTP/1.1"), headers)
    for piece in pieces:
        delegate.data_received(piece)
    delegate.finish()
    return connection


@pytest.fixture
def application():
    return Application(
        [(r"/echo/(.*)", Echo), ("/count", Counting)], log_function=lambda handler: None
    )


async def test_an_answer(application):
    connection = send(application, "GET", "/echo/x?q=1", Cookie="k=v")
    [(line, headers)] = connection.heads
    assert line == ("HTTP/1.1", 200, "OK")
    assert headers["X-Name"] == "x"
    assert headers["Set-Cookie"] == "a=b; Path=/"
    assert headers["Content-Length"] == str(len(connection.body))
    assert connection.body == b'{"q": "1", "cookie": "v"}'
    assert connection.finished.is_set()


async def test_an_answer_in_pieces(application):
    connection = send(application, "POST", "/echo/x", b"ab", b"c")
    await connection.finished.wait()
    [(line, headers)] = connection.heads
    assert (line.code, "Content-Length" in headers, connection.body) == (200, False, b"abc!")


async def test_a_body_that_is_streamed(application):
    connection = send(application, "POST", "/count", b"ab", b"c")
    assert (connection.body, connection.finished.is_set()) == (b"[2, 1]", True)


@pytest.mark.parametrize(
    ("method", "uri", "status", "body"),
    [
        ("HEAD", "/nowhere", 404, b""),
        ("DELETE", "/echo/x", 403, b"<html><title>403: Forbidden</title>"),
        ("PUT", "/echo/x", 204, b""),
        ("GET", "/echo/x", 400, b"<html><title>400: Bad Request</title>"),
    ],
)
async def test_errors_and_empty_answers(application, method, uri, status, body):
    connection = send(application, method, uri)
    [(line, headers)] = connection.heads
    assert line.code == status
    assert connection.body.startswith(body)
    assert connection.finished.is_set()
    if status == 204:
        assert "Content-Length" not in headers


async def test_the_entity_tag_spares_the_body(application):
    tag = send(application, "GET", "/echo/x?q=1").heads[0][1]["Etag"]
    connection = send(application, "GET", "/echo/x?q=1", If_None_Match=tag)
    assert (connection.heads[0][0].code, connection.body) == (304, b"")


async def test_an_answer_that_cannot_go_on_is_ended(application):
    connection = send(application, "PATCH", "/echo/x")
    assert (connection.body, connection.finished.is_set()) == (b"half", True)


async def test_a_file(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"0123456789" * 20_000)
    application = Application(
        [(r"/(.*)", StaticFileHandler, {"path": str(tmp_path)})], log_function=lambda handler: None
    )
    connection = send(application, "GET", "/a.txt")
    await connection.finished.wait()
    assert connection.body == b"0123456789" * 20_000
    connection = send(application, "GET", "/a.txt", Range="bytes=1-3")
    await connection.finished.wait()
    assert (connection.heads[0][0].code, connection.body) == (206, b"123")


async def test_a_client_that_goes_cancels_its_handler(application):
    told = []
    ended = asyncio.Event()

    class Waiting(RequestHandler):
        async def get(self):
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.set()

        def on_connection_close(self):
            told.append(self)

    application.add_handlers(".*", [("/wait", Waiting)])
    connection = send(application, "GET", "/wait")
    connection.close_callback()
    await ended.wait()
    assert len(told) == 1
    assert connection.heads == []


async def test_what_it_cannot_do():
    connection = Recorder()
    exchange = ForeignExchange(HTTPServerRequest("GET", "/a?b", connection=connection))
    assert repr(exchange).startswith("<ForeignExchange GET /a?b on ")
    assert (exchange.remote_ip, exchange.protocol) == ("0.0.0.0", "http")
    assert exchange.get_ssl_certificate() is None
    assert not exchange.is_draining
    exchange.send_interim(103, b"Link: </a>\r\n")
    assert connection.heads == []
    with pytest.raises(LocalProtocolError, match="nothing to detach"):
        exchange.detach()
    exchange.close_after_response()
    exchange.respond(200, "Fine", b"A: b\r\n", b"x")
    [(line, headers)] = connection.heads
    assert (line.reason, headers["Connection"], headers["A"]) == ("Fine", "close", "b")
    with pytest.raises(LocalProtocolError, match="complete"):
        exchange.send_data(b"more")
    exchange.abort()
    assert connection.body == b"x"


async def test_to_a_client_that_has_gone_all_is_dropped():
    connection = Recorder()
    exchange = ForeignExchange(HTTPServerRequest("GET", "/", connection=connection))
    connection.close_callback()
    exchange.respond(200, None, b"", b"x")
    with pytest.raises(StreamClosedError):
        await exchange.drain()
    assert connection.heads == []


class Context:
    remote_ip = "192.0.2.1"
    protocol = "https"


async def test_http1_on_a_stream(application):
    """The public classes serve an application, one request after the other."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    loop = asyncio.get_running_loop()

    class Where(RequestHandler):
        def get(self):
            self.write(f"{self.request.remote_ip} {self.request.full_url()}")

    application.add_handlers(".*", [("/where", Where)])
    ours.setblocking(False)
    connection = HTTP1ServerConnection(IOStream(ours), HTTP1ConnectionParameters(), Context())
    connection.start_serving(application)
    with theirs:
        for sent, expected in (
            (b"GET /where HTTP/1.1\r\nHost: h\r\n\r\n", b"\r\n\r\n192.0.2.1 https://h/where"),
            (b"POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", b"\r\n\r\n[3]"),
            (
                b"POST /echo/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na",
                b"1\r\n!\r\n0\r\n\r\n",
            ),
        ):
            await loop.sock_sendall(theirs, sent)
            received = b""
            while not received.endswith(expected):
                piece = await loop.sock_recv(theirs, 65536)
                assert piece, received
                received += piece
        await connection.close()


class Endless(RequestHandler):
    def initialize(self, told):
        self.told = told

    async def get(self):
        try:
            while True:
                self.write("x" * 10_000)
                await self.flush()
        except StreamClosedError:
            self.told.append("get")
            raise

    def on_connection_close(self):
        self.told.append("on_connection_close")


async def test_a_client_that_goes_while_it_is_written_to_is_no_failure(caplog):
    ours, theirs = socket.socketpair()
    told: list[str] = []
    rules = [("/", Endless, {"told": told})]
    application = Application(rules, log_function=lambda handler: None)
    server = HTTP1ServerConnection(IOStream(ours), HTTP1ConnectionParameters())
    server.start_serving(application)
    with theirs:
        theirs.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(theirs, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await loop.sock_recv(theirs, 100)
    while not server.stream.closed():
        await turns(1)
    await server.close()
    await turns()
    assert told == ["on_connection_close", "get"]
    assert [found.getMessage() for found in caplog.records if found.levelname == "ERROR"] == []
