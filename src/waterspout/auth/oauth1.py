"""OAuth 1.0 and 1.0a (RFC 5849), for the providers that still have it."""

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin

from waterspout.auth.errors import AuthError
from waterspout.auth.handler import cookie_attributes, handler_of
from waterspout.auth.provider import FORM, ask, shown
from waterspout.auth.signature import authorization, signature
from waterspout.escape import to_unicode
from waterspout.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from waterspout.httputil import url_concat

__all__ = ["OAuthMixin"]

_COOKIE = "_oauth_request_token"


class OAuthMixin:
    """Sign-in by OAuth 1: a base of handlers, beside `RequestHandler`.

    A subclass has these attributes, and overrides `_oauth_consumer_token` and
    `_oauth_get_user_future`:

    - ``_OAUTH_REQUEST_TOKEN_URL``, ``_OAUTH_AUTHORIZE_URL``, ``_OAUTH_ACCESS_TOKEN_URL``
    - ``_OAUTH_VERSION``: ``1.0a``, or ``1.0`` where there is no verifier
    - ``_OAUTH_NO_CALLBACKS``: true where the callback is told at registration only

    The request token is kept in a cookie until the user comes back.
    """

    _OAUTH_REQUEST_TOKEN_URL: str
    _OAUTH_AUTHORIZE_URL: str
    _OAUTH_ACCESS_TOKEN_URL: str
    _OAUTH_VERSION = "1.0a"
    _OAUTH_NO_CALLBACKS = False

    async def authorize_redirect(
        self,
        callback_uri: str | None = None,
        extra_params: dict[str, Any] | None = None,
        http_client: AsyncHTTPClient | None = None,
    ) -> None:
        """Send the user to the provider, who asks for consent and sends the user back.

        ``callback_uri`` is where to, absolute or relative to this request; without it it is what
        has been registered. With ``oob`` the response is the URL to visit, as text.
        ``extra_params`` are sent along when a request token is asked for. Raises `AuthError`.
        """
        await self._oauth_begin(self._OAUTH_AUTHORIZE_URL, callback_uri, extra_params, http_client)

    async def get_authenticated_user(
        self, http_client: AsyncHTTPClient | None = None
    ) -> dict[str, Any]:
        """Return the user who has come back: what `_oauth_get_user_future` gives.

        ``access_token`` is added to it, with ``key``, ``secret`` and what else the provider tells.
        Raises `AuthError`.
        """
        handler = handler_of(self)
        token = handler.get_argument("oauth_token", None)
        cookie = handler.get_cookie(_COOKIE)
        if not cookie:
            raise AuthError("Missing OAuth request token cookie")
        handler.clear_cookie(_COOKIE)
        key, secret = _read_cookie(cookie)
        if token is None or not hmac.compare_digest(token.encode("utf-8"), key.encode("utf-8")):
            raise AuthError("Request token does not match cookie")
        request_token = {"key": key, "secret": secret}
        parameters = {}
        if self._OAUTH_VERSION != "1.0":
            parameters["oauth_verifier"] = handler.get_argument("oauth_verifier", "")
        access_token = await self._oauth_token(
            self._OAUTH_ACCESS_TOKEN_URL, request_token, parameters, {}, http_client
        )
        user = await self._oauth_get_user_future(access_token)
        if not user:
            raise AuthError("Error getting user")
        user["access_token"] = access_token
        return user

    def get_auth_http_client(self) -> AsyncHTTPClient:
        """Return the client that asks the provider. May be overridden."""
        return AsyncHTTPClient()

    # To be overridden

    def _oauth_consumer_token(self) -> dict[str, Any]:
        """Return ``key`` and ``secret`` that the provider has given the program."""
        raise NotImplementedError

    async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
        """Return what the provider knows of the user; empty or None if that fails."""
        raise NotImplementedError

    # For subclasses

    def _oauth_request_parameters(
        self,
        url: str,
        access_token: dict[str, Any],
        parameters: Mapping[str, Any] | None = None,
        method: str = "GET",
    ) -> dict[str, Any]:
        """Return the parameters of the protocol for a request, signed.

        ``parameters`` are those of a form in the body, or that are yet to be added to the query.
        """
        return self._oauth_signed(method, url, access_token, {}, parameters or {})

    async def _oauth_begin(
        self,
        authorize_url: str,
        callback_uri: str | None,
        extra_params: dict[str, Any] | None,
        http_client: AsyncHTTPClient | None,
    ) -> None:
        handler = handler_of(self)
        if callback_uri and self._OAUTH_NO_CALLBACKS:
            raise ValueError("this provider takes no callback_uri: it is told at registration")
        callback = callback_uri
        if callback and callback != "oob":
            callback = urljoin(handler.request.full_url(), callback)
        parameters = {}
        if callback and self._OAUTH_VERSION != "1.0":
            parameters["oauth_callback"] = callback
        token = await self._oauth_token(
            self._OAUTH_REQUEST_TOKEN_URL, None, parameters, extra_params or {}, http_client
        )
        handler.set_cookie(_COOKIE, _cookie(token), **cookie_attributes(handler))
        arguments = {"oauth_token": token["key"]}
        if callback == "oob":
            handler.finish(url_concat(authorize_url, arguments))
            return
        if callback:
            arguments["oauth_callback"] = callback
        handler.redirect(url_concat(authorize_url, arguments))

    async def _oauth_token(
        self,
        url: str,
        token: dict[str, Any] | None,
        protocol: dict[str, str],
        query: dict[str, Any],
        client: AsyncHTTPClient | None,
    ) -> dict[str, Any]:
        """Ask for a token; return it with ``key``, ``secret`` and what came along."""
        url = url_concat(url, query)
        signed = self._oauth_signed("GET", url, token, protocol, {})
        request = HTTPRequest(
            url, headers={"Authorization": authorization(signed)}, follow_redirects=False
        )
        response = await ask(client or self.get_auth_http_client(), request)
        answer = dict(parse_qsl(response.body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            key, secret = answer.pop("oauth_token"), answer.pop("oauth_token_secret")
        except KeyError:
            raise AuthError(f"the answer of {shown(url)} has no token") from None
        return {**answer, "key": key, "secret": secret}

    async def _oauth_request(
        self,
        url: str,
        access_token: dict[str, Any] | None,
        post_args: dict[str, Any] | None,
        max_size: int,
    ) -> HTTPResponse:
        """Ask for something in the name of a user, or of nobody; return the response."""
        method = "GET" if post_args is None else "POST"
        form = {name: _text(value) for name, value in (post_args or {}).items()}
        headers = {} if post_args is None else dict(FORM)
        if access_token is not None:
            signed = self._oauth_signed(method, url, access_token, {}, form)
            headers["Authorization"] = authorization(signed)
        body = None if post_args is None else urlencode(form)
        request = HTTPRequest(url, method=method, headers=headers, body=body)
        return await ask(self.get_auth_http_client(), request, max_size)

    def _oauth_signed(
        self,
        method: str,
        url: str,
        token: Mapping[str, Any] | None,
        protocol: Mapping[str, str],
        form: Mapping[str, Any],
    ) -> dict[str, str]:
        """Return ``protocol`` with what else the protocol wants, and the signature."""
        consumer = self._oauth_consumer_token()
        parameters = {
            "oauth_consumer_key": str(consumer["key"]),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(time.time())),
            "oauth_nonce": secrets.token_hex(16),
            "oauth_version": "1.0",
            **protocol,
        }
        if token is not None:
            parameters["oauth_token"] = str(token["key"])
        signed = [*parameters.items(), *((name, _text(value)) for name, value in form.items())]
        parameters["oauth_signature"] = signature(
            method,
            url,
            signed,
            str(consumer["secret"]),
            str(token["secret"]) if token is not None else "",
        )
        return parameters


def _text(value: Any) -> str:
    return to_unicode(value) if isinstance(value, bytes) else str(value)


def _cookie(token: Mapping[str, str]) -> str:
    return "|".join(
        base64.b64encode(token[name].encode("utf-8")).decode("ascii") for name in ("key", "secret")
    )


def _read_cookie(cookie: str) -> tuple[str, str]:
    try:
        key, secret = (
            base64.b64decode(part, validate=True).decode("utf-8") for part in cookie.split("|")
        )
    except (ValueError, binascii.Error):
        raise AuthError("Malformed OAuth request token cookie") from None
    return key, secret
