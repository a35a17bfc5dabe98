"""What a handler has of its request, and how it sets up its response."""

import datetime
import http

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.web import Application, RequestHandler


class Calls(RequestHandler):
    """Does what ``act`` does."""

    def initialize(self, act):
        self.act = act

    def get(self):
        self.act(self)

    head = post = get


def rules(act):
    return [("/", Calls, {"act": act})]


async def raised(wire: Wire, act) -> BaseException:
    """Return what ``act`` raises inside a handler, which answers properly nonetheless."""
    errors = []

    def catch(handler):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the test looks at it
            act(handler)
        errors.append(caught.value)
        handler.write("fine")

    client = await wire.client(rules(catch))
    answer = await client.ask()
    assert answer.status == 200
    assert answer.body == b"fine"
    [error] = errors
    return error


# The request


ATTRIBUTES = [
    "method",
    "uri",
    "path",
    "query",
    "version",
    "body",
    "host",
    "host_name",
    "remote_ip",
    "protocol",
    "files",
    "query_arguments",
    "body_arguments",
    "arguments",
    "server_connection",
]


async def test_the_request(wire: Wire):
    found = {}

    def look(handler):
        seen = handler.request
        found.update({name: getattr(seen, name) for name in ATTRIBUTES})
        found["agent"] = seen.headers["user-agent"]
        found["url"] = seen.full_url()
        found["time"] = seen.request_time()
        found["repr"] = repr(handler)

    client = await wire.client(rules(look))
    await client.send(
        b"POST /?a=1&a=%20 HTTP/1.1\r\nHost: Example:80\r\nUser-Agent: x\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\nb=2"
    )
    assert (await client.response()).status == 200
    assert 0 <= found.pop("time") < 60
    assert found == {
        "method": "POST",
        "uri": "/?a=1&a=%20",
        "path": "/",
        "query": "a=1&a=%20",
        "version": "HTTP/1.1",
        "body": b"b=2",
        "host": "Example:80",
        "host_name": "example",
        "remote_ip": "127.0.0.1",
        "protocol": "http",
        "files": {},
        "query_arguments": {"a": [b"1", b" "]},
        "body_arguments": {"b": [b"2"]},
        "arguments": {"a": [b"1", b" "], "b": [b"2"]},
        "server_connection": None,
        "agent": "x",
        "url": "http://Example:80/?a=1&a=%20",
        "repr": "<Calls POST /?a=1&a=%20 status=200>",
    }


@pytest.mark.parametrize(
    ("start", "seen"),
    [
        (b"GET /?a HTTP/1.0\r\n", "/|a|127.0.0.1|HTTP/1.0|http://127.0.0.1/?a"),
        (b"GET http://B:8/?c HTTP/1.1\r\nHost: b:8\r\n", "/|c|B:8|HTTP/1.1|http://B:8/?c"),
        (b"GET http://b HTTP/1.1\r\nHost: b\r\n", "/||b|HTTP/1.1|http://b"),
        (b"GET http://b?c=/ HTTP/1.1\r\nHost: b\r\n", "/|c=/|b|HTTP/1.1|http://b?c=/"),
        (b"GET //b/c HTTP/1.1\r\nHost: a\r\n", "//b/c||a|HTTP/1.1|http://a//b/c"),
        (b"GET /a://b HTTP/1.1\r\nHost: a\r\n", "/a://b||a|HTTP/1.1|http://a/a://b"),
        (b"GET /?http://b/c?d HTTP/1.1\r\nHost: a\r\n", "/|http://b/c?d|a|HTTP/1.1|http://a/?"),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n", "*||a|HTTP/1.1|http://a"),
    ],
)
async def test_the_forms_of_a_target(wire: Wire, start, seen):
    class Look(RequestHandler):
        def get(self):
            found = self.request
            self.write("|".join((found.path, found.query, found.host, found.version)))
            self.write("|" + found.full_url())

        options = get

    client = await wire.client([(".*", Look)])
    await client.send(start + b"\r\n")
    assert (await client.response()).body.startswith(seen.encode())


async def test_settings_are_the_applications(wire: Wire):
    application = Application(
        rules(lambda handler: handler.write(handler.settings["name"])),
        name="value",
        log_function=lambda handler: None,
    )
    client = await wire.client(application)
    assert (await client.ask()).body == b"value"


