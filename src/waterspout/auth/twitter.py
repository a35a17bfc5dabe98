"""Sign-in with Twitter, by version 1.1 of its interface."""

from typing import Any

from waterspout.auth.handler import handler_of
from waterspout.auth.oauth1 import OAuthMixin
from waterspout.auth.oauth2 import MAX_RESOURCE
from waterspout.auth.provider import json_of
from waterspout.httputil import url_concat

__all__ = ["TwitterMixin"]


class TwitterMixin(OAuthMixin):
    """Sign-in with Twitter: a base of handlers, beside `RequestHandler`.

    The settings ``twitter_consumer_key`` and ``twitter_consumer_secret`` are what Twitter gave the
    program. The user is what ``account/verify_credentials`` tells, with ``username`` and
    ``access_token``::

        class Login(TwitterMixin, RequestHandler):
            async def get(self):
                if self.get_argument("oauth_token", None):
                    user = await self.get_authenticated_user()
                else:
                    await self.authenticate_redirect()
    """

    _OAUTH_REQUEST_TOKEN_URL = "https://api.twitter.com/oauth/request_token"  # noqa: S105
    _OAUTH_ACCESS_TOKEN_URL = "https://api.twitter.com/oauth/access_token"  # noqa: S105
    _OAUTH_AUTHORIZE_URL = "https://api.twitter.com/oauth/authorize"
    _OAUTH_AUTHENTICATE_URL = "https://api.twitter.com/oauth/authenticate"
    _OAUTH_NO_CALLBACKS = False
    _TWITTER_BASE_URL = "https://api.twitter.com/1.1"

    async def authenticate_redirect(self, callback_uri: str | None = None) -> None:
        """Send the user to Twitter; unlike `authorize_redirect` consent is asked for once only."""
        await self._oauth_begin(self._OAUTH_AUTHENTICATE_URL, callback_uri, None, None)

    async def twitter_request(
        self,
        path: str,
        access_token: dict[str, Any],
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """Return the JSON that is at ``path``, such as ``/statuses/user_timeline/btaylor``.

        ``path`` may be a whole URL too. ``args`` become the query; with ``post_args``, a form, the
        method is POST. ``access_token`` is that of the user. Raises `AuthError`.
        """
        is_url = path.startswith(("http://", "https://"))
        url = path if is_url else f"{self._TWITTER_BASE_URL}{path}.json"
        url = url_concat(url, args)
        return json_of(await self._oauth_request(url, access_token, post_args, MAX_RESOURCE))

    def _oauth_consumer_token(self) -> dict[str, Any]:
        handler = handler_of(self)
        for name in ("twitter_consumer_key", "twitter_consumer_secret"):
            handler.require_setting(name, "Twitter OAuth")
        return {
            "key": handler.settings["twitter_consumer_key"],
            "secret": handler.settings["twitter_consumer_secret"],
        }

    async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
        user: Any = await self.twitter_request(
            "/account/verify_credentials", access_token=access_token
        )
        if not isinstance(user, dict):
            return {}
        if "screen_name" in user:
            user["username"] = user["screen_name"]
        return user
