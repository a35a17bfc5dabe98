"""The access log of servers without an Application of their own."""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver.accesslog import AccessLog
from waterspout.httputil import HTTPHeaders, ResponseStartLine
from waterspout.routing import RuleRouter
from waterspout.web import Application, FallbackHandler, RequestHandler
from waterspout.wsgi import WSGIContainer


def hello(request: Any) -> None:
    line = ResponseStartLine("HTTP/1.1", 200, "OK")
    request.connection.write_headers(line, HTTPHeaders({"Content-Length": "5"}), b"hello")
    request.connection.finish()


def served(wire: Wire, callback: Any, kind: str, **options: Any) -> Any:
    server = wire.serve(callback, **options)
    server.observer = AccessLog(kind)
    return server


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture):
    """Return a function that returns the records of the access log."""
    caplog.set_level(logging.INFO)
    return lambda: [found for found in caplog.records if found.name == "waterspout.access"]


async def test_text(wire: Wire, records):
    client = await wire.connect(served(wire, hello, "text"))
    await client.ask(path="/a?b")
    [record] = records()
    assert record.levelname == "INFO"
    assert record.getMessage().startswith("200 GET /a?b (127.0.0.1) ")
    assert record.getMessage().endswith("ms")


async def test_json(wire: Wire, records):
    client = await wire.connect(served(wire, hello, "json"))
    await client.ask("User-Agent: x", "X-Request-Id: abc", method="POST", body=b"123")
    [record] = records()
    found = json.loads(record.getMessage())
    assert found.pop("milliseconds") >= 0.0
    assert found.pop("time")
    assert found.pop("peer").startswith("127.0.0.1:")
    assert found.pop("bytes_sent") > 5
    assert found == {
        "request_id": "abc",
        "remote_ip": "127.0.0.1",
        "method": "POST",
        "target": "/",
        "version": "HTTP/1.1",
        "status": 200,
        "body_bytes_sent": 5,
        "body_bytes_received": 3,
        "user_agent": "x",
        "referer": "",
        "handler": "",
    }


async def test_a_function_that_fails_is_logged_once(wire: Wire, records):
    def fail(request: Any) -> None:
        raise RuntimeError("broken")

    client = await wire.connect(served(wire, fail, "text"))
    assert (await client.ask()).status == 500
    [record] = records()
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("500 GET / ")


@pytest.mark.parametrize("kind", ["text", "json"])
async def test_what_is_refused_is_logged_once(wire: Wire, records, kind: str):
    server = served(wire, hello, kind, max_body_size=10)
    for message in (b"nonsense\r\n\r\n", request("Content-Length: 11", method="POST")):
        client = await wire.connect(server)
        await client.send(message)
        await client.rest_or_reset()
    statuses = [
        json.loads(found.getMessage())["status"]
        if kind == "json"
        else int(found.getMessage().split()[0])
        for found in records()
    ]
    assert statuses == [400, 413]


async def test_a_client_that_goes(wire: Wire, records):
    held: list[Any] = []
    server = served(wire, held.append, "json")
    client = await wire.connect(server)
    await client.send(request())
    while not held:
        await turns(1)
    client.reset()
    await wire.closed(server)
    [record] = records()
    found = json.loads(record.getMessage())
    assert (found["status"], found["is_incomplete"]) == (499, True)


async def test_a_connection_that_leaves_http(wire: Wire, records):
    def take(request: Any) -> None:
        wire.streams.append(request.connection.detach())

    def switch(request: Any) -> None:
        line = ResponseStartLine("HTTP/1.1", 101, "Switching Protocols")
        request.connection.write_headers(line, HTTPHeaders({"Upgrade": "echo"}))
        take(request)

    for callback in (take, switch):
        client = await wire.connect(served(wire, callback, "json"))
        await client.send(request())
        while len(wire.streams) < 2 and len(records()) < 1:
            await turns(1)
    while len(records()) < 2:
        await turns(1)
    taken, switched = (json.loads(record.getMessage()) for record in records())
    # No status was sent by the server, and the client has not gone.
    assert (taken["status"], switched["status"]) == (0, 101)
    assert "is_incomplete" not in taken
    assert "is_incomplete" not in switched
    assert {record.levelname for record in records()} == {"INFO"}


async def test_a_router_to_handlers_and_functions(wire: Wire, records):
    class Main(RequestHandler):
        def get(self):
            self.write("hello")

    router = RuleRouter([("/app/.*", Application([("/app/a", Main)])), ("/.*", hello)])
    client = await wire.connect(served(wire, router, "text"))
    for path in ("/app/a", "/app/b", "/c"):
        await client.ask(path=path)
    paths = [found.getMessage().split()[:3] for found in records()]
    assert paths == [["200", "GET", "/app/a"], ["404", "GET", "/app/b"], ["200", "GET", "/c"]]