# Status


async def test_set_status(wire: Wire):
    def act(handler):
        handler.set_status(418)
        assert handler.get_status() == 418
        handler.write("x")

    answer = await (await wire.client(rules(act))).ask()
    assert (answer.status, answer.reason) == (418, "I'm a Teapot")


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (299, None, (299, "Unknown")),
        (299, "Fine", (299, "Fine")),
        (200, "", (200, "")),
        (200, "Très bien", (200, "Très bien")),
        (http.HTTPStatus.CREATED, None, (201, "Created")),
        (999, "Last", (999, "Last")),
    ],
)
async def test_reasons(wire: Wire, status, reason, line):
    answer = await (await wire.client(rules(lambda h: h.set_status(status, reason)))).ask()
    assert (answer.status, answer.reason) == line


@pytest.mark.parametrize("status", [0, 99, 1000, -200, 2**70])
async def test_what_is_no_status(wire: Wire, status):
    error = await raised(wire, lambda handler: handler.set_status(status))
    assert isinstance(error, ValueError)
    assert str(error) == f"a status has three digits, not {status}"


@pytest.mark.parametrize("status", ["200", None, b"200", 200.0, 200.5])
async def test_what_is_no_number(wire: Wire, status):
    assert isinstance(await raised(wire, lambda handler: handler.set_status(status)), TypeError)


# Fields

INJECTIONS = ["a\r\nX: y", "a\nX: y", "a\rX: y", "\r\n", "a\n", "a\x00", "a\x0bb", "a\x7f", "é€"]


@pytest.mark.parametrize("value", INJECTIONS)
@pytest.mark.parametrize("how", ["set_header", "add_header", "bytes", "reason", "redirect"])
async def test_nothing_can_be_injected_by_a_value(wire: Wire, value, how):
    if value == "é€" and how in ("bytes", "redirect"):
        pytest.skip("these are encoded")

    def act(handler):
        if how == "set_header":
            handler.set_header("A", value)
        elif how == "add_header":
            handler.add_header("A", value)
        elif how == "bytes":
            handler.set_header("A", value.encode())
        elif how == "reason":
            handler.set_status(200, value)
        else:
            handler.redirect(value)

    error = await raised(wire, act)
    assert type(error) is ValueError


@pytest.mark.parametrize("name", ["a b", "a:", "", "a\r\n", "a\nb", "é", "a\x00", " a", "a("])
@pytest.mark.parametrize("how", ["set_header", "add_header"])
async def test_nothing_can_be_injected_by_a_name(wire: Wire, name, how):
    error = await raised(wire, lambda handler: getattr(handler, how)(name, "x"))
    assert type(error) is ValueError


async def test_an_injection_that_nobody_catches_is_a_500(wire: Wire, caplog):
    client = await wire.client(rules(lambda h: h.set_header("A", h.get_argument("a"))))
    answer = await client.ask(path="/?a=%0d%0aX:+y")
    # get_argument strips; inside it does not
    assert answer["A"] == "X: y"
    answer = await client.ask(path="/?a=b%0d%0aX:+y")
    assert answer.status == 500
    assert "ValueError" in caplog.text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        (b"a\xe9", "aé"),
        ("é", "é"),
        (17, "17"),
        (
            datetime.datetime(2013, 1, 27, 18, 43, 20, tzinfo=datetime.UTC),
            "Sun, 27 Jan 2013 18:43:20 GMT",
        ),
    ],
)
async def test_the_types_of_values(wire: Wire, value, text):
    answer = await (await wire.client(rules(lambda h: h.set_header("A", value)))).ask()
    assert answer["A"] == text


@pytest.mark.parametrize("value", [None, 1.5, ["a"], object()])
async def test_values_of_other_types(wire: Wire, value):
    error = await raised(wire, lambda handler: handler.set_header("A", value))
    assert isinstance(error, TypeError)
    assert "a header value is str, bytes, int or datetime, not " in str(error)


async def test_set_add_and_clear(wire: Wire):
    def act(handler):
        handler.set_header("A", "1")
        handler.set_header("a", "2")
        handler.add_header("B", "1")
        handler.add_header("b", "2")
        handler.set_header("C", "1")
        handler.clear_header("c")
        handler.clear_header("never-there")
        handler.clear_header("Server")
        handler.set_header("Content-Type", "text/plain")

    answer = await (await wire.client(rules(act))).ask()
    assert answer["A"] == "2"
    assert [value for name, value in answer.fields if name == "b"] == ["1", "2"]
    assert "C" not in answer
    assert "Server" not in answer
    assert answer["Content-Type"] == "text/plain"


