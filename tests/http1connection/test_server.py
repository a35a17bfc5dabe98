"""The server's side, against a raw socket."""

import asyncio
import gzip
import logging
from typing import Any

import pytest
from tests.http1connection.recording import OK, Recorder, Recorders, answer
from tests.iostream.connected import connected
from tests.wire.server_under_test import Client, Wire, request, turns

from waterspout.http1connection import (
    HTTP1Connection,
    HTTP1ConnectionParameters,
    HTTP1ServerConnection,
)
from waterspout.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPOutputError,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from waterspout.iostream import StreamClosedError


def echo(connection: Any, message: Recorder) -> None:
    [line] = message.start_lines
    answer(connection, f"{line.method} {line.path} ".encode() + message.body)


def serve(wire: Wire, then: Any = echo, **params: Any) -> tuple[HTTP1ServerConnection, Any, Client]:
    stream, client = connected(wire)
    server = HTTP1ServerConnection(stream, HTTP1ConnectionParameters(**params))
    delegate = then if isinstance(then, Recorders) else Recorders(then)
    server.start_serving(delegate)
    return server, delegate, client


async def test_kept_alive_and_then_closed(wire: Wire):
    server, delegate, client = serve(wire)
    for number in range(3):
        response = await client.ask(path=f"/{number}", method="POST", body=b"body")
        assert response.body == f"POST /{number} body".encode()
        assert "connection" not in response
    response = await client.ask("Connection: close")
    assert response["connection"] == "close"
    assert await client.rest() == b""
    await server.close()
    assert delegate.closed == [server]
    assert [taken.end for taken in delegate.taken] == ["finish"] * 4


async def test_pipelined_answers_in_order(wire: Wire):
    waiting: list[Any] = []
    _, delegate, client = serve(
        wire, lambda connection, message: waiting.append((connection, message))
    )
    await client.send(b"".join(request(path=f"/{number}") for number in range(5)))
    for number in range(5):
        while not waiting:
            await turns(1)
        assert await client.receives_nothing()
        assert len(delegate.taken) == number + 1
        echo(*waiting.pop())
        assert (await client.response()).body == f"GET /{number} ".encode()


MESSAGES = {
    "length": request(body=b"hello world", method="POST"),
    "chunks": request("Transfer-Encoding: chunked", method="POST")
    + b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n",
    "nothing": request(),
}


@pytest.mark.parametrize("name", MESSAGES)
async def test_bytes_cut_in_every_place(wire: Wire, name):
    message = MESSAGES[name]
    _, _, client = serve(wire)
    expected = b"GET / " if name == "nothing" else b"POST / hello world"
    for cut in range(1, len(message)):
        await client.send(message[:cut])
        await turns(2)
        await client.send(message[cut:])
        assert (await client.response()).body == expected
    for byte in message:
        await client.send(bytes([byte]))
        await turns(2)
    assert (await client.response()).body == expected


async def test_head_and_statuses_without_a_body(wire: Wire):
    def then(connection: Any, message: Recorder) -> None:
        status = int(message.start_lines[0].path[1:])
        headers = HTTPHeaders({"Content-Length": "5"} if status == 200 else {})
        connection.write_headers(ResponseStartLine("", status, ""), headers)
        connection.finish()

    _, _, client = serve(wire, then)
    await client.send(request(method="HEAD", path="/200"))
    assert (await client.response("HEAD"))["content-length"] == "5"
    for status in (204, 304):
        response = await client.ask(path=f"/{status}")
        assert (response.status, response.body) == (status, b"")
        assert "transfer-encoding" not in response


async def test_chunks_and_http_1_0(wire: Wire):
    def then(connection: Any, message: Recorder) -> None:
        connection.write_headers(OK, HTTPHeaders())
        connection.write(b"hel")
        connection.write(b"lo")
        connection.finish()

    _, _, client = serve(wire, then)
    response = await client.ask()
    assert (response["transfer-encoding"], response.body) == ("chunked", b"hello")
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    assert (await client.response()).body == b"hello"
    assert await client.rest() == b""


async def test_100_continue(wire: Wire):
    _, _, client = serve(wire)
    await client.send(request("Expect: 100-continue", "Content-Length: 4", method="POST"))
    assert (await client.response()).status == 100
    await client.send(b"body")
    assert (await client.response()).body == b"POST / body"


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (request("A: " + "x" * 2000), 431),
        (request(body=b"x" * 101, method="POST"), 413),
        (request("Transfer-Encoding: gzip"), 501),
        (request("Transfer-Encoding: chunked", method="POST") + b"x\r\n", 400),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    ],
)
async def test_what_is_refused(wire: Wire, message, status):
    server, _, client = serve(wire, max_header_size=1000, max_body_size=100)
    await client.send(message + b"more")
    response = await client.response()
    assert response.status == status
    assert response["connection"] == "close"
    assert await client.rest() == b""
    client.end_sending()
    while not server.stream.closed():
        await turns(1)


