"""The same WSGI application here and behind Tornado's container: the same environ and answers.

Where they differ on purpose the case stands in ``DIFFERENCES`` with its reason, and must differ.
"""

import ast
import asyncio
import logging
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire, request, wire

from waterspout.netutil import bind_sockets
from waterspout.wsgi import WSGIContainer

tornado_wsgi = pytest.importorskip("tornado.wsgi", reason="Tornado is not installed")
tornado_httpserver = pytest.importorskip("tornado.httpserver", reason="Tornado is not installed")

__all__ = ["wire"]


def show_environ(environ: Any, start_response: Any) -> Any:
    shown = {name: value for name, value in environ.items() if type(value) in (str, bool, tuple)}
    shown["the body"] = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(shown).encode()]


def act(environ: Any, start_response: Any) -> Any:
    name = environ["PATH_INFO"][1:]
    return getattr(Acts, name)(environ, start_response)


class Acts:
    """Applications by the names of their cases."""

    @staticmethod
    def hello(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    @staticmethod
    def two(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("A", "1"), ("A", "2"), ("Set-Cookie", "a"), ("B", "\xe9")])
        return [b"hello", b" ", b"", b"world"]

    @staticmethod
    def length(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    @staticmethod
    def reason(environ: Any, start_response: Any) -> Any:
        start_response("404 Not here", [])
        return [b"nothing"]

    @staticmethod
    def unknown(environ: Any, start_response: Any) -> Any:
        start_response("299 Something", [])
        return []

    @staticmethod
    def write(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [("Content-Length", "10")])
        write(b"hello")
        return [b"world"]

    @staticmethod
    def not_modified(environ: Any, start_response: Any) -> Any:
        start_response("304 Not Modified", [("Etag", '"a"')])
        return []

    @staticmethod
    def no_content(environ: Any, start_response: Any) -> Any:
        start_response("204 No Content", [])
        return []

    @staticmethod
    def empty(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return []

    @staticmethod
    def iterator(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return iter([b"a", b"b"])

    @staticmethod
    def generator(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "2")])
        yield b"a"
        yield b"b"

    @staticmethod
    def late(environ: Any, start_response: Any) -> Any:
        start_response("201 Created", [("Content-Length", "1")])
        yield b"a"

    @staticmethod
    def close(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Connection", "close")])
        return [b"bye"]

    @staticmethod
    def too_long(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "3")])
        return [b"hello"]

    @staticmethod
    def too_short(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "9")])
        return [b"hello"]

    @staticmethod
    def failure(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("in the application")

    @staticmethod
    def silent(environ: Any, start_response: Any) -> Any:
        return [b"hello"]

    @staticmethod
    def bare_status(environ: Any, start_response: Any) -> Any:
        start_response("200", [])
        return [b"hello"]

    @staticmethod
    def inject(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("A", "b\r\nC: d")])
        return [b"hello"]


ENVIRONS: dict[str, bytes] = {
    "plain": request(),
    "path": request(path="/a%20b/%C3%A9;x"),
    "path of no UTF-8": request(path="/%FF%00"),
    "path with bad quotes": request(path="/%zz%"),
    "path of two slashes": request(path="//x//"),
    "path of dots": request(path="/a/../%2e%2e"),
    "query": request(path="/?q=%20&y=+&q"),
    "query with a question mark": request(path="/?a?b"),
    "empty query": request(path="/?"),
    "asterisk": request(path="*", method="OPTIONS"),
    "fields": request("A: 1", "a:  2 ", "X-Long-Name: z", "Accept: */*", b"B: \xe9", "Empty:"),
    "one cookie": request("Cookie: a=b; c=d"),
    "body": request("Content-Type: text/x", method="POST", body=b"hello"),
    "empty body": request("Content-Length: 0", method="POST"),
    "another method": request(method="PROPFIND"),
    "HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "HTTP/1.0 with a host": b"GET / HTTP/1.0\r\nHost: b:81\r\n\r\n",
    "port": b"GET / HTTP/1.1\r\nHost: Example.com:8080\r\n\r\n",
    "underscore": request("X_Forwarded_For: evil"),
    "proxy": request("Proxy: http://evil"),
    "cookies": request("Cookie: a=b", "Cookie: c=d"),
    "chunks": request("Transfer-Encoding: chunked", method="POST") + b"2\r\nhi\r\n0\r\n\r\n",
    "absolute": b"GET http://b/x?y HTTP/1.1\r\nHost: b\r\n\r\n",
    "IPv6": b"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
}

