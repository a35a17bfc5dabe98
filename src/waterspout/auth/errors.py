"""What goes wrong when somebody else shall tell who a user is.

No message here holds a secret: no token, no code, no query of a URL. They may be logged and shown.
"""

from waterspout.httpclient import HTTPClientError

__all__ = ["AuthError", "AuthHTTPError"]


class AuthError(Exception):
    """The user could not be authenticated; the message says why."""


class AuthHTTPError(AuthError, HTTPClientError):
    """The provider answered with an error, or not at all.

    ``code`` is that of the answer, 599 if there was none; ``response`` is the answer or None.
    """
