"""How a handler runs: its methods in their order, plain or awaited, at once where it can be."""

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.httpserver import HTTPServer, HTTPServerConnection
from waterspout.web import Application, Finish, RequestHandler

METHODS = ["GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS"]


class Plain(RequestHandler):
    def get(self):
        self.write(f"plain {self.request.method}")

    head = post = delete = patch = put = options = get


class Async(RequestHandler):
    async def get(self):
        self.write("async ")
        await asyncio.sleep(0)
        self.write(self.request.method or "")

    head = post = delete = patch = put = options = get


class AtOnce(RequestHandler):
    async def get(self):
        self.write(f"at once {self.request.method}")

    head = post = delete = patch = put = options = get


RULES = [("/plain", Plain), ("/async", Async), ("/at-once", AtOnce)]


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_plain_and_async(wire: Wire, method):
    client = await wire.client(RULES)
    for kind in ("plain", "async", "at once"):
        answer = await client.ask(method=method, path=f"/{kind.replace(' ', '-')}")
        text = f"{kind} {method}"
        assert answer.status == 200
        assert answer["Content-Length"] == str(len(text))
        assert answer.body == (b"" if method == "HEAD" else text.encode())


class FakeTransport:
    """Collects what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else None


@pytest.mark.parametrize("path", ["/plain", "/at-once"])
async def test_what_never_waits_is_answered_at_once_and_costs_no_task(wire: Wire, path):
    server: Any = HTTPServer(Application(RULES, log_function=lambda handler: None))
    server._attach()
    connection = HTTPServerConnection(server)
    transport = FakeTransport()
    connection.connection_made(transport)
    tasks = asyncio.all_tasks()
    connection.data_received(request(path=path))
    assert transport.written.endswith(f"{path[1:].replace('-', ' ')} GET".encode())
    assert asyncio.all_tasks() == tasks
    connection.connection_lost(None)


# Before and after the method


class Steps(RequestHandler):
    """Notes its steps in ``notes``."""

    def initialize(self, notes, greeting="hello"):
        self.notes = notes
        self.notes.append(f"initialize {greeting}")

    def set_default_headers(self):
        self.set_header("X-Default", "1")

    def prepare(self):
        self.notes.append("prepare")

    def get(self):
        self.notes.append("get")
        self.write("hello")

    def on_finish(self):
        self.notes.append(f"on_finish {self.get_status()}")


class AsyncSteps(Steps):
    async def prepare(self):
        self.notes.append("prepare")
        await asyncio.sleep(0)

    async def get(self):
        await asyncio.sleep(0)
        super().get()


@pytest.mark.parametrize("handler", [Steps, AsyncSteps])
async def test_the_steps_of_a_request(wire: Wire, handler):
    notes: list[str] = []
    client = await wire.client([("/", handler, {"notes": notes, "greeting": "hi"})])
    answer = await client.ask()
    assert answer.body == b"hello"
    assert answer["X-Default"] == "1"
    assert notes == ["initialize hi", "prepare", "get", "on_finish 200"]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("how", ["finish", "raise", "redirect", "error"])
async def test_prepare_may_end_the_request(wire: Wire, is_async, how):
    notes: list[str] = []

    def end(handler):
        notes.append("prepare")
        if how == "finish":
            handler.finish("early")
        elif how == "raise":
            raise Finish("early")
        elif how == "redirect":
            handler.redirect("/elsewhere")
        else:
            handler.send_error(403)

    async def end_later(handler):
        await asyncio.sleep(0)
        end(handler)

    class Early(Steps):
        def prepare(self):
            return (end_later if is_async else end)(self)

    client = await wire.client([("/", Early, {"notes": notes})])
    answer = await client.ask()
    expected = {"finish": 200, "raise": 200, "redirect": 302, "error": 403}[how]
    assert answer.status == expected
    assert notes == ["initialize hello", "prepare", f"on_finish {expected}"]
    if expected == 200:
        assert answer.body == b"early"
    assert (await client.ask()).status == expected


@pytest.mark.parametrize("is_async", [False, True])
async def test_prepare_may_raise(wire: Wire, is_async, caplog):
    def fail():
        raise RuntimeError("in prepare")

    async def fail_later():
        await asyncio.sleep(0)
        fail()

    class Raises(RequestHandler):
        def prepare(self):
            return (fail_later if is_async else fail)()

        def get(self):
            self.write("never")

    client = await wire.client([("/", Raises)])
    assert (await client.ask()).status == 500
    assert "Uncaught exception GET / (127.0.0.1)" in caplog.text
    assert "RuntimeError: in prepare" in caplog.text


async def test_prepare_comes_before_every_method(wire: Wire):
    class Counts(Plain):
        def prepare(self):
            self.set_header("X-Prepared", self.request.method)

    client = await wire.client([("/", Counts)])
    for method in METHODS:
        assert (await client.ask(method=method))["X-Prepared"] == method


@pytest.mark.parametrize("step", ["initialize", "set_default_headers", "__init__"])
async def test_a_handler_that_cannot_be_made(wire: Wire, step, caplog):
    def fail(self, *args, **kwargs):
        raise RuntimeError(f"in {step}")

    handler = type("Broken", (Plain,), {step: fail})
    client = await wire.client([("/", handler), *RULES])
    answer = await client.ask()
    assert answer.status == 500
    assert answer.body == b"500 Internal Server Error\n"
    assert f"RuntimeError: in {step}" in caplog.text
    assert (await client.ask(path="/plain")).body == b"plain GET"


async def test_keywords_that_initialize_does_not_take(wire: Wire, caplog):
    client = await wire.client([("/", Plain, {"surplus": 1})])
    assert (await client.ask()).status == 500
    assert "surplus" in caplog.text


# Methods that are not there


@pytest.mark.parametrize("method", ["TRACE", "get", "PROPFIND", "X", "FINISH", "__INIT__"])
async def test_an_unknown_method(wire: Wire, method):
    client = await wire.client(RULES)
    answer = await client.ask(method=method, path="/plain")
    assert answer.status == 405
    assert answer["Allow"] == ", ".join(METHODS)
    nowhere = await client.ask(method=method, path="/nowhere")
    assert nowhere.status == 405
    assert "Allow" not in nowhere


@pytest.mark.parametrize("method", METHODS)
async def test_a_method_that_the_handler_has_not(wire: Wire, method):
    class Nothing(RequestHandler):
        pass

    client = await wire.client([("/", Nothing)])
    assert (await client.ask(method=method)).status == 405


async def test_head_is_not_get(wire: Wire):
    class OnlyGet(RequestHandler):
        def get(self):
            self.write("hello")

    client = await wire.client([("/", OnlyGet)])
    answer = await client.ask(method="HEAD")
    assert answer.status == 405
    assert answer["Allow"] == "GET"


async def test_methods_of_ones_own(wire: Wire):
    class Dav(RequestHandler):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND")

        def propfind(self):
            self.write("found")

    client = await wire.client([("/", Dav)])
    assert (await client.ask(method="PROPFIND")).body == b"found"
    answer = await client.ask(method="GET")
    assert answer.status == 405
    assert answer["Allow"] == "PROPFIND"


# Groups of the path


class Groups(RequestHandler):
    def get(self, *args, **kwargs):
        assert list(args) == self.path_args
        assert kwargs == self.path_kwargs
        self.write({"args": args, "kwargs": kwargs})


GROUPS = [
    (r"/none", Groups),
    (r"/one/(.*)", Groups),
    (r"/two/([^/]*)(?:/(\d+))?", Groups),
    (r"/named/(?P<first>[^/]*)(?:/(?P<second>\d+))?", Groups),
]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/none", '{"args": [], "kwargs": {}}'),
        ("/one/", '{"args": [""], "kwargs": {}}'),
        ("/one/a%20b%2Fc+d", '{"args": ["a b/c+d"], "kwargs": {}}'),
        ("/one/%C3%A9", '{"args": ["\\u00e9"], "kwargs": {}}'),
        ("/one/a?b", '{"args": ["a"], "kwargs": {}}'),
        ("/one/%zz", '{"args": ["%zz"], "kwargs": {}}'),
        ("/one/%00%0d%0a", '{"args": ["\\u0000\\r\\n"], "kwargs": {}}'),
        ("/two/a/1", '{"args": ["a", "1"], "kwargs": {}}'),
        ("/two/a", '{"args": ["a", null], "kwargs": {}}'),
        ("/named/a/1", '{"args": [], "kwargs": {"first": "a", "second": "1"}}'),
        ("/named/%61", '{"args": [], "kwargs": {"first": "a", "second": null}}'),
    ],
)
async def test_groups(wire: Wire, path, expected):
    client = await wire.client(GROUPS)
    answer = await client.ask(path=path)
    assert answer.status == 200
    assert answer.body.decode() == expected


@pytest.mark.parametrize("path", ["/one/%FF", "/one/%C3%28", "/named/%E9"])
async def test_groups_that_are_no_utf_8(wire: Wire, path, caplog):
    client = await wire.client(GROUPS)
    answer = await client.ask(path=path)
    assert answer.status == 400
    assert "Invalid unicode in url" in caplog.text
    assert "Traceback" not in caplog.text


async def test_groups_may_be_decoded_otherwise(wire: Wire):
    class Latin(Groups):
        def decode_argument(self, value, name=None):
            assert name is None
            return value.decode("latin-1")

    client = await wire.client([(r"/(.*)", Latin)])
    assert (await client.ask(path="/%E9")).body == b'{"args": ["\\u00e9"], "kwargs": {}}'


async def test_a_handler_without_groups_has_empty_ones_of_its_own(wire: Wire):
    class Changes(RequestHandler):
        def get(self):
            self.write(f"{self.path_args} {self.path_kwargs}")
            self.path_args.append("x")
            self.path_kwargs["x"] = "y"

    client = await wire.client([("/", Changes)])
    for _ in range(2):
        assert (await client.ask()).body == b"[] {}"


async def test_a_method_that_does_not_take_the_groups(wire: Wire, caplog):
    client = await wire.client([(r"/(.*)", Plain)])
    assert (await client.ask(path="/a")).status == 500
    assert "TypeError" in caplog.text


# What a method may return


class Returns(RequestHandler):
    """Returns what ``make`` makes."""

    def initialize(self, make):
        self.make = make

    def get(self):
        return self.make(self)


async def write_later(handler):
    await asyncio.sleep(0)
    handler.write("later")


def future_of(handler):
    future = asyncio.get_running_loop().create_future()

    def end():
        handler.write("later")
        future.set_result(None)

    asyncio.get_running_loop().call_soon(end)
    return future


class Awaitable:
    def __init__(self, handler: Any) -> None:
        self.handler = handler

    def __await__(self):
        return write_later(self.handler).__await__()


@pytest.mark.parametrize(
    "make",
    [
        write_later,
        future_of,
        lambda handler: asyncio.get_running_loop().create_task(write_later(handler)),
        lambda handler: asyncio.gather(write_later(handler), asyncio.sleep(0)),
        Awaitable,
    ],
    ids=["coroutine", "future", "task", "gather", "awaitable"],
)
async def test_what_can_be_awaited_is_awaited(wire: Wire, make):
    client = await wire.client([("/", Returns, {"make": make})])
    await client.send(request() * 2)
    for _ in range(2):
        assert (await client.response()).body == b"later"


def generator(handler):
    yield


async def async_generator(handler):
    yield


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda handler: "text", "'text'"),
        (lambda handler: b"", "b''"),
        (lambda handler: 0, "0"),
        (lambda handler: {"a": 1}, "{'a': 1}"),
        (lambda handler: [write_later], "[<function write_later"),
        (generator, "<generator object generator"),
        (async_generator, "<async_generator object async_generator"),
    ],
)
@pytest.mark.parametrize("is_prepare_async", [False, True])
async def test_what_cannot_be_awaited_is_told(wire: Wire, make, shown, is_prepare_async, caplog):
    class Prepared(Returns):
        async def prepare(self):
            await asyncio.sleep(0)

    handler = Prepared if is_prepare_async else Returns
    client = await wire.client([("/", handler, {"make": make}), *RULES])
    assert (await client.ask()).status == 500
    assert f"TypeError: {handler.__name__}.get() returned {shown}" in caplog.text
    assert "cannot be awaited: a response is given to write() or finish()" in caplog.text
    assert (await client.ask(path="/plain")).status == 200


async def test_prepare_that_returns_what_cannot_be_awaited(wire: Wire, caplog):
    class Wrong(Plain):
        def prepare(self):
            return True

    client = await wire.client([("/", Wrong)])
    assert (await client.ask()).status == 500
    assert "TypeError: Wrong.prepare() returned True, which cannot be awaited" in caplog.text


async def test_methods_that_are_replaced_while_requests_come(wire: Wire, monkeypatch):
    class Base(RequestHandler):
        pass

    class Main(Base):
        def get(self):
            self.write("get ")

    def init(self, *args, **kwargs):
        RequestHandler.__init__(self, *args, **kwargs)
        self.write("init ")

    client = await wire.client([("/", Main)])
    assert (await client.ask()).body == b"get "
    monkeypatch.setattr(Base, "__init__", init)
    assert (await client.ask()).body == b"init get "
    monkeypatch.setattr(Base, "initialize", lambda self: self.write("initialize "))
    monkeypatch.setattr(Base, "prepare", lambda self: self.write("prepare "))
    monkeypatch.setattr(Base, "compute_etag", lambda self: '"replaced"')
    answer = await client.ask()
    assert answer.body == b"initialize init prepare get "
    assert answer["Etag"] == '"replaced"'
    monkeypatch.setattr(Main, "get", lambda self: self.finish("another"))
    assert (await client.ask()).body == b"initialize init prepare another"
    monkeypatch.undo()
    assert (await client.ask()).body == b"get "


async def test_a_handler_with_new_of_its_own_is_given_what_init_is(wire: Wire):
    class Main(RequestHandler):
        def __new__(cls, application, request):
            handler: Any = super().__new__(cls)
            handler.made_for = request.path
            return handler

        def get(self):
            self.write(vars(self)["made_for"])

    client = await wire.client([("/", Main)])
    assert (await client.ask()).body == b"/"


async def test_a_handler_of_a_metaclass(wire: Wire):
    class Meta(type):
        def __call__(cls, *args):
            handler = super().__call__(*args)
            handler.write("meta ")
            return handler

    class Main(RequestHandler, metaclass=Meta):
        def get(self):
            self.write("get")

    client = await wire.client([("/", Main)])
    assert (await client.ask()).body == b"meta get"


async def test_a_method_of_the_instance(wire: Wire):
    class Main(RequestHandler):
        def prepare(self):
            vars(self)["get"] = lambda: self.write("its own")
            vars(self)["on_finish"] = lambda: notes.append("its own")

        def get(self):
            self.write("of the class")

    notes: list[str] = []
    client = await wire.client([("/", Main)])
    assert (await client.ask()).body == b"its own"
    assert notes == ["its own"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_method_that_was_taken_away(wire: Wire, method):
    class Main(Plain):
        get = post = None  # type: ignore[assignment]

    client = await wire.client([("/", Main)])
    assert (await client.ask(method=method)).status == 405


async def test_what_an_async_method_sets_in_its_context_stays_there(wire: Wire):
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    class Main(RequestHandler):
        async def get(self):
            before = variable.get()
            variable.set("set")
            await asyncio.sleep(0)
            self.write(f"{before} {variable.get()}")

    client = await wire.client([("/", Main)])
    for _ in range(2):
        assert (await client.ask()).body == b"unset set"
