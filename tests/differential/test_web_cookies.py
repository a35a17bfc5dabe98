"""Cookies, tokens and those who have not signed in: the same handlers here and in Tornado.

Where they differ on purpose the case stands in ``DIFFERENCES`` with its reason, and must differ.
"""

import re
import sys
from typing import Any

import pytest
from tests.wire.server_under_test import Client, Wire, request, wire

from waterspout import web
from waterspout.netutil import bind_sockets

tornado_web = pytest.importorskip("tornado.web", reason="Tornado is not installed")
tornado_httpserver = pytest.importorskip("tornado.httpserver", reason="Tornado is not installed")

__all__ = ["wire"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SETTINGS: dict[str, Any] = {
    "cookie_secret": {0: "old", 1: "new"},
    "key_version": 1,
    "login_url": "/login",
}
SIGNED = web.create_signed_value(SETTINGS["cookie_secret"], "s", "x", key_version=0).decode()
XSRF = "2|01020304|0103010705070503090b090f0d0f0d0b|5"
SAME = "2|00000000|000102030405060708090a0b0c0d0e0f|1700000000"
FORM = "Content-Type: application/x-www-form-urlencoded"


def rules(web: Any) -> list[Any]:
    """Return the same rules for either framework."""

    class Read(web.RequestHandler):  # type: ignore[misc]
        def get(self):
            names = ["a", "b", "path", "a[0]", "", "s"]
            self.write(
                {
                    "cookies": {name: self.get_cookie(name) for name in names},
                    "default": self.get_cookie("a", "default"),
                    "all": {name: morsel.value for name, morsel in self.cookies.items()},
                    "signed": str(self.get_signed_cookie("s")),
                    "key version": self.get_signed_cookie_key_version("s"),
                }
            )

    class Set(web.RequestHandler):  # type: ignore[misc]
        """Calls ``set_cookie`` with the arguments of the case."""

        def get(self, number):
            self.set_cookie("first", "1")
            try:
                self.set_cookie(**{"name": "a", "value": "1", **SETS[int(number)]})
            except Exception:
                self.set_status(500)
                # What Tornado has begun to set in spite of the error is its own affair.
                self.clear_cookie("a")

    class Act(web.RequestHandler):  # type: ignore[misc]
        """Does what the path says, after a cookie was set."""

        def get(self, name):
            self.set_cookie("a", "1")
            return getattr(self, name)()

        head = get

        def error(self):
            raise web.HTTPError(403)

        def finish_early(self):
            raise web.Finish

        def go(self):
            self.redirect("/")

        def not_modified(self):
            self.set_status(304)

        def twice(self):
            self.set_cookie("b", "2")
            self.set_cookie("a", "3", path="/x")

        def forget(self):
            self.clear_cookie("a", path="/x")

        def forget_all(self):
            self.clear_all_cookies(domain="d")

        def forget_the_fields(self):
            self.clear()
            self.clear_header("Set-Cookie")

        async def stream(self):
            self.write("x")
            await self.flush()
            self.set_cookie("b", "2")

        def with_session(self):
            self.set_signed_cookie("s", "x", expires_days=None, httponly=True)

        def with_days(self):
            self.set_secure_cookie("s", b"\xff", expires_days=2, version=2)

    class Token(web.RequestHandler):  # type: ignore[misc]
        def get_current_user(self):
            return self.get_argument("user", None)

        def get(self):
            token = self.xsrf_token
            assert isinstance(token, bytes)
            self.write(self.xsrf_form_html() if self.get_argument("form", None) else token)

    class Forms(web.RequestHandler):  # type: ignore[misc]
        def check_xsrf_cookie(self):
            if not self.request.path.startswith("/origin"):
                super().check_xsrf_cookie()

        def get(self):
            self.write("done")

        head = post = put = delete = patch = options = get

    class Private(web.RequestHandler):  # type: ignore[misc]
        def get_current_user(self):
            return self.get_cookie("a")

        @web.authenticated
        async def get(self):
            self.write(self.current_user)

        head = post = get

    class Login(Private):
        def get_login_url(self):
            return self.get_argument("login")

    class Adds(web.RequestHandler):  # type: ignore[misc]
        @web.addslash
        def get(self):
            self.write("slash")

        head = post = get

    class Removes(web.RequestHandler):  # type: ignore[misc]
        @web.removeslash
        def get(self):
            self.write("no slash")

        head = post = get

    return [
        ("/read", Read),
        (r"/set/(\d+)", Set),
        ("/act/(.*)", Act),
        ("/token", Token),
        ("/forms", Forms),
        ("/origin", Forms),
        ("/private", Private),
        ("/login", Login),
        ("/add.*|//?add.*", Adds),
        (r"/remove.*|//remove.*|/\\.*", Removes),
    ]


SETS: list[dict[str, Any]] = [
    {},
    {"value": b"1"},
    {"value": ""},
    {"value": "a=b"},
    {"value": '"\\,;\xe9'},
    {"value": "1 2"},
    {"value": "1\r\n2"},
    {"value": 1},
    {"name": b"a"},
    {"name": "a:b"},
    {"name": "$"},
    {"name": ""},
    {"name": "a b"},
    {"name": "a;b"},
    {"name": "a/b"},
    {"name": "path"},
    {"name": "\xe9"},
    {"domain": "example.com"},
    {"domain": ""},
    {"domain": "a;b"},
    {"path": None},
    {"path": ""},
    {"path": "/x,y"},
    {"path": "/x y"},
    {"path": "/x;y"},
    {"path": "/\r\n"},
    {"expires": 1e9},
    {"expires": 1_000_000_000.7},
    {"expires": (2030, 1, 1, 0, 0, 0, 0, 0, 0)},
    {"expires": "soon"},
    {"expires": 5, "expires_days": 1},
    {"expires_days": 1},
    {"expires_days": 0},
    {"expires_days": -0.5},
    {"max_age": 5},
    {"max_age": -5},
    {"max_age": 5.5},
    {"max_age": "5"},
    {"max_age": "5; x"},
    {"httponly": True, "secure": True, "samesite": "Lax"},
    {"samesite": "none"},
    {"samesite": "a;b"},
    {"HttpOnly": True},
    {"Secure": 1},
    {"Path": "/x"},
    {"SameSite": "Strict"},
    {"max-age": 5},
    {"Domain": "a;b"},
    {"version": 1, "comment": "x"},
    {"bogus": 1},
    {"max_age": 0},
    {"expires": 0},
    {"samesite": "bogus"},
    {"Expires": 5},
    {"partitioned": True},
    {"path": "/\xe9"},
]


def get(path: str, *lines: str) -> tuple[str, bytes]:
    return "GET", request(*lines, path=path)


def post(path: str, *lines: str, method: str = "POST", body: bytes = b"") -> tuple[str, bytes]:
    return method, request(*lines, path=path, method=method, body=body or b"x=")


CASES: dict[str, tuple[str, bytes]] = {
    **{f"set {shown!r}": get(f"/set/{number}") for number, shown in enumerate(SETS)},
    **{
        f"read {cookie}": get("/read", f"Cookie: {cookie}")
        for cookie in (
            "a=1; b=2",
            "a=1;b=2; a=3",
            "a",
            "path=1; a[0]=2; =3; b=4",
            r'a="x\054\"\\"; b="',
            "a=\xe9; \xff=1",
            f's="{SIGNED}"',
            f"s={SIGNED}",
            f"s={SIGNED}0",
            "s=2|1:0|10:1700000000|1:s|4:dg==|0",
            "s=||",
            "s=x",
        )
    },
    "read nothing": get("/read"),
    "read two fields": get("/read", "Cookie: a=1", "Cookie: b=2"),
    "read version 1": get("/read", "Cookie: s=dg==|1700000000|" + "0" * 40),
    **{
        f"act {name}": get(f"/act/{name}", "Cookie: a=1; c=2")
        for name in (
            "error",
            "finish_early",
            "go",
            "not_modified",
            "twice",
            "forget",
            "forget_all",
            "forget_the_fields",
            "stream",
            "with_session",
            "with_days",
        )
    },
    "token": get("/token"),
    "token for a user": get("/token?user=ben"),
    "token in a form": get("/token?form=1"),
    "token of a cookie": get("/token", f"Cookie: _xsrf={XSRF}"),
    "token of an old cookie": get("/token", "Cookie: _xsrf=000102030405060708090a0b0c0d0e0f"),
    "token of a broken cookie": get("/token", "Cookie: _xsrf=2|x"),
    "token of an own cookie": get("/token", "Cookie: _xsrf=mine"),
    **{
        f"{method} without a token": post("/forms", method=method)
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
    },
    **{
        f"POST {token!r} for {cookie!r}": post(
            "/forms", f"Cookie: _xsrf={cookie}", f"X-Xsrftoken: {token}"
        )
        for cookie in (XSRF, SAME, "000102030405060708090a0b0c0d0e0f", "mine", "2|x", "")
        for token in (XSRF, SAME, "000102030405060708090a0b0c0d0e0f", "mine", "2|x", "")
    },
    "a token in a form": post(
        "/forms", f"Cookie: _xsrf={XSRF}", FORM, body=b"_xsrf=" + SAME.encode()
    ),
    "a token in a query": post(f"/forms?_xsrf={SAME}", f"Cookie: _xsrf={XSRF}"),
    "a token as Django's": post("/forms", f"Cookie: _xsrf={XSRF}", f"X-CSRFToken: {SAME}"),
    "a wrong form, a right header": post(
        "/forms", f"Cookie: _xsrf={XSRF}", FORM, f"X-Xsrftoken: {XSRF}", body=b"_xsrf=x"
    ),
    "POST to nowhere": post("/nowhere"),
    **{
        f"from {site} {origin}": post(
            "/origin",
            *([] if site is None else [f"Sec-Fetch-Site: {site}"]),
            *([] if origin is None else [f"Origin: {origin}"]),
        )
        for site in (None, "same-origin", "none", "same-site", "cross-site", "x", "")
        for origin in (None, "http://a", "https://A", "http://b", "http://trusted", "null", "")
    },
    "GET from elsewhere": get("/origin", "Origin: http://b"),
    "private": get("/private"),
    "private with a query": get("/private?a=1&b=/"),
    "private by HEAD": ("HEAD", request(path="/private", method="HEAD")),
    "private by POST": post(
        "/private", f"Cookie: _xsrf={XSRF}", f"X-Xsrftoken: {XSRF}"
    ),
    "private, signed in": get("/private", "Cookie: a=ben"),
    **{
        f"login at {url}": get(f"/login?login={url}")
        for url in ("/l", "l", "/l%3Fx", "//b.com/l", "https://b.com/l", "https://b.com", "/l%23f")
    },
    **{
        f"slashes of {target}": get(target)
        for target in (
            "/add", "/add/", "/add?x=/", "/add?", "//add", "//add/", "/add//b",
            "/remove", "/remove/", "/remove//", "/remove/?x=/", "//remove", "//remove/", "/\\r/",
        )
    },
    "slashes by POST": post("/add", f"Cookie: _xsrf={XSRF}", f"X-Xsrftoken: {XSRF}"),
}  # fmt: skip

_FAULT = "Tornado leaves it out, and the cookie lives as long as the session"
_NOT_OURS = "None: in Tornado anybody gets a 500 with it, where secrets have key versions"
DIFFERENCES: dict[str, str] = {
    "set {'max_age': 0}": _FAULT,
    "set {'expires': 0}": _FAULT,
    "set {'samesite': 'bogus'}": "no browser knows it: a ValueError",
    "set {'Expires': 5}": "the same as expires; Tornado counts it from now",
    "set {'partitioned': True}": "on every Python, not from 3.14 on",
    "set {'path': '/\xe9'}": "a path of a cookie is ASCII (RFC 6265bis 4.1.1)",
    "read two fields": "fields are joined by a semicolon (RFC 9113 8.2.3), not by a comma",
    "read version 1": _NOT_OURS,
    "read s=||": _NOT_OURS,
    "read s=x": _NOT_OURS,
    "login at /l%23f": "next goes before the fragment, which is not sent",
}
if sys.version_info >= (3, 14):
    del DIFFERENCES["set {'partitioned': True}"]


def settled(value: str) -> str:
    """Leave out of a field or a body what changes from one time to the next."""
    value = re.sub(r"2\|[0-9a-f]{8}\|[0-9a-f]{8,32}\|", "2|masked|", value)
    value = re.sub(r"masked\|17\d{8}", "masked|now", value)
    value = re.sub(r"\d\d:\d\d:\d\d GMT", "GMT", value)
    value = re.sub(r"\|10:\d{10}\|(.*)\|[0-9a-f]{64}", r"|10:now|\1|signature", value)
    return re.sub(r"127\.0\.0\.1:\d+", "host", value)


async def outcome(client: Client, method: str, raw: bytes) -> dict[str, object]:
    """Return what is compared of the answer."""
    await client.send(raw)
    found = await client.response(method)
    is_page = found.body.startswith(b"<html>")
    return {
        "status": found.status,
        "cookies": [settled(value) for name, value in found.fields if name == "set-cookie"],
        "location": [value for name, value in found.fields if name == "location"],
        "body": "" if is_page else settled(found.body.decode()),
    }


@pytest.mark.parametrize("name", CASES)
def test_the_same_answer(wire: Wire, name):
    wire.run(compare(wire, name))


async def compare(wire: Wire, name: str) -> None:
    settings: dict[str, Any] = {**SETTINGS, "log_function": lambda handler: None}
    if "/origin" in CASES[name][1].decode("latin-1"):
        settings |= {"cross_origin_protection": True, "trusted_origins": ["http://trusted"]}
    else:
        settings |= {"xsrf_cookies": True}
    ours = wire.serve(web.Application(rules(web), **settings))
    theirs = tornado_httpserver.HTTPServer(tornado_web.Application(rules(tornado_web), **settings))
    theirs.add_sockets(bind_sockets(0, "127.0.0.1"))
    try:
        found = await outcome(await wire.connect(ours), *CASES[name])
        [listener] = theirs._sockets.values()
        expected = await outcome(await wire.connect_to(listener), *CASES[name])
        if name in DIFFERENCES:
            assert found != expected, "they agree: take the case from DIFFERENCES"
        else:
            assert found == expected
    finally:
        theirs.stop()
        await theirs.close_all_connections()


async def keep(wire: Wire, giver: Any, taker: Any) -> None:
    """Have one framework give a token and a signed cookie, and the other one take them."""
    settings: dict[str, Any] = {
        **SETTINGS,
        "xsrf_cookies": True,
        "log_function": lambda handler: None,
    }
    clients = []
    servers = []
    try:
        for module in (giver, taker):
            server: Any = tornado_httpserver.HTTPServer(
                module.Application(rules(module), **settings)
            )
            if module is web:
                server = wire.serve(module.Application(rules(module), **settings))
                clients.append(await wire.connect(server))
            else:
                server.add_sockets(bind_sockets(0, "127.0.0.1"))
                servers.append(server)
                [listener] = server._sockets.values()
                clients.append(await wire.connect_to(listener))
        first, second = clients
        given = await first.ask(path="/token")
        cookie = given["Set-Cookie"].partition(";")[0]
        token = given.body.decode()
        taken = await second.ask(
            f"Cookie: {cookie}", f"X-Xsrftoken: {token}", method="POST", path="/forms"
        )
        assert taken.body == b"done"
        signed = await first.ask(path="/act/with_session")
        [line] = [value for _, value in signed.fields if value.startswith("s=")]
        read = await second.ask(f"Cookie: {line.partition(';')[0]}", path="/read")
        assert b'"signed": "b\'x\'"' in read.body
        assert b'"key version": 1' in read.body
    finally:
        for server in servers:
            server.stop()
            await server.close_all_connections()


@pytest.mark.parametrize("is_giver", [True, False])
def test_what_the_one_gives_the_other_takes(wire: Wire, is_giver):
    giver, taker = (web, tornado_web) if is_giver else (tornado_web, web)
    wire.run(keep(wire, giver, taker))


def test_the_table_of_differences_names_cases():
    assert DIFFERENCES.keys() <= CASES.keys()
