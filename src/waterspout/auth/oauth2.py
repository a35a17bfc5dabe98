"""OAuth 2 (RFC 6749), the parts that all providers share."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from waterspout.auth.handler import handler_of
from waterspout.auth.provider import FORM, ask, json_of
from waterspout.httpclient import AsyncHTTPClient, HTTPRequest
from waterspout.httputil import url_concat

__all__ = ["MAX_RESOURCE", "OAuth2Mixin"]

#: What is asked for in the name of a user may be long: lists, timelines.
MAX_RESOURCE = 16 * 1024 * 1024


class OAuth2Mixin:
    """Sign-in by OAuth 2: a base of handlers, beside `RequestHandler`.

    A subclass has ``_OAUTH_AUTHORIZE_URL`` and ``_OAUTH_ACCESS_TOKEN_URL``, and a method
    ``get_authenticated_user``; `GoogleOAuth2Mixin` and `FacebookGraphMixin` are some. For a
    provider of OpenID Connect there is `OpenIDConnectMixin`, which needs no subclass for each, and
    guards itself what is left to the program here: that who comes back is who was sent away. To
    that end give ``extra_params`` a random ``state``, keep it in a signed cookie, and compare.
    """

    _OAUTH_AUTHORIZE_URL: str
    _OAUTH_ACCESS_TOKEN_URL: str

    def authorize_redirect(
        self,
        redirect_uri: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        extra_params: dict[str, Any] | None = None,
        scope: list[str] | None = None,
        response_type: str = "code",
    ) -> None:
        """Send the user to the provider, who asks for consent and sends the user back.

        ``redirect_uri`` is where to, with an argument ``code`` for ``get_authenticated_user``.
        ``client_secret`` is not sent, for it would go through the browser.
        """
        arguments = _given(
            response_type=response_type, redirect_uri=redirect_uri, client_id=client_id
        )
        arguments.update(extra_params or {})
        if scope:
            arguments["scope"] = " ".join(scope)
        handler_of(self).redirect(url_concat(self._OAUTH_AUTHORIZE_URL, arguments))

    async def oauth2_request(
        self,
        url: str,
        access_token: str | None = None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """Return the JSON that is at ``url``, in the name of a user.

        ``args`` become the query, and so does ``access_token`` (RFC 6750 section 2.3); with
        ``post_args``, a form, the method is POST. Raises `AuthError`.
        """
        query = {**_given(access_token=access_token), **args}
        if query:
            url = url_concat(url, query)
        if post_args is None:
            request = HTTPRequest(url)
        else:
            request = HTTPRequest(url, method="POST", headers=FORM, body=urlencode(post_args))
        return json_of(await ask(self.get_auth_http_client(), request, MAX_RESOURCE))

    def get_auth_http_client(self) -> AsyncHTTPClient:
        """Return the client that asks the provider. May be overridden."""
        return AsyncHTTPClient()

    # For subclasses

    def _oauth_request_token_url(
        self,
        redirect_uri: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        code: str | None = None,
        extra_params: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the URL that gives an access token, with all arguments in its query."""
        arguments = _given(
            redirect_uri=redirect_uri, code=code, client_id=client_id, client_secret=client_secret
        )
        arguments.update(extra_params or {})
        return url_concat(self._OAUTH_ACCESS_TOKEN_URL, arguments)


def _given(**arguments: str | None) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}
