"""Sign-in by OAuth 1, with a provider on this machine that checks every signature."""

import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode

import pytest
from tests.auth.site import Answering, arguments, serve, signing_in, without_secrets
from tests.wire.server_under_test import Wire

from waterspout.auth import AuthError, AuthHTTPError, OAuthMixin, TwitterMixin
from waterspout.auth.signature import signature

SECRET = "the secret/of the consumer"
SETTINGS = {"twitter_consumer_key": "consumer", "twitter_consumer_secret": SECRET}
#: The secrets of tokens.
SECRETS = {"": "", "request": "request&secret", "access": "access=secret"}


class Provider:
    """Gives tokens, and the user, to those who sign."""

    def __init__(self, wire: Wire) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.callback = "oauth_token=request&oauth_verifier=verifier"
        self.answers: dict[str, tuple[int, Any]] = {}
        self.url = serve(wire, [("/.*", Answering, {"answer": self.answer})])

    def answer(self, page):
        path = page.request.path
        if path in ("/authorize", "/authenticate"):
            query = arguments(page.request.full_url())
            self.asked.append((path, query))
            page.redirect(query["oauth_callback"] + "?" + self.callback)
            return
        field = page.request.headers["Authorization"]
        assert field.startswith("OAuth ")
        found = dict(re.findall(r'(\w+)="([^"]*)"', field))
        parameters = {name: unquote(value) for name, value in found.items()}
        signed = parameters.pop("oauth_signature")
        form = parse_qsl(page.request.body.decode())
        url = page.request.full_url()
        pairs = [*parameters.items(), *form]
        token_secret = SECRETS[parameters.get("oauth_token", "")]
        assert signature(page.request.method, url, pairs, SECRET, token_secret) == signed
        self.asked.append((path, parameters))
        right = {
            "/request": (200, urlencode({
                "oauth_token": "request",
                "oauth_token_secret": SECRETS["request"],
                "oauth_callback_confirmed": "true",
            })),
            "/access": (200, urlencode({
                "oauth_token": "access", "oauth_token_secret": SECRETS["access"], "user_id": "5",
            })),
            "/1.1/account/verify_credentials.json": (200, {"id": 5, "screen_name": "jane"}),
        }  # fmt: skip
        everything = {"form": dict(form), "query": parse_qs(page.request.query)}
        status, body = {**right, **self.answers}.get(path, (200, everything))
        page.set_status(status)
        page.finish(body)

    def mixin(self, base: type, **more: Any) -> type:
        """Return a mixin that asks here."""
        names = {
            "_OAUTH_REQUEST_TOKEN_URL": f"{self.url}/request",
            "_OAUTH_ACCESS_TOKEN_URL": f"{self.url}/access",
            "_OAUTH_AUTHORIZE_URL": f"{self.url}/authorize",
            "_OAUTH_AUTHENTICATE_URL": f"{self.url}/authenticate",
            "_TWITTER_BASE_URL": f"{self.url}/1.1",
        }
        return type("Mixin", (base,), {**names, **more})


async def sign_in(handler):
    if handler.get_argument("oauth_token", None) or handler.get_argument("denied", None):
        return await handler.get_authenticated_user()
    return await handler.authorize_redirect(callback_uri="/login")


async def test_twitter(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, provider.mixin(TwitterMixin), sign_in, **SETTINGS) as site:
        assert await site.user() == {
            "id": 5,
            "screen_name": "jane",
            "username": "jane",
            "access_token": {"key": "access", "secret": SECRETS["access"], "user_id": "5"},
        }
        callback = f"{site.url}/login"
        paths = [path for path, _ in provider.asked]
        assert paths == [
            "/request",
            "/authorize",
            "/access",
            "/1.1/account/verify_credentials.json",
        ]
        (_, request), (_, authorize), (_, access), _ = provider.asked
        assert request["oauth_callback"] == callback
        assert request["oauth_consumer_key"] == "consumer"
        assert request["oauth_version"] == "1.0"
        assert request["oauth_nonce"] != access["oauth_nonce"]
        assert "oauth_token" not in request
        assert authorize == {"oauth_token": "request", "oauth_callback": callback}
        assert (access["oauth_token"], access["oauth_verifier"]) == ("request", "verifier")
        assert site.browser.cookies == {}


async def test_authenticate(wire: Wire):
    async def authenticate(handler):
        if handler.get_argument("oauth_token", None):
            return await handler.get_authenticated_user()
        return await handler.authenticate_redirect("/login")

    provider = Provider(wire)
    async with signing_in(wire, provider.mixin(TwitterMixin), authenticate, **SETTINGS) as site:
        assert (await site.user())["username"] == "jane"
        assert provider.asked[1][0] == "/authenticate"


async def test_requests_in_the_name_of_a_user(wire: Wire):
    provider = Provider(wire)
    token = {"key": "access", "secret": SECRETS["access"]}

    async def ask(handler):
        return [
            await handler.twitter_request("/statuses/show", token, id=5, q="a b&c"),
            await handler.twitter_request("/update", token, {"status": "é +&=", "b": b"x"}, q="1"),
            await handler.twitter_request(f"{provider.url}/elsewhere?a=b", token),
        ]

    async with signing_in(wire, provider.mixin(TwitterMixin), ask, **SETTINGS) as site:
        assert await site.user(0) == [
            {"form": {}, "query": {"id": ["5"], "q": ["a b&c"]}},
            {"form": {"status": "é +&=", "b": "x"}, "query": {"q": ["1"]}},
            {"form": {}, "query": {"a": ["b"]}},
        ]
        assert [path for path, _ in provider.asked] == [
            "/1.1/statuses/show.json",
            "/1.1/update.json",
            "/elsewhere",
        ]