async def test_the_default_fields(wire: Wire):
    client = await wire.client(rules(lambda handler: handler.write("hello")))
    plain = await client.ask()
    assert [name for name, _ in plain.fields] == [
        "server",
        "content-type",
        "date",
        "etag",
        "content-length",
    ]
    assert plain["Content-Type"] == "text/html; charset=UTF-8"
    assert plain["Server"].startswith("waterspout/")
    own = await (await wire.client(rules(lambda handler: handler.set_header("A", "b")))).ask()
    assert own["Content-Type"] == plain["Content-Type"]
    assert own["Server"] == plain["Server"]
    for answer in (plain, own):
        date = datetime.datetime.strptime(answer["Date"], "%a, %d %b %Y %H:%M:%S GMT")
        age = datetime.datetime.now(datetime.UTC) - date.replace(tzinfo=datetime.UTC)
        assert age.total_seconds() < 60


async def test_one_handlers_fields_are_not_anothers(wire: Wire):
    client = await wire.client(
        [
            ("/a", Calls, {"act": lambda handler: handler.set_header("A", "b")}),
            ("/b", Calls, {"act": lambda handler: handler.clear_header("Date")}),
            ("/", Calls, {"act": lambda handler: handler.write("x")}),
        ]
    )
    await client.ask(path="/a")
    await client.ask(path="/b")
    answer = await client.ask()
    assert "A" not in answer
    assert "Date" in answer


async def test_clear(wire: Wire):
    class Clears(RequestHandler):
        def set_default_headers(self):
            self.set_header("X-Default", "1")

        def get(self):
            self.set_status(400, "Wrong")
            self.set_header("A", "b")
            self.set_header("X-Default", "2")
            self.write("never")
            self.clear()
            self.write("hello")

    answer = await (await wire.client([("/", Clears)])).ask()
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"hello")
    assert "A" not in answer
    assert answer["X-Default"] == "1"


async def test_clear_behind_flush_or_finish_does_not_begin_anew(wire: Wire):
    class Flushed(RequestHandler):
        async def get(self):
            self.write("hel")
            await self.flush()
            self.clear()
            self.write("lo")

        def post(self):
            self.finish("hello")
            self.clear()

    client = await wire.client([("/", Flushed)])
    for method in ("GET", "POST", "GET"):
        assert (await client.ask(method=method)).body == b"hello"


# Body


@pytest.mark.parametrize(
    ("chunk", "body"),
    [
        ("é", "é".encode()),
        (b"\xff\x00", b"\xff\x00"),
        ("", b""),
        ({}, b"{}"),
        ({"a": [1, None, "</script>"]}, b'{"a": [1, null, "<\\/script>"]}'),
    ],
)
async def test_write(wire: Wire, chunk, body):
    for act in (lambda h: h.write(chunk), lambda h: h.finish(chunk)):
        client = await wire.client(rules(act))
        answer = await client.ask()
        assert answer.body == body
        kind = "application/json" if isinstance(chunk, dict) else "text/html"
        assert answer["Content-Type"] == f"{kind}; charset=UTF-8"


@pytest.mark.parametrize("chunk", [[], ["a"], (), 1, None, 1.5, bytearray(b"x"), object()])
async def test_what_write_does_not_take(wire: Wire, chunk):
    error = await raised(wire, lambda handler: handler.write(chunk))
    assert isinstance(error, TypeError)
    assert f"write() takes str, bytes or a dict, not {type(chunk).__name__}" in str(error)
    assert ("put a list into a dictionary" in str(error)) is isinstance(chunk, list)


async def test_a_dictionary_that_is_no_json(wire: Wire):
    error = await raised(wire, lambda handler: handler.write({"a": object()}))
    assert isinstance(error, TypeError)


