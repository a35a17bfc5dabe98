"""Bodies in gzip and deflate: decoded for gathered and streamed requests, within their bounds."""

import asyncio
import gzip
import logging
import zlib

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httputil import HTTPMessageDelegate, HTTPServerConnectionDelegate
from waterspout.iostream import StreamClosedError
from waterspout.web import Application, RequestHandler, stream_request_body
from waterspout.wsgi import WSGIContainer

TEXT = b"The quick brown fox jumps over the lazy dog. " * 1000
GZIP = ("Content-Encoding: gzip",)


def zipped(data: bytes) -> bytes:
    """Return ``data`` in gzip, the same whenever that is: it is in the names of tests."""
    return gzip.compress(data, mtime=0)


class Gathered(RequestHandler):
    def post(self):
        self.set_header("X-Coding", self.request.headers.get("Content-Encoding", "none"))
        self.set_header(
            "X-Consumed", self.request.headers.get("X-Consumed-Content-Encoding", "none")
        )
        self.write(self.request.body)

    put = post

    def get(self):
        self.write(self.get_body_argument("name"))


@stream_request_body
class Streamed(RequestHandler):
    pieces: list[bytes]
    ended: list[str]

    def initialize(self, pieces, ended):
        self.pieces = pieces
        self.ended = ended

    def prepare(self):
        if "max" in self.request.arguments:
            self.request.connection.set_max_body_size(int(self.get_argument("max")))
        if "early" in self.request.arguments:
            self.finish("early")

    def data_received(self, chunk):
        self.pieces.append(chunk)

    def post(self):
        self.ended.append("post")
        self.write(f"{sum(map(len, self.pieces))}")

    def on_connection_close(self):
        self.ended.append("lost")


def post(body: bytes, *lines: str, path: str = "/") -> bytes:
    return request(*lines, method="POST", path=path, body=body)


def chunked(body: bytes, *lines: str, size: int = 100) -> bytes:
    """Return a request whose body comes in chunks of ``size``."""
    start = request(*lines, "Transfer-Encoding: chunked", method="POST")
    pieces = [body[index : index + size] for index in range(0, len(body), size)]
    return start + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def deflated(data: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    engine = zlib.compressobj(wbits=window)
    return engine.compress(data) + engine.flush()


@pytest.fixture
def found():
    """The pieces that a streaming handler has had, and how it ended."""
    return [], []


@pytest.fixture
def serve(wire: Wire, found):
    def serve(**options):
        pieces, ended = found
        streamed = ("/streamed", Streamed, {"pieces": pieces, "ended": ended})
        return wire.client([("/", Gathered), streamed], decompress_request=True, **options)

    return serve


CODED = [
    (zipped(TEXT), "gzip"),
    (zipped(TEXT), "X-GZIP"),
    (zipped(TEXT[:7]) + zipped(TEXT[7:]), "gzip"),
    (deflated(TEXT), "deflate"),
    (deflated(TEXT, -zlib.MAX_WBITS), "deflate"),
    (zipped(deflated(TEXT)), "deflate, gzip"),
]


@pytest.mark.parametrize(("body", "coding"), CODED)
async def test_a_body_that_is_gathered(wire: Wire, serve, body: bytes, coding: str):
    client = await serve()
    for raw in (
        post(body, f"Content-Encoding: {coding}"),
        chunked(body, f"Content-Encoding: {coding}"),
    ):
        await client.send(raw)
        response = await client.response()
        assert response.body == TEXT
        assert response["X-Coding"] == "none"
        assert response["X-Consumed"] == coding
    # And the connection goes on.
    assert (await client.ask(method="POST", body=b"plain")).body == b"plain"


async def test_codings_in_two_fields(wire: Wire, serve):
    client = await serve()
    body = zipped(deflated(TEXT))
    await client.send(post(body, "Content-Encoding: deflate", "Content-Encoding: gzip"))
    response = await client.response()
    assert response.body == TEXT
    assert response["X-Consumed"] == "deflate,gzip"


@pytest.mark.parametrize(("body", "coding"), CODED)
async def test_a_body_that_is_streamed(wire: Wire, serve, found, body: bytes, coding: str):
    client = await serve()
    await client.send(post(body, f"Content-Encoding: {coding}", path="/streamed"))
    assert (await client.response()).body == b"%d" % len(TEXT)
    pieces, ended = found
    assert b"".join(pieces) == TEXT
    assert ended == ["post"]


async def test_a_form(wire: Wire, serve):
    client = await serve()
    body = zipped(b"name=value")
    fields = (*GZIP, "Content-Type: application/x-www-form-urlencoded")
    await client.send(request(*fields, body=body))
    assert (await client.response()).body == b"value"


@pytest.mark.parametrize("lines", [(), ("Content-Encoding: identity",), ("Content-Encoding:",)])
async def test_a_body_without_a_coding(wire: Wire, serve, lines):
    client = await serve()
    response = await client.ask(*lines, method="POST", body=b"plain")
    assert response.body == b"plain"
    assert response["X-Consumed"] == "none"


async def test_without_the_option_it_is_the_program_that_decodes(wire: Wire):
    client = await wire.client([("/", Gathered)])
    response = await client.ask(*GZIP, method="POST", body=zipped(TEXT))
    assert response.body == zipped(TEXT)
    assert response["X-Coding"] == "gzip"


@pytest.mark.parametrize("path", ["/", "/streamed"])
@pytest.mark.parametrize("coding", ["br", "gzip, br", "compress", "gzip, gzip, gzip"])
async def test_a_coding_that_is_not_understood(wire: Wire, serve, found, path: str, coding: str):
    client = await serve()
    await client.send(post(TEXT, f"Content-Encoding: {coding}", path=path))
    response = await client.response()
    assert response.status == 415
    assert response["Accept-Encoding"] == "gzip, deflate"
    assert response["Connection"] == "close"
    assert await client.rest() == b""
    assert found == ([], [])


@pytest.mark.parametrize("path", ["/", "/streamed"])
@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (zipped(TEXT)[:-1], "gzip"),
        (zipped(TEXT) + b"junk", "gzip"),
        (zipped(TEXT) + b"\0", "gzip"),
        (b"no gzip", "gzip"),
        (zipped(TEXT)[:-5] + b"wrong", "gzip"),
        (deflated(TEXT) + b"junk", "deflate"),
        (deflated(TEXT)[:-1], "deflate"),
    ],
)
async def test_a_body_that_is_no_good(
    wire: Wire, serve, found, body: bytes, coding: str, path: str, caplog
):
    caplog.set_level(logging.INFO, "waterspout.general")
    client = await serve()
    await client.send(post(body, f"Content-Encoding: {coding}", path=path))
    response = await client.response()
    assert response.status == 400
    assert response["Connection"] == "close"
    assert await client.rest() == b""
    refused = [text for text in caplog.messages if text.startswith("refused a request from ")]
    assert len(refused) == 1
    assert found[1] == (["lost"] if path == "/streamed" else [])