@pytest.mark.parametrize("has_threads", [False, True])
async def test_wsgi(wire: Wire, records, has_threads: bool):
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Length", "2")])
        return [b"no"]

    with ThreadPoolExecutor(1) as executor:
        container = WSGIContainer(application, executor if has_threads else None)
        container.access_log = None
        client = await wire.connect(served(wire, container, "json"))
        assert (await client.ask()).status == 404
    [record] = records()
    found = json.loads(record.getMessage())
    assert (record.levelname, found["status"], found["body_bytes_sent"]) == ("WARNING", 404, 2)


async def test_wsgi_behind_a_handler_whose_application_logs_json(wire: Wire, records):
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    container = WSGIContainer(application)
    rules = [("/.*", FallbackHandler, {"fallback": container})]
    client = await wire.client(Application(rules, access_log="json"))
    assert (await client.ask(path="/a")).body == b"ok"
    [record] = records()
    found = json.loads(record.getMessage())
    assert (found["status"], found["target"], found["body_bytes_sent"]) == (200, "/a", 2)
    assert "is_incomplete" not in found
    container.access_log = None
    await client.ask()
    assert len(records()) == 1


async def test_a_target_cannot_forge_a_line(wire: Wire, records):
    client = await wire.connect(served(wire, hello, "text"))
    await client.send(b"GET /\xc2\x85x HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.response()
    [record] = records()
    assert len(record.getMessage().splitlines()) == 1


def outside_in(kind: str, fallback: Any) -> Application:
    """Return an application that leaves everything to others, and logs as under ``serve``."""
    application = Application([("/.*", FallbackHandler, {"fallback": fallback})], access_log=kind)
    application.fallback_log = AccessLog(kind).log
    return application


@pytest.mark.parametrize("kind", ["text", "detailed", "json"])
async def test_a_function_behind_a_handler(wire: Wire, records, kind: str):
    waiting: list[Any] = []

    async def answer(request: Any) -> None:
        if request.path == "/fails":
            raise ValueError("on purpose")
        if request.path == "/waits":
            waiting.append(request)
            await asyncio.Event().wait()
        hello(request)

    application = Application([("/.*", FallbackHandler, {"fallback": answer})])
    client = await wire.client(outside_in(kind, application))
    assert (await client.ask(path="/a")).status == 200
    assert (await client.ask(path="/fails")).status == 500
    await client.send(request(path="/waits"))
    while not waiting:
        await turns(1)
    client.close()
    while len(records()) < 3:
        await turns(1)
    messages = [found.getMessage() for found in records()]
    if kind == "json":
        told = [(found["status"], found["target"]) for found in map(json.loads, messages)]
    else:
        told = [(int(words[0]), words[2]) for words in map(str.split, messages)]
    assert told == [(200, "/a"), (500, "/fails"), (499, "/waits")]


async def test_a_body_for_a_function_behind_a_handler_that_is_refused(wire: Wire, records):
    server = wire.serve(outside_in("text", hello), max_body_size=1)
    client = await wire.connect(server)
    assert (await client.ask(method="POST", body=b"12")).status == 413
    assert [found.getMessage().split()[:2] for found in records()] == [["413", "POST"]]


async def test_a_container_that_logs_behind_a_handler_is_logged_once(wire: Wire, records):
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    client = await wire.client(outside_in("text", WSGIContainer(application)))
    assert (await client.ask()).body == b"ok"
    assert len(records()) == 1


async def test_text_with_details(wire: Wire, records):
    class Main(RequestHandler):
        def get(self) -> None:
            self.write("hello")

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    fallbacks = {"/function": hello, "/wsgi": WSGIContainer(application)}
    rules: list[Any] = [(path, FallbackHandler, {"fallback": f}) for path, f in fallbacks.items()]
    site = Application([("/", Main), *rules], access_log="detailed")
    site.fallback_log = AccessLog("detailed").log
    client = await wire.client(site)
    sizes = []
    for path in ("/", *fallbacks):
        await client.send(request("X-Request-Id: abc", path=path))
        head = await client.until(b"\r\n\r\n")
        body = await client.read(int(head.lower().partition(b"content-length: ")[2].split()[0]))
        sizes.append(len(head) + len(body))
    await client.send(request("X-Request-Id: abc", "Content-Length: 1", "Content-Length: 2"))
    sizes.append(len(await client.rest()))
    host, port = client.socket.getsockname()
    targets = ["200 GET /", "200 GET /function", "200 GET /wsgi", "400 GET /"]
    for found, size, target in zip(records(), sizes, targets, strict=True):
        line, _, details = found.getMessage().partition("ms ")
        assert line.startswith(f"{target} (127.0.0.1) ")
        assert details.startswith(f"{size}B {host}:{port} [")
        assert details.endswith("]")
        assert "abc" in details or target.startswith("400")
