"""The access log: a record for each request, with a handler or without, that nobody can forge."""

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httputil import HTTPHeaders, HTTPServerRequest
from waterspout.log import JSONFormatter
from waterspout.web import Application, RequestHandler, stream_request_body
from waterspout.web.accesslog import log_json, log_request


class Main(RequestHandler):
    def get(self):
        self.write("hello")

    head = get

    async def post(self):
        self.write("a" * 10)
        await self.flush()
        self.write("b" * 5)


class Failing(RequestHandler):
    def get(self):
        raise RuntimeError("no")


class Uninitialized(RequestHandler):
    def initialize(self):
        raise RuntimeError("no handler")


@stream_request_body
class Streaming(RequestHandler):
    def initialize(self, done):
        self.done = done

    def data_received(self, chunk):
        pass

    def on_connection_close(self):
        self.finish("too late")
        self.done.set()


def rules(**kwargs: Any):
    return [
        ("/", Main),
        ("/fail", Failing),
        ("/none", Uninitialized),
        ("/stream", Streaming, kwargs),
    ]


def application(kind: Any = "text", **settings: Any) -> Application:
    done = settings.pop("done", None)
    return Application(rules(done=done), access_log=kind, **settings)


def records(caplog) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "waterspout.access"]


def texts(caplog) -> list[str]:
    """Return the lines of the log, with 0 for all that is measured."""
    found = []
    for record in records(caplog):
        assert isinstance(record.args, tuple)
        found.append(record.msg % (*record.args[:-1], 0.0))
    return found


def objects(caplog) -> list[dict[str, Any]]:
    lines = [record.getMessage() for record in records(caplog)]
    assert all(line.isascii() and line.isprintable() for line in lines)
    return [json.loads(line) for line in lines]


@pytest.fixture(autouse=True)
def level(caplog):
    caplog.set_level("INFO", "waterspout.access")


# Text


async def test_text_is_the_default(wire: Wire, caplog):
    client = await wire.client(Application(rules()))
    await client.ask(path="/?a=b")
    await client.ask(path="/nowhere")
    await client.ask(path="/fail")
    assert texts(caplog) == [
        "200 GET /?a=b (127.0.0.1) 0.00ms",
        "404 GET /nowhere (127.0.0.1) 0.00ms",
        "500 GET /fail (127.0.0.1) 0.00ms",
    ]
    assert [record.levelname for record in records(caplog)] == ["INFO", "WARNING", "ERROR"]


