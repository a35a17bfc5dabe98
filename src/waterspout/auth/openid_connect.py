"""Sign-in by OpenID Connect, with any provider: the authorization code flow with PKCE.

OpenID Connect Core 1.0 section 3.1, RFC 6749, RFC 7636 (S256), RFC 9207.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urljoin

from waterspout.auth.discovery import Provider, discover
from waterspout.auth.errors import AuthError
from waterspout.auth.handler import cookie_attributes, handler_of
from waterspout.auth.id_token import check_id_token
from waterspout.auth.provider import FORM, ask_json, error_name, is_text, is_token
from waterspout.httpclient import AsyncHTTPClient, HTTPRequest
from waterspout.httputil import url_concat
from waterspout.web import RequestHandler

__all__ = ["OpenIDConnectMixin"]

#: How long a user may take at the provider, in seconds.
_PATIENCE = 600
# Each sign-in has a cookie of its own, named after its state, so that several windows do not
# overwrite each other's.
_COOKIE = "_oidc_"
_NAME_LENGTH = 12
_STATE = re.compile(r"[A-Za-z0-9_\-]{43}")
#: What the token endpoint gives and the program may want.
_TOKENS = ("access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token")


@dataclass(frozen=True)
class _SignIn:
    """A sign-in under way, as its cookie keeps it."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class OpenIDConnectMixin:
    """Sign-in by OpenID Connect: a base of handlers, beside `RequestHandler`.

    The setting ``openid_connect`` has ``issuer``, ``client_id`` and, unless the client is a public
    one, ``client_secret``; ``cookie_secret`` must be set too. One handler does it all::

        class Login(OpenIDConnectMixin, RequestHandler):
            async def get(self):
                if self.is_sign_in_response():
                    user = await self.get_authenticated_user()
                    self.set_signed_cookie("user", user["sub"])
                    self.redirect("/")
                else:
                    await self.authorize_redirect()

    Where things are is read from the issuer's discovery document. State, nonce and the verifier of
    PKCE are made for each sign-in, and wait in a signed cookie of ten minutes.

    The signature of the ID token is not checked. The token comes straight from the token endpoint,
    and that the TLS certificate of that is good stands for the signature (OpenID Connect Core 1.0
    section 3.1.3.7, point 6). So all endpoints must be https, except on this machine, redirects
    are not followed, and a client from `get_auth_http_client` must validate certificates.
    """

    def get_openid_connect_settings(self) -> dict[str, str]:
        """Return ``issuer``, ``client_id`` and maybe ``client_secret``. May be overridden."""
        handler = handler_of(self)
        handler.require_setting("openid_connect", "OpenID Connect")
        settings: dict[str, str] = handler.settings["openid_connect"]
        for name in ("issuer", "client_id"):
            if not is_text(settings.get(name)):
                raise ValueError(f"the setting openid_connect has no {name!r}")
        return settings

    def get_auth_http_client(self) -> AsyncHTTPClient:
        """Return the client that asks the provider. May be overridden."""
        return AsyncHTTPClient()

    def is_sign_in_response(self) -> bool:
        """Tell whether this request is one of a user whom the provider has sent back."""
        handler = handler_of(self)
        return any(handler.get_argument(name, None) is not None for name in ("code", "error"))

    async def authorize_redirect(
        self,
        redirect_uri: str | None = None,
        scope: Iterable[str] = ("openid", "email", "profile"),
        extra_params: dict[str, str] | None = None,
    ) -> None:
        """Send the user to the provider, who signs the user in and sends the user back.

        ``redirect_uri`` is where to, absolute or relative to this request; without it it is this
        request, without its query. It must be registered with the provider. ``extra_params`` are
        sent along, such as ``prompt`` or ``login_hint``.

        Raises ValueError for settings that are wrong, `AuthError` if the provider can't be asked.
        """
        handler = handler_of(self)
        settings = self.get_openid_connect_settings()
        provider = await discover(self.get_auth_http_client(), settings["issuer"])
        here = handler.request.full_url().partition("?")[0]
        sign_in = _SignIn(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=urljoin(here, redirect_uri or ""),
        )
        handler.set_signed_cookie(
            _cookie_name(sign_in.state),
            json.dumps(asdict(sign_in)),
            expires_days=None,
            max_age=_PATIENCE,
            **cookie_attributes(handler),
        )
        arguments = {
            **(extra_params or {}),
            "response_type": "code",
            "client_id": settings["client_id"],
            "redirect_uri": sign_in.redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *scope))),
            "state": sign_in.state,
            "nonce": sign_in.nonce,
            "code_challenge": _challenge(sign_in.verifier),
            "code_challenge_method": "S256",
        }
        handler.redirect(url_concat(provider.authorization_endpoint, arguments))

    async def get_authenticated_user(self) -> dict[str, Any]:
        """Return the user who has come back: the claims of the ID token, checked.

        Who it is is ``sub``, unique for the issuer; an ``email`` is what the provider says it is.
        What the token endpoint gave is there too: ``access_token``, ``id_token`` and, if there,
        ``token_type expires_in refresh_token scope``.

        Raises `AuthError`: the user has declined, has begun in another browser or too long ago, or
        the provider has answered what can't be trusted.
        """
        handler = handler_of(self)
        settings = self.get_openid_connect_settings()
        sign_in = _sign_in(handler)
        client = self.get_auth_http_client()
        provider = await discover(client, settings["issuer"])
        _check_issuer(handler, provider)
        error = handler.get_argument("error", None)
        if error is not None:
            raise AuthError(f"the provider has not signed the user in{error_name(error)}")
        code = handler.get_argument("code", None)
        if not code:
            raise AuthError("the provider has sent the user back without a code")
        tokens = await ask_json(client, _token_request(provider, settings, sign_in, code))
        for name in ("access_token", "id_token"):
            if not is_token(tokens.get(name)):
                raise AuthError(f"the token endpoint of {provider.issuer} gave no {name}")
        claims = check_id_token(
            tokens["id_token"],
            issuer=provider.issuer,
            client_id=settings["client_id"],
            nonce=sign_in.nonce,
            now=_clock(),
        )
        return {**claims, **{name: tokens[name] for name in _TOKENS if name in tokens}}

    async def get_userinfo(self, user: dict[str, Any]) -> dict[str, Any]:
        """Return more claims about a user that `get_authenticated_user` gave.

        Raises `AuthError`, also where they are about somebody else (section 5.3.2).
        """
        settings = self.get_openid_connect_settings()
        client = self.get_auth_http_client()
        provider = await discover(client, settings["issuer"])
        if provider.userinfo_endpoint is None:
            raise AuthError(f"{provider.issuer} has no userinfo_endpoint")
        headers = {"Authorization": f"Bearer {user['access_token']}", "Accept": "application/json"}
        request = HTTPRequest(provider.userinfo_endpoint, headers=headers, follow_redirects=False)
        claims = await ask_json(client, request)
        if claims.get("sub") != user["sub"]:
            raise AuthError(f"the userinfo of {provider.issuer} is about another user")
        return claims