@pytest.mark.parametrize("path", ["/", "/streamed"])
async def test_the_bound_is_that_of_what_it_unfolds_to(wire: Wire, serve, found, path: str):
    limit = 1_000_000
    client = await serve(max_body_size=limit)
    await client.send(post(zipped(bytes(limit)), *GZIP, path=path))
    response = await client.response()
    assert len(response.body) == limit or response.body == b"1000000"
    found[0].clear()
    await client.send(post(zipped(bytes(limit + 1)), *GZIP, path=path))
    response = await client.response()
    assert response.status == 413
    assert response["Connection"] == "close"
    assert await client.rest() == b""
    assert sum(map(len, found[0])) <= limit


async def test_a_bomb_is_never_in_memory(wire: Wire, serve, found):
    client = await serve(max_body_size=2**40)
    await client.send(post(zipped(bytes(30_000_000)), *GZIP, path="/streamed"))
    assert (await client.response()).body == b"30000000"
    assert max(map(len, found[0])) <= 64 * 1024


async def test_a_handler_sets_the_bound_of_one_body(wire: Wire, serve, found):
    client = await serve(max_body_size=10)
    body = zipped(bytes(1000))
    await client.send(post(body, *GZIP, path="/streamed?max=1000"))
    assert (await client.response()).body == b"1000"
    await client.send(post(body, *GZIP, path="/streamed?max=999"))
    assert (await client.response()).status == 413


async def test_a_handler_that_wants_no_body(wire: Wire, serve, found):
    client = await serve()
    await client.send(post(b"no gzip", *GZIP, path="/streamed?early="))
    assert (await client.response()).body == b"early"
    assert await client.rest() == b""


async def test_a_client_that_waits_to_go_on(wire: Wire, serve):
    client = await serve()
    body = zipped(TEXT)
    head = request(*GZIP, "Expect: 100-continue", f"Content-Length: {len(body)}", method="POST")
    await client.send(head)
    assert (await client.response()).status == 100
    await client.send(body)
    assert (await client.response()).body == TEXT
    head = request(
        "Content-Encoding: br", "Expect: 100-continue", "Content-Length: 5", method="POST"
    )
    await client.send(head)
    assert (await client.response()).status == 415


