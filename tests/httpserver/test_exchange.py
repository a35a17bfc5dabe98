"""A function of a request instead of an application, and the exchange that it answers through."""

import asyncio
import contextvars
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import answering
from waterspout.httputil import (
    HTTPConnection,
    HTTPHeaders,
    RequestStartLine,
    ResponseStartLine,
)
from waterspout.iostream import StreamClosedError
from waterspout.protocol.errors import LocalProtocolError

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
OK = ResponseStartLine("HTTP/1.1", 200, "OK")


def respond(request, body: bytes, **fields: str) -> None:
    """Answer by the names of ``HTTPConnection``."""
    headers = HTTPHeaders({name.replace("_", "-"): value for name, value in fields.items()})
    request.connection.write_headers(OK, headers, body)
    request.connection.finish()


async def test_a_function_answers_through_the_connection_of_its_request(wire: Wire):
    def answer(request):
        body = f"{request.method} {request.uri} {request.body!r}".encode()
        respond(request, body, Content_Length=str(len(body)))

    client = await wire.client(answer)
    await client.send(request(path="/a?b") + request(path="/c", method="POST", body=b"d"))
    assert (await client.response()).body == b"GET /a?b b''"
    assert (await client.response()).body == b"POST /c b'd'"


async def test_without_a_length_the_answer_is_chunked(wire: Wire):
    def answer(request):
        connection = request.connection
        connection.write_headers(ResponseStartLine("HTTP/1.1", 202, "Fine"), HTTPHeaders())
        connection.write(b"hel")
        connection.write(b"lo")
        connection.finish()

    client = await wire.client(answer)
    found = await client.ask()
    assert (found.status, found.reason, found.body) == (202, "Fine", b"hello")
    assert found["Transfer-Encoding"] == "chunked"


async def test_connection_close_in_the_fields_is_obeyed(wire: Wire):
    client = await wire.client(lambda request: respond(request, b"x", Connection="close"))
    assert (await client.ask())["Connection"] == "close"
    assert await client.rest() == b""


async def test_an_async_function_answers(wire: Wire):
    async def answer(request):
        if request.path == "/wait":
            await asyncio.sleep(0)
        respond(request, request.path.encode())

    client = await wire.client(answer)
    await client.send(request(path="/now") + request(path="/wait") + request(path="/now"))
    assert [(await client.response()).body for _ in range(3)] == [b"/now", b"/wait", b"/now"]
    await turns()
    assert not answering._tasks


@pytest.mark.parametrize("kind", ["plain", "at once", "later"])
async def test_a_function_that_raises_gives_a_500(wire: Wire, caplog, kind):
    def plain(request):
        raise RuntimeError("in the function")

    async def at_once(request):
        raise RuntimeError("in the function")

    async def later(request):
        await asyncio.sleep(0)
        raise RuntimeError("in the function")

    client = await wire.client({"plain": plain, "at once": at_once, "later": later}[kind])
    await client.send(request() * 2)
    for _ in range(2):
        answer = await client.response()
        assert answer.status == 500
        assert answer.body == b"500 Internal Server Error\n"
    assert caplog.text.count("RuntimeError: in the function") == 2
    assert " GET / (127.0.0.1) [" in caplog.text


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_function_that_raises_in_its_answer_cuts_it(wire: Wire, caplog, is_async):
    def plain(request):
        request.connection.write_headers(OK, HTTPHeaders(), b"half")
        raise RuntimeError("in the function")

    async def later(request):
        request.connection.write_headers(OK, HTTPHeaders(), b"half")
        await asyncio.sleep(0)
        raise RuntimeError("in the function")

    server = wire.serve(later if is_async else plain)
    client = await wire.connect(server)
    await client.send(request() * 2)
    received = await client.rest_or_reset()
    assert received.count(b"HTTP/1.1") == 1
    assert not received.endswith(b"0\r\n\r\n")
    await wire.closed(server)


async def test_a_function_that_raises_behind_its_answer_is_logged(wire: Wire, caplog):
    def answer(request):
        respond(request, b"done")
        raise RuntimeError("behind the answer")

    client = await wire.client(answer)
    await client.send(request() * 2)
    assert [(await client.response()).body for _ in range(2)] == [b"done", b"done"]
    assert caplog.text.count("RuntimeError: behind the answer") == 2


async def test_an_async_function_that_is_cancelled_gives_a_500(wire: Wire, caplog):
    tasks: list[Any] = []

    async def answer(request):
        tasks.append(asyncio.current_task())
        await asyncio.Event().wait()

    client = await wire.client(answer)
    await client.send(request())
    while not tasks:
        await turns(1)
    tasks[0].cancel()
    assert (await client.response()).status == 500
    assert "CancelledError" in caplog.text