ANSWERS = {
    **{name: request(path=f"/{name}") for name in vars(Acts) if not name.startswith("_")},
    "HEAD": request(path="/hello", method="HEAD"),
}

DIFFERENCES: dict[str, str] = {
    "underscore": "it could not be told from X-Forwarded-For, which a proxy may have set",
    "proxy": "httpoxy: a client must not choose the program's proxy",
    "cookies": "RFC 6265: a comma does not separate cookies",
    "chunks": "the body has a length here, and no coding any more (RFC 3875 4.1.2)",
    "absolute": "PATH_INFO is a path",
    "IPv6": "the port is not part of the name",
    "no_content": "a 204 has neither Content-Length nor Content-Type (RFC 9110 8.6)",
    "iterator": "a body of unknown length is sent as it comes",
    "close": "the connection is the server's (PEP 3333)",
    "too_long": "what was announced is sent; Tornado closes without an answer",
    "failure": "a 500; Tornado never answers",
    "silent": "a 500; Tornado never answers",
    "bare_status": "a reason may be left out; Tornado never answers",
    "inject": "a 500; Tornado never answers",
    "HEAD": "it is answered; Tornado closes without an answer",
}
# Said here in addition.
_OURS_ONLY = ("REQUEST_URI",)
# Where Tornado never answers nobody waits long for it.
_SILENT = ("failure", "silent", "bare_status", "inject")


async def ask(client: Client, raw: bytes, patience: float) -> dict[str, Any]:
    await client.send(raw)
    try:
        async with asyncio.timeout(patience):
            answer = await client.response(raw.partition(b" ")[0].decode())
    except TimeoutError:
        return {"answer": "none"}
    except (EOFError, ConnectionResetError):
        return {"answer": "cut"}
    hidden = ("date", "server")
    return {
        "status": (answer.status, answer.reason),
        "fields": sorted(field for field in answer.fields if field[0] not in hidden),
        "body": answer.body,
    }


@pytest.fixture(autouse=True)
def _tornado_is_silent(caplog):
    caplog.set_level(logging.CRITICAL, "tornado")


async def both(wire: Wire, name: str, application: Any, raw: bytes) -> tuple[Any, Any]:
    ours = wire.serve(WSGIContainer(application))
    theirs = tornado_httpserver.HTTPServer(tornado_wsgi.WSGIContainer(application))
    theirs.add_sockets(bind_sockets(0, "127.0.0.1"))
    try:
        found = await ask(await wire.connect(ours), raw, 20.0)
        [listener] = theirs._sockets.values()
        patience = 0.2 if name in _SILENT else 20.0
        expected = await ask(await wire.connect_to(listener), raw, patience)
    finally:
        theirs.stop()
        await theirs.close_all_connections()
    return found, expected


def compare(name: str, found: Any, expected: Any) -> None:
    if name in DIFFERENCES:
        assert found != expected, "they agree: take the case from DIFFERENCES"
    else:
        assert found == expected


@pytest.mark.parametrize("name", ENVIRONS)
def test_the_same_environ(wire: Wire, name):
    async def test() -> None:
        found, expected = await both(wire, name, show_environ, ENVIRONS[name])
        ours, theirs = [ast.literal_eval(got["body"].decode()) for got in (found, expected)]
        for extra in _OURS_ONLY:
            assert extra not in theirs
            del ours[extra]
        compare(name, ours, theirs)

    wire.run(test())


@pytest.mark.parametrize("name", ANSWERS)
def test_the_same_answer(wire: Wire, name):
    async def test() -> None:
        found, expected = await both(wire, name, act, ANSWERS[name])
        compare(name, found, expected)
        wire.errors.clear()  # Tornado's

    wire.run(test())


def test_the_table_of_differences_names_cases():
    assert DIFFERENCES.keys() <= ENVIRONS.keys() | ANSWERS.keys()
