"""Applications behind the server, on the loop and in threads: what the client gets to see."""

import asyncio
import logging
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any
from wsgiref.validate import validator

import pytest
from tests.wire.server_under_test import Wire, request, turns
from tests.wsgi.applications import Body, answer, in_pieces, returning

from waterspout.httpserver import HTTPServer
from waterspout.web import Application, RequestHandler
from waterspout.wsgi import WSGIContainer


def serve(wire: Wire, application: Any, executor: Any = None, **options: Any) -> HTTPServer:
    return wire.serve(WSGIContainer(application, executor), **options)


async def until(condition: Any) -> None:
    """Wait for what threads may do; `wire` sees to it that it is not for ever."""
    while not condition():
        await turns(1)


async def test_hello(wire: Wire, executor):
    client = await wire.connect(serve(wire, answer([b"hello"]), executor))
    for _ in range(3):
        got = await client.ask()
        assert (got.status, got.reason, got.body) == (200, "OK", b"hello")
        assert got["Content-Type"] == "text/plain"
        assert got["Content-Length"] == "5"
        assert "Date" in got
        assert "Server" in got


async def test_requests_that_are_sent_ahead(wire: Wire, executor):
    application = returning(lambda environ: environ["PATH_INFO"].encode())
    client = await wire.connect(serve(wire, application, executor))
    await client.send(b"".join(request(path=f"/{number}") for number in range(20)))
    for number in range(20):
        assert (await client.response()).body == b"/%d" % number


async def test_a_body_is_read(wire: Wire, executor):
    application = returning(lambda environ: environ["wsgi.input"].read() * 2)
    client = await wire.connect(serve(wire, application, executor))
    assert (await client.ask(method="POST", body=b"ab")).body == b"abab"
    await client.send(
        request("Transfer-Encoding: chunked", method="POST") + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    )
    assert (await client.response()).body == b"abcabc"


async def test_pieces(wire: Wire, executor):
    client = await wire.connect(serve(wire, in_pieces(b"a", b"bc", b"d"), executor))
    got = await client.ask()
    assert got["Transfer-Encoding"] == "chunked"
    assert got.body == b"abcd"
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    got = await client.response()
    assert got["Connection"] == "close"
    assert got.body == b"abcd"


async def test_pieces_are_sent_as_they_come(wire: Wire):
    gates = [threading.Event() for _ in range(3)]

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "3")])
        for number, gate in enumerate(gates):
            assert gate.wait(30)
            yield b"%d" % number

    with ThreadPoolExecutor(1) as threads:
        client = await wire.connect(serve(wire, application, threads))
        await client.send(request())
        for number, gate in enumerate(gates):
            gate.set()
            if number == 0:
                await client.until(b"\r\n\r\n")
            assert await client.read(1) == b"%d" % number


async def test_write(wire: Wire, executor):
    def application(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [])
        for number in range(100):
            write(b"%02d" % number)
        return [b"end"]

    client = await wire.connect(serve(wire, application, executor))
    expected = b"".join(b"%02d" % number for number in range(100)) + b"end"
    assert (await client.ask()).body == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("is_iterator", [False, True])
async def test_the_framing(wire: Wire, executor, method, status, is_iterator):
    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, [])
        return iter([b"a", b"b"]) if is_iterator else [b"ab"]

    client = await wire.connect(serve(wire, application, executor))
    for _ in range(2):
        got = await client.ask(method=method)
        assert got.body == (b"ab" if status == "200 OK" and method != "HEAD" else b"")


async def test_a_body_that_is_too_long(wire: Wire, executor):
    application = answer([b"hello", b"more"], headers=[("Content-Length", "5")])
    client = await wire.connect(serve(wire, application, executor))
    assert (await client.ask()).body == b"hello"
    assert (await client.ask()).body == b"hello"


async def test_a_body_that_is_too_short(wire: Wire, executor, caplog):
    application = answer([b"hell"], headers=[("Content-Length", "5")])
    server = serve(wire, application, executor)
    client = await wire.connect(server)
    await client.send(request() * 2)
    got = await client.rest_or_reset()
    assert got.count(b"HTTP/1.1 200 OK") == 1
    assert b"Content-Length: 5" in got
    await wire.closed(server)
    assert "the body has 4 bytes, but Content-Length says 5: GET / (127.0.0.1)" in caplog.text


