"""How a provider is asked, by whatever client a program has."""

import io
from typing import Any

import pytest
from tests.auth.site import signing_in, without_secrets
from tests.wire.server_under_test import Wire

from waterspout.auth import AuthError, AuthHTTPError, GoogleOAuth2Mixin
from waterspout.auth.provider import is_secure, shown
from waterspout.httpclient import HTTPClientError, HTTPResponse

SECRET = "the-secret"


class Client:
    """A client that a program has made itself: it knows nothing of pieces."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    async def fetch(self, request: Any, raise_error: bool = True) -> HTTPResponse:
        assert raise_error is False
        if isinstance(self.outcome, Exception):
            raise self.outcome
        code, body = self.outcome
        return HTTPResponse(request, code, buffer=io.BytesIO(body))


def mixin(outcome: Any) -> type:
    class Own(GoogleOAuth2Mixin):
        def get_auth_http_client(self):
            return Client(outcome)

    return Own


async def ask(handler):
    return await handler.oauth2_request("http://u:p@provider.example/x?y=z", SECRET)


async def test_another_client(wire: Wire):
    async with signing_in(wire, mixin((200, b'{"a": 1}')), ask) as site:
        assert await site.user(0) == {"a": 1}


@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [
        ((200, b"x" * (16 * 1024 * 1024 + 1)), None, "answered with more than 16777216 bytes"),
        ((404, b""), 404, "HTTP 404: the answer of http://provider.example/x"),
        (
            HTTPClientError(599, "Timeout while connecting"),
            599,
            "no answer from http://provider.example/x: HTTP 599: Timeout while connecting",
        ),
        (
            HTTPClientError(599, f"Timeout: http://provider.example/x?access_token={SECRET}"),
            599,
            "no answer from http://provider.example/x: HTTPClientError",
        ),
    ],
)
async def test_its_failures(wire: Wire, outcome, code, message):
    async with signing_in(wire, mixin(outcome), ask) as site:
        error = await site.error(0)
        assert isinstance(error, AuthError)
        assert isinstance(error, AuthHTTPError) == (code is not None)
        assert getattr(error, "code", None) == code
        assert str(error).endswith(message)
        without_secrets(error, SECRET, "u:p")


@pytest.mark.parametrize(
    ("url", "is_it"),
    [
        ("https://example.com/a?b", True),
        ("HTTPS://example.com", True),
        ("http://localhost:8080/", True),
        ("http://127.0.0.1/", True),
        ("http://127.8.9.1/", True),
        ("http://[::1]:1/", True),
        ("http://example.com/", False),
        ("http://localhost.example.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://localhost@example.com/", False),
        ("http://0.0.0.0/", False),
        ("ftp://localhost/", False),
        ("javascript:alert(1)", False),
        ("//localhost/", False),
        ("https://", False),
        ("https://a b/", False),
        ("", False),
    ],
)
def test_what_is_secure(url, is_it):
    assert is_secure(url) is is_it


def test_what_is_shown_of_a_url():
    assert shown("https://u:p@example.com:1/a/b?c=d#e") == "https://example.com:1/a/b"
    assert len(shown("https://example.com/" + "a" * 1000)) == 200