@pytest.mark.parametrize("path", ["/", "/streamed"])
async def test_a_client_that_goes(wire: Wire, found, path: str):
    pieces, ended = found
    rules = [("/", Gathered), ("/streamed", Streamed, {"pieces": pieces, "ended": ended})]
    server = wire.serve(rules, decompress_request=True)
    client = await wire.connect(server)
    body = zipped(TEXT)
    await client.send(post(body, *GZIP, path=path)[:-10])
    await wire.connection(server)
    await turns()
    client.reset()
    await wire.closed(server)
    await turns()
    assert ended == (["lost"] if path == "/streamed" else [])


class Reading(HTTPServerConnectionDelegate):
    """Keeps the exchanges, which a test reads from itself."""

    def __init__(self):
        self.exchanges: asyncio.Queue = asyncio.Queue()

    def start_request(self, server_conn, request_conn):
        exchanges = self.exchanges

        class Delegate(HTTPMessageDelegate):
            async def headers_received(self, start_line, headers):
                exchanges.put_nowait((request_conn, headers))
                await asyncio.get_running_loop().create_future()

        return Delegate()


async def test_what_is_not_asked_for_is_not_decoded(wire: Wire):
    delegate = Reading()
    server = wire.serve(delegate, decompress_request=True)
    client = await wire.connect(server)
    await client.send(post(zipped(bytes(300_000)), *GZIP))
    exchange, headers = await delegate.exchanges.get()
    assert headers["X-Consumed-Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in headers
    first = exchange.read_piece()
    with pytest.raises(RuntimeError, match="the body is being read already"):
        exchange.read_piece()
    assert len(await first) == 64 * 1024
    # A reader that is cancelled loses nothing, whenever that is.
    exchange.read_piece().cancel()
    total = 64 * 1024 + len(await exchange.read_piece())
    exchange.read_piece().cancel()
    await turns()
    while piece := await exchange.read_piece():
        assert len(piece) <= 64 * 1024
        total += len(piece)
    assert total == 300_000
    assert await exchange.read_piece() == b""
    exchange.fail(200)
    with pytest.raises(StreamClosedError):
        await exchange.read_piece()
    assert (await client.response()).status == 200


async def test_a_body_that_ends_badly_fails_its_reader(wire: Wire):
    delegate = Reading()
    server = wire.serve(delegate, decompress_request=True)
    client = await wire.connect(server)
    await client.send(post(zipped(TEXT)[:-1], *GZIP))
    exchange, _ = await delegate.exchanges.get()
    assert await exchange.read_piece() == TEXT
    with pytest.raises(StreamClosedError) as caught:
        await exchange.read_piece()
    assert "the body ended inside its gzip coding" in str(caught.value.real_error)
    assert (await client.response()).status == 400


async def test_others_are_served_while_much_is_decoded(wire: Wire, found):
    pieces, ended = found
    rules = [("/", Gathered), ("/streamed", Streamed, {"pieces": pieces, "ended": ended})]
    server = wire.serve(rules, decompress_request=True)
    one, two = await wire.connect(server), await wire.connect(server)
    await one.send(post(zipped(bytes(40_000_000)), *GZIP, path="/streamed"))
    while not pieces:
        await turns(1)
    assert (await two.ask(method="POST", body=b"x")).body == b"x"
    assert ended == []
    assert (await one.response()).body == b"40000000"


async def test_a_wsgi_application(wire: Wire):
    def application(environ, start_response):
        body = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [b"%d %b" % (len(body), environ["CONTENT_LENGTH"].encode())]

    client = await wire.client(WSGIContainer(application), decompress_request=True)
    await client.send(post(zipped(TEXT), *GZIP))
    assert (await client.response()).body == b"%d %d" % (len(TEXT), len(TEXT))


async def test_an_application_that_fails(wire: Wire, caplog: pytest.LogCaptureFixture):
    def fail(request):
        raise ValueError(len(request.body))

    client = await wire.client(fail, decompress_request=True)
    await client.send(post(zipped(TEXT), *GZIP))
    assert (await client.response()).status == 500
    assert "nobody has answered POST /" in caplog.text


async def test_the_logs_count_what_was_received(wire: Wire, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "waterspout.access")
    application = Application([("/", Gathered)], access_log="json")
    client = await wire.client(application, decompress_request=True)
    body = zipped(TEXT)
    await client.send(post(body, *GZIP))
    await client.response()
    await client.send(post(body, "Content-Encoding: br"))
    await client.response()
    first, second = caplog.messages
    assert f'"body_bytes_received":{len(body)}' in first.replace(" ", "")
    assert '"status":415' in second.replace(" ", "")
    assert "a content coding that is not known" in second
