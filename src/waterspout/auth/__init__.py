"""Sign-in with somebody else's account: mixins for handlers, one for each protocol or provider.

`OpenIDConnectMixin` works with every provider of OpenID Connect, which most are today. All raise
`AuthError`, and ask the provider by the client that ``get_auth_http_client`` gives.
"""

from waterspout.auth.errors import AuthError, AuthHTTPError
from waterspout.auth.facebook import FacebookGraphMixin
from waterspout.auth.google import GoogleOAuth2Mixin
from waterspout.auth.oauth1 import OAuthMixin
from waterspout.auth.oauth2 import OAuth2Mixin
from waterspout.auth.openid import OpenIdMixin
from waterspout.auth.openid_connect import OpenIDConnectMixin
from waterspout.auth.twitter import TwitterMixin

__all__ = [
    "AuthError",
    "AuthHTTPError",
    "FacebookGraphMixin",
    "GoogleOAuth2Mixin",
    "OAuth2Mixin",
    "OAuthMixin",
    "OpenIDConnectMixin",
    "OpenIdMixin",
    "TwitterMixin",
]
