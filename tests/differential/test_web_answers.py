"""The same handlers and the same requests, here and in Tornado: the same answers.

Where they differ on purpose the case stands in ``DIFFERENCES`` with its reason, and must differ.
"""

import asyncio
import re
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire, request, wire

from waterspout import web
from waterspout.httpserver import HTTPServer
from waterspout.netutil import bind_sockets

tornado_web = pytest.importorskip("tornado.web", reason="Tornado is not installed")
tornado_httpserver = pytest.importorskip("tornado.httpserver", reason="Tornado is not installed")

__all__ = ["wire"]

FORM = "Content-Type: application/x-www-form-urlencoded"


def rules(web: Any) -> list[Any]:
    """Return the same rules for either framework."""

    class Main(web.RequestHandler):  # type: ignore[misc]
        def get(self):
            self.write("hello")

        def post(self):
            self.write(self.request.body)

        put = patch = delete = options = post

    class Head(Main):
        def head(self):
            self.write("hello")

    class Async(web.RequestHandler):  # type: ignore[misc]
        async def prepare(self):
            await asyncio.sleep(0)
            self.write("prepared ")

        async def get(self):
            await asyncio.sleep(0)
            self.write("async")

    class Flush(web.RequestHandler):  # type: ignore[misc]
        async def get(self):
            self.write("one ")
            await self.flush()
            self.write("two")
            await self.flush()
            self.write(" three")

        head = get

    class Groups(web.RequestHandler):  # type: ignore[misc]
        def get(self, *args, **kwargs):
            self.write({"args": args, "kwargs": kwargs, "path_args": self.path_args})

    class Arguments(web.RequestHandler):  # type: ignore[misc]
        def get(self):
            self.write(
                {
                    "argument": self.get_argument("a", "default"),
                    "arguments": self.get_arguments("a"),
                    "raw": self.get_arguments("a", strip=False),
                    "query": self.get_query_arguments("a"),
                    "body": self.get_body_arguments("a"),
                    "names": sorted(self.request.arguments),
                }
            )

        post = get

    class Required(web.RequestHandler):  # type: ignore[misc]
        def get(self):
            self.write(self.get_argument("a"))

    class Request(web.RequestHandler):  # type: ignore[misc]
        def get(self):
            found = self.request
            self.write(
                {
                    "uri": found.uri,
                    "path": found.path,
                    "query": found.query,
                    "version": found.version,
                    "host": found.host,
                    "host_name": found.host_name,
                    "protocol": found.protocol,
                    "remote_ip": found.remote_ip,
                    "url": re.sub(r":\d+", "", found.full_url()),
                    "a": found.headers.get("A"),
                    "list": found.headers.get_list("A"),
                }
            )

        post = options = get

    class Act(web.RequestHandler):  # type: ignore[misc]
        """Does what the path says."""

        def set_default_headers(self):
            self.set_header("X-Default", "1")

        def get(self, name):
            getattr(self, name)()

        head = post = get

        def status(self):
            self.set_status(418)

        def unknown_status(self):
            self.set_status(299)

        def reason(self):
            self.set_status(200, "Fine")

        def no_content(self):
            self.set_status(204)

        def not_modified(self):
            self.set_status(304)

        def no_content_with_body(self):
            self.set_status(204)
            self.write("x")

        def interim(self):
            self.set_status(103)

        def json(self):
            self.write({"a": ["</script>", None, 1.5, "é"]})

        def text(self):
            self.set_header("Content-Type", "text/plain")
            self.write("é")

        def write_list(self):
            self.write([1])

        def write_none(self):
            self.write(None)

        def write_number(self):
            self.write(5)

        def finish_chunk(self):
            self.write("a")
            self.finish("b")

        def finish_twice(self):
            self.finish("a")
            self.finish("b")

        def write_after_finish(self):
            self.finish("a")
            self.write("b")

        def return_value(self):
            return "ignored by the rule's method"

        def headers(self):
            self.set_header("A", "1")
            self.set_header("a", 2)
            self.add_header("B", "1")
            self.add_header("B", b"2")
            self.set_header("C", "1")
            self.clear_header("C")
            self.clear_header("Never")
            self.clear_header("X-Default")

        def inject_header(self):
            self.set_header("A", "b\r\nC: d")

        def inject_name(self):
            self.set_header("A\r\nB", "c")

        def inject_reason(self):
            self.set_status(200, "OK\r\nA: b")

        def redirect_temporary(self):
            self.redirect("/elsewhere?a=b#c")

        def redirect_permanent(self):
            self.redirect("https://example.com/", permanent=True)

        def redirect_status(self):
            self.redirect("/", status=307)

        def redirect_unicode(self):
            self.redirect("/é")

        def redirect_inject(self):
            self.redirect("/\r\nA: b")

        def redirect_bad_status(self):
            self.redirect("/", status=200)

        def http_error(self):
            raise web.HTTPError(403, "for the log: %s", "x")

        def http_error_reason(self):
            raise web.HTTPError(403, reason="<Not you>")

        def http_error_unknown(self):
            raise web.HTTPError(499)

        def http_error_304(self):
            raise web.HTTPError(304)

        def send_error(self, status_code=409, **kwargs):
            super().send_error(status_code, **kwargs)

        def error(self):
            self.set_header("X-Prepared", "1")
            self.write("never")
            raise RuntimeError("in the handler")

        def raise_finish(self):
            self.write("so far")
            raise web.Finish

        def raise_finish_chunk(self):
            raise web.Finish("chunk")

        def clear_all(self):
            self.set_status(400)
            self.set_header("A", "b")
            self.write("never")
            self.clear()
            self.write("hello")

        def length(self):
            self.set_header("Content-Length", "5")
            self.write("hello")

        def length_short(self):
            self.set_header("Content-Length", "6")
            self.write("hello")

        def close_connection(self):
            self.set_header("Connection", "close")
            self.write("bye")

        def own_etag(self):
            self.set_header("Etag", '"own"')
            self.write("hello")

        def flush_then_error(self):
            self.write("half")
            self.flush()
            raise RuntimeError("late")

    class Etag(web.RequestHandler):  # type: ignore[misc]
        def compute_etag(self):
            return '"tag"'

        def get(self):
            self.set_header("Content-Language", "en")
            self.set_header("Cache-Control", "no-cache")
            self.write("hello")

        head = post = get

    class Prepared(web.RequestHandler):  # type: ignore[misc]
        def initialize(self, how):
            self.how = how

        def prepare(self):
            if self.how == "finish":
                self.finish("early")
            elif self.how == "error":
                raise web.HTTPError(401)
            else:
                self.redirect("/login")

        def get(self):
            self.write("never")

    class OwnErrors(web.RequestHandler):  # type: ignore[misc]
        def write_error(self, status_code, **kwargs):
            self.write(f"own {status_code} {sorted(kwargs)}")

        def get(self):
            raise web.HTTPError(404)

    class Broken(web.RequestHandler):  # type: ignore[misc]
        def write_error(self, status_code, **kwargs):
            raise RuntimeError("in write_error")

        def get(self):
            raise web.HTTPError(404)

    class Finishing(web.RequestHandler):  # type: ignore[misc]
        def on_finish(self):
            raise RuntimeError("in on_finish")

        def get(self):
            self.write("hello")

    return [
        ("/", Main),
        ("/head", Head),
        ("/async", Async),
        ("/flush", Flush),
        (r"/groups/(\d+)/([^/]*)(?:/(x))?", Groups),
        (r"/named/(?P<a>\d+)(?:/(?P<b>x))?", Groups),
        ("/arguments", Arguments),
        ("/required", Required),
        ("/request", Request),
        (r"/act/(.*)", Act),
        ("/etag", Etag),
        ("/prepared/finish", Prepared, {"how": "finish"}),
        ("/prepared/error", Prepared, {"how": "error"}),
        ("/prepared/redirect", Prepared, {"how": "redirect"}),
        ("/errors/own", OwnErrors),
        ("/errors/broken", Broken),
        ("/errors/on_finish", Finishing),
        ("/error-handler", web.ErrorHandler, {"status_code": 410}),
        (r"/first|/second", Main),
    ]


