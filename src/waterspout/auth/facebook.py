"""Sign-in with Facebook, by OAuth 2 and its Graph API."""

import hashlib
import hmac
from typing import Any

from waterspout.auth.errors import AuthError
from waterspout.auth.oauth2 import OAuth2Mixin
from waterspout.auth.provider import ask_json, is_token, shown
from waterspout.httpclient import HTTPRequest

__all__ = ["FacebookGraphMixin"]

_FIELDS = ("id", "name", "first_name", "last_name", "locale", "picture", "link")


class FacebookGraphMixin(OAuth2Mixin):
    """Sign-in with Facebook: a base of handlers, beside `RequestHandler`.

    The settings are the program's own; here they are called as Facebook calls them::

        class Login(FacebookGraphMixin, RequestHandler):
            async def get(self):
                here = "https://www.example.com/login"
                client_id = self.settings["facebook_api_key"]
                code = self.get_argument("code", None)
                if code is None:
                    self.authorize_redirect(redirect_uri=here, client_id=client_id)
                    return
                user = await self.get_authenticated_user(
                    here, client_id, self.settings["facebook_secret"], code
                )
    """

    _OAUTH_ACCESS_TOKEN_URL = "https://graph.facebook.com/oauth/access_token"  # noqa: S105
    _OAUTH_AUTHORIZE_URL = "https://www.facebook.com/dialog/oauth"
    _OAUTH_NO_CALLBACKS = False
    _FACEBOOK_BASE_URL = "https://graph.facebook.com"

    async def get_authenticated_user(
        self,
        redirect_uri: str,
        client_id: str,
        client_secret: str,
        code: str,
        extra_fields: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Return the user: ``id``, ``name`` and other fields, those of ``extra_fields`` too.

        A field that is not told is None. ``access_token`` is for `facebook_request`, and
        ``session_expires`` tells after how many seconds it is none any more, as text. None if
        Facebook knows no user. Raises `AuthError`.
        """
        url = self._oauth_request_token_url(redirect_uri, client_id, client_secret, code)
        client = self.get_auth_http_client()
        session = await ask_json(client, HTTPRequest(url, follow_redirects=False))
        token = session.get("access_token")
        if not is_token(token):
            raise AuthError(f"the answer of {shown(url)} has no access_token")
        fields = dict.fromkeys((*_FIELDS, *(extra_fields or ())))
        # Proves that who has the token is the program it was given to.
        proof = hmac.new(client_secret.encode("utf-8"), token.encode("utf-8"), hashlib.sha256)
        told = await self.facebook_request(
            "/me",
            access_token=token,
            appsecret_proof=proof.hexdigest(),
            fields=",".join(fields),
        )
        if not isinstance(told, dict):
            return None
        expires = session.get("expires_in")
        return {
            **{field: told.get(field) for field in fields},
            "access_token": token,
            "session_expires": None if expires is None else str(expires),
        }

    async def facebook_request(
        self,
        path: str,
        access_token: str | None = None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """Return the JSON that the Graph API has at ``path``, such as ``/me/feed``.

        ``args`` become the query; with ``post_args``, a form, the method is POST. Raises
        `AuthError`.
        """
        url = self._FACEBOOK_BASE_URL + path
        return await self.oauth2_request(url, access_token, post_args, **args)
