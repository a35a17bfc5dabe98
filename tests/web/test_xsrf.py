"""Tokens against forgery: what a page is given, and what a form has to send back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import Response, Wire, request

from waterspout.httputil import HTTPServerRequest
from waterspout.web import Application, ErrorHandler, RequestHandler
from waterspout.web.xsrf import _decode

TOKEN = bytes(range(16))
# The same token under three masks, and bare.
FIRST = "2|00000000|000102030405060708090a0b0c0d0e0f|1700000000"
SECOND = "2|ffffffff|fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0|5"
THIRD = "2|01020304|0103010705070503090b090f0d0f0d0b|5"
BARE = TOKEN.hex()
OTHER = "2|00000000|ff0102030405060708090a0b0c0d0e0f|1700000000"

FORM = "Content-Type: application/x-www-form-urlencoded"


class Page(RequestHandler):
    """Shows the token and takes the form."""

    def get_current_user(self):
        return self.get_argument("user", None)

    def get(self):
        self.write(self.xsrf_token)
        assert self.xsrf_token is self.xsrf_token

    def post(self):
        self.write("done")

    put = delete = patch = options = head = post


async def ask(
    wire: Wire,
    *lines: str,
    method: str = "GET",
    path: str = "/",
    body: bytes = b"",
    handler: type[RequestHandler] = Page,
    **settings,
) -> Response:
    application = Application([("/", handler)], log_function=lambda handler: None, **settings)
    client = await wire.client(application)
    await client.send(request(*lines, method=method, path=path, body=body))
    return await client.response(method)


async def post(wire: Wire, *lines: str, body: bytes = b"", **options) -> Response:
    options.setdefault("method", "POST")
    return await ask(wire, FORM, *lines, body=body, xsrf_cookies=True, **options)


# The token


async def test_a_new_token(wire):
    found = await ask(wire)
    token = found.body.decode()
    assert re.fullmatch(r"2\|[0-9a-f]{8}\|[0-9a-f]{32}\|\d{10}", token)
    assert found["Set-Cookie"] == f"_xsrf={token}; Path=/"
    assert (await ask(wire)).body.decode() != token


async def test_the_token_of_the_cookie_under_another_mask(wire):
    masks = set()
    for _ in range(3):
        found = await ask(wire, f"Cookie: _xsrf={FIRST}")
        assert "Set-Cookie" not in found
        version, mask, _masked, seconds = found.body.decode().split("|")
        masks.add(mask)
        assert (version, seconds) == ("2", "1700000000")
        decoded = _decode(found.body.decode())
        assert decoded is not None
        assert decoded.token == TOKEN
    assert len(masks) == 3


async def test_a_page_without_it_sets_no_cookie(wire):
    found = await ask(wire, method="OPTIONS", xsrf_cookies=True)
    assert found.body == b"done"
    assert "Set-Cookie" not in found


async def test_version_1(wire):
    found = await ask(wire, xsrf_cookie_version=1)
    assert re.fullmatch(rb"[0-9a-f]{32}", found.body)
    assert found["Set-Cookie"] == f"_xsrf={found.body.decode()}; Path=/"
    found = await ask(wire, f"Cookie: _xsrf={FIRST}", xsrf_cookie_version=1)
    assert found.body.decode() == BARE
    assert "Set-Cookie" not in found
    found = await ask(wire, f"Cookie: _xsrf={BARE}")
    decoded = _decode(found.body.decode())
    assert decoded is not None
    assert decoded.token == TOKEN


async def test_an_unknown_version(wire, caplog):
    assert (await ask(wire, xsrf_cookie_version=3)).status == 500
    assert "the setting xsrf_cookie_version is 1 or 2, not 3" in caplog.text


@pytest.mark.parametrize("cookie", ["2|zz", "3|00000000|00|1", "", "2||00|1", "2|00000000||1"])
async def test_a_broken_cookie_is_replaced(wire, cookie):
    found = await ask(wire, f"Cookie: _xsrf={cookie}")
    assert found.status == 200
    assert found["Set-Cookie"].startswith("_xsrf=2|")


async def test_the_settings_of_the_cookie(wire):
    found = await ask(
        wire,
        xsrf_cookie_name="__Host-x",
        xsrf_cookie_kwargs={"httponly": True, "secure": True, "samesite": "Strict"},
    )
    assert found["Set-Cookie"].startswith("__Host-x=2|")
    assert found["Set-Cookie"].endswith("; HttpOnly; Path=/; SameSite=Strict; Secure")


async def test_the_cookie_of_somebody_who_has_signed_in_stays(wire):
    assert "; expires=" in (await ask(wire, path="/?user=ben"))["Set-Cookie"]
    found = await ask(wire, path="/?user=ben", xsrf_cookie_kwargs={"expires_days": None})
    assert "; expires=" not in found["Set-Cookie"]


def test_the_field_of_a_form():
    handler = Page(Application(), HTTPServerRequest(uri="/"))
    token = handler.xsrf_token.decode()
    assert handler.xsrf_form_html() == f'<input type="hidden" name="_xsrf" value="{token}"/>'


# What has to come back


@pytest.mark.parametrize("cookie", [FIRST, SECOND, THIRD, BARE])
@pytest.mark.parametrize("token", [FIRST, SECOND, THIRD, BARE, BARE.upper()])
async def test_the_same_token_in_any_shape(wire, cookie, token):
    cookie_line = f"Cookie: _xsrf={cookie}"
    form = f"_xsrf={token}".replace("|", "%7C").encode()
    assert (await post(wire, cookie_line, body=form)).body == b"done"
    assert (await post(wire, cookie_line, f"X-XSRFToken: {token}")).body == b"done"
    assert (await post(wire, cookie_line, f"X-CSRFToken: {token}")).body == b"done"
    assert (await post(wire, cookie_line, f"X-Csrftoken: {token}", method="PUT")).body == b"done"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "|",
        "2|",
        "2|||",
        "x",
        OTHER,
        OTHER[2:],
        "3" + FIRST[1:],
        "02" + FIRST[1:],
        "2|00000000|00|1700000000",
        "2|00000000|0|1700000000",
        "2|000000|000102030405060708090a0b0c0d0e0f|1700000000",
        "2|0000000g|000102030405060708090a0b0c0d0e0f|1700000000",
        FIRST[:-10],
        FIRST + "|",
        FIRST + "x",
        "2|00000000|000102030405060708090a0b0c0d0e0f|-1",
        BARE[:-2],
        BARE + "00",
        "\xe9",
    ],
)
async def test_another_token(wire, token):
    for lines in (
        [f"Cookie: _xsrf={FIRST}", f"X-Xsrftoken: {token}"],
        [f"X-Xsrftoken: {FIRST}", f"Cookie: _xsrf={token}"],
    ):
        found = await post(wire, *lines)
        assert found.status == 403
        assert "Set-Cookie" not in found


async def test_no_token_or_no_cookie(wire, caplog):
    assert (await post(wire)).status == 403
    assert (await post(wire, f"Cookie: _xsrf={FIRST}")).status == 403
    assert "'_xsrf' argument missing from POST" in caplog.text
    assert (await post(wire, f"X-Xsrftoken: {FIRST}")).status == 403
    assert "XSRF cookie does not match POST argument" in caplog.text
    assert FIRST not in caplog.text


async def test_a_form_before_a_header(wire):
    lines = [f"Cookie: _xsrf={FIRST}", f"X-Xsrftoken: {FIRST}"]
    assert (await post(wire, *lines, body=b"_xsrf=wrong")).status == 403
    assert (await post(wire, *lines, body=b"other=x")).status == 200


async def test_another_name_of_the_cookie(wire):
    lines = [f"Cookie: x={FIRST}", f"X-Xsrftoken: {SECOND}"]
    assert (await post(wire, *lines, xsrf_cookie_name="x")).status == 200
    assert (await post(wire, *lines)).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_methods_that_change_something(wire, method):
    assert (await post(wire, method=method)).status == 403
    assert (await ask(wire, method=method)).status == 200
    assert (await ask(wire, method=method, xsrf_cookies=False)).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_methods_that_do_not(wire, method):
    assert (await post(wire, method=method)).status == 200


async def test_it_is_checked_before_prepare(wire):
    called = []

    class Prepares(Page):
        def prepare(self):
            called.append("prepare")

        def check_xsrf_cookie(self):
            called.append("check")
            super().check_xsrf_cookie()

    assert (await post(wire, handler=Prepares)).status == 403
    assert called == ["check"]
    lines = [f"Cookie: _xsrf={FIRST}", f"X-Xsrftoken: {SECOND}"]
    assert (await post(wire, *lines, handler=Prepares)).status == 200
    assert called == ["check", "check", "prepare"]


async def test_a_handler_may_do_without(wire):
    class Open(Page):
        def check_xsrf_cookie(self):
            pass

    assert (await post(wire, handler=Open)).status == 200


async def test_an_unknown_path_is_a_404_all_the_same(wire):
    assert (await post(wire, path="/nowhere")).status == 404


def test_error_pages_are_not_protected():
    handler = ErrorHandler(
        Application(xsrf_cookies=True), HTTPServerRequest("POST", "/"), status_code=404
    )
    handler.check_xsrf_cookie()
    assert handler.check_trusted_origin("https://anywhere.com")


@given(st.text(st.sampled_from("012|af-g\xe9"), max_size=40) | st.text())
def test_decoding_never_raises(text):
    found = _decode(text)
    assert found is None or isinstance(found.token, bytes)


@pytest.mark.parametrize("piece", ["1", "2|", "00", "|", "a"])
def test_long_tokens_take_linear_time(piece):
    _decode(piece * 500_000)
    _decode("2|00000000|" + piece * 500_000)
