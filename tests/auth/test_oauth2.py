"""Sign-in with Google and Facebook, who answer from this machine."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.auth.site import Answering, arguments, serve, signing_in, without_secrets
from tests.wire.server_under_test import Wire

from waterspout.auth import (
    AuthError,
    AuthHTTPError,
    FacebookGraphMixin,
    GoogleOAuth2Mixin,
    OAuth2Mixin,
)

SECRET = "the-secret-of-the-client"
CODE = "the-code-of-the-user"
TOKEN = "the-access-token"


class Provider:
    """Answers ``/token`` and everything else with JSON, and keeps what it was asked."""

    def __init__(self, wire: Wire) -> None:
        self.token: Any = {"access_token": TOKEN, "expires_in": 300}
        self.user: Any = {"id": "1", "name": "Jane"}
        self.status = 200
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        answering = {"answer": self.answer}
        self.url = serve(wire, [("/.*", Answering, answering)])

    def answer(self, page):
        form = {name: value for name, [value] in parse_qs(page.request.body.decode()).items()}
        query = arguments(page.request.full_url())
        self.asked.append((page.request.method, page.request.path, {**query, **form}))
        if page.request.path == "/authorize":
            page.redirect(f"{query['redirect_uri']}?code={CODE}&state={query['state']}")
            return
        page.set_status(self.status)
        value = self.token if page.request.path == "/token" else self.user
        if isinstance(value, bytes):
            page.finish(value)
        else:
            page.finish(value if isinstance(value, dict) else str(value))

    def mixin(self, base: type) -> type:
        """Return a mixin that asks here."""
        names = {
            "_OAUTH_AUTHORIZE_URL": f"{self.url}/authorize",
            "_OAUTH_ACCESS_TOKEN_URL": f"{self.url}/token?",
            "_OAUTH_USERINFO_URL": f"{self.url}/userinfo",
            "_FACEBOOK_BASE_URL": self.url,
        }
        return type("Mixin", (base,), names)


async def with_google(handler):
    here = handler.request.full_url().partition("?")[0]
    code = handler.get_argument("code", None)
    if code is None:
        return handler.authorize_redirect(
            redirect_uri=here,
            client_id="client",
            client_secret=SECRET,
            extra_params={"state": "s", "approval_prompt": "auto"},
            scope=["profile", "email"],
        )
    access = await handler.get_authenticated_user(redirect_uri=here, code=code)
    token = access["access_token"]
    user = await handler.oauth2_request(handler._OAUTH_USERINFO_URL, access_token=token)
    return {"access": access, "user": user}


async def with_facebook(handler):
    here = handler.request.full_url().partition("?")[0]
    code = handler.get_argument("code", None)
    if code is None:
        return handler.authorize_redirect(here, "client", extra_params={"state": "s"})
    return await handler.get_authenticated_user(here, "client", SECRET, code, {"email": True})


GOOGLE = {"google_oauth": {"key": "client", "secret": SECRET}}


async def test_google(wire: Wire):
    provider = Provider(wire)
    mixin = provider.mixin(GoogleOAuth2Mixin)
    async with signing_in(wire, mixin, with_google, **GOOGLE) as site:
        assert await site.user() == {"access": provider.token, "user": provider.user}
        assert provider.asked == [
            ("GET", "/authorize", {
                "response_type": "code",
                "redirect_uri": f"{site.url}/login",
                "client_id": "client",
                "state": "s",
                "approval_prompt": "auto",
                "scope": "profile email",
            }),
            ("POST", "/token", {
                "grant_type": "authorization_code",
                "code": CODE,
                "redirect_uri": f"{site.url}/login",
                "client_id": "client",
                "client_secret": SECRET,
            }),
            ("GET", "/userinfo", {"access_token": TOKEN}),
        ]  # fmt: skip


async def test_google_with_a_client_of_ones_own(wire: Wire):
    async def own(handler):
        return await handler.get_authenticated_user("http://here", CODE, "mine", "my secret")

    provider = Provider(wire)
    async with signing_in(wire, provider.mixin(GoogleOAuth2Mixin), own) as site:
        await site.user(0)
        [(_, _, form)] = provider.asked
        assert (form["client_id"], form["client_secret"]) == ("mine", "my secret")


async def test_facebook(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, provider.mixin(FacebookGraphMixin), with_facebook) as site:
        assert await site.user() == {
            "id": "1",
            "name": "Jane",
            "first_name": None,
            "last_name": None,
            "locale": None,
            "picture": None,
            "link": None,
            "email": None,
            "access_token": TOKEN,
            "session_expires": "300",
        }
        proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
        assert provider.asked[1:] == [
            ("GET", "/token", {
                "code": CODE,
                "redirect_uri": f"{site.url}/login",
                "client_id": "client",
                "client_secret": SECRET,
            }),
            ("GET", "/me", {
                "access_token": TOKEN,
                "appsecret_proof": proof,
                "fields": "id,name,first_name,last_name,locale,picture,link,email",
            }),
        ]  # fmt: skip
        provider.user = "null"
        assert await site.user() is None


async def test_requests_in_the_name_of_a_user(wire: Wire):
    provider = Provider(wire)

    async def ask(handler):
        return [
            await handler.facebook_request("/me/feed", access_token=TOKEN, limit=5),
            await handler.facebook_request("/me/feed", TOKEN, {"message": "é&"}, a="b"),
            await handler.oauth2_request(f"{provider.url}/x?y=z"),
        ]

    provider.user = [1, 2]
    async with signing_in(wire, provider.mixin(FacebookGraphMixin), ask) as site:
        assert await site.user(0) == [[1, 2]] * 3
        assert provider.asked == [
            ("GET", "/me/feed", {"access_token": TOKEN, "limit": "5"}),
            ("POST", "/me/feed", {"access_token": TOKEN, "a": "b", "message": "é&"}),
            ("GET", "/x", {"y": "z"}),
        ]


@pytest.mark.parametrize(
    ("changes", "message", "code"),
    [
        ({"status": 500}, "the answer of http://127.0.0.1", 500),
        ({"status": 400, "token": {"error": "invalid_grant"}}, "/token: invalid_grant", 400),
        ({"status": 400, "token": {"error": {"message": "no"}}}, "/token", 400),
        ({"token": b"access_token=x"}, "/token answered with what is no JSON", None),
        ({"token": b"[]"}, "/token answered with JSON that is no object", None),
        ({"token": b" " * 1_100_000}, "/token answered with more than 1048576 bytes", None),
        ({"user": b"<html>"}, "answered with what is no JSON", None),
        ({"user": b" " * (16 * 1024 * 1024 + 1)}, "answered with more than 16777216 bytes", None),
    ],
)
@pytest.mark.parametrize("who", ["google", "facebook"])
async def test_failures(wire: Wire, who, changes, message, code):
    provider = Provider(wire)
    for name, value in changes.items():
        setattr(provider, name, value)
    base = GoogleOAuth2Mixin if who == "google" else FacebookGraphMixin
    sign_in = with_google if who == "google" else with_facebook
    async with signing_in(wire, provider.mixin(base), sign_in, **GOOGLE) as site:
        error = await site.error()
        assert isinstance(error, AuthError)
        assert isinstance(error, AuthHTTPError) == (code is not None)
        assert getattr(error, "code", None) == code
        assert message in str(error)
        without_secrets(error, SECRET, CODE, TOKEN)


async def test_facebook_without_a_token(wire: Wire):
    provider = Provider(wire)
    provider.token = {"expires_in": 5}
    async with signing_in(wire, provider.mixin(FacebookGraphMixin), with_facebook) as site:
        assert "/token has no access_token" in str(await site.error())


@pytest.mark.parametrize("who", ["google", "facebook"])
async def test_nobody_answers(wire: Wire, who):
    provider = Provider(wire)
    base = GoogleOAuth2Mixin if who == "google" else FacebookGraphMixin
    sign_in = with_google if who == "google" else with_facebook
    async with signing_in(wire, provider.mixin(base), sign_in, **GOOGLE) as site:
        back = await site.browser.go(f"{site.url}/login", 1)
        wire.servers[0].stop()
        await wire.servers[0].close_all_connections(0)
        error = site.told(await site.browser.visit(back.headers["Location"]))
        assert isinstance(error, AuthHTTPError)
        assert error.code == 599
        without_secrets(error, SECRET, CODE, TOKEN)


async def test_an_url_that_is_none_is_not_shown_with_its_secrets(wire: Wire):
    class Wrong(FacebookGraphMixin):
        _OAUTH_ACCESS_TOKEN_URL = "graph.example/token"

    async def sign_in(handler):
        return await handler.get_authenticated_user("http://here", "client", SECRET, CODE)

    async with signing_in(wire, Wrong, sign_in) as site:
        error = await site.error(0)
        assert "graph.example/token: its URL or a header is malformed" in str(error)
        without_secrets(error, SECRET, CODE)


async def test_google_needs_its_setting(wire: Wire):
    async def sign_in(handler):
        try:
            handler.get_google_oauth_settings()
        except Exception as error:
            return str(error)

    async with signing_in(wire, GoogleOAuth2Mixin, sign_in) as site:
        assert "google_oauth" in await site.user(0)


async def test_a_subclass_of_ones_own(wire: Wire):
    class Other(OAuth2Mixin):
        _OAUTH_AUTHORIZE_URL = "https://provider.example/authorize?tenant=1"
        _OAUTH_ACCESS_TOKEN_URL = "https://provider.example/token"

    async def sign_in(handler):
        assert handler._oauth_request_token_url("r", "c", "s", "x", {"a": 1}) == (
            "https://provider.example/token?redirect_uri=r&code=x&client_id=c&client_secret=s&a=1"
        )
        handler.authorize_redirect(response_type="token")

    async with signing_in(wire, Other, sign_in) as site:
        answer = await site.browser.visit(f"{site.url}/login")
        assert answer.headers["Location"] == (
            "https://provider.example/authorize?tenant=1&response_type=token"
        )
