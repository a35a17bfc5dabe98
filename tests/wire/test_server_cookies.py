"""What no cookie, no signature and no path may do to a server, sent as raw bytes."""

import hmac
from typing import Any

import pytest
from tests.wire.server_under_test import request

from waterspout.web import (
    Application,
    RequestHandler,
    addslash,
    authenticated,
    create_signed_value,
    removeslash,
)

#: Below the limit of 64 KiB for a head.
ROOM = 60_000


class Page(RequestHandler):
    """Looks at every cookie in every way."""

    def get_current_user(self):
        return self.get_signed_cookie("user")

    def get(self):
        assert isinstance(self.get_cookie("a", ""), str)
        for name in self.cookies:
            assert self.get_cookie(name) is not None
        self.clear_all_cookies()
        assert self.xsrf_token
        self.write(self.current_user or b"nobody")

    def post(self):
        self.write("done")


class Names(RequestHandler):
    """Tells the names of the cookies."""

    def get(self):
        self.get_cookie("a")
        self.write({"names": list(self.cookies)[:10]})


class Token(RequestHandler):
    """Shows the token of its forms."""

    def get(self):
        self.write(self.xsrf_token)

    def post(self):
        self.write("done")


class Echo(RequestHandler):
    """Sets the cookie that its arguments say."""

    def get(self):
        given: dict[str, Any] = {"name": "a", "value": "a", "samesite": "lax"}
        for part in self.request.arguments:
            given[part] = self.get_argument(part, strip=False)
        self.set_cookie(**given)


class Slashes(RequestHandler):
    """Redirects."""

    @addslash
    def get(self):
        self.write("slash")

    @removeslash
    def head(self):
        self.write("no slash")


class Private(Page):
    """Redirects those who have not signed in."""

    get = authenticated(Page.get)


def application(**settings) -> Application:
    return Application(
        [("/", Page), ("/echo", Echo), ("/private.*|//.*", Private), (".*", Slashes)],
        log_function=lambda handler: None,
        **{"cookie_secret": "secret", "login_url": "/login", **settings},
    )


