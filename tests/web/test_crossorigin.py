"""Requests that another origin's page sends."""

from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.web import Application, RequestHandler


class Page(RequestHandler):
    """Changes something."""

    def prepare(self):
        self.asked("prepare")

    def check_trusted_origin(self, origin):
        self.asked(origin)
        return super().check_trusted_origin(origin)

    def initialize(self, asked):
        self.asked = asked

    def post(self):
        self.write("done")

    get = head = options = put = delete = patch = post


async def ask(wire: Wire, *lines: str, method: str = "POST", **settings) -> tuple[int, list[str]]:
    asked: list[str] = []
    application = Application(
        [("/", Page, {"asked": asked.append})], log_function=lambda handler: None, **settings
    )
    client = await wire.client(application)
    await client.send(request(*lines, method=method))
    return (await client.response(method)).status, asked


def fields(site: str | None, origin: str | None) -> list[str]:
    lines = [] if site is None else [f"Sec-Fetch-Site: {site}"]
    return lines if origin is None else [*lines, f"Origin: {origin}"]


@pytest.mark.parametrize(
    ("site", "origin", "is_allowed"),
    [
        (None, None, True),  # no browser
        ("same-origin", None, True),
        ("same-origin", "http://b.com", True),
        ("none", None, True),  # the address bar
        ("same-site", None, False),
        ("cross-site", None, False),
        ("same-site", "http://x.a", False),
        ("cross-site", "http://a", False),
        ("cross-site", "http://b.com", False),
        ("SAME-ORIGIN", None, False),
        ("anything", None, False),
        ("", None, False),
        (None, "http://a", True),
        (None, "https://a", True),  # there may be a proxy that takes the TLS off
        (None, "http://A", True),
        (None, "http://a:80", False),
        (None, "http://a.com", False),
        (None, "http://x.a", False),
        (None, "http://a@b.com", False),
        (None, "http://b.com/a", False),
        (None, "null", False),
        (None, "", False),
        (None, "a", False),
        (None, "http://[", False),
    ],
)
async def test_who_may(wire, site, origin, is_allowed):
    status, asked = await ask(wire, *fields(site, origin), cross_origin_protection=True)
    assert status == (200 if is_allowed else 403)
    assert asked == (["prepare"] if is_allowed else [] if origin is None else [origin])


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://b.com", True),
        ("http://c.com:8080", True),
        ("https://b.com:443", False),
        ("http://b.com", False),
        ("https://b.com.evil.com", False),
        ("https://b", False),
    ],
)
@pytest.mark.parametrize("site", [None, "cross-site", "same-site"])
async def test_trusted_origins(wire, site, origin, is_allowed):
    for trusted in (["https://b.com", "http://c.com:8080"], {"https://b.com", "http://c.com:8080"}):
        status, asked = await ask(
            wire, *fields(site, origin), cross_origin_protection=True, trusted_origins=trusted
        )
        assert status == (200 if is_allowed else 403)
        assert asked[0] == origin


async def test_one_text_is_one_origin(wire):
    settings: dict[str, Any] = {"cross_origin_protection": True, "trusted_origins": "https://b.com"}
    assert (await ask(wire, "Origin: https://b.com", **settings))[0] == 200
    assert (await ask(wire, "Origin: https://b", **settings))[0] == 403
    assert (await ask(wire, "Origin: ", **settings))[0] == 403


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("GET", 200),
        ("HEAD", 200),
        ("OPTIONS", 200),
        ("POST", 403),
        ("PUT", 403),
        ("PATCH", 403),
        ("DELETE", 403),
    ],
)
async def test_methods(wire, method, status):
    line = "Origin: http://b.com"
    assert (await ask(wire, line, method=method, cross_origin_protection=True))[0] == status
    assert (await ask(wire, line, method=method))[0] == 200


async def test_several_origins_are_none_of_them(wire):
    lines = ["Origin: http://b.com", "Origin: http://a"]
    assert (await ask(wire, *lines, cross_origin_protection=True))[0] == 403
    lines = ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"]
    assert (await ask(wire, *lines, cross_origin_protection=True))[0] == 403


async def test_both_protections(wire):
    settings: dict[str, Any] = {"cross_origin_protection": True, "xsrf_cookies": True}
    token = ["Cookie: _xsrf=x", "X-Xsrftoken: x"]
    assert (await ask(wire, *token, "Origin: http://a", **settings))[0] == 200
    assert (await ask(wire, *token, "Origin: http://b.com", **settings))[0] == 403
    assert (await ask(wire, "Origin: http://a", **settings))[0] == 403


async def test_a_handler_may_trust_others(wire):
    class Open(Page):
        def check_trusted_origin(self, origin):
            return origin.endswith(".b.com")

    application = Application(
        [("/", Open, {"asked": lambda what: None})],
        log_function=lambda handler: None,
        cross_origin_protection=True,
    )
    client = await wire.client(application)
    assert (await client.ask("Origin: https://x.b.com", method="POST")).status == 200
    assert (await client.ask("Origin: https://x.c.com", method="POST")).status == 403