async def test_a_size_of_its_own(wire: Wire):
    stream, client = connected(wire)
    connection = HTTP1Connection(stream, False, HTTP1ConnectionParameters(max_body_size=10))
    message = Recorder(lambda: answer(connection), lambda: connection.set_max_body_size(20))
    await client.send(request(body=b"x" * 20, method="POST"))
    assert await connection.read_response(message)
    assert message.body == b"x" * 20
    # It holds for what comes after, too.
    await client.send(request(body=b"x" * 21, method="POST"))
    client.end_sending()
    message = Recorder()
    assert not await connection.read_response(message)
    assert message.end == "close"
    assert stream.closed()
    assert (await client.response()).status == 200
    assert (await client.response()).status == 413


async def test_no_keep_alive(wire: Wire):
    _, _, client = serve(wire, no_keep_alive=True)
    assert (await client.ask())["connection"] == "close"
    assert await client.rest() == b""


async def test_back_pressure(wire: Wire):
    stream, client = connected(wire)
    connection = HTTP1Connection(stream, False, HTTP1ConnectionParameters(chunk_size=1000))
    gates: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    def at_piece(piece: bytes) -> "asyncio.Future[None]":
        assert len(piece) <= 1000
        gates.put_nowait(asyncio.get_running_loop().create_future())
        return gates._queue[-1]  # type: ignore[attr-defined,no-any-return]

    message = Recorder(lambda: answer(connection), at_piece=at_piece)
    reading = asyncio.ensure_future(connection.read_response(message))
    await client.send(request(body=b"x" * 5000, method="POST"))
    count = 0
    while len(message.body) < 5000 or not gates.empty():
        gate = await gates.get()
        count += 1
        await turns(5)
        assert len(message.pieces) == count
        gate.set_result(None)
        await turns(1)
    assert await reading
    assert count >= 5


@pytest.mark.parametrize("is_sent", [0, 10])
async def test_header_timeout(wire: Wire, is_sent):
    server, delegate, client = serve(wire, header_timeout=0.001)
    await client.send(request()[:is_sent])
    assert await client.rest() == b""
    assert delegate.taken == []
    await server.close()


async def test_body_timeout(wire: Wire):
    _, delegate, client = serve(wire, body_timeout=0.001)
    await client.send(request(body=b"body", method="POST")[:-1])
    assert await client.rest() == b""
    assert delegate.taken[0].end == "close"


async def test_body_timeout_of_its_own(wire: Wire):
    stream, client = connected(wire)
    connection = HTTP1Connection(stream, False)
    message = Recorder(at_head=lambda: connection.set_body_timeout(0.001))
    await client.send(request(body=b"body", method="POST")[:-1])
    assert not await connection.read_response(message)
    assert message.end == "close"
    assert stream.closed()


async def test_decompress(wire: Wire):
    _, delegate, client = serve(wire, decompress=True, chunk_size=1000)
    data = bytes(range(256)) * 20
    response = await client.ask("Content-Encoding: gzip", body=gzip.compress(data), method="POST")
    assert response.body == b"POST / " + data
    [message] = delegate.taken
    assert max(map(len, message.pieces)) == 1000
    assert "Content-Encoding" not in message.headers
    assert message.headers["X-Consumed-Content-Encoding"] == "gzip"
    bad = gzip.compress(data)[:-3]
    assert (await client.ask("Content-Encoding: gzip", body=bad, method="POST")).status == 400
    client.end_sending()
    assert await client.rest() == b""


async def test_decompressed_beyond_the_bound(wire: Wire):
    _, _, client = serve(wire, decompress=True, max_body_size=1000)
    body = gzip.compress(b"x" * 1001)
    assert (await client.ask("Content-Encoding: gzip", body=body, method="POST")).status == 413


async def test_an_answer_before_the_body(wire: Wire):
    stream, client = connected(wire)
    connection = HTTP1Connection(stream, False)
    message = Recorder(at_head=lambda: answer(connection))
    reading = asyncio.ensure_future(connection.read_response(message))
    await client.send(request("Expect: 100-continue", "Content-Length: 4", method="POST"))
    response = await client.response()
    assert (response.status, response["connection"]) == (200, "close")
    assert await client.rest() == b""
    client.end_sending()
    assert not await reading
    assert (message.pieces, message.end) == ([], "close")


async def test_an_answer_while_the_body_is_waited_for(wire: Wire):
    stream, client = connected(wire)
    connection = HTTP1Connection(stream, False)
    message = Recorder()
    reading = asyncio.ensure_future(connection.read_response(message))
    await client.send(request("Content-Length: 4", method="POST") + b"bo")
    while not message.pieces:
        await turns(1)
    answer(connection)
    assert (await client.response()).body == b"hello"
    assert await client.rest() == b""
    client.end_sending()
    assert not await reading
    assert (message.body, message.end) == (b"bo", "close")


async def test_a_client_that_goes(wire: Wire):
    told: list[str] = []

    def then(connection: Any, message: Recorder) -> None:
        connection.set_close_callback(lambda: told.append("closed"))

    server, delegate, client = serve(wire, then)
    await client.send(request())
    while not delegate.taken:
        await turns(1)
    client.close()
    while not delegate.closed:
        await turns(1)
    assert told == ["closed"]
    assert server.stream.closed()


