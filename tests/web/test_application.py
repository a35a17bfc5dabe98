"""The application: its settings, its rules, and its log."""

import asyncio
import logging
import re

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httputil import HTTPMessageDelegate
from waterspout.routing import HostMatches
from waterspout.web import Application, ErrorHandler, RequestHandler, URLSpec, url


class Hello(RequestHandler):
    def initialize(self, text="hello"):
        self.text = text

    def get(self):
        self.write(self.text)


class Status(RequestHandler):
    async def get(self, status):
        await asyncio.sleep(0)
        self.set_status(int(status))
        if "flush" in self.request.query:
            self.flush()


def quiet(handler: RequestHandler) -> None:
    pass


def test_settings():
    application = Application([], title="x", debug=True)
    assert application.settings == {
        "title": "x",
        "debug": True,
        "autoreload": True,
        "compiled_template_cache": False,
        "static_hash_cache": False,
        "serve_traceback": True,
    }
    assert Application(debug=True, serve_traceback=False).settings["serve_traceback"] is False
    assert Application().settings == {}


async def test_without_rules_nothing_is_found(wire: Wire):
    client = await wire.client(Application(log_function=quiet))
    assert (await client.ask()).status == 404


async def test_rules(wire: Wire):
    application = Application(
        [
            ("/tuple", Hello),
            ("/keywords", Hello, {"text": "keywords"}),
            ["/list", Hello, {"text": "list"}, "name"],
            URLSpec("/spec", Hello, {"text": "spec"}, name="other"),
            url(r"/url/(?:.*)", Hello, {"text": "url"}),
        ],
        log_function=quiet,
    )
    client = await wire.client(application)
    for path, text in {
        "/tuple": "hello",
        "/keywords": "keywords",
        "/list": "list",
        "/spec": "spec",
        "/url/x": "url",
    }.items():
        assert (await client.ask(path=path)).body == text.encode()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            ("/a", object()),
            r"rule '/a\$': <object .*> is no handler class, and can take no request",
        ),
        (("/a", dict), r"rule '/a\$': <class 'dict'> is no RequestHandler class"),
        (("/a", HTTPMessageDelegate), r"rule '/a\$': <class .*> is no RequestHandler class"),
        (("/a", [("/b", None)]), r"rule '/b\$': None is no handler class"),
        ((HostMatches("a"), [("/b",)]), "no rule: "),
        ((5, Hello), "rule 5: 5 is no Matcher, and no pattern for a path"),
        (("/a",), "no rule: "),
        ("/a", "no rule: "),
    ],
)
def test_a_wrong_rule_is_told_at_once(rule, message):
    with pytest.raises(TypeError, match=message) as caught:
        Application([rule])
    assert "\n" not in str(caught.value)


def test_a_pattern_that_is_none_is_told_at_once():
    with pytest.raises(ValueError, match=r"rule '/\[': no regular expression: "):
        Application([("/[", Hello)])


def test_a_handler_that_cannot_be_imported_is_told_at_once():
    for name in ("nowhere.Handler", "waterspout.web.NoHandler"):
        with pytest.raises(ImportError, match=rf"rule '/a\$': its target '{name}' cannot be imp"):
            Application([("/a", name)])


def test_a_default_handler_that_is_none_is_told_at_once():
    with pytest.raises(TypeError, match="default_handler_class: 'x' is no RequestHandler class"):
        Application(default_handler_class="x")


# Where no rule matches


async def test_default_handler_class(wire: Wire):
    class Missing(RequestHandler):
        def initialize(self, text="missing"):
            self.text = text

        def prepare(self):
            self.set_status(404)
            self.finish(self.text)

    client = await wire.client(Application(default_handler_class=Missing, log_function=quiet))
    for method in ("GET", "POST"):
        answer = await client.ask(method=method)
        assert (answer.status, answer.body) == (404, b"missing")
    client = await wire.client(
        Application(
            default_handler_class=Missing,
            default_handler_args={"text": "given"},
            log_function=quiet,
        )
    )
    assert (await client.ask()).body == b"given"
    gone = Application(
        default_handler_class=ErrorHandler,
        default_handler_args={"status_code": 410},
        log_function=quiet,
    )
    assert (await (await wire.client(gone)).ask()).status == 410


# The log


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (200, logging.INFO),
        (304, logging.INFO),
        (399, logging.INFO),
        (400, logging.WARNING),
        (404, logging.WARNING),
        (499, logging.WARNING),
        (500, logging.ERROR),
        (599, logging.ERROR),
        (999, logging.ERROR),
    ],
)
@pytest.mark.parametrize("query", ["", "?flush"])
async def test_the_access_log(wire: Wire, status, level, query, caplog):
    caplog.set_level("INFO", "waterspout.access")
    client = await wire.client(Application([(r"/(\d+)", Status)]))
    await client.ask(path=f"/{status}{query}")
    [record] = caplog.records
    assert record.name == "waterspout.access"
    assert record.levelno == level
    pattern = rf"{status} GET /{status}{re.escape(query)} \(127\.0\.0\.1\) \d+\.\d\dms"
    assert re.fullmatch(pattern, record.getMessage())