def _cookie_name(state: str) -> str:
    return _COOKIE + state[:_NAME_LENGTH]


def _challenge(verifier: str) -> str:
    """Return the code challenge of RFC 7636 section 4.2."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _sign_in(handler: RequestHandler) -> _SignIn:
    """Return the sign-in that this request is to end, which can be done once."""
    state = handler.get_argument("state", None)
    if state is None or not _STATE.fullmatch(state):
        raise AuthError("the provider has sent the user back without the state of a sign-in")
    name = _cookie_name(state)
    cookie = handler.get_signed_cookie(name, max_age_days=_PATIENCE / 86400)
    if cookie is None:
        raise AuthError("no such sign-in was begun in this browser in the last ten minutes")
    handler.clear_cookie(name, path="/")
    sign_in = _SignIn(**json.loads(cookie))
    if not hmac.compare_digest(sign_in.state, state):
        raise AuthError("the state of the sign-in is not that of this browser")
    return sign_in


def _check_issuer(handler: RequestHandler, provider: Provider) -> None:
    """Raise `AuthError` if another provider has sent the user (RFC 9207 section 2.4)."""
    issuer = handler.get_argument("iss", None)
    if issuer != provider.issuer and (issuer is not None or provider.sends_issuer):
        raise AuthError(f"the user was not sent back by {provider.issuer}")


def _token_request(
    provider: Provider, settings: dict[str, str], sign_in: _SignIn, code: str
) -> HTTPRequest:
    """Return the request that gives tokens for ``code`` (RFC 6749 section 4.1.3)."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sign_in.redirect_uri,
        "code_verifier": sign_in.verifier,
    }
    headers = {**FORM, "Accept": "application/json"}
    client_id, secret = settings["client_id"], settings.get("client_secret")
    methods = provider.token_endpoint_auth_methods
    if secret and ("client_secret_basic" in methods or "client_secret_post" not in methods):
        # RFC 6749 section 2.3.1: both are encoded as in a form before they are joined.
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        encoded = base64.b64encode(pair.encode("ascii")).decode("ascii")
        headers["Authorization"] = f"Basic {encoded}"
    else:
        form["client_id"] = client_id
        if secret:
            form["client_secret"] = secret
    return HTTPRequest(
        provider.token_endpoint,
        method="POST",
        headers=headers,
        body=urlencode(form),
        follow_redirects=False,
    )


def _clock() -> float:
    return time.time()
