"""Sign-in with Google, by OAuth 2."""

from typing import Any
from urllib.parse import urlencode

from waterspout.auth.handler import handler_of
from waterspout.auth.oauth2 import OAuth2Mixin
from waterspout.auth.provider import FORM, ask_json
from waterspout.httpclient import HTTPRequest

__all__ = ["GoogleOAuth2Mixin"]


class GoogleOAuth2Mixin(OAuth2Mixin):
    """Sign-in with Google: a base of handlers, beside `RequestHandler`.

    The setting ``google_oauth`` has the ``key`` and the ``secret`` that Google gave the program::

        class Login(GoogleOAuth2Mixin, RequestHandler):
            async def get(self):
                here = "https://www.example.com/login"
                code = self.get_argument("code", None)
                if code is None:
                    self.authorize_redirect(
                        redirect_uri=here,
                        client_id=self.get_google_oauth_settings()["key"],
                        scope=["profile", "email"],
                    )
                    return
                access = await self.get_authenticated_user(redirect_uri=here, code=code)
                user = await self.oauth2_request(
                    self._OAUTH_USERINFO_URL, access_token=access["access_token"]
                )
    """

    _OAUTH_AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
    _OAUTH_ACCESS_TOKEN_URL = "https://www.googleapis.com/oauth2/v4/token"  # noqa: S105
    _OAUTH_USERINFO_URL = "https://www.googleapis.com/oauth2/v1/userinfo"
    _OAUTH_NO_CALLBACKS = False
    _OAUTH_SETTINGS_KEY = "google_oauth"

    def get_google_oauth_settings(self) -> dict[str, str]:
        """Return ``key`` and ``secret``: the setting of that name, unless this is overridden."""
        handler = handler_of(self)
        handler.require_setting(self._OAUTH_SETTINGS_KEY, "Google OAuth")
        settings: dict[str, str] = handler.settings[self._OAUTH_SETTINGS_KEY]
        return settings

    async def get_authenticated_user(
        self,
        redirect_uri: str,
        code: str,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> dict[str, Any]:
        """Return what Google gives for ``code``: ``access_token``, ``expires_in``, ``id_token``.

        ``redirect_uri`` is the same as it was for ``authorize_redirect``. Without ``client_id`` and
        ``client_secret`` they are those of `get_google_oauth_settings`. Raises `AuthError`.
        """
        if client_id is None or client_secret is None:
            settings = self.get_google_oauth_settings()
            client_id = settings["key"] if client_id is None else client_id
            client_secret = settings["secret"] if client_secret is None else client_secret
        form = {
            "redirect_uri": redirect_uri,
            "code": code,
            "client_id": client_id,
            "client_secret": client_secret,
            "grant_type": "authorization_code",
        }
        request = HTTPRequest(
            self._OAUTH_ACCESS_TOKEN_URL,
            method="POST",
            headers=FORM,
            body=urlencode(form),
            follow_redirects=False,
        )
        return await ask_json(self.get_auth_http_client(), request)
