"""Who has signed in, and what becomes of those who have not."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.wire.server_under_test import Response, Wire, request

from waterspout.httputil import HTTPServerRequest
from waterspout.web import Application, RequestHandler, authenticated


class Private(RequestHandler):
    """Is for those who have signed in."""

    def get_current_user(self):
        return self.get_cookie("user")

    @authenticated
    def get(self, *args):
        self.write(f"hello {self.current_user} {args}")

    head = post = put = options = get


class Later(Private):
    @authenticated
    async def get(self, *args):
        await asyncio.sleep(0)
        self.write(f"hello {self.current_user} {args}")


async def ask(
    wire: Wire, handler, *lines: str, target: str = "/", method: str = "GET", **settings
) -> Response:
    application = Application([("/(.*)", handler)], log_function=lambda handler: None, **settings)
    client = await wire.client(application)
    await client.send(request(*lines, path=target, method=method))
    return await client.response(method)


@pytest.mark.parametrize("handler", [Private, Later])
async def test_those_who_have_signed_in(wire, handler):
    found = await ask(wire, handler, "Cookie: user=ben", target="/x")
    assert found.body == b"hello ben ('x',)"


@pytest.mark.parametrize("handler", [Private, Later])
@pytest.mark.parametrize("cookie", ["Cookie: user=", "Cookie: a=b", "A: b"])
async def test_those_who_have_not(wire, handler, cookie):
    found = await ask(wire, handler, cookie, target="/x?a=1&b=%2F", login_url="/login")
    assert found.status == 302
    assert found["Location"] == "/login?next=%2Fx%3Fa%3D1%26b%3D%252F"
    assert found.body == b""


@pytest.mark.parametrize(
    ("method", "status"),
    [("GET", 302), ("HEAD", 302), ("POST", 403), ("PUT", 403), ("OPTIONS", 403)],
)
async def test_methods(wire, method, status):
    found = await ask(wire, Private, method=method, login_url="/login")
    assert found.status == status
    assert ("Location" in found) == (status == 302)


@pytest.mark.parametrize(
    ("login_url", "location"),
    [
        ("/login", "/login?next=%2Fx%3Fa"),
        ("/login?lang=en", "/login?lang=en"),
        ("login", "login?next=%2Fx%3Fa"),
        ("https://b.com/login", "https://b.com/login?next=http%3A%2F%2Fa%2Fx%3Fa"),
        ("https://b.com", "https://b.com?next=http%3A%2F%2Fa%2Fx%3Fa"),
        ("https://b.com/login?x", "https://b.com/login?x"),
        ("//b.com/login", "//b.com/login?next=%2Fx%3Fa"),
        ("/login#form", "/login?next=%2Fx%3Fa#form"),
    ],
)
async def test_login_urls(wire, login_url, location):
    found = await ask(wire, Private, target="/x?a", login_url=login_url)
    assert found["Location"] == location


@pytest.mark.parametrize(
    "target", ["//evil.com", "//evil.com/x?y", "/\\evil.com", "///evil.com", "http://a//evil.com"]
)
async def test_the_way_back_is_on_this_host(wire, target):
    found = await ask(wire, Private, target=target, login_url="/login")
    [way_back] = parse_qs(urlsplit(found["Location"]).query)["next"]
    assert way_back.startswith("/evil.com")


async def test_no_login_url(wire, caplog):
    found = await ask(wire, Private)
    assert found.status == 500
    assert "Private needs the setting 'login_url' for @authenticated" in caplog.text
    assert (await ask(wire, Private, method="POST")).status == 403


async def test_a_login_url_of_the_handler(wire):
    class Own(Private):
        def get_login_url(self):
            return f"/login/{self.request.host_name}"

    assert (await ask(wire, Own))["Location"] == "/login/a?next=%2F"


def test_the_user_is_asked_for_once():
    class Counts(RequestHandler):
        count = 0

        def get_current_user(self):
            self.count += 1

    handler = Counts(Application(), HTTPServerRequest())
    assert handler.count == 0
    assert handler.current_user is None
    assert handler.current_user is None
    assert handler.count == 1


def test_there_is_no_user_unless_the_program_knows_one():
    handler = RequestHandler(Application(), HTTPServerRequest())
    assert handler.current_user is None


async def test_a_user_that_it_takes_awaiting_to_find(wire):
    class Awaits(Private):
        async def prepare(self):
            await asyncio.sleep(0)
            self.current_user = "ann"

    assert (await ask(wire, Awaits)).body == b"hello ann ('',)"


def test_the_decorated_method_looks_like_the_one_inside():
    assert Private.get.__name__ == "get"
    assert Private.get.__wrapped__  # type: ignore[attr-defined]