@pytest.mark.parametrize(
    "cookie",
    [
        b"",
        b";",
        b"=",
        b"a",
        b"a=1; a=2;; ;",
        b"a=\xff; \xff=1; \xc3\xa9=\xc3\xa9",
        b'a="; b="\\"; c=\\; d="\\400"; e="\\012\\015"',
        b"path=1; Expires=2; __proto__=3; a[0]=4; $Version=5",
        b"a=1,b=2, c=3",
        b"_xsrf=2|zz|zz|1; user=2|1:0|10:1|4:user|0:|0",
        b"user=" + b"|" * 1000,
        b"user=2|99999999999999999999:0|",
        b"user=2|1:" + b"9" * 5000 + b"|",
        b"user=dg==|" + b"9" * 5000 + b"|" + b"0" * 40,
        b"a=" + b'"\\' * (ROOM // 2),
        b"; " * (ROOM // 2),
        b"=" * ROOM,
        b"a" * ROOM,
        b'"' * ROOM,
        b"".join(b"%d=;" % number for number in range(ROOM // 7)),
    ],
    ids=lambda cookie: repr(cookie[:20]),
)
@pytest.mark.slow
async def test_no_cookie_is_a_500(wire, cookie):
    client = await wire.client(application())
    found = await client.ask(b"Cookie: " + cookie)
    assert found.status == 200
    assert found.body == b"nobody"
    found = await client.ask(b"Cookie: " + cookie, b"Cookie: " + cookie[:5])
    assert found.status == 200


@pytest.mark.parametrize("unit", ['"', "\\", '"\\0', ";", "=", ' ="', '\\"', "a=b;"])
@pytest.mark.slow
async def test_a_mebibyte_of_cookies_takes_linear_time(wire, unit):
    """Where it were quadratic it would take hours."""
    size = 1024 * 1024
    client = await wire.client([("/", Names)], max_header_size=2 * size)
    for cookie in (unit * (size // len(unit)), 'a="' + unit * (size // len(unit)) + '"'):
        assert (await client.ask(f"Cookie: {cookie}")).status == 200


@pytest.mark.parametrize("part", ["name", "value", "path", "domain", "samesite", "max_age"])
@pytest.mark.parametrize(
    "text", ["x%0d%0aInjected:%20y", "x%0aInjected:y", "x%00", "x;%20Injected"]
)
async def test_nothing_breaks_out_of_its_cookie(wire, part, text):
    client = await wire.client(application())
    found = await client.ask(path=f"/echo?{part}={text}")
    assert found.status == 500
    assert "Injected" not in found
    assert "Set-Cookie" not in found
    found = await client.ask(path="/echo?value=x;y")
    assert found["Set-Cookie"] == r'a="x\073y"; Path=/; SameSite=lax'


def signed(value: str = "ann", secret: str = "secret", name: str = "user") -> bytes:
    return create_signed_value(secret, name, value)


async def test_only_what_was_signed_is_believed(wire):
    client = await wire.client(application())
    good = signed()
    assert (await client.ask(b'Cookie: user="' + good + b'"')).body == b"ann"
    for bad in (
        signed(secret="guess"),
        signed(name="other"),
        good[:-1],
        good[:-64] + b"0" * 64,
        good.replace(b"|4:user|", b"|4:uSer|"),
        good.replace(b"YW5u", b"YmVu"),
        good.replace(b"2|1:0|", b"2|1:1|"),
        good.replace(b"2|", b"1|"),
        create_signed_value("secret", "user", "ann", clock=lambda: 1_700_000_000),
    ):
        assert bad != good
        assert (await client.ask(b'Cookie: user="' + bad + b'"')).body == b"nobody"


@pytest.mark.parametrize("version", [1, 2])
async def test_signatures_and_tokens_are_compared_in_constant_time(wire, monkeypatch, version):
    """What is wrong in its first character takes as long to refuse as in its last."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    client = await wire.client(application(xsrf_cookies=True))
    value = create_signed_value("secret", "user", "ann", version=version)
    for at in (None, -1, -40):
        given = bytearray(value)
        if at is not None:
            given[at] = ord("1") if given[at] == ord("0") else ord("0")
        compared.clear()
        body = (await client.ask(b'Cookie: user="' + given + b'"')).body
        assert body == (b"ann" if at is None else b"nobody")
        assert len(compared) == 1
    cookie = (await client.ask())["Set-Cookie"].partition(";")[0]
    compared.clear()
    token = cookie.partition("=")[2]
    for sent, status in ((token, 200), (token.replace("2|", "2|0", 1)[:-1], 403)):
        lines = (f"Cookie: {cookie}", f"X-Xsrftoken: {sent}")
        assert (await client.ask(*lines, method="POST")).status == status
    assert compared


async def test_the_token_of_forms_is_versioned_and_masked_anew_for_each_page(wire):
    client = await wire.client(Application([("/", Token)], xsrf_cookies=True))
    first = await client.ask()
    cookie = first["Set-Cookie"].partition(";")[0]
    tokens = {first.body} | {(await client.ask(f"Cookie: {cookie}")).body for _ in range(20)}
    assert len(tokens) == 21
    for token in tokens:
        version, mask, masked, _ = token.split(b"|")
        assert version == b"2"
        assert len(mask) == 8
        assert len(masked) == 32
        found = await client.ask(
            f"Cookie: {cookie}", f"X-Xsrftoken: {token.decode()}", method="POST"
        )
        assert found.status == 200


async def test_a_form_of_another_site_is_refused(wire):
    client = await wire.client(application(xsrf_cookies=True))
    cookie = (await client.ask())["Set-Cookie"].partition(";")[0]
    token = cookie.partition("=")[2]
    for lines in ([], [f"Cookie: {cookie}"], [f"X-Xsrftoken: {token}"]):
        assert (await client.ask(*lines, method="POST")).status == 403
    found = await client.ask(f"Cookie: {cookie}", f"X-Xsrftoken: {token}", method="POST")
    assert found.body == b"done"
    client = await wire.client(application(cross_origin_protection=True))
    assert (await client.ask("Origin: http://a", method="POST")).status == 200
    assert (await client.ask("Origin: http://b", method="POST")).status == 403
    assert (await client.ask("Sec-Fetch-Site: cross-site", method="POST")).status == 403


@pytest.mark.parametrize("prefix", ["//", "/\\", "///", "/\\/", "//\\", "/\\\\"])
async def test_no_path_leads_to_another_host(wire, prefix):
    client = await wire.client(application())
    for method, tail in (("GET", "x"), ("HEAD", "x/"), ("GET", "private"), ("HEAD", "x//?a")):
        await client.send(request(method=method, path=f"{prefix}evil.com/{tail}"))
        found = await client.response(method)
        assert found.status in (302, 403, 405)
        if found.status == 302:
            assert found["Location"].startswith("/login?next=%2Fevil.com%2F")
