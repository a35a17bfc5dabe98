"""Programs written for Tornado, and run here by changing the one word: the same answers."""

import importlib
import re
import types
from pathlib import Path
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Response, Wire, request, turns, wire

from waterspout.netutil import bind_sockets

pytest.importorskip("tornado", reason="Tornado is not installed")

__all__ = ["wire"]

FORM = "Content-Type: application/x-www-form-urlencoded"
FRAMEWORKS = ("tornado", "waterspout")

# What differs from one answer to the next, wherever it comes from.
_VOLATILE = re.compile(
    r"2\|[0-9a-f]{8}\|[0-9a-f]+\|\d+|\d{4} \d\d:\d\d:\d\d GMT|(?<=\|)[0-9a-f]{64}"
    r"|(?<=\|10:)\d{10}(?=\|)"
)
# `Etag` is a hash of another kind; `Vary` and the rest must be the same.
_OWN_FIELDS = ("server", "date", "etag", "last-modified", "expires")


def program(name: str, framework: str) -> types.ModuleType:
    """Return a program with one word changed."""
    path = Path(__file__).parent / "programs" / f"{name}.py"
    module = types.ModuleType(f"{name}_on_{framework}")
    source = path.read_text(encoding="utf-8").replace("tornado", framework)
    exec(compile(source, str(path), "exec"), vars(module))
    return module


class Browser:
    """Asks one program, keeps cookies, and notes the answers in a form that can be compared."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}
        self.answers: list[Any] = []

    async def ask(self, *lines: str, **kwargs: Any) -> Response:
        """Ask, and note the answer."""
        await self.send(*lines, **kwargs)
        return await self.response(kwargs.get("method", "GET"))

    async def send(self, *lines: str, **kwargs: Any) -> None:
        """Send a request with the cookies that are set."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        await self.client.send(
            request(*lines, *([f"Cookie: {cookies}"] if cookies else ()), **kwargs)
        )

    async def response(self, to: str = "GET") -> Response:
        """Note an answer and return it."""
        response = await self.client.response(to)
        fields = [(name, value) for name, value in response.fields if name not in _OWN_FIELDS]
        for name, value in fields:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0].strip('"')
        body = response.body.decode("latin-1")
        noted = (response.status, response.reason, sorted(fields), body)
        self.answers.append(_VOLATILE.sub("*", repr(noted)))
        return response


async def browse(wire: Wire, tmp_path: Path, name: str, framework: str, visit: Any) -> list[Any]:
    """Return the answers of a program to a visit."""
    directory = tmp_path / framework
    directory.mkdir()
    app = program(name, framework).make_app(str(directory))
    server = importlib.import_module(f"{framework}.httpserver").HTTPServer(app)
    [listener] = bind_sockets(0, "127.0.0.1")
    server.add_sockets([listener])
    try:
        browsers = [Browser(await wire.connect_to(listener)) for _ in range(2)]
        await visit(*browsers)
        await turns()
        for browser in browsers:
            browser.client.close()
        return [browser.answers for browser in browsers]
    finally:
        server.stop()
        await server.close_all_connections()
        if "db" in app.settings:
            app.settings["db"].close()


async def visit_chat(one: Browser, other: Browser) -> None:
    new = {"path": "/a/message/new", "method": "POST"}
    await one.ask()
    await other.send(FORM, path="/a/message/updates", method="POST", body=b"cursor=0")
    await turns()
    await one.ask(FORM, body=b"body=hello+%C3%A9%3Cb%3E", **new)
    assert b"hello" in (await other.response()).body
    await one.ask(FORM, path="/a/message/updates", method="POST", body=b"cursor=0")
    assert (await one.ask(FORM, body=b"body=2&next=/", **new)).status == 302
    assert (await one.ask(FORM, body=b"next=/", **new)).status == 400
    assert (await one.ask(**new, body=b"x")).status == 400
    assert (await one.ask()).body.count(b"body") == 2
    await other.ask(FORM, path="/a/message/updates", method="POST", body=b"cursor=1")
    # One who waits and goes.
    await other.send(FORM, path="/a/message/updates", method="POST", body=b"cursor=9")
    await turns()
    other.client.close()


