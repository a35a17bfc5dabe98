"""Routers, alone, one in another, and under a server."""

import logging

import pytest
from tests.wire.server_under_test import Wire

from waterspout.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    ResponseStartLine,
)
from waterspout.routing import (
    AnyMatches,
    HostMatches,
    ReversibleRuleRouter,
    Router,
    Rule,
    RuleRouter,
)
from waterspout.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self, *args):
        self.write(" ".join(["hello", *args]))

    def post(self):
        self.write(self.request.body)


def answer(connection, text):
    headers = HTTPHeaders({"Content-Length": str(len(text))})
    connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, text)
    connection.finish()


def function(request, **kwargs):
    text = f"{request.method} {request.path} {request.body.decode()} {sorted(kwargs)}"
    answer(request.connection, text.encode())


async def coroutine(request):
    answer(request.connection, b"from a coroutine")


class Echo(HTTPMessageDelegate):
    def __init__(self, connection):
        self.connection = connection
        self.pieces = []

    def data_received(self, chunk):
        self.pieces.append(chunk)

    def finish(self):
        answer(self.connection, b"echo " + b"".join(self.pieces))


class Foreign(HTTPServerConnectionDelegate):
    """Never saw our web."""

    def start_request(self, server_conn, request_conn):
        assert server_conn is not None
        return Echo(request_conn)


class ByMethod(Router):
    def __init__(self, **routes):
        self.routes = routes

    def find_handler(self, request, **kwargs):
        found = self.routes.get(request.method)
        return found and found.find_handler(request, **kwargs)


def quiet(*rules):
    return Application(list(rules), log_function=lambda handler: None)


RULES = [
    ("/function", function),
    ("/with/(.*)", function),
    ("/coroutine", coroutine),
    ("/foreign", Foreign()),
    ("/list.*", [("/list/(?:a)", function), ("/list/b", Foreign())]),
    (HostMatches("other.org"), [("/list/c", function)]),
    ("/application/.*", quiet(("/application/(.*)", Hello))),
    ("/method", ByMethod(POST=RuleRouter([(AnyMatches(), function)]))),
]


@pytest.mark.parametrize("make", [RuleRouter, ReversibleRuleRouter, lambda rules: quiet(*rules)])
async def test_targets_of_every_kind(wire: Wire, make):
    client = await wire.client(make(RULES))

    async def ask(path, method="GET", *lines, body=b""):
        found = await client.ask(*lines, path=path, method=method, body=body)
        return found.body if found.status == 200 else found.status

    for body in (b"", b"body"):
        text = body.decode()
        assert await ask("/function", "POST", body=body) == f"POST /function {text} []".encode()
        assert await ask("/list/a", "PUT", body=body) == f"PUT /list/a {text} []".encode()
        assert await ask("/foreign", "POST", body=body) == b"echo " + body
        assert await ask("/list/b", body=body) == b"echo " + body
        assert await ask("/coroutine", body=body) == b"from a coroutine"
        assert await ask("/application/x%20y", body=body) == b"hello x y"
        assert await ask("/application/x/", "POST", body=body) == 500 if body else 500
        assert await ask("/method", "POST", body=body) == f"POST /method {text} []".encode()
        assert await ask("/method", body=body) == 404
        assert await ask("/nothing", body=body) == 404
    path_params = b"GET /with/x  ['path_args', 'path_kwargs']"
    assert await ask("/with/x") == path_params


async def test_hosts_before_paths(wire: Wire):
    router = RuleRouter(
        [
            (HostMatches("a.org"), quiet(("/", Hello))),
            (HostMatches(r"b\.org|c\.org"), [("/", function)]),
        ]
    )
    server = wire.serve(router)
    for host, body in {"a.org": b"hello", "A.org:1": b"hello", "c.org": b"GET /  []"}.items():
        client = await wire.connect(server)
        await client.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert (await client.response()).body == body
    client = await wire.connect(server)
    await client.send(b"GET http://a.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n")
    assert (await client.response()).body == b"hello"
    assert (await client.ask()).status == 404


async def test_a_coroutine_that_fails_is_answered(wire: Wire, caplog):
    async def fails(request):
        raise RuntimeError("x")

    client = await wire.client(RuleRouter([("/", fails)]))
    with caplog.at_level(logging.CRITICAL, "waterspout.application"):
        assert (await client.ask()).status == 500


def test_names(caplog):
    inner = ReversibleRuleRouter([("/inner/(.*)", function, {}, "inner")])
    router = ReversibleRuleRouter(
        [
            ("/a/(.*)", function, {}, "a"),
            ("/list", [("/list/(.*)/(.*)", function, {}, "list")]),
            Rule(AnyMatches(), inner, name="any"),
            ("/unclear|/x", function, {}, "unclear"),
        ]
    )
    assert router.reverse_url("a", "x y") == "/a/x%20y"
    assert router.reverse_url("list", 1, 2) == "/list/1/2"
    assert router.reverse_url("inner", "é") == "/inner/%C3%A9"
    assert router.reverse_url("any") is None
    assert router.reverse_url("nothing") is None
    with pytest.raises(TypeError, match=r"reverse_url\('a'\): the path has 1 arguments, not 0"):
        router.reverse_url("a")
    with pytest.raises(ValueError, match=r"rule '/unclear\|/x\$': no path can be made of it"):
        router.reverse_url("unclear")
    router.add_rules([("/b", function, {}, "a")])
    assert router.reverse_url("a") == "/b"
    assert "two rules are called 'a'" in caplog.text


def test_a_router_has_to_be_derived_from():
    with pytest.raises(NotImplementedError):
        Router().find_handler(None)  # type: ignore[arg-type]
