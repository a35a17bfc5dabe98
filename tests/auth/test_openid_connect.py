"""Sign-in by OpenID Connect, from the site's page to the user, with a provider on this machine."""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from tests.auth.site import Answering, arguments, serve, signing_in, without_secrets
from tests.wire.server_under_test import Wire

from waterspout.auth import AuthError, AuthHTTPError, OpenIDConnectMixin, discovery
from waterspout.auth.discovery import discover
from waterspout.httpclient import AsyncHTTPClient

SECRET = "the secret: of the client/"
CODE = "the-code-of-the-user"
TOKEN = "the-access-token"


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Provider:
    """A provider that does everything right, but for what a test changes."""

    def __init__(self, wire: Wire) -> None:
        #: What the documents have besides, or in place of what is right; None takes away.
        self.document: dict[str, Any] = {}
        self.callback: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        #: Status and body of an answer of the token endpoint that is none of the above.
        self.answer: tuple[int, bytes] | None = None
        self.asked: list[str] = []
        self.authorization: dict[str, str] = {}
        self.form: dict[str, str] = {}
        self.credentials = ""
        pages = {
            ".well-known/openid-configuration": self.discovery,
            "authorize": self.authorize,
            "token": self.token,
            "userinfo": self.tell,
        }
        rules = [(f"/issuer/{path}", Answering, {"answer": page}) for path, page in pages.items()]
        self.issuer = serve(wire, rules) + "/issuer"

    def settings(self, **more: str) -> dict[str, Any]:
        own = {"issuer": self.issuer, "client_id": "client", "client_secret": SECRET}
        return {"openid_connect": {**own, **more}}

    def discovery(self, page):
        self.asked.append("discovery")
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }
        page.write(changed(right, self.document))

    def authorize(self, page):
        self.asked.append("authorize")
        self.authorization = arguments(page.request.full_url())
        right = {"code": CODE, "state": self.authorization["state"]}
        query = urlencode(changed(right, self.callback))
        page.redirect(f"{self.authorization['redirect_uri']}?{query}")

    def token(self, page):
        self.asked.append("token")
        self.form = {name: value for name, [value] in parse_qs(page.request.body.decode()).items()}
        self.credentials = page.request.headers.get("Authorization", "")
        if self.answer is not None:
            page.set_status(self.answer[0])
            page.finish(self.answer[1])
            return
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": "client",
            "exp": time.time() + 300,
            "iat": time.time(),
            "nonce": self.authorization["nonce"],
            "email": "jane@example.com",
        }
        header = {"alg": "RS256"}
        right = {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": f"{encoded(header)}.{encoded(changed(claims, self.claims))}.c2ln",
            "unknown": 1,
        }
        page.write(changed(right, self.tokens))

    def tell(self, page):
        assert page.request.headers["Authorization"] == f"Bearer {TOKEN}"
        page.write(changed({"sub": "248289761001", "name": "Jane"}, self.userinfo))