async def test_version_1_0_has_no_verifier(wire: Wire):
    class Old(OAuthMixin):
        _OAUTH_VERSION = "1.0"

        def _oauth_consumer_token(self):
            return {"key": "consumer", "secret": SECRET}

        async def _oauth_get_user_future(self, access_token):
            signed = self._oauth_request_parameters(
                "http://a/b?c=d", access_token, {"e": 1}, method="POST"
            )
            given = signed.pop("oauth_signature")
            assert given == signature(
                "POST", "http://a/b?c=d", [*signed.items(), ("e", "1")], SECRET, SECRETS["access"]
            )
            return {"name": "Jane"}

    provider = Provider(wire)
    async with signing_in(wire, provider.mixin(Old), sign_in) as site:
        assert (await site.user())["name"] == "Jane"
        (_, request), (_, authorize), (_, access) = provider.asked
        assert "oauth_callback" not in request
        assert authorize["oauth_callback"] == f"{site.url}/login"
        assert "oauth_verifier" not in access


async def test_callbacks(wire: Wire):
    async def out_of_band(handler):
        await handler.authorize_redirect("oob", {"x_auth_access_type": "read"})

    async def registered(handler):
        await handler.authorize_redirect()

    provider = Provider(wire)
    mixin = provider.mixin(TwitterMixin)
    async with signing_in(wire, mixin, out_of_band, **SETTINGS) as site:
        answer = await site.browser.visit(f"{site.url}/login")
        assert answer.body.decode() == f"{provider.url}/authorize?oauth_token=request"
        assert provider.asked[0][1]["oauth_callback"] == "oob"
    async with signing_in(wire, mixin, registered, **SETTINGS) as site:
        answer = await site.browser.visit(f"{site.url}/login")
        assert answer.headers["Location"] == f"{provider.url}/authorize?oauth_token=request"
        assert "oauth_callback" not in provider.asked[1][1]
        [attributes] = site.browser.attributes.values()
        assert "httponly" in attributes.lower()
    fixed = provider.mixin(TwitterMixin, _OAUTH_NO_CALLBACKS=True)
    async with signing_in(wire, fixed, sign_in, **SETTINGS) as site:
        error = await site.error(0)
        assert isinstance(error, ValueError)
        assert "takes no callback_uri" in str(error)


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        ("oauth_token=other&oauth_verifier=verifier", "Request token does not match cookie"),
        ("oauth_token=%C3%A9&oauth_verifier=verifier", "Request token does not match cookie"),
        ("denied=request", "Request token does not match cookie"),
    ],
)
async def test_another_token(wire: Wire, callback, message):
    provider = Provider(wire)
    provider.callback = callback
    async with signing_in(wire, provider.mixin(TwitterMixin), sign_in, **SETTINGS) as site:
        assert str(await site.error()) == message


@pytest.mark.parametrize(
    ("cookie", "message"),
    [
        (None, "Missing OAuth request token cookie"),
        ("a", "Malformed OAuth request token cookie"),
        ("a|b|c", "Malformed OAuth request token cookie"),
        ("YQ==|*", "Malformed OAuth request token cookie"),
        ("/w==|YQ==", "Malformed OAuth request token cookie"),
        ("YQ==|YQ==", "Request token does not match cookie"),
    ],
)
async def test_cookies(wire: Wire, cookie, message):
    provider = Provider(wire)
    async with signing_in(wire, provider.mixin(TwitterMixin), sign_in, **SETTINGS) as site:
        if cookie is not None:
            site.browser.cookies["_oauth_request_token"] = cookie
        assert str(await site.error(0, "/login?oauth_token=request")) == message
        assert provider.asked == []


@pytest.mark.parametrize(
    ("path", "answer", "message", "steps"),
    [
        ("/request", (500, "no"), "the answer of http://127.0.0.1", 0),
        ("/request", (200, "<html>"), "/request has no token", 0),
        ("/request", (200, "oauth_token=request"), "/request has no token", 0),
        ("/request", (200, b"\xff=\xff"), "/request has no token", 0),
        ("/request", (200, "x" * 1_100_000), "answered with more than 1048576 bytes", 0),
        ("/access", (401, "expired"), "/access", 2),
        ("/access", (200, ""), "/access has no token", 2),
        ("/1.1/account/verify_credentials.json", (403, {"errors": []}), "credentials.json", 2),
        ("/1.1/account/verify_credentials.json", (200, "<html>"), "what is no JSON", 2),
        ("/1.1/account/verify_credentials.json", (200, "[]"), "Error getting user", 2),
        ("/1.1/account/verify_credentials.json", (200, {}), "Error getting user", 2),
    ],
)
async def test_failures(wire: Wire, path, answer, message, steps):
    provider = Provider(wire)
    provider.answers[path] = answer
    async with signing_in(wire, provider.mixin(TwitterMixin), sign_in, **SETTINGS) as site:
        error = await site.error(steps)
        assert isinstance(error, AuthError)
        assert isinstance(error, AuthHTTPError) == (answer[0] != 200)
        assert message in str(error)
        without_secrets(error, SECRET, *filter(None, SECRETS.values()))


async def test_what_a_subclass_must_have(wire: Wire):
    async with signing_in(wire, Provider(wire).mixin(OAuthMixin), sign_in) as site:
        assert isinstance(await site.error(0), NotImplementedError)