ACTIONS = """status unknown_status reason no_content not_modified no_content_with_body interim json
text write_list write_none write_number finish_chunk finish_twice write_after_finish return_value
headers inject_header inject_name inject_reason redirect_temporary redirect_permanent
redirect_status redirect_unicode redirect_inject redirect_bad_status http_error http_error_reason
http_error_unknown http_error_304 send_error error raise_finish raise_finish_chunk clear_all length
length_short close_connection own_etag flush_then_error""".split()  # noqa: SIM905

CASES: dict[str, tuple[str, bytes]] = {
    **{f"{method} /": (method, request(method=method)) for method in ("GET", "POST", "PUT")},
    **{f"{m} / with a body": (m, request(method=m, body=b"xyz")) for m in ("POST", "DELETE")},
    **{f"act {name}": ("GET", request(path=f"/act/{name}")) for name in ACTIONS},
    **{
        f"post {name}": ("POST", request(path=f"/act/{name}", method="POST"))
        for name in ("json", "error", "redirect_temporary", "own_etag", "status")
    },
    **{
        f"head {name}": ("HEAD", request(path=f"/act/{name}", method="HEAD"))
        for name in ("json", "error", "redirect_temporary", "length", "no_content")
    },
    "HEAD without a method": ("HEAD", request(method="HEAD")),
    "HEAD": ("HEAD", request(method="HEAD", path="/head")),
    "HEAD of a flush": ("HEAD", request(method="HEAD", path="/flush")),
    "an unknown method": ("GET", request(method="PROPFIND")),
    "an unknown method nowhere": ("GET", request(method="PROPFIND", path="/nowhere")),
    "no such method": ("GET", request(method="POST", path="/async")),
    "nowhere": ("GET", request(path="/nowhere")),
    "nowhere with markup": ("GET", request(path="/<script>")),
    "async": ("GET", request(path="/async")),
    "flush": ("GET", request(path="/flush")),
    "groups": ("GET", request(path="/groups/12/ab%20c%2Fd+e/x")),
    "groups missing": ("GET", request(path="/groups/12/")),
    "groups named": ("GET", request(path="/named/1/x")),
    "groups named missing": ("GET", request(path="/named/1")),
    "groups of UTF-8": ("GET", request(path="/groups/1/%C3%A9")),
    "groups of no UTF-8": ("GET", request(path="/groups/1/%FF")),
    "arguments": ("GET", request(path="/arguments?a=1&a=2&b=&c")),
    "arguments with space": ("GET", request(path="/arguments?a=+x%20&a=%09y%0A")),
    "arguments with controls": ("GET", request(path="/arguments?a=x%00y%1Fz%0D%0A")),
    "arguments empty": ("GET", request(path="/arguments?a=&a")),
    "arguments of UTF-8": ("GET", request(path="/arguments?a=%C3%A9&%C3%A9=1")),
    "arguments of no UTF-8": ("GET", request(path="/arguments?a=%FF")),
    "arguments with a semicolon": ("GET", request(path="/arguments?a=1;b=2")),
    "arguments with percent signs": ("GET", request(path="/arguments?a=%&b=%zz&%61=3")),
    "arguments of a form": (
        "POST",
        request(FORM, path="/arguments?a=1&q=1", method="POST", body=b"a=2&b=%20&a=3"),
    ),
    "arguments of another type": (
        "POST",
        request("Content-Type: text/plain", path="/arguments", method="POST", body=b"a=1"),
    ),
    "arguments of an encoded form": (
        "POST",
        request(FORM, "Content-Encoding: gzip", path="/arguments", method="POST", body=b"a=1"),
    ),
    "too many arguments": ("GET", request(path="/arguments?" + "a&" * 1001)),
    "too many arguments that nobody reads": ("GET", request(path="/?" + "a&" * 1001)),
    "a missing argument": ("GET", request(path="/required")),
    "the request": ("GET", request("A: 1", "A:  2 ", path="/request?x=y")),
    "the request in HTTP/1.0": ("GET", b"GET /request HTTP/1.0\r\n\r\n"),
    "the request with another host": ("GET", b"GET /request HTTP/1.1\r\nHost: B.c:80\r\n\r\n"),
    "the request by an absolute target": (
        "GET",
        b"GET http://a/request?x=y HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "a path with two slashes": ("GET", request(path="//request")),
    "an asterisk": ("OPTIONS", request(path="*", method="OPTIONS")),
    "prepare finishes": ("GET", request(path="/prepared/finish")),
    "prepare raises": ("GET", request(path="/prepared/error")),
    "prepare redirects": ("GET", request(path="/prepared/redirect")),
    "own error page": ("GET", request(path="/errors/own")),
    "broken error page": ("GET", request(path="/errors/broken")),
    "on_finish raises": ("GET", request(path="/errors/on_finish")),
    "ErrorHandler": ("GET", request(path="/error-handler")),
    "an alternative": ("GET", request(path="/second")),
    "behind an alternative": ("GET", request(path="/first-and-more")),
    "etag": ("GET", request(path="/etag")),
    **{
        f"etag {value}": ("GET", request(f"If-None-Match: {value}", path="/etag"))
        for value in ('"tag"', 'W/"tag"', '"x", "tag"', "*", '"other"', "", "tag", '"x"')
    },
    "etag HEAD": ("HEAD", request('If-None-Match: "tag"', path="/etag", method="HEAD")),
    "etag POST": ("POST", request('If-None-Match: "tag"', path="/etag", method="POST")),
    "etag on two lines": (
        "GET",
        request('If-None-Match: "x"', 'If-None-Match: "tag"', path="/etag"),
    ),
    "HTTP/1.0": ("GET", b"GET / HTTP/1.0\r\n\r\n"),
    "HTTP/1.0 keep-alive": ("GET", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    "HTTP/1.0 flush": ("GET", b"GET /flush HTTP/1.0\r\n\r\n"),
    "close": ("GET", request("Connection: close")),
    "chunks": (
        "POST",
        request("Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n0\r\n\r\n",
    ),
    "no request": ("GET", b"hello\r\n\r\n"),
    "no host": ("GET", b"GET / HTTP/1.1\r\n\r\n"),
    "two hosts": ("GET", request("Host: b")),
    "a bad length": ("POST", request("Content-Length: +5", method="POST") + b"hello"),
    "length and chunks": (
        "POST",
        request("Content-Length: 5", "Transfer-Encoding: chunked", method="POST") + b"0\r\n\r\n",
    ),
    "HTTP/2.0": ("GET", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
}

_REFUSAL = "a refusal has a body that says what it is, and Connection: close"
_SAID = "the end of the connection is announced, to HTTP/1.0 too"
_INJECTION = "what would break out of its line is a ValueError at the call, so a 500"

DIFFERENCES: dict[str, str] = {
    "act interim": "an interim status is no answer: the client would wait for one",
    "act inject_name": f"{_INJECTION}; Tornado never answers",
    "act inject_reason": f"{_INJECTION}; Tornado replaces it",
    "act redirect_unicode": "Location is ASCII: what is not is quoted",
    "act http_error_reason": "a reason is the program's own, and escaped in the page",
    "act length_short": "nothing has gone out when it is found, so a 500; Tornado only closes",
    "act close_connection": "Connection: close is also obeyed where the handler says it",
    "act flush_then_error": "half an answer is cut; Tornado ends it as if it were whole",
    "HEAD of a flush": "HEAD has the framing of GET",
    "too many arguments": "an ordinary 400, and the connection goes on",
    "too many arguments that nobody reads": "arguments are read when they are asked for",
    "the request by an absolute target": "RFC 9112 3.2.2: a server must accept it",
    "behind an alternative": "each alternative of a pattern is for the whole path",
    "the request in HTTP/1.0": _SAID,
    "HTTP/1.0": _SAID,
    "HTTP/1.0 flush": _SAID,
    "HTTP/1.0 keep-alive": "it is spelled in lower case",
    "no request": _REFUSAL,
    "no host": _REFUSAL,
    "two hosts": _REFUSAL,
    "a bad length": _REFUSAL,
    "length and chunks": _REFUSAL,
    "HTTP/2.0": f"505 is its status; {_REFUSAL}",
}

# Where Tornado never answers nobody waits long for it.
_PATIENCE = {"act inject_name": 0.3}

# The fields that a client acts on; the others have to be there on both sides or on neither.
_COMPARED = (
    "a",
    "b",
    "c",
    "cache-control",
    "connection",
    "content-language",
    "content-length",
    "content-type",
    "location",
    "transfer-encoding",
    "x-default",
    "x-prepared",
)
_PRESENT = ("date", "etag", "server")


async def outcome(
    client: Client, method: str, raw: bytes, patience: float = 20.0
) -> dict[str, object]:
    """Return what is compared of the answer, and whether the connection is there after it."""
    await client.send(raw)
    try:
        async with asyncio.timeout(patience):
            answer = await client.response(method)
    except TimeoutError:
        return {"answer": "none"}
    except (EOFError, ConnectionResetError):
        return {"answer": "cut"}
    fields: dict[str, object] = {}
    for name in _COMPARED:
        values = [value for key, value in answer.fields if key == name]
        if values:
            fields[name] = values
    for name in _PRESENT:
        fields[name] = name in answer
    try:
        await client.send(request(path="/groups/1/"))
        is_kept = (await client.response()).status == 200
    except (EOFError, OSError):
        is_kept = False
    return {
        "status": answer.status,
        "reason": answer.reason,
        "body": answer.body,
        "fields": fields,
        "kept": is_kept,
    }


@pytest.mark.parametrize("name", CASES)
def test_the_same_answer(wire: Wire, name):
    wire.run(compare(wire, name))


async def compare(wire: Wire, name: str) -> None:
    method, raw = CASES[name]
    ours = wire.serve(rules(web))
    theirs = tornado_httpserver.HTTPServer(
        tornado_web.Application(rules(tornado_web), log_function=lambda handler: None)
    )
    theirs.add_sockets(bind_sockets(0, "127.0.0.1"))
    try:
        found = await outcome(await wire.connect(ours), method, raw)
        [listener] = theirs._sockets.values()
        patience = _PATIENCE.get(name, 20.0)
        expected = await outcome(await wire.connect_to(listener), method, raw, patience)
        if name in DIFFERENCES:
            assert found != expected, "they agree: take the case from DIFFERENCES"
        else:
            assert found == expected
    finally:
        theirs.stop()
        await theirs.close_all_connections()


def test_the_table_of_differences_names_cases():
    assert DIFFERENCES.keys() <= CASES.keys()
    assert HTTPServer is not tornado_httpserver.HTTPServer
