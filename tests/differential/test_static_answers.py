"""The same files, subclasses, redirects and requests, here and in Tornado: the same answers.

Where they differ on purpose the case stands in ``DIFFERENCES`` with its reason, and must differ.
"""

import datetime
import os
import re
import zlib
from typing import Any, ClassVar

import pytest
from tests.wire.server_under_test import Client, Wire, request, wire

from waterspout import web
from waterspout.netutil import bind_sockets

tornado_web = pytest.importorskip("tornado.web", reason="Tornado is not installed")
tornado_httpserver = pytest.importorskip("tornado.httpserver", reason="Tornado is not installed")

__all__ = ["wire"]

# 2020-01-02 03:04:05 and a half
MODIFIED = 1577934245
DATE = "Thu, 02 Jan 2020 03:04:05 GMT"
EARLIER = "Thu, 02 Jan 2020 03:04:04 GMT"


@pytest.fixture(autouse=True)
def _no_version_is_known():
    """Tornado remembers versions by their paths, whatever class they are of."""
    tornado_web.StaticFileHandler.reset()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A directory of static files beside something secret."""
    place = tmp_path_factory.mktemp("place")
    found = place / "root"
    files = {
        "a.txt": "hello world, this is text\n",
        "long.txt": "0123456789" * 20_000,
        "page.html": "<p>hello" * 400,
        "dir/index.html": "<p>index",
        "archive.tar.gz": "x",
        "noext": "z",
        "empty": "",
        "a.js": "j",
        "a.json": "{}",
        "a.br": "b",
        "with space.txt": "space",
        "é.txt": "e",
        "favicon.ico": "icon",
    }
    for name, content in files.items():
        path = found / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        os.utime(path, (MODIFIED + 0.5, MODIFIED + 0.5))
    (found / "bare").mkdir()
    (place / "secret").write_text("secret")
    (place / "other").mkdir()
    (place / "other" / "file.txt").write_text("other")
    os.utime(place / "other" / "file.txt", (MODIFIED, MODIFIED))
    for name, target in {
        "inner.txt": "a.txt",
        "inner.js": "a.txt",
        "outer.txt": "../secret",
        "outside": "../other",
        "dangling": "../nowhere",
        "self": "self",
    }.items():
        (found / name).symlink_to(target)
    os.mkfifo(found / "fifo")
    return found


def application(web: Any, root: Any) -> Any:
    """Return the same application of either framework."""

    class Url(web.RequestHandler):  # type: ignore[misc]
        def get(self):
            kwargs: dict[str, Any] = {}
            if self.get_argument("host", None):
                kwargs["include_host"] = self.get_argument("host") == "1"
            if self.get_argument("bare", None):
                kwargs["include_version"] = False
            self.write(self.static_url(self.get_argument("path"), **kwargs))

    class HostUrl(Url):
        include_host = True

    class Memory(web.StaticFileHandler):  # type: ignore[misc]
        """Serves what is no file."""

        contents: ClassVar = {"/a.txt": b"in memory", "/b.html": b"<p>" + b"b" * 3000}
        pieces = False

        @classmethod
        def get_absolute_path(cls, root, path):
            return "/" + path

        def validate_absolute_path(self, root, absolute_path):
            if absolute_path == "/moved":
                self.redirect("/elsewhere")
                return None
            if absolute_path not in self.contents:
                raise web.HTTPError(404)
            return absolute_path

        @classmethod
        def get_content(cls, abspath, start=None, end=None):
            content = cls.contents[abspath][start:end]
            if cls.pieces:
                return (content[i : i + 4] for i in range(0, len(content), 4))
            return content

        def get_content_size(self):
            return len(self.contents[self.absolute_path])

        def get_modified_time(self):
            return datetime.datetime(2020, 1, 2, 3, 4, 5)

    class Pieces(Memory):
        pieces = True

    class Timeless(Memory):
        def get_modified_time(self):
            return None

    class Versions(Memory):
        @classmethod
        def get_content_version(cls, abspath):
            return f"version-of-{abspath[1:]}"

    class Failing(Memory):
        @classmethod
        def get_content_version(cls, abspath):
            raise ValueError("none")

    class Fields(web.StaticFileHandler):  # type: ignore[misc]
        def set_extra_headers(self, path):
            self.set_header("X-Path", path)
            self.set_header("X-Absolute", os.path.basename(self.absolute_path))

        def get_content_type(self):
            return "text/x-own"

        def get_cache_time(self, path, modified, mime_type):
            assert isinstance(modified, datetime.datetime)
            return 60 if mime_type == "text/x-own" else 0

        def parse_url_path(self, url_path):
            return url_path.removeprefix("prefix/")

        def compute_etag(self):
            return '"own"'

    class Never304(web.StaticFileHandler):  # type: ignore[misc]
        def should_return_304(self):
            return False

    class Always304(web.StaticFileHandler):  # type: ignore[misc]
        def should_return_304(self):
            return True

    class Overridden(web.StaticFileHandler):  # type: ignore[misc]
        async def get(self, path, include_body=True):
            self.set_header("X-Own", "1")
            await super().get(path, include_body)

    class Urls(web.StaticFileHandler):  # type: ignore[misc]
        @classmethod
        def make_static_url(cls, settings, path, include_version=True):
            version = cls.get_version(settings, path)
            return f"/{version}/{path}" if include_version else f"/{path}"

        @classmethod
        def get_version(cls, settings, path):
            return "v7"

    def static(cls: Any, **kwargs: Any) -> Any:
        return cls, {"path": str(root), **kwargs}

    other = str(root.parent / "other")
    rules = [
        ("/url", Url),
        ("/host-url", HostUrl),
        ("/default/(.*)", *static(web.StaticFileHandler, default_filename="index.html")),
        ("/lax/(.*)", *static(web.StaticFileHandler, allowed_symlink_directory=[other, str(root)])),
        ("/narrow/(.*)", *static(web.StaticFileHandler, allowed_symlink_directory=other)),
        ("/memory/(.*)", *static(Memory)),
        ("/pieces/(.*)", *static(Pieces)),
        ("/timeless/(.*)", *static(Timeless)),
        ("/versions/(.*)", *static(Versions)),
        ("/failing/(.*)", *static(Failing)),
        ("/fields/(.*)", *static(Fields)),
        ("/never/(.*)", *static(Never304)),
        ("/always/(.*)", *static(Always304)),
        ("/overridden/(.*)", *static(Overridden)),
        ("/named/(?P<path>.*)", *static(web.StaticFileHandler)),
        ("/r0", web.RedirectHandler, {"url": "/x?a=1#f", "permanent": False}),
        ("/r1/(.*)", web.RedirectHandler, {"url": "/x/{0}"}),
        ("/r2(.*)", web.RedirectHandler, {"url": "/{0}"}),
        ("/r3/(?P<n>.*)", web.RedirectHandler, {"url": "http://h.example/{n}"}),
        ("/r4/(.*)", web.RedirectHandler, {"url": "{0}"}),
        ("/r5(/.*)?", web.RedirectHandler, {"url": "/b{0}"}),
        ("/e", web.ErrorHandler, {"status_code": 410}),
    ]
    settings: dict[str, Any] = {"static_path": str(root)}
    return rules, settings, {"Urls": Urls}


def case(path: str, *lines: str, method: str = "GET") -> tuple[str, bytes]:
    return method, request(*lines, method=method, path=path)


def conditional(
    name: str, *lines: str, path: str = "/static/a.txt"
) -> tuple[str, tuple[str, bytes]]:
    return name, case(path, *lines)


RANGES = [
    "bytes=0-4",
    "bytes=5-",
    "bytes=-5",
    "bytes=-500",
    "bytes=0-500",
    "bytes=26-",
    "bytes=25-",
    "bytes=0-",
    "bytes=-0",
    "bytes=5-4",
    "bytes=0-0",
    "bytes=0-1,3-4",
    "bytes= 0-1",
    "BYTES=0-1",
    "lines=0-1",
    "bytes=a-b",
    "bytes=+1-2",
    "bytes=1_0-2_0",
    "bytes=-",
    "bytes",
    "bytes=",
]

CASES: dict[str, tuple[str, bytes]] = {
    # Paths
    **{
        f"GET {path}": case(path)
        for path in [
            "/static/a.txt",
            "/static/a.txt?v=abc",
            "/static/a.txt?x=abc",
            "/static/long.txt",
            "/static/",
            "/static",
            "/static/dir",
            "/static/dir/",
            "/static/dir/index.html",
            "/static/none",
            "/static/a.txt/",
            "/static/a.txt/b",
            "/static/fifo",
            "/static/./a.txt",
            "/static/dir/../a.txt",
            "/static//a.txt",
            "/static/with%20space.txt",
            "/static/%C3%A9.txt",
            "/static/%ff",
            "/static/archive.tar.gz",
            "/static/noext",
            "/static/empty",
            "/static/a.js",
            "/static/a.json",
            "/static/a.br",
            "/static/" + "x" * 300,
            "/static/../secret",
            "/static/%2e%2e/secret",
            "/static/..%2fsecret",
            "/static/..%5csecret",
            "/static//etc/passwd",
            "/static/a.txt%00",
            "/static/../root/a.txt",
            "/static/inner.txt",
            "/static/inner.js",
            "/static/outer.txt",
            "/static/outside/file.txt",
            "/static/outside/none",
            "/static/outside",
            "/static/dangling",
            "/static/dangling/x",
            "/static/self",
            "/lax/outside/file.txt",
            "/lax/outside/none",
            "/lax/outer.txt",
            "/lax/a.txt",
            "/narrow/outside/file.txt",
            "/narrow/a.txt",
            "/favicon.ico",
            "/robots.txt",
            "/named/a.txt",
            "/default/dir",
            "/default/dir?q=1",
            "/default/dir/",
            "/default/bare",
            "/default/bare/",
            "/default/",
            "/default/a.txt",
            "/default//dir",
            "/default//evil.example/..",
            "/default/outside",
        ]
    },
    "HEAD": case("/static/a.txt", method="HEAD"),
    "HEAD of a long file": case("/static/long.txt", method="HEAD"),
    "HEAD of nothing": case("/static/none", method="HEAD"),
    "POST": case("/static/a.txt", method="POST"),
    # Ranges
    **{f"range {value}": case("/static/a.txt", f"Range: {value}") for value in RANGES},
    **{
        f"range of memory {value}": case("/memory/a.txt", f"Range: {value}")
        for value in RANGES[:12]
    },
    "range of a long file": case("/static/long.txt", "Range: bytes=100-150000"),
    "range of nothing": case("/static/empty", "Range: bytes=0-"),
    "last bytes of nothing": case("/static/empty", "Range: bytes=-5"),
    "two range fields": case("/static/a.txt", "Range: bytes=0-1", "Range: bytes=2-3"),
    "HEAD with a range": case("/static/a.txt", "Range: bytes=0-4", method="HEAD"),
    "If-Range of another tag": case("/static/a.txt", "Range: bytes=0-4", 'If-Range: "x"'),
    "If-Range of the date": case("/static/a.txt", "Range: bytes=0-4", f"If-Range: {DATE}"),
    # Conditions
    "any tag": case("/static/a.txt", "If-None-Match: *"),
    "another tag": case("/static/a.txt", 'If-None-Match: "x"'),
    "another tag, not since": case(
        "/static/a.txt", 'If-None-Match: "x"', f"If-Modified-Since: {DATE}"
    ),
    "not modified since": case("/static/a.txt", f"If-Modified-Since: {DATE}"),
    "not modified since, HEAD": case("/static/a.txt", f"If-Modified-Since: {DATE}", method="HEAD"),
    "modified since": case("/static/a.txt", f"If-Modified-Since: {EARLIER}"),
    "modified since a date in the future": case(
        "/static/a.txt", "If-Modified-Since: Thu, 02 Jan 2060 03:04:04 GMT"
    ),
    "since, RFC 850": case("/static/a.txt", "If-Modified-Since: Thursday, 02-Jan-20 03:04:05 GMT"),
    "since, asctime": case("/static/a.txt", "If-Modified-Since: Thu Jan  2 03:04:05 2020"),
    "since junk": case("/static/a.txt", "If-Modified-Since: junk"),
    "not since, with a range": case(
        "/static/a.txt", f"If-Modified-Since: {DATE}", "Range: bytes=0-4"
    ),
    "If-Match of another tag": case("/static/a.txt", 'If-Match: "x"'),
    "unmodified since": case("/static/a.txt", f"If-Unmodified-Since: {EARLIER}"),
    # URLs
    **{
        f"url {query}": case(f"/url?{query}")
        for query in [
            "path=a.txt",
            "path=a.txt&host=1",
            "path=a.txt&host=0",
            "path=a.txt&bare=1",
            "path=none",
            "path=dir",
            "path=../secret",
            "path=/etc/passwd",
            "path=a%20b",
            "path=outer.txt",
        ]
    },
    "url with host": case("/host-url?path=a.txt"),
    "url without host": case("/host-url?path=a.txt&host=0"),
    # Subclasses
    **{
        f"{name}: {path}": case(f"/{name}/{path}")
        for name in ("memory", "pieces", "timeless", "versions", "failing")
        for path in ("a.txt", "b.html", "none", "moved", "a.txt?v=1")
    },
    "memory: HEAD": case("/memory/a.txt", method="HEAD"),
    "memory: not since": case("/memory/a.txt", f"If-Modified-Since: {DATE}"),
    "timeless: since": case("/timeless/a.txt", f"If-Modified-Since: {DATE}"),
    "versions: its tag": case("/versions/a.txt", 'If-None-Match: "version-of-a.txt"'),
    "pieces: a range": case("/pieces/a.txt", "Range: bytes=1-6"),
    "fields": case("/fields/prefix/a.txt"),
    "fields: its tag": case("/fields/prefix/a.txt", 'If-None-Match: "own"'),
    "fields: 404": case("/fields/prefix/none"),
    "never 304": case("/never/a.txt", "If-None-Match: *", f"If-Modified-Since: {DATE}"),
    "never 304, long": case("/never/long.txt", "If-None-Match: *"),
    "always 304": case("/always/a.txt"),
    "overridden": case("/overridden/a.txt"),
    "overridden: HEAD": case("/overridden/a.txt", method="HEAD"),
    # Redirects
    **{
        f"redirect {path}": case(path)
        for path in [
            "/r0",
            "/r0?b=2",
            "/r1/a",
            "/r1/a?q=1&q=2",
            "/r1/a%20b%3f",
            "/r1/%5cx",
            "/r1/%0d%0aX:y",
            "/r1/?a=",
            "/r1/?a=%ff&b",
            "/r2/evil.example",
            "/r2a",
            "/r3/x?y=z",
            "/r4/http://evil.example/",
            "/r4/foo",
            "/r5",
            "/r5/a",
        ]
    },
    "redirect of POST": case("/r0", method="POST"),
    "redirect of HEAD": case("/r0", method="HEAD"),
    "error": case("/e"),
    "error to POST": case("/e", method="POST"),
}

_RANGE_GRAMMAR = "digits are ASCII digits, as RFC 9110 section 14.1.1 has them"
_PRECONDITIONS = "RFC 9110 section 13.2.1: preconditions are evaluated"

DIFFERENCES: dict[str, str] = {
    "GET /static/a.txt%00": "nothing is called that; Tornado fails with 500",
    "GET /static/../root/a.txt": "nobody shall find out what the root is called",
    "GET /default/dir?q=1": "the query stays",
    "GET /static/inner.js": "the type is that of the name in the URL, not of a link's target",
    "GET /narrow/a.txt": "what lies in the directory itself is no link and needs no permission",
    "POST": "a 405 says what is allowed (RFC 9110 section 15.5.6)",
    "range BYTES=0-1": "range units are not case-sensitive (RFC 9110 section 14.1)",
    "range bytes=+1-2": _RANGE_GRAMMAR,
    "range bytes=1_0-2_0": _RANGE_GRAMMAR,
    "last bytes of nothing": "they are all there is (RFC 9110 section 14.1.2)",
    "HEAD with a range": "only GET has ranges (RFC 9110 section 14.2)",
    "If-Range of another tag": "Tornado does not know If-Range",
    "If-Match of another tag": _PRECONDITIONS,
    "unmodified since": _PRECONDITIONS,
    "memory: not since": "a time without a zone is UTC; Tornado fails with 500",
    "timeless: since": "without a time nothing is older than it; Tornado fails with 500",
    "url path=a%20b": "what no URL can hold is quoted",
    "url path=outer.txt": "what is not served has no version",
    "redirect /r1/a%20b%3f": "groups are quoted again",
    "redirect /r1/%5cx": "groups are quoted again: browsers take a backslash for a slash",
    "redirect /r1/%0d%0aX:y": "groups are quoted again; Tornado answers 400",
    "redirect /r1/?a=%ff&b": "the query stays as it is",
    "redirect /r5": "a group that took no part is empty, not None",
    "redirect of POST": "a 405 says what is allowed (RFC 9110 section 15.5.6)",
    "redirect of HEAD": "HEAD is answered as GET is (RFC 9110 section 9.3.2)",
}

_COMPARED = (
    "accept-ranges",
    "allow",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "last-modified",
    "location",
    "transfer-encoding",
    "vary",
    "x-absolute",
    "x-own",
    "x-path",
)
_HASH = re.compile(rb"v=[0-9a-f]{32,}")


async def outcome(client: Client, method: str, raw: bytes) -> dict[str, object]:
    """Return what is compared of the answer."""
    await client.send(raw)
    answer = await client.response(method)
    fields = {name: value for name, value in answer.fields if name in _COMPARED}
    body = _HASH.sub(b"v=hash", answer.body)
    if body != answer.body:
        fields["content-length"] = "differs with the hash"
    return {
        "status": answer.status,
        "reason": answer.reason,
        "body": body,
        "fields": fields,
        "has tag": "etag" in answer and answer.status != 404,
        "expires": "expires" in answer,
    }


async def compare(wire: Wire, root: Any, name: str) -> None:
    async def ask(web: Any, client: Client) -> dict[str, object]:
        return await outcome(client, *CASES[name])

    found, expected = await ask_both(wire, root, {}, ask)
    if name in DIFFERENCES:
        assert found != expected, "they agree: take the case from DIFFERENCES"
    else:
        assert found == expected


async def ask_both(wire: Wire, root: Any, settings: dict[str, Any], ask: Any) -> list[Any]:
    """Return what ``ask`` finds at our server and at theirs."""
    found = []
    for framework in (web, tornado_web):
        rules, own, classes = application(framework, root)
        own = {**own, **settings}
        if "static_handler_class" in own:
            own["static_handler_class"] = classes[own["static_handler_class"]]
        made = framework.Application(rules, log_function=lambda handler: None, **own)
        if framework is web:
            found.append(await ask(framework, await wire.connect(wire.serve(made))))
            continue
        theirs = tornado_httpserver.HTTPServer(made)
        theirs.add_sockets(bind_sockets(0, "127.0.0.1"))
        try:
            [listener] = theirs._sockets.values()
            found.append(await ask(framework, await wire.connect_to(listener)))
        finally:
            theirs.stop()
            await theirs.close_all_connections()
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_same_answer(wire: Wire, root, name):
    wire.run(compare(wire, root, name))


def test_the_table_of_differences_names_cases():
    assert DIFFERENCES.keys() <= CASES.keys()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"static_url_prefix": "/files/"},
        {"static_url_prefix": "/a.b/"},
        {"static_handler_args": {"default_filename": "index.html"}},
    ],
)
def test_the_rules_an_application_adds(wire: Wire, root, settings):
    wire.run(compare_settings(wire, root, settings))


async def compare_settings(wire: Wire, root: Any, settings: dict[str, Any]) -> None:
    async def ask(web: Any, client: Client) -> list[object]:
        paths = (
            "/static/a.txt",
            "/files/a.txt",
            "/a.b/a.txt",
            "/axb/a.txt",
            "/static/dir/",
            "/favicon.ico",
            "/url?path=a.txt",
        )
        return [await outcome(client, "GET", request(path=path)) for path in paths]

    await the_same(wire, root, settings, ask)


async def the_same(wire: Wire, root: Any, settings: dict[str, Any], ask: Any) -> None:
    found, expected = await ask_both(wire, root, settings, ask)
    assert found == expected


def test_a_class_of_ones_own(wire: Wire, root):
    async def ask(web: Any, client: Any) -> list[object]:
        return [
            await outcome(client, "GET", request(path=path))
            for path in ("/url?path=a.txt", "/url?path=a.txt&bare=1", "/static/a.txt")
        ]

    wire.run(the_same(wire, root, {"static_handler_class": "Urls"}, ask))


def test_compressed_answers(wire: Wire, root):
    async def ask(web: Any, client: Any) -> list[object]:
        found: list[object] = []
        for path, accepted in (
            ("/static/page.html", "gzip"),
            ("/static/page.html", "identity"),
            ("/static/archive.tar.gz", "gzip"),
            ("/memory/b.html", "gzip"),
            ("/memory/a.txt", "identity"),
            ("/nowhere", "gzip"),
        ):
            await client.send(request(f"Accept-Encoding: {accepted}", path=path))
            answer = await client.response()
            coding = dict(answer.fields).get("content-encoding")
            body = zlib.decompress(answer.body, 31) if coding == "gzip" else answer.body
            found.append((answer.status, coding, answer["Vary"], answer["Content-Type"], body))
        return found

    wire.run(the_same(wire, root, {"compress_response": True}, ask))
