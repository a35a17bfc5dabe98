"""What a client sends comes back as text, if at all: never as markup, never as another field.

Both for handlers that are plain and for coroutines, and for every way in which a handler may pass
on what it was sent.
"""

import asyncio

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.web import (
    Application,
    ErrorHandler,
    HTTPError,
    RedirectHandler,
    RequestHandler,
    StaticFileHandler,
)

SCRIPT = b"<script>alert(1)</script>"


def echo(handler: RequestHandler, way: str) -> None:
    """Pass on the argument ``text`` in a way."""
    text = handler.request.arguments.get("text", [b""])[-1].decode()
    if way == "set_header":
        handler.set_header("X", text)
    elif way == "set_header-bytes":
        handler.set_header("X", text.encode())
    elif way == "set_header-name":
        handler.set_header(f"X{text}", "x")
    elif way == "add_header":
        handler.add_header("X", text)
    elif way == "content-type":
        handler.set_header("Content-Type", text)
    elif way == "reason":
        handler.set_status(200, text)
    elif way == "error":
        raise HTTPError(400, reason=text)
    elif way == "error-log":
        raise HTTPError(400, "%s", text)
    elif way == "send_error":
        handler.send_error(400, reason=text)
    elif way == "redirect":
        handler.redirect(f"/{text}")
    elif way == "etag":
        handler.set_header("Etag", f'"{text}"')
    elif way == "hints":
        handler.send_early_hints(f"</a>; rel={text}")
    elif way == "cookie":
        handler.set_cookie("a", "b", path=f"/{text}")
    elif way == "cookie-domain":
        handler.set_cookie("a", "b", domain=f"a{text}")
    elif way == "cookie-name":
        handler.set_cookie(f"a{text}", "b")
    else:
        raise KeyError(text)


WAYS = [
    *("set_header", "set_header-bytes", "set_header-name", "add_header", "content-type"),
    *("reason", "error", "error-log", "send_error", "redirect", "etag", "hints"),
    *("cookie", "cookie-domain", "cookie-name", "exception"),
]


class Plain(RequestHandler):
    """Passes on what it was sent, at once."""

    def get(self, way: str) -> None:
        echo(self, way)


class Waiting(RequestHandler):
    """The same, later."""

    async def get(self, way: str) -> None:
        await asyncio.sleep(0)
        echo(self, way)


def application(**settings) -> Application:
    rules = [("/plain/(.*)", Plain), ("/async/(.*)", Waiting)]
    return Application(rules, log_function=lambda handler: None, **settings)


@pytest.mark.parametrize("kind", ["plain", "async"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("end", ["%0d%0a", "%0a", "%0d", "%00", "%0d%0a%0d%0a", "%c4%8a"])
async def test_nothing_breaks_out_of_what_is_written(wire: Wire, kind, way, end):
    """CR, LF and NUL are a ``ValueError`` at the call (tornado CVE-2025-67724)."""
    client = await wire.client(application())
    await client.send(request(path=f"/{kind}/{way}?text=x{end}Injected:%20y") + request("A: b"))
    answer = await client.response()
    if answer.status == 103:
        assert "Injected" not in answer
        answer = await client.response()
    # Some ways are for the log only, and some quote what they cannot send.
    assert answer.status in (200, 302, 400, 500)
    assert "Injected" not in answer
    assert "\r" not in answer.reason
    assert not any("\0" in value or "\n" in value or "\r" in value for _, value in answer.fields)
    assert (await client.response()).status == 404
    assert await client.receives_nothing()


@pytest.mark.parametrize("kind", ["plain", "async"])
@pytest.mark.parametrize("way", ["error", "error-log", "send_error", "exception", "none"])
@pytest.mark.parametrize("is_debug", [False, True], ids=["", "debug"])
async def test_pages_of_errors_have_no_markup_of_the_clients(wire: Wire, kind, way, is_debug):
    client = await wire.client(application(serve_traceback=is_debug))
    answer = await client.ask(path=f"/{kind}/{way}?text=%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status in (400, 500)
    if answer["Content-Type"].startswith("text/html"):
        assert SCRIPT not in answer.body
    else:
        assert is_debug
        assert answer["Content-Type"] == "text/plain; charset=UTF-8"


@pytest.mark.parametrize(
    "path",
    [
        "/<script>alert(1)</script>",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/?<script>alert(1)</script>",
        "/files/<script>alert(1)</script>",
        "/files/%3Cscript%3Ealert(1)%3C/script%3E/",
        "/files/../<script>alert(1)</script>",
        "/go//<script>alert(1)</script>",
        "/gone/<script>alert(1)</script>",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_a_404_shows_nothing_of_the_path(wire: Wire, tmp_path, path, method):
    client = await wire.client(
        [
            ("/files/(.*)", StaticFileHandler, {"path": str(tmp_path)}),
            ("/go(/.*)", RedirectHandler, {"url": "{0}"}),
            ("/gone.*", ErrorHandler, {"status_code": 410}),
        ]
    )
    answer = await client.ask(path=path, method=method)
    assert answer.status in (301, 400, 403, 404, 405, 410)
    assert b"script" not in answer.body
    assert "<" not in dict(answer.fields).get("location", "")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /<script> HTTP/1.1\r\n\r\n",
        b"<script> / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: <script>\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n<script>: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nExpect: <script>\r\n\r\n",
        b"GET / <script>\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: <script>\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: <script>\r\n\r\n",
    ],
)
async def test_a_refusal_shows_nothing_of_the_request(wire: Wire, raw):
    client = await wire.client(application())
    await client.send(raw)
    answer = await client.response()
    assert answer["Content-Type"] == "text/plain"
    assert b"script" not in answer.body
    assert await client.rest() == b""