def changed(right: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


async def sign_in(handler):
    if not handler.is_sign_in_response():
        await handler.authorize_redirect()
        return None
    user = await handler.get_authenticated_user()
    if handler.get_argument("more", None):
        user["more"] = await handler.get_userinfo(user)
    return user


async def test_the_whole_way(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        user = await site.user()
        assert user["sub"] == "248289761001"
        assert user["email"] == "jane@example.com"
        assert (user["access_token"], user["expires_in"]) == (TOKEN, 300)
        assert "unknown" not in user
        asked = provider.authorization
        verifier = provider.form.pop("code_verifier")
        digest = hashlib.sha256(verifier.encode()).digest()
        assert asked.pop("code_challenge") == base64.urlsafe_b64encode(digest).decode().strip("=")
        assert 43 <= len(verifier) <= 128
        state, nonce = asked.pop("state"), asked.pop("nonce")
        assert len({state, nonce, verifier}) == 3
        assert min(len(state), len(nonce)) == 43
        assert asked == {
            "tenant": "1",
            "response_type": "code",
            "client_id": "client",
            "redirect_uri": f"{site.url}/login",
            "scope": "openid email profile",
            "code_challenge_method": "S256",
        }
        assert provider.form == {
            "grant_type": "authorization_code",
            "code": CODE,
            "redirect_uri": f"{site.url}/login",
        }
        kind, _, credentials = provider.credentials.partition(" ")
        assert kind == "Basic"
        assert base64.b64decode(credentials) == b"client:the+secret%3A+of+the+client%2F"
        # One document for both steps; the cookie is gone.
        assert provider.asked == ["discovery", "authorize", "token"]
        assert site.browser.cookies == {}


async def test_the_cookie(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        await site.browser.visit(site.url + "/login")
        [attributes] = site.browser.attributes.values()
        parts = {part.strip().lower() for part in attributes.split(";")}
        assert {"path=/", "max-age=600", "samesite=lax", "httponly"} == parts


async def test_two_windows_do_not_disturb_each_other(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        first = await site.browser.go(site.url + "/login", 1)
        nonce = provider.authorization["nonce"]
        second = await site.browser.go(site.url + "/login", 1)
        assert len(site.browser.cookies) == 2
        assert (await site.browser.visit(second.headers["Location"])).code == 200
        provider.claims["nonce"] = nonce
        assert (await site.browser.visit(first.headers["Location"])).code == 200


async def test_what_can_be_chosen(wire: Wire):
    async def choose(handler):
        if handler.is_sign_in_response():
            return await handler.get_authenticated_user()
        return await handler.authorize_redirect(
            "/login/../login", ["groups", "openid"], {"prompt": "login", "state": "mine"}
        )

    provider = Provider(wire)
    provider.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    async with signing_in(wire, OpenIDConnectMixin, choose, **provider.settings()) as site:
        await site.user(path="/login?next=/")
        assert provider.authorization["prompt"] == "login"
        assert provider.authorization["scope"] == "openid groups"
        assert provider.authorization["state"] != "mine"
        assert provider.credentials == ""
        assert (provider.form["client_id"], provider.form["client_secret"]) == ("client", SECRET)
        assert provider.form["redirect_uri"] == provider.authorization["redirect_uri"]
        assert provider.form["redirect_uri"] == f"{site.url}/login"


async def test_a_public_client_has_no_secret(wire: Wire):
    provider = Provider(wire)
    settings = provider.settings(client_secret="")
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **settings) as site:
        await site.user()
        assert provider.credentials == ""
        assert provider.form["client_id"] == "client"
        assert "client_secret" not in provider.form


@pytest.mark.parametrize(
    ("userinfo", "message"),
    [({}, None), ({"sub": "other"}, "is about another user"), ({"sub": None}, "another user")],
)
async def test_userinfo(wire: Wire, userinfo, message):
    provider = Provider(wire)
    provider.callback["more"] = "1"
    provider.userinfo = userinfo
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        if message is None:
            assert (await site.user())["more"] == {"sub": "248289761001", "name": "Jane"}
        else:
            assert message in str(await site.error())


async def test_no_userinfo(wire: Wire):
    provider = Provider(wire)
    provider.callback["more"] = "1"
    provider.document["userinfo_endpoint"] = None
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        assert "has no userinfo_endpoint" in str(await site.error())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"callback": {"state": None}}, "without the state of a sign-in"),
        ({"callback": {"state": "x" * 43}}, "no such sign-in was begun in this browser"),
        ({"callback": {"state": "../; Path=/"}}, "without the state of a sign-in"),
        ({"callback": {"code": ""}}, "without a code"),
        ({"callback": {"error": "access_denied"}}, "not signed the user in: access_denied"),
        ({"callback": {"error": "<script>"}}, "has not signed the user in"),
        ({"callback": {"code": None, "error": "login_required"}}, "the user in: login_required"),
        ({"callback": {"iss": "https://evil.example"}}, "was not sent back by http://127"),
        (
            {"document": {"authorization_response_iss_parameter_supported": True}},
            "was not sent back by http://127",
        ),
        ({"claims": {"nonce": "other"}}, "its nonce is not ours"),
        ({"claims": {"exp": 1}}, "has expired"),
        ({"claims": {"aud": "other"}}, "its aud does not name us"),
        ({"claims": {"iss": "https://evil.example"}}, "is not from http://127"),
        ({"tokens": {"id_token": None}}, "gave no id_token"),
        ({"tokens": {"id_token": 1}}, "gave no id_token"),
        ({"tokens": {"access_token": ""}}, "gave no access_token"),
        ({"tokens": {"access_token": TOKEN + "\r\nX: y"}}, "gave no access_token"),
        ({"answer": (200, b"<html>")}, "answered with what is no JSON"),
        ({"answer": (200, b"[1]")}, "answered with JSON that is no object"),
        ({"answer": (200, b"[" * 100_000)}, "answered with what is no JSON"),
        ({"answer": (200, b"\xff")}, "answered with what is no JSON"),
        ({"answer": (200, b" " * 1_100_000)}, "answered with more than 1048576 bytes"),
        ({"answer": (500, b" " * 1_100_000)}, "answered with more than 1048576 bytes"),
        (
            {"document": {"issuer": "https://evil.example"}},
            "is that of another issuer: 'https://evil.example'",
        ),
        ({"document": {"token_endpoint": None}}, "has no https URL for token_endpoint"),
        (
            {"document": {"token_endpoint": "http://example.com/"}},
            "has no https URL for token_endpoint",
        ),
        (
            {"document": {"authorization_endpoint": "javascript:alert(1)"}},
            "has no https URL for authorization_endpoint",
        ),
        ({"document": {"userinfo_endpoint": 1}}, "has no https URL for userinfo_endpoint"),
    ],
)
async def test_what_is_refused(wire: Wire, changes, message):
    provider = Provider(wire)
    for name, value in changes.items():
        setattr(provider, name, value)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        error = await site.error(
            0
            if changes.get("document", {}).keys()
            - {"authorization_response_iss_parameter_supported"}
            else 2
        )
        assert isinstance(error, AuthError)
        assert message in str(error)
        without_secrets(error, SECRET, CODE, TOKEN, "<script>")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (400, b'{"error": "invalid_grant", "error_description": "%s"}' % CODE.encode()),
            "/issuer/token: invalid_grant",
        ),
        ((400, b'{"error": "<script>"}'), "/issuer/token"),
        ((401, b'["error"]'), "/issuer/token"),
        ((500, b"Internal error"), "/issuer/token"),
        ((302, b""), "/issuer/token"),
        ((404, b"[" * 100_000), "/issuer/token"),
    ],
)
async def test_errors_of_the_token_endpoint(wire: Wire, answer, message):
    provider = Provider(wire)
    provider.answer = answer
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        error = await site.error()
        assert isinstance(error, AuthHTTPError)
        assert error.code == answer[0]
        assert str(error).endswith(message)
        assert error.response is not None
        assert error.response.body == answer[1]
        without_secrets(error, SECRET, CODE, "<script>")