async def test_the_access_log_of_errors(wire: Wire, caplog):
    caplog.set_level("INFO", "waterspout.access")
    client = await wire.client(Application([("/", Hello)]))
    await client.ask(path="/nowhere")
    await client.ask(method="POST")
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == [
        "404 GET /nowhere",
        "405 POST /",
    ]


async def test_what_is_not_logged_costs_nothing(wire: Wire, caplog):
    caplog.set_level("ERROR", "waterspout.access")
    client = await wire.client(Application([("/", Hello)]))
    await client.ask()
    await client.ask(path="/nowhere")
    assert caplog.records == []


async def test_the_log_counts_the_time_of_the_whole_request(wire: Wire, caplog):
    caplog.set_level("INFO", "waterspout.access")
    gate = asyncio.Event()

    class Waits(RequestHandler):
        async def get(self):
            await gate.wait()

    client = await wire.client(Application([("/", Waits)]))
    await client.send(request())
    await turns()
    loop = asyncio.get_running_loop()
    loop.call_later(0.02, gate.set)
    await client.response()
    milliseconds = float(caplog.records[0].getMessage().split()[-1].removesuffix("ms"))
    assert 19 < milliseconds < 20_000


async def test_log_function(wire: Wire):
    seen: list[tuple[int, str | None]] = []
    application = Application(
        [("/", Hello)],
        log_function=lambda handler: seen.append((handler.get_status(), handler.request.uri)),
    )
    client = await wire.client(application)
    await client.ask()
    await client.ask(path="/x")
    assert seen == [(200, "/"), (404, "/x")]


async def test_log_request_may_be_overridden(wire: Wire):
    seen = []

    class Own(Application):
        def log_request(self, handler):
            seen.append(handler.request.path)

    client = await wire.client(Own([("/", Hello)]))
    await client.ask()
    assert seen == ["/"]


async def test_a_log_that_fails_takes_nothing_from_the_request(wire: Wire, caplog):
    finished = []

    class Finishes(Hello):
        def on_finish(self):
            finished.append(self.request.path)

    def fail(handler):
        raise RuntimeError("in the log")

    client = await wire.client(Application([("/", Finishes)], log_function=fail))
    for _ in range(2):
        assert (await client.ask()).body == b"hello"
    assert finished == ["/", "/"]
    assert caplog.text.count("RuntimeError: in the log") == 2
    assert "the access log failed: GET / (127.0.0.1) [" in caplog.text


# Routes


class Named(RequestHandler):
    def get(self, *args):
        self.write(self.reverse_url("item", "a b"))


async def test_handlers_for_hosts(wire: Wire):
    application = Application(
        [("/", Hello), ("/item/(.*)", Named, None, "item")],
        default_host="known.org",
        log_function=quiet,
    )
    application.add_handlers(
        r"(www\.)?known\.org", [("/", Hello, {"text": "known"}), ("/k", Hello, {}, "k")]
    )
    server = wire.serve(application)
    for host, path, fields, body in [
        ("known.org", "/", "", b"known"),
        ("WWW.Known.org:8080", "/", "", b"known"),
        ("known.org", "/item/x", "", b"/item/a%20b"),
        ("10.0.0.1", "/", "", b"hello"),
        ("10.0.0.1", "/k", "", b"hello"),
        ("10.0.0.1", "/k", "X-Real-Ip: 10.0.0.2\r\n", None),
    ]:
        client = await wire.connect(server)
        await client.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode())
        answer = await client.response()
        assert answer.status == (404 if body is None else 200)
        assert body is None or answer.body == body
    assert application.reverse_url("k") == "/k"
    assert application.reverse_url("item", "é") == "/item/%C3%A9"
    with pytest.raises(KeyError, match="no rule is called 'other'"):
        application.reverse_url("other")
    with pytest.raises(TypeError, match=r"reverse_url\('item'\): the path has 1 arguments, not 2"):
        application.reverse_url("item", 1, 2)


async def test_who_overrides_the_search_is_asked(wire: Wire):
    class Chosen(Application):
        def find_handler(self, request, **kwargs):
            return self.get_handler_delegate(request, Hello, {"text": request.path})

    class Started(Application):
        def start_request(self, server_conn, request_conn):
            assert server_conn is not None
            return Chosen(log_function=quiet).start_request(server_conn, request_conn)

    for kind in (Chosen, Started):
        client = await wire.client(kind(log_function=quiet))
        for body in (b"", b"abc"):
            assert (await client.ask(path="/any", body=body)).body == b"/any"


async def test_methods_of_ones_own(wire: Wire):
    class WebDav(RequestHandler):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND", "LOCK")

        def propfind(self):
            self.write("found")

    client = await wire.client([("/", WebDav), ("/plain", Hello)])
    assert (await client.ask(method="PROPFIND", body=b"<a/>")).body == b"found"
    answer = await client.ask(method="LOCK")
    assert (answer.status, answer["Allow"]) == (405, "PROPFIND")
    assert (await client.ask(method="PROPFIND", path="/plain")).status == 405