async def test_nothing_can_be_done_behind_finish(wire: Wire):
    errors = []

    def act(handler):
        handler.finish("done")
        for late in (
            lambda: handler.write("x"),
            handler.flush,
            handler.finish,
            lambda: handler.finish("x"),
            lambda: handler.redirect("/"),
        ):
            with pytest.raises(RuntimeError) as caught:
                late()
            errors.append(str(caught.value))

    client = await wire.client(rules(act))
    for _ in range(2):
        assert (await client.ask()).body == b"done"
    assert errors[:5] == [
        "write() after finish(): the response is complete",
        "flush() after finish(): the response is complete",
        "finish() was called twice: is a callback or a task left over?",
        "finish() was called twice: is a callback or a task left over?",
        "redirect() after the response has begun",
    ]


async def test_the_futures_of_flush_and_finish_are_done(wire: Wire):
    class Awaits(RequestHandler):
        async def get(self):
            self.write("a")
            assert self.flush().done()
            await self.flush()
            await self.finish("b")

    client = await wire.client([("/", Awaits)])
    for _ in range(2):
        assert (await client.ask()).body == b"ab"


async def test_flush_sends_at_once(wire: Wire):
    import asyncio

    gate = asyncio.Event()

    class Waits(RequestHandler):
        async def get(self):
            self.set_header("A", "b")
            self.write("first")
            self.flush()
            await gate.wait()
            self.write("last")

    client = await wire.client([("/", Waits)])
    await client.send(request())
    assert b"\r\nA: b\r\n" in await client.until(b"\r\n\r\n")
    assert await client.until(b"first\r\n") == b"5\r\nfirst\r\n"
    gate.set()
    assert await client.until(b"0\r\n\r\n") == b"4\r\nlast\r\n0\r\n\r\n"


async def test_fields_set_behind_flush_do_not_go_out(wire: Wire):
    def act(handler):
        handler.flush()
        handler.set_header("A", "b")
        handler.set_status(404)
        handler.write("x")

    answer = await (await wire.client(rules(act))).ask()
    assert answer.status == 200
    assert "A" not in answer


# Redirects


@pytest.mark.parametrize(
    ("kwargs", "status"),
    [
        ({}, 302),
        ({"permanent": True}, 301),
        ({"status": 303}, 303),
        ({"status": 307, "permanent": True}, 307),
        ({"status": 399}, 399),
    ],
)
async def test_redirect(wire: Wire, kwargs, status):
    client = await wire.client(rules(lambda handler: handler.redirect("/a?b#c", **kwargs)))
    for method in ("GET", "POST"):
        answer = await client.ask(method=method)
        assert answer.status == status
        assert answer["Location"] == "/a?b#c"
        assert answer["Content-Length"] == "0"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://example.com/a b", "https://example.com/a b"),
        ("/é?ü=%C3%A9", "/%C3%A9?%C3%BC=%C3%A9"),
        ("/\u65e5", "/%E6%97%A5"),
        ("", ""),
    ],
)
async def test_what_stands_in_location(wire: Wire, url, location):
    answer = await (await wire.client(rules(lambda handler: handler.redirect(url)))).ask()
    assert answer["Location"] == location


@pytest.mark.parametrize("status", [200, 299, 400, 0])
async def test_what_is_no_redirect(wire: Wire, status):
    error = await raised(wire, lambda handler: handler.redirect("/", status=status))
    assert isinstance(error, ValueError)


async def test_a_redirect_behind_flush(wire: Wire, caplog):
    def act(handler):
        handler.write("x")
        handler.flush()
        handler.redirect("/")

    server = wire.serve(rules(act))
    client = await wire.connect(server)
    await client.send(request() * 2)
    assert (await client.rest_or_reset()).count(b"HTTP/1.1") == 1
    assert "RuntimeError: redirect() after the response has begun" in caplog.text


class Crowded(RequestHandler):
    """Has names of its own that a framework might have taken."""

    def initialize(self):
        self._etag = 5
        self._args = self._user = self._path = self._route = self._body = self.state = None

    def _begin(self, more):
        return more

    def _take(self):
        return self._etag

    def _initialize(self, more):  # type: ignore[override]
        return more

    def get(self):
        self.write(str(self._begin(1) + self._take() + self._initialize(2)))

    post = get


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_handler_has_names_of_its_own(wire: Wire, method):
    client = await wire.client([("/", Crowded)])
    answer = await client.ask(method=method)
    assert (answer.status, answer.body) == (200, b"8")
    assert answer["etag"] != "5" if method == "GET" else "etag" not in answer
