"""A site with sign-in, its user's browser, and providers, all on this machine."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from tests.wire.server_under_test import Wire

from waterspout.auth import AuthError
from waterspout.httpclient import AsyncHTTPClient, HTTPResponse
from waterspout.web import Application, RequestHandler

__all__ = ["Answering", "arguments", "serve", "signing_in", "without_secrets"]


class Site(RequestHandler):
    """Answers with the user as JSON, or with 403 and the error, which it keeps."""

    errors: list[Exception]

    def initialize(self, sign_in, errors):
        self.sign_in = sign_in
        self.errors = errors

    async def get(self):
        try:
            found = await self.sign_in(self)
        except (AuthError, ValueError, TypeError, NotImplementedError) as error:
            self.errors.append(error)
            self.set_status(403)
            self.write(str(error))
            return
        if not self._finished:
            self.write({"user": found})


class Answering(RequestHandler):
    """A page of a provider: ``answer`` gets the handler."""

    def initialize(self, answer):
        self.answer = answer

    def get(self):
        self.answer(self)

    post = get


class Browser:
    """Keeps cookies, and follows redirects one at a time."""

    def __init__(self, client: AsyncHTTPClient) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}
        self.attributes: dict[str, str] = {}

    async def visit(self, url: str) -> HTTPResponse:
        """Return the answer for a URL, redirect or not."""
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": pairs} if pairs else {}
        answer = await self.client.fetch(
            url, raise_error=False, headers=headers, follow_redirects=False
        )
        for field in answer.headers.get_list("Set-Cookie"):
            pair, _, attributes = field.partition(";")
            name, _, value = pair.partition("=")
            value = value.strip('"')
            self.attributes[name] = attributes
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    async def go(self, url: str, steps: int) -> HTTPResponse:
        """Visit a URL and follow so many redirects."""
        answer = await self.visit(url)
        for _ in range(steps):
            assert answer.code == 302, (answer.code, answer.body)
            url = urljoin(url, answer.headers["Location"])
            answer = await self.visit(url)
        return answer


def arguments(url: str) -> dict[str, str]:
    """Return the arguments of a URL, each of which is there once."""
    found = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: value for name, [value] in found.items()}


def serve(wire: Wire, rules: Any, **settings: Any) -> str:
    """Serve rules; return the URL that they are at."""
    if "cookie_secret" not in settings:
        settings["cookie_secret"] = "for the tests alone, and long enough"
    application = Application(rules, log_function=lambda handler: None, **settings)
    [listener] = wire.serve(application).sockets
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class Signing:
    """A site of one handler class, its browser, and what went wrong there."""

    def __init__(self, browser: Browser, url: str, errors: list[Exception]) -> None:
        self.browser = browser
        self.url = url
        self._errors = errors

    async def user(self, steps: int = 2, path: str = "/login") -> Any:
        """Sign in by so many redirects; return the user."""
        answer = await self.browser.go(self.url + path, steps)
        assert answer.code == 200, answer.body
        return json.loads(answer.body)["user"]

    async def error(self, steps: int = 2, path: str = "/login") -> Exception:
        """Fail to sign in; return the error."""
        answer = await self.browser.go(self.url + path, steps)
        return self.told(answer)

    def told(self, answer: HTTPResponse) -> Exception:
        """Return the error that an answer tells of."""
        assert answer.code == 403, (answer.code, answer.body)
        error = self._errors.pop()
        assert not self._errors
        return error


@asynccontextmanager
async def signing_in(
    wire: Wire, mixin: type, sign_in: Callable[[Any], Any], **settings: Any
) -> AsyncIterator[Signing]:
    """Serve a site whose handler has ``mixin`` and does ``sign_in``."""
    errors: list[Exception] = []
    handler = type("Login", (mixin, Site), {})
    url = serve(wire, [("/login", handler, {"sign_in": sign_in, "errors": errors})], **settings)
    client = AsyncHTTPClient()
    try:
        yield Signing(Browser(client), url, errors)
    finally:
        client.close()


def without_secrets(error: BaseException, *secrets: str) -> None:
    """Check that nothing that is shown of an error holds a secret."""
    chain: list[BaseException] = [error]  # which may bite its tail
    for shown in chain:
        for secret in secrets:
            assert secret not in f"{shown!r} {shown}", shown
        following = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
        if following is not None and following not in chain:
            chain.append(following)
