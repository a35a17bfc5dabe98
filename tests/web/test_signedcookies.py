"""Signed cookies: with the application's secret or secrets, and without one."""

from typing import Any

import pytest
from tests.wire.server_under_test import Response, Wire

from waterspout.web import Application, RequestHandler, create_signed_value


class Page(RequestHandler):
    """Does what ``act`` does."""

    def initialize(self, act):
        self.act = act

    def get(self):
        return self.act(self)


async def answer(wire: Wire, act, *lines: str, **settings) -> Response:
    application = Application(
        [("/", Page, {"act": act})], log_function=lambda handler: None, **settings
    )
    return await (await wire.client(application)).ask(*lines)


async def there_and_back(wire: Wire, act, *, to: dict | None = None, **settings):
    """Return what ``get_signed_cookie("a")`` gives for the cookie that ``act`` has set."""
    line = (await answer(wire, act, **settings))["Set-Cookie"]
    found = []

    def ask(handler):
        found.append(handler.get_signed_cookie("a"))
        found.append(handler.get_signed_cookie_key_version("a"))

    await answer(wire, ask, f"Cookie: {line.partition('; ')[0]}", **(to or settings))
    return tuple(found)


@pytest.mark.parametrize("value", ["x", "", "\u20ac; x", b"\xff\x00", "a=b|c"])
@pytest.mark.parametrize("secret", ["secret", b"\xff", "\u20ac"])
async def test_there_and_back(wire, secret, value):
    expected = value.encode() if isinstance(value, str) else value
    found = await there_and_back(
        wire, lambda h: h.set_signed_cookie("a", value), cookie_secret=secret
    )
    assert found == (expected, 0)


async def test_version_1(wire):
    def act(handler):
        handler.set_signed_cookie("a", "x", version=1)

    assert await there_and_back(wire, act, cookie_secret="s") == (b"x", None)


async def test_attributes(wire):
    def act(handler):
        handler.set_signed_cookie("a", "x", expires_days=None, httponly=True, path="/p")

    line = (await answer(wire, act, cookie_secret="s"))["Set-Cookie"]
    assert line.endswith('"; HttpOnly; Path=/p')
    line = (await answer(wire, lambda h: h.set_signed_cookie("a", "x"), cookie_secret="s"))[
        "Set-Cookie"
    ]
    assert "; expires=" in line


SECRETS = {0: "old", 1: "new"}


async def test_key_versions(wire):
    def act(handler):
        handler.set_signed_cookie("a", "x")

    for version in SECRETS:
        settings: dict[str, Any] = {"cookie_secret": SECRETS, "key_version": version}
        assert await there_and_back(wire, act, **settings) == (b"x", version)
    settings = {"cookie_secret": SECRETS, "key_version": 1}
    only_old = {"cookie_secret": {0: "old"}, "key_version": 0}
    assert await there_and_back(wire, act, to=only_old, **settings) == (None, 1)
    assert await there_and_back(wire, act, to={"cookie_secret": "new"}, **settings) == (b"x", 1)


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "a=",
        "a=x",
        "a=2|",
        "a=||",
        "a=2|1:0|10:1700000000|1:a|4:dg==|0",
        "a=dg==|1|0",
        'a="\\"',
        "a=\xff",
    ],
)
@pytest.mark.parametrize("secret", ["s", {0: "s"}])
async def test_what_was_never_signed_is_none(wire, cookie, secret):
    found = []
    seen = await answer(
        wire,
        lambda h: found.append(h.get_signed_cookie("a")),
        f"Cookie: {cookie}",
        cookie_secret=secret,
    )
    assert seen.status == 200
    assert found == [None]


async def test_a_cookie_signed_for_another_name(wire):
    signed = create_signed_value("s", "b", "x").decode()
    found = []
    await answer(
        wire,
        lambda h: found.append(h.get_signed_cookie("a")),
        f'Cookie: a="{signed}"',
        cookie_secret="s",
    )
    assert found == [None]


async def test_values_that_are_no_cookies(wire):
    found = []

    def act(handler):
        signed = handler.create_signed_value("n", "x")
        old = create_signed_value("s", "n", "x", clock=lambda: 1_700_000_000)
        found.append(handler.get_signed_cookie("n", signed))
        found.append(handler.get_signed_cookie("m", signed))
        found.append(handler.get_signed_cookie("n", old))
        found.append(handler.get_signed_cookie("n", old, max_age_days=100_000))
        found.append(handler.get_signed_cookie("n", old, 100_000, 2))
        version_1 = handler.create_signed_value("n", "x", version=1)
        found.append(handler.get_signed_cookie("n", version_1))
        found.append(handler.get_signed_cookie("n", version_1, min_version=2))
        found.append(handler.get_signed_cookie_key_version("n", signed))
        found.append(handler.get_signed_cookie_key_version("n"))

    await answer(wire, act, cookie_secret="s")
    assert found == [b"x", None, None, b"x", b"x", b"x", None, 0, None]


def test_older_names():
    for name in ("set", "get"):
        assert getattr(RequestHandler, f"{name}_secure_cookie") is getattr(
            RequestHandler, f"{name}_signed_cookie"
        )
    assert (
        RequestHandler.get_secure_cookie_key_version is RequestHandler.get_signed_cookie_key_version
    )


async def test_methods_that_are_overridden_are_used(wire):
    class Prefixed(RequestHandler):
        def set_cookie(self, name, value, *args, **kwargs):
            super().set_cookie(f"x-{name}", value, *args, **kwargs)

        def get_cookie(self, name, default=None):
            return super().get_cookie(f"x-{name}", default)

        def get(self):
            self.write(self.get_signed_cookie("a") or b"none")
            self.set_signed_cookie("a", "value")

    application = Application([("/", Prefixed)], cookie_secret="s", log_function=lambda h: None)
    client = await wire.client(application)
    line = (await client.ask())["Set-Cookie"]
    assert line.startswith("x-a=")
    assert (await client.ask(f"Cookie: {line.partition('; ')[0]}")).body == b"value"


# Settings that are missing


@pytest.mark.parametrize("settings", [{}, {"cookie_secret": None}, {"cookie_secret": ""}])
@pytest.mark.parametrize(
    "act",
    [
        lambda h: h.set_signed_cookie("a", "x"),
        lambda h: h.get_signed_cookie("a"),
        lambda h: h.get_signed_cookie_key_version("a"),
        lambda h: h.create_signed_value("a", "x"),
    ],
)
async def test_no_secret(wire, settings, act):
    def check(handler):
        with pytest.raises(RuntimeError) as caught:
            act(handler)
        assert str(caught.value) == (
            "Page needs the setting 'cookie_secret' for signed cookies:"
            " pass cookie_secret=... to Application"
        )
        handler.write("fine")

    assert (await answer(wire, check, **settings)).body == b"fine"


@pytest.mark.parametrize("settings", [{}, {"key_version": None}, {"key_version": 2}])
async def test_no_key_version(wire, settings):
    def check(handler):
        with pytest.raises(RuntimeError, match="Page needs the setting 'key_version'") as caught:
            handler.set_signed_cookie("a", "x")
        assert "new" not in str(caught.value)
        handler.write("fine")

    assert (await answer(wire, check, cookie_secret=SECRETS, **settings)).body == b"fine"