async def test_another_browser_is_refused(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        back = await site.browser.go(site.url + "/login", 1)
        [(name, value)] = site.browser.cookies.items()
        for cookies in ({}, {name: value[:-1] + "x"}, {name: "x"}):
            site.browser.cookies = dict(cookies)
            error = site.told(await site.browser.visit(back.headers["Location"]))
            assert "no such sign-in was begun in this browser" in str(error)
        assert provider.asked == ["discovery", "authorize"]


async def test_a_sign_in_ends_once(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        back = await site.browser.go(site.url + "/login", 1)
        assert (await site.browser.visit(back.headers["Location"])).code == 200
        error = site.told(await site.browser.visit(back.headers["Location"]))
        assert "no such sign-in was begun" in str(error)


async def test_nobody_answers(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **provider.settings()) as site:
        for server in wire.servers[:1]:
            server.stop()
        error = await site.error(0)
        assert isinstance(error, AuthHTTPError)
        assert error.code == 599
        assert error.response is None
        assert "no answer from http://127.0.0.1" in str(error)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"issuer": "http://example.com"}, "must be an https URL"),
        ({"issuer": "https://example.com/?a"}, "without a query"),
        ({"issuer": "https://example.com/#a"}, "without a query"),
        ({"issuer": "file:///etc/passwd"}, "must be an https URL"),
        ({"issuer": "issuer"}, "must be an https URL"),
        ({"issuer": ""}, "has no 'issuer'"),
        ({"client_id": ""}, "has no 'client_id'"),
    ],
)
async def test_wrong_settings(wire: Wire, changes, message):
    provider = Provider(wire)
    settings = provider.settings(**changes)
    async with signing_in(wire, OpenIDConnectMixin, sign_in, **settings) as site:
        error = await site.error(0)
        assert isinstance(error, ValueError)
        assert message in str(error)
        without_secrets(error, SECRET)
        assert provider.asked == []


def test_a_mixin_needs_a_handler():
    with pytest.raises(TypeError, match="so must have RequestHandler too"):
        OpenIDConnectMixin().is_sign_in_response()


async def test_documents_are_kept_for_some_minutes(wire: Wire, monkeypatch):
    provider = Provider(wire)
    now = 0.0
    monkeypatch.setattr(discovery, "_clock", lambda: now)
    monkeypatch.setattr(discovery, "_MAX_PROVIDERS", 1)
    client = AsyncHTTPClient()
    try:
        first = await discover(client, provider.issuer)
        now = 599.0
        assert await discover(client, provider.issuer) is first
        now = 600.0
        assert await discover(client, provider.issuer) == first
        assert len(provider.asked) == 2
        other = Provider(wire)
        await discover(client, other.issuer)
        await discover(client, provider.issuer)
        assert len(provider.asked) == 3
    finally:
        client.close()