# Failures


def failing(environ: Any, start_response: Any) -> Any:
    raise RuntimeError("in the application")


def silent(environ: Any, start_response: Any) -> Any:
    return [b"hello"]


def nothing(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [])


def injecting(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("A", "b\r\nC: d")])
    return [b"hello"]


def hopping(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("Transfer-Encoding", "chunked")])
    return [b"hello"]


def failing_first(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [])
    raise RuntimeError("in the body")
    yield b""


@pytest.mark.parametrize(
    "application", [failing, silent, nothing, injecting, hopping, failing_first]
)
async def test_a_failure_is_a_500(wire: Wire, executor, caplog, application):
    caplog.set_level(logging.INFO)
    client = await wire.connect(serve(wire, application, executor))
    await client.send(request(path="/x") * 2)
    for _ in range(2):
        got = await client.response()
        assert got.status == 500
        assert got.body == b"500 Internal Server Error\n"
    await until(lambda: len(caplog.records) == 4)
    failure, access = (
        next(record for record in caplog.records if record.name == f"waterspout.{name}")
        for name in ("application", "access")
    )
    assert failure.getMessage().startswith("the WSGI application failed: GET /x (127.0.0.1) [")
    assert failure.exc_info is not None
    assert failure.exc_info[1] is not None
    assert access.getMessage().startswith("500 GET /x (127.0.0.1) ")


async def test_a_failure_in_the_middle_cuts_the_response(wire: Wire, executor, caplog):
    body = Body([b"a", b"b"], RuntimeError("in the body"))
    server = serve(wire, answer(body), executor)
    client = await wire.connect(server)
    await client.send(request())
    got = await client.rest_or_reset()
    assert not got.endswith(b"0\r\n\r\n")
    await wire.closed(server)
    await until(lambda: body.closed)
    assert "RuntimeError: in the body" in caplog.text
    assert body.closed == 1


async def test_a_failure_in_close_is_logged(wire: Wire, executor, caplog):
    class Unclosable(Body):
        def close(self) -> None:
            super().close()
            raise RuntimeError("in close")

    bodies: list[Any] = []

    def application(environ: Any, start_response: Any) -> Any:
        bodies.append(Unclosable([b"a", b"b"]))
        start_response("200 OK", [])
        return bodies[-1]

    client = await wire.connect(serve(wire, application, executor))
    for _ in range(2):
        assert (await client.ask()).body == b"ab"
    await until(lambda: caplog.text.count("RuntimeError: in close") == 2)
    assert [body.closed for body in bodies] == [1, 1]


async def test_the_access_log(wire: Wire, executor, caplog):
    caplog.set_level(logging.INFO)

    def application(environ: Any, start_response: Any) -> Any:
        start_response(environ["PATH_INFO"][1:] + " x", [])
        return []

    client = await wire.connect(serve(wire, application, executor))
    for count, status in enumerate((200, 302, 404, 503), 1):
        await client.ask(path=f"/{status}")
        # It is a thread that logs, and not before the answer is there.
        await until(lambda count=count: len(caplog.records) == count)
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO", "WARNING", "ERROR"]
    assert caplog.messages[2].startswith("404 GET /404 (127.0.0.1) ")
    caplog.clear()
    caplog.set_level(logging.CRITICAL)
    await client.ask(path="/200")
    await turns()
    assert not caplog.records


# Clients that are slow, or go


async def test_the_application_is_run_to_its_end(wire: Wire, executor):
    ends: list[str] = []

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "5")])
        yield b"hello"
        for _ in range(100):
            yield b""
        ends.append(environ["PATH_INFO"])

    client = await wire.connect(serve(wire, application, executor))
    for number in range(10):
        assert (await client.ask(path=f"/{number}")).body == b"hello"
    await until(lambda: len(ends) == 10)