REFUSED = [
    (b"GET / HTTP/1.1\r\nHost: a\r\nBad : b\r\n\r\n", 400, "GET", "/"),
    (b"GET /x HTTP/3.0\r\n\r\n", 505, "GET", "/x"),
    (b"nonsense\r\n\r\n", 400, "-", "-"),
    (b"GET /" + b"a" * 9000, 414, "GET", "/" + "a" * 1019),
    (b"GET /y HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 70_000, 431, "GET", "/y"),
    (b"GET /\x1b[31m\x00 HTTP/1.1\r\n\r\n", 400, "GET", "/\x1b[31m\x00"),
    (b"GET /\xe9\x9b HTTP/1.1\r\n\r\n", 400, "GET", "/\xe9\x9b"),
]


@pytest.mark.parametrize(("raw", "status", "method", "target"), REFUSED)
async def test_a_refused_request_is_a_line(wire: Wire, caplog, raw, status, method, target):
    client = await wire.client(application())
    await client.send(raw)
    assert (await client.response()).status == status
    [record] = records(caplog)
    assert record.levelname == "WARNING"
    line = record.getMessage()
    assert line.isprintable()
    shown = target.replace("\x1b", "\\x1b").replace("\0", "\\x00").replace("\x9b", "\\x9b")
    assert line == f"{status} {method} {shown} (127.0.0.1) 0.00ms"


async def test_a_body_that_is_too_large_is_a_line(wire: Wire, caplog):
    client = await wire.client(application(), max_body_size=10)
    await client.ask(method="POST", path="/big", body=b"x" * 11)
    assert texts(caplog) == ["413 POST /big (127.0.0.1) 0.00ms"]


async def test_a_head_that_takes_too_long_is_a_line(wire: Wire, caplog):
    server = wire.serve(application())
    client = await wire.connect(server)
    await client.send(b"GET /slow HTTP/1.1\r\nHo")
    connection = await wire.connection(server)
    await turns()
    server.sweep(connection.deadline)
    assert (await client.response()).status == 408
    assert texts(caplog) == ["408 GET /slow (127.0.0.1) 0.00ms"]


async def test_a_handler_that_cannot_be_made_is_a_line(wire: Wire, caplog):
    client = await wire.client(application())
    assert (await client.ask(path="/none")).status == 500
    assert texts(caplog) == ["500 GET /none (127.0.0.1) 0.00ms"]
    assert records(caplog)[0].levelname == "ERROR"


@pytest.mark.parametrize("kind", ["text", "detailed", "json"])
async def test_a_request_that_is_refused_after_its_handler_began_is_one_record(
    wire: Wire, caplog, kind
):
    done = asyncio.Event()
    client = await wire.client(application(kind, done=done), max_body_size=10)
    head = request("Transfer-Encoding: chunked", method="POST", path="/stream")
    await client.send(head + b"1\r\nx\r\n")
    assert await client.receives_nothing()
    await client.send(b"ff\r\n")
    assert (await client.response()).status == 413
    await done.wait()
    [record] = records(caplog)
    assert "413" in record.getMessage()
    assert "/stream" in record.getMessage()


async def test_log_function_is_called_with_handlers_only(wire: Wire, caplog):
    logged: list[Any] = []
    app = Application(rules(), log_function=logged.append)
    client = await wire.client(app)
    await client.ask()
    await client.send(b"nonsense\r\n\r\n")
    assert (await client.response()).status == 400
    assert [type(handler) for handler in logged] == [Main]
    assert records(caplog) == []


async def test_log_function_and_access_log(wire: Wire, caplog):
    logged: list[Any] = []
    client = await wire.client(application("json", log_function=logged.append))
    await client.ask()
    await client.send(b"nonsense\r\n\r\n")
    assert (await client.response()).status == 400
    assert len(logged) == 1
    assert [found["status"] for found in objects(caplog)] == [400]


@pytest.mark.parametrize("kind", [None, "off"])
async def test_none(wire: Wire, caplog, kind):
    app = application(kind)
    assert app.access_log is None
    client = await wire.client(app)
    await client.ask()
    await client.send(b"nonsense\r\n\r\n")
    assert (await client.response()).status == 400
    assert records(caplog) == []


@pytest.mark.parametrize("kind", ["text", "detailed", "json"])
async def test_a_level_that_is_off(wire: Wire, caplog, kind):
    caplog.set_level("ERROR", "waterspout.access")
    client = await wire.client(application(kind))
    await client.ask()
    await client.send(b"nonsense\r\n\r\n")
    assert (await client.response()).status == 400
    assert records(caplog) == []


async def test_levels_that_change_while_requests_come(wire: Wire, caplog):
    client = await wire.client(application("text"))
    for level, count in [("ERROR", 0), ("INFO", 1), ("ERROR", 1), ("INFO", 2)]:
        caplog.set_level(level, "waterspout.access")
        await client.ask()
        assert len(records(caplog)) == count
    logging.disable()
    await client.ask()
    logging.disable(logging.NOTSET)
    assert len(records(caplog)) == 2
    await client.ask()
    assert len(records(caplog)) == 3


def test_a_format_that_there_is_not():
    with pytest.raises(
        ValueError, match="access_log is 'text', 'detailed', 'json' or None, not 'xml'"
    ):
        Application(access_log="xml")


# JSON


async def test_json(wire: Wire, caplog):
    client = await wire.client(application("json"))
    answer = await client.ask(
        "X-Request-Id: abc-1", "User-Agent: me", "Referer: http://b/", path="/?a=b"
    )
    size = len(f"HTTP/1.1 200 OK\r\n\r\n{answer.body.decode()}") + sum(
        len(f"{name}: {value}\r\n") for name, value in answer.fields
    )
    [found] = objects(caplog)
    assert found.pop("time").endswith("Z")
    assert found.pop("milliseconds") > 0.0
    host, port = client.socket.getsockname()
    assert found == {
        "request_id": "abc-1",
        "remote_ip": "127.0.0.1",
        "peer": f"{host}:{port}",
        "method": "GET",
        "target": "/?a=b",
        "version": "HTTP/1.1",
        "status": 200,
        "bytes_sent": size,
        "body_bytes_sent": 5,
        "body_bytes_received": 0,
        "user_agent": "me",
        "referer": "http://b/",
        "handler": "Main",
    }


async def test_json_counts_what_is_sent(wire: Wire, caplog):
    client = await wire.client(application("json"))
    await client.send(request(method="POST"))
    head = await client.until(b"\r\n\r\n")
    chunks = await client.until(b"0\r\n\r\n")
    await client.send(request(method="HEAD"))
    head_only = await client.until(b"\r\n\r\n")
    await turns()
    posted, asked = objects(caplog)
    assert posted["bytes_sent"] == len(head + chunks)
    assert posted["body_bytes_sent"] == 15
    assert asked["bytes_sent"] == len(head_only)
    assert asked["body_bytes_sent"] == 0


async def test_json_of_a_refusal(wire: Wire, caplog):
    client = await wire.client(application("json"), max_body_size=10)
    await client.send(
        request("X-Request-Id: abc-1", "User-Agent: me", method="POST", path="/big", body=b"x" * 11)
    )
    raw = await client.rest()
    [found] = objects(caplog)
    assert found.pop("time").endswith("Z")
    assert found.pop("milliseconds") >= 0.0
    assert found.pop("peer").startswith("127.0.0.1:")
    assert "bytes" in found.pop("error")
    assert found == {
        "request_id": "abc-1",
        "remote_ip": "127.0.0.1",
        "method": "POST",
        "target": "/big",
        "version": "HTTP/1.1",
        "status": 413,
        "bytes_sent": len(raw),
        "body_bytes_sent": len(raw.partition(b"\r\n\r\n")[2]),
        "body_bytes_received": 0,
        "user_agent": "me",
        "referer": "",
        "handler": "",
    }


@pytest.mark.parametrize(("raw", "status", "method", "target"), REFUSED)
async def test_json_of_a_head_that_cannot_be_read(wire: Wire, caplog, raw, status, method, target):
    client = await wire.client(application("json"))
    await client.send(raw)
    assert (await client.response()).status == status
    [found] = objects(caplog)
    assert (found["status"], found["method"], found["target"]) == (status, method, target)
    assert len(found["request_id"]) == 32
    assert found["error"]


async def test_json_of_a_handler_that_cannot_be_made(wire: Wire, caplog):
    client = await wire.client(application("json"))
    await client.ask(path="/none")
    [found] = objects(caplog)
    assert found["status"] == 500
    assert found["handler"] == "Uninitialized"
    assert found["error"] == "no handler"


class Slow(RequestHandler):
    def initialize(self, gone):
        self.gone = gone

    async def get(self):
        await self.gone.wait()
        self.write("to nobody")

    def on_connection_close(self):
        self.gone.set()


async def test_json_of_a_client_that_has_gone(wire: Wire, caplog):
    gone = asyncio.Event()
    server = wire.serve(Application([("/", Slow, {"gone": gone})], access_log="json"))
    client = await wire.connect(server)
    await client.send(request())
    assert await client.receives_nothing()
    client.reset()
    await gone.wait()
    await turns()
    for found in objects(caplog):
        assert found["is_incomplete"] is True
        assert found["bytes_sent"] == 0


@pytest.mark.parametrize("is_busy", [False, True])
async def test_json_of_a_client_that_goes_within_a_body_that_is_streamed(
    wire: Wire, caplog, is_busy
):
    """Nobody goes on with the handler then, which may still be in the middle of a piece."""
    gate, taken = asyncio.Event(), asyncio.Event()

    @stream_request_body
    class Streamed(RequestHandler):
        cancel_on_disconnect = False

        async def data_received(self, chunk):
            taken.set()
            if is_busy:
                await gate.wait()

        def on_finish(self):
            raise AssertionError("it has not had its request")

    server = wire.serve(Application([("/", Streamed)], access_log="json"))
    client = await wire.connect(server)
    await client.send(request("Content-Length: 9", method="POST") + b"abc")
    await taken.wait()
    await turns()
    client.reset()
    await wire.closed(server)
    gate.set()
    await turns()
    [found] = objects(caplog)
    assert found["status"] == 499
    assert found["handler"] == "Streamed"
    assert found["body_bytes_received"] == 3
    assert found["is_incomplete"] is True


async def test_json_and_the_json_formatter_make_one_object(wire: Wire, caplog):
    client = await wire.client(application("json"))
    await client.ask()
    [record] = records(caplog)
    found = json.loads(JSONFormatter().format(record))
    assert found["status"] == 200
    assert (found["level"], found["logger"]) == ("INFO", "waterspout.access")
    assert "message" not in found


# Forgery


class Ended:
    """What a connection has to be for a request that is made by hand."""

    finish_time = 1.0


class Caught(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record):
        self.records.append(record)


def handler_of(made: HTTPServerRequest) -> RequestHandler:
    return Main(Application(), made)


STRANGE = st.text(st.characters() | st.sampled_from('\n\r\x1b\x85\u2028\ud800"\\'))


@given(STRANGE, STRANGE, STRANGE, STRANGE)
def test_nobody_can_begin_a_line_of_his_own(method, uri, agent, request_id):
    made = HTTPServerRequest(method, "/" + uri, connection=Ended())
    made.remote_ip = "127.0.0.1"
    values = {"User-Agent": agent, "Referer": agent, "X-Request-Id": request_id}

    class Headers(HTTPHeaders):
        """Fields as no parser would let them through."""

        def get(self, name, default=None):
            return values.get(name, default)

    made.headers = Headers()
    logger = logging.getLogger("waterspout.access")
    catch = Caught()
    logger.addHandler(catch)
    level = logger.level
    logger.setLevel("INFO")
    try:
        log_request(handler_of(made))
        log_json(handler_of(made))
    finally:
        logger.setLevel(level)
        logger.removeHandler(catch)
    text, line = (record.getMessage() for record in catch.records)
    assert text.isprintable()
    assert line.isprintable()
    assert line.isascii()
    assert json.loads(line)["user_agent"][: len(agent)] == agent[:512]


async def test_what_is_long_is_cut(wire: Wire, caplog):
    client = await wire.client(application("json"))
    await client.ask("User-Agent: " + "u" * 5000, "Referer: " + "r" * 5000, path="/?" + "t" * 5000)
    [found] = objects(caplog)
    assert found["user_agent"] == "u" * 512 + "... and 4488 more"
    assert found["referer"] == "r" * 512 + "... and 4488 more"
    assert len(found["target"]) < 2100