async def test_a_client_that_goes_within_its_body(wire: Wire):
    told: list[str] = []
    stream, client = connected(wire)
    connection = HTTP1Connection(stream, False)
    connection.set_close_callback(lambda: told.append("closed"))
    await client.send(request("Content-Length: 4", method="POST") + b"bo")
    client.close()
    message = Recorder()
    with pytest.raises(StreamClosedError):
        await connection.read_response(message)
    assert (message.body, message.end, told) == (b"bo", "close", ["closed"])
    with pytest.raises(StreamClosedError):
        await connection.write_headers(OK, HTTPHeaders())


async def test_too_much_and_too_little(wire: Wire):
    errors: list[BaseException] = []

    def then(connection: Any, message: Recorder) -> None:
        connection.write_headers(OK, HTTPHeaders({"Content-Length": "3"}))
        try:
            if message.start_lines[0].path == "/much":
                connection.write(b"four")
            connection.finish()
        except HTTPOutputError as error:
            errors.append(error)

    for path in ("/much", "/little"):
        _, _, client = serve(wire, then)
        await client.send(request(path=path))
        await client.until(b"\r\n\r\n")
        assert await client.rest() == b""
    assert len(errors) == 2


async def test_a_delegate_that_fails(wire: Wire, caplog):
    def then(connection: Any, message: Recorder) -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        _, delegate, client = serve(wire, then)
        assert (await client.ask()).status == 500
        assert await client.rest() == b""
        while not delegate.closed:
            await turns(1)
    assert "ZeroDivisionError" in caplog.text


async def test_a_delegate_that_finds_bad_input(wire: Wire):
    def then(connection: Any, message: Recorder) -> None:
        raise HTTPInputError("no")

    _, _, client = serve(wire, then)
    assert (await client.ask()).status == 400
    assert await client.rest() == b""


async def test_detach(wire: Wire):
    streams: list[Any] = []

    def then(connection: Any, message: Recorder) -> None:
        connection.write_headers(ResponseStartLine("", 101, ""), HTTPHeaders({"Upgrade": "echo"}))
        streams.append(connection.detach())

    _, delegate, client = serve(wire, then)
    await client.send(request("Upgrade: echo", "Connection: Upgrade") + b"ahead")
    response = await client.response()
    assert (response.status, response["upgrade"]) == (101, "echo")
    while not delegate.closed:
        await turns(1)
    [stream] = streams
    assert not stream.closed()
    await client.send(b" more")
    assert await stream.read_bytes(10) == b"ahead more"


async def test_context_and_old_connections(wire: Wire):
    class Context:
        remote_ip = "192.0.2.1"
        protocol = "https"

    connections: list[Any] = []

    def then(connection: Any, message: Recorder) -> None:
        connections.append(connection)
        request = HTTPServerRequest(connection=connection, start_line=message.start_lines[0])
        answer(connection, f"{request.remote_ip} {request.protocol}".encode())

    stream, client = connected(wire)
    server = HTTP1ServerConnection(stream, None, Context())
    server.start_serving(Recorders(then))
    assert (await client.ask()).body == b"192.0.2.1 https"
    await client.ask()
    with pytest.raises(HTTPOutputError):
        connections[0].write(b"late")
    with pytest.raises(TypeError):
        connections[1].write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders())
    with pytest.raises(RuntimeError):
        server.start_serving(Recorders(then))
    await server.close()
    assert stream.closed()


async def test_many_small_chunks(wire: Wire):
    _, _, client = serve(wire)
    body = b"1\r\nx\r\n" * 20_000
    await client.send(request("Transfer-Encoding: chunked", method="POST") + body + b"0\r\n\r\n")
    assert (await client.response()).body == b"POST / " + b"x" * 20_000


async def test_many_requests_sent_ahead_hold_up_nobody(wire: Wire):
    taken: list[Any] = []

    def answer_and_note(connection: Any, message: Recorder) -> None:
        taken.append(message)
        answer(connection, b"")

    _, _, client = serve(wire, answer_and_note)
    await client.send(request() * 200)
    most = 0
    while len(taken) < 200:
        before = len(taken)
        await turns(1)
        most = max(most, len(taken) - before)
    assert most <= 32  # a read and a write each
    for _ in range(200):
        assert (await client.response()).status == 200


async def test_a_body_that_unfolds_to_much_holds_up_nobody(wire: Wire):
    message = Recorder()
    stream, client = connected(wire)
    connection = HTTP1Connection(stream, False, HTTP1ConnectionParameters(decompress=True))
    body = gzip.compress(bytes(10_000_000))
    await client.send(request("Content-Encoding: gzip", method="POST", body=body))
    reading = asyncio.ensure_future(connection.read_response(message))
    most = 0
    while not message.end:
        before = len(message.pieces)
        await turns(1)
        most = max(most, len(message.pieces) - before)
    assert len(message.body) == 10_000_000
    assert most <= 2
    reading.cancel()