async def test_a_slow_reader_holds_the_application_back(wire: Wire, executor):
    received = 0
    leads: list[int] = []

    def pieces() -> Any:
        for number in range(500):
            leads.append(number * 16384 - received)
            yield b"x" * 16384

    body = Body(pieces())
    server = serve(
        wire, answer(body, headers=[("Content-Length", "8192000")]), executor, send_buffer=16384
    )
    client = await wire.connect(server, receive_buffer=16384)
    await client.send(request())
    await client.until(b"\r\n\r\n")
    while received < 8192000:
        received += len(await client.read(min(16384, 8192000 - received)))
        await turns(5)
    await until(lambda: body.closed)
    assert body.closed == 1
    assert max(leads) < 500_000


async def test_a_client_that_goes_ends_the_iteration(wire: Wire, executor, caplog):
    def endless() -> Any:
        while True:
            yield b"x" * 16384

    body = Body(endless())
    server = serve(wire, answer(body), executor)
    client = await wire.connect(server)
    await client.send(request())
    await client.read(100_000)
    client.reset()
    await wire.closed(server)
    await until(lambda: body.closed)
    assert body.closed == 1
    assert not caplog.records


async def test_a_client_that_goes_while_the_application_waits_for_it(wire: Wire, executor):
    body = Body(b"x" * 16384 for _ in range(2000))
    server = serve(wire, answer(body), executor, send_buffer=16384)
    client = await wire.connect(server, receive_buffer=16384)
    await client.send(request())
    await until(lambda: body.taken > 1)
    client.reset()
    await wire.closed(server)
    await until(lambda: body.closed)
    assert body.taken < 2000


async def test_a_client_that_stops_sending_gets_everything(wire: Wire, executor):
    body = Body(b"x" * 16384 for _ in range(100))
    client = await wire.connect(serve(wire, answer(body), executor))
    await client.send(request())
    client.end_sending()
    assert (await client.response()).body == b"x" * 16384 * 100


async def test_a_client_that_has_gone_before_its_turn(wire: Wire):
    calls: list[str] = []
    gate = threading.Event()

    def application(environ: Any, start_response: Any) -> Any:
        calls.append(environ["PATH_INFO"])
        assert gate.wait(30)
        start_response("200 OK", [])
        return []

    with ThreadPoolExecutor(1) as threads:
        server = serve(wire, application, threads)
        first = await wire.connect(server)
        await first.send(request(path="/first"))
        await until(lambda: calls)
        second = await wire.connect(server)
        await second.send(request(path="/second"))
        await wire.connection_count(server, 2)
        await turns()
        second.reset()
        await until(lambda: len(server.connections) == 1)
        gate.set()
        assert (await first.response()).status == 200
        assert (await first.ask(path="/third")).status == 200
    assert calls == ["/first", "/third"]


# Threads


async def test_threads_run_side_by_side(wire: Wire):
    barrier = threading.Barrier(3)

    def application(environ: Any, start_response: Any) -> Any:
        assert environ["wsgi.multithread"]
        barrier.wait(30)
        start_response("200 OK", [])
        return [threading.current_thread().name.encode()]

    with ThreadPoolExecutor(3, thread_name_prefix="wsgi") as threads:
        server = serve(wire, application, threads)
        clients = [await wire.connect(server) for _ in range(3)]
        for client in clients:
            await client.send(request())
        names = {(await client.response()).body for client in clients}
    assert len(names) == 3
    assert all(name.startswith(b"wsgi") for name in names)


async def test_one_thread_does_all_of_a_request(wire: Wire):
    seen: list[str] = []

    class Noted(Body):
        def __next__(self) -> Any:
            seen.append(threading.current_thread().name)
            return super().__next__()

        def close(self) -> None:
            seen.append(threading.current_thread().name)
            super().close()

    def application(environ: Any, start_response: Any) -> Any:
        seen.append(threading.current_thread().name)
        start_response("200 OK", [])
        return Noted([b"a", b"b"])

    with ThreadPoolExecutor(4) as threads:
        client = await wire.connect(serve(wire, application, threads))
        for _ in range(5):
            seen.clear()
            assert (await client.ask()).body == b"ab"
            await until(lambda: len(seen) == 5)
            assert len(set(seen)) == 1