async def visit_blog(author: Browser, reader: Browser) -> None:
    await reader.ask()
    assert (await reader.ask(path="/entry/none")).status == 404
    assert (await author.ask(path="/compose?a=1")).status == 302
    page = await author.ask(path="/auth/login?next=/compose")
    assert (await author.ask(FORM, path="/auth/login", method="POST", body=b"name=a")).status == 403
    author.cookies["_xsrf"] = token = "0123456789abcdef"
    xsrf = f"&_xsrf={token}".encode()
    form = b"name=J%C3%BCrgen&password="
    login = {"path": "/auth/login", "method": "POST"}
    assert (await author.ask(FORM, **login, body=form + b"x" + xsrf)).status == 403
    page = await author.ask(FORM, **login, body=form + b"sesame&next=/compose" + xsrf)
    assert page["location"] == "/compose"
    assert b"_xsrf" in (await author.ask(path="/compose")).body
    entry = b"title=One+%3Ctwo%3E&markdown=see+www.example.com+%3Cb%3E"
    page = await author.ask(FORM, path="/compose", method="POST", body=entry + xsrf)
    assert page.status == 302
    assert b"&lt;two&gt;" in (await reader.ask(path=page["location"])).body
    await author.ask()
    await reader.ask()
    # A signature that somebody has changed is nobody's.
    reader.cookies["author"] = author.cookies["author"][:-1] + "x"
    assert (await reader.ask(path="/compose")).status == 302
    await author.ask(path="/auth/logout")
    author.cookies.pop("author")
    await author.ask()


async def visit_files(one: Browser, other: Browser) -> None:
    content = bytes(range(256)) * 400
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nn\xc3\xa9\r\n',
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="../a"\r\n'
        b"Content-Type: image/png\r\n\r\n" + content + b"\r\n",
        b'--b\r\nContent-Disposition: form-data; name="g"; filename="b"\r\n'
        b"Content-Type: text/plain\r\n\r\n\r\n--b--\r\n",
    ]
    form = "Content-Type: multipart/form-data; boundary=b"
    await one.ask(form, path="/upload", method="POST", body=b"".join(parts))
    await one.ask(form, path="/upload", method="POST", body=b"".join(parts[:2]))
    assert (await one.ask(path="/download/a")).body == content
    assert (await other.ask(path="/download/b")).body == b""
    assert (await other.ask(path="/download/c")).status == 404
    assert (await one.ask(path="/put/c", method="PUT", body=content)).status == 201
    chunks = (
        b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (b"one ", b"two ", b"three")) + b"0\r\n\r\n"
    )
    await one.send("Transfer-Encoding: chunked", path="/put/d", method="PUT")
    await one.client.send(chunks)
    assert b'"size": 13' in (await one.response()).body
    assert (await one.ask(path="/download/d")).body == b"one two three"
    for lines in ((), ("Range: bytes=4-6",), ("Range: bytes=-5",), ("Range: bytes=99-",)):
        await other.ask(*lines, path="/files/d")
    await other.ask(path="/files/d", method="HEAD")
    tag = (await other.ask(path="/files/d"))["etag"]
    assert (await other.ask(f"If-None-Match: {tag}", path="/files/d")).status == 304
    assert (await other.ask(path="/files/../blog.py")).status == 403


VISITS = {"chat": visit_chat, "blog": visit_blog, "files": visit_files}


@pytest.mark.parametrize("name", VISITS)
def test_the_same_program(wire, tmp_path, name):
    async def compare() -> None:
        first, second = [
            await browse(wire, tmp_path, name, framework, VISITS[name]) for framework in FRAMEWORKS
        ]
        for one, other in zip(first, second, strict=True):
            assert one == other

    wire.run(compare())