async def test_a_context_variable_is_not_seen_by_the_next_request(wire: Wire):
    def answer(request):
        found = variable.get()
        variable.set("set")
        respond(request, found.encode())

    client = await wire.client(answer)
    await client.send(request() * 40)
    assert {(await client.response()).body for _ in range(40)} == {b"unset"}
    assert (await client.ask()).body == b"unset"


async def test_an_answer_may_come_from_a_callback(wire: Wire):
    def answer(request):
        loop = request.connection.loop
        loop.call_soon(loop.call_soon, respond, request, request.path.encode())

    client = await wire.client(answer)
    await client.send(request(path="/1") + request(path="/2"))
    assert [(await client.response()).body for _ in range(2)] == [b"/1", b"/2"]


async def test_no_more_can_be_sent_behind_the_end(wire: Wire):
    errors: list[object] = []

    def answer(request):
        connection = request.connection
        respond(request, b"done")
        for act in (
            lambda: connection.write(b"more"),
            connection.finish,
            lambda: connection.write_headers(OK, HTTPHeaders()),
            lambda: connection.respond(200, None, b"", b""),
        ):
            with pytest.raises(LocalProtocolError, match="the response is complete") as caught:
                act()
            errors.append(caught.value)
        connection.fail()
        connection.abort()
        connection.set_close_callback(lambda: errors.append(None))

    client = await wire.client(answer)
    assert (await client.ask()).body == b"done"
    assert (await client.ask()).body == b"done"
    assert len(errors) == 8


async def test_a_request_line_is_no_status_line(wire: Wire):
    def answer(request):
        line = RequestStartLine("GET", "/", "HTTP/1.1")
        request.connection.write_headers(line, HTTPHeaders())

    client = await wire.client(answer)
    assert (await client.ask()).status == 500


async def test_writes_wait_for_a_slow_reader(wire: Wire):
    futures = []

    async def answer(request):
        connection = request.connection
        futures.append(connection.write_headers(OK, HTTPHeaders()))
        futures.append(connection.write(b"x" * 3_000_000))
        await futures[-1]
        connection.finish()

    server = wire.serve(answer, send_buffer=4096)
    client = await wire.connect(server, receive_buffer=65536)
    await client.send(request())
    while len(futures) < 2:
        await turns(1)
    await turns()
    assert futures[0].done()
    assert not futures[1].done()
    assert len((await client.response()).body) == 3_000_000
    assert futures[1].done()


async def test_to_a_client_that_has_gone_all_is_dropped(wire: Wire):
    gone = asyncio.Event()
    results = []

    async def answer(request):
        connection = request.connection
        connection.cancel_on_disconnect = False
        connection.set_close_callback(gone.set)
        await gone.wait()
        while not connection.is_lost:
            await turns(1)
        future = connection.write_headers(OK, HTTPHeaders(), b"x")
        results.append(future)
        with pytest.raises(StreamClosedError):
            await future
        connection.finish()
        connection.abort()
        connection.fail()
        results.append("end")

    server = wire.serve(answer)
    client = await wire.connect(server)
    await client.send(request())
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    client.reset()
    while len(results) < 2:
        await turns(1)


async def test_what_it_tells_of_the_client(wire: Wire):
    exchanges = []

    def answer(request):
        exchanges.append(request.connection)
        respond(request, b"x")

    client = await wire.client(answer)
    await client.ask()
    [exchange] = exchanges
    assert exchange.remote_address == client.socket.getsockname()
    # Programs look for it there.
    assert exchange.context.address == exchange.remote_address
    assert (exchange.context.remote_ip, exchange.context.protocol) == ("127.0.0.1", "http")
    assert exchange.remote_ip == "127.0.0.1"
    assert exchange.protocol == "http"
    assert exchange.head.method == "GET"
    assert 0 < exchange.start_time <= exchange.finish_time


async def test_it_tells_whether_its_start_is_long_ago(wire: Wire):
    """What makes a Date must not take the start for now."""
    late = []

    async def answer(request):
        if request.path == "/wait":
            await asyncio.sleep(0)
        late.append(request.connection.is_late)
        respond(request, b"x")

    client = await wire.client(answer)
    await client.send(
        request() + request(path="/wait") + request() + request(method="POST", body=b"x")
    )
    for _ in range(4):
        await client.response()
    assert late == [False, True, False, True]


def test_its_verbs_are_those_of_the_public_interface():
    from waterspout.httpserver import Exchange

    for name in ("write_headers", "write", "finish"):
        assert callable(getattr(HTTPConnection, name))
        assert callable(getattr(Exchange, name))
