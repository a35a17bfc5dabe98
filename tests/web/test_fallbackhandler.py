"""Requests that are left to somebody else."""

import asyncio
from typing import Any

from tests.wire.server_under_test import Wire, turns

from waterspout.httputil import HTTPHeaders, ResponseStartLine
from waterspout.web import Application, FallbackHandler, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("hello")


def answer(request) -> None:
    headers = HTTPHeaders({"Content-Length": "4"})
    request.connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, b"else")
    request.connection.finish()


async def test_at_once(wire: Wire):
    rules = [("/", Hello), ("/else.*", FallbackHandler, {"fallback": answer})]
    client = await wire.client(rules)
    for path, body in (("/", b"hello"), ("/else", b"else"), ("/else/x", b"else"), ("/", b"hello")):
        assert (await client.ask(path=path)).body == body


async def test_any_method(wire: Wire):
    client = await wire.client([("/", FallbackHandler, {"fallback": answer})])
    for method in ("POST", "DELETE", "PUT"):
        assert (await client.ask(method=method)).body == b"else"


async def test_another_application(wire: Wire):
    other = Application([("/else", Hello)], log_function=lambda handler: None)
    client = await wire.client([("/.*", FallbackHandler, {"fallback": other})])
    assert (await client.ask(path="/else")).body == b"hello"
    assert (await client.ask(path="/nowhere")).status == 404


async def test_a_coroutine(wire: Wire):
    async def answer_later(request):
        await asyncio.sleep(0)
        answer(request)

    client = await wire.client([("/", FallbackHandler, {"fallback": answer_later})])
    assert (await client.ask()).body == b"else"
    assert (await client.ask()).body == b"else"


async def test_later(wire: Wire):
    requests: list[Any] = []
    client = await wire.client([("/", FallbackHandler, {"fallback": requests.append})])
    waiting = asyncio.ensure_future(client.ask())
    while not requests:
        await turns(1)
    answer(requests.pop())
    assert (await waiting).body == b"else"


async def test_it_ends_for_the_handler_and_is_not_logged_by_it(wire: Wire):
    logged, ended = [], []

    class Ends(FallbackHandler):
        def on_finish(self):
            ended.append(self)

    application = Application(
        [("/", Ends, {"fallback": answer})], log_function=lambda handler: logged.append(handler)
    )
    client = await wire.client(application)
    assert (await client.ask()).body == b"else"
    assert (len(ended), logged) == (1, [])


async def test_what_the_other_raises_is_answered(wire: Wire):
    def fail(request):
        raise RuntimeError("not here")

    client = await wire.client([("/", FallbackHandler, {"fallback": fail})])
    assert (await client.ask()).status == 500