NAME: ContextVar[str] = ContextVar("NAME")


async def test_each_request_has_a_context_of_its_own(wire: Wire, executor):
    def application(environ: Any, start_response: Any) -> Any:
        before = NAME.get("none")
        NAME.set(environ["PATH_INFO"])
        start_response("200 OK", [])
        yield before.encode()
        yield NAME.get().encode()

    client = await wire.connect(serve(wire, application, executor))
    for path in ("/a", "/b"):
        assert (await client.ask(path=path)).body == b"none" + path.encode()


async def test_an_executor_that_was_shut_down(wire: Wire, caplog):
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    client = await wire.connect(serve(wire, answer([b"hello"]), threads))
    assert (await client.ask()).status == 500
    assert "cannot schedule new futures after shutdown" in caplog.text


class Inline(Executor):
    """An executor that runs what it is given at once, in the thread of the event loop."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


async def test_an_executor_without_threads(wire: Wire):
    for body in ([b"x" * 50_000] * 10, (b"x" * 50_000 for _ in range(10))):
        application = answer(body, headers=[("Content-Length", "500000")])
        client = await wire.connect(serve(wire, application, Inline()))
        assert (await client.ask()).body == b"x" * 500_000


async def test_the_server_stops_while_a_thread_waits_for_its_client(wire: Wire):
    body = Body(b"x" * 16384 for _ in range(2000))
    with ThreadPoolExecutor(1) as threads:
        server = serve(wire, answer(body), threads, send_buffer=16384)
        client = await wire.connect(server, receive_buffer=16384)
        await client.send(request())
        await until(lambda: body.taken > 1)
        server.stop()
        assert await server.close_all_connections(0) == 1
        await until(lambda: body.closed)
    assert body.taken < 2000


async def test_a_cancelled_request(wire: Wire, caplog):
    gate = threading.Event()
    tasks: list[Any] = []

    def application(environ: Any, start_response: Any) -> Any:
        assert gate.wait(30)
        start_response("200 OK", [])
        return iter([b"a", b"b"])

    class Container(WSGIContainer):
        async def handle_request(self, request: Any) -> None:
            tasks.append(asyncio.current_task())
            await super().handle_request(request)

    with ThreadPoolExecutor(1) as threads:
        client = await wire.client(Container(application, threads))
        await client.send(request())
        await until(lambda: tasks)
        tasks[0].cancel()
        assert (await client.response()).status == 500
        gate.set()
    assert "nobody has answered" in caplog.text


@pytest.mark.parametrize("application", [None, "text", 1])
def test_an_application_that_cannot_be_called(application):
    with pytest.raises(TypeError, match="a WSGI application can be called, not"):
        WSGIContainer(application)


def test_an_executor_of_processes():
    with ProcessPoolExecutor(1) as processes, pytest.raises(TypeError, match="in threads"):
        WSGIContainer(answer([]), processes)


# As others see it


def realistic(environ: Any, start_response: Any) -> Any:
    """Answer as the validator wants it: the whole of PEP 3333 is in it."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response(
        "200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body) + 1))]
    )
    return [body, b"."]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("path", ["/", "/a/b%20c?x=y", "//x"])
async def test_the_validator_finds_nothing(wire: Wire, executor, caplog, path):
    client = await wire.connect(serve(wire, validator(realistic), executor))
    got = await client.ask("X-A: 1", "x-a: 2", "Cookie: a=b", path=path, method="POST", body=b"ab")
    assert got.body == b"ab."
    got = await client.ask(path=path)
    assert got.body == b"."
    await turns()
    assert not caplog.records


async def test_a_handler_hands_a_request_on(wire: Wire, executor):
    container = WSGIContainer(returning(lambda environ: b"from WSGI"), executor)

    class HandOn(RequestHandler):
        def prepare(self):
            container(self.request)
            self._finished = True

    class Own(RequestHandler):
        def get(self):
            self.write("from a handler")

    client = await wire.client(Application([("/own", Own), ("/.*", HandOn)]))
    for _ in range(2):
        assert (await client.ask(path="/other")).body == b"from WSGI"
        assert (await client.ask(path="/own")).body == b"from a handler"
