"""Credentials for requests: Basic and Bearer, and what other ways to authenticate are made of.

RFC 9110 section 11, RFC 7617, RFC 6750. Who is asked is settled elsewhere: credentials are for the
origin of the first URL of a fetch.
"""

import base64
import re
from collections.abc import Sequence
from typing import NamedTuple

from waterspout.httpclient.auth.challenges import Challenge
from waterspout.httpclient.target import Target
from waterspout.httputil import encode_username_password
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["Asked", "Auth", "BasicAuth", "BearerAuth", "basic", "fixed_field"]

# RFC 6750 section 2.1 has fewer characters; some servers hand out others.
_BEARER = re.compile(r"[!-~]+")


class Asked(NamedTuple):
    """The request that is to be authenticated."""

    method: str
    target: Target
    body: bytes | None  #: None where it is not known before it is sent


class Auth:
    """A way to authenticate, to be given as ``auth``; override what it needs.

    One instance may be used by many fetches at once, in many threads. Nothing here may block.
    """

    def authorization(self, asked: Asked) -> str | None:
        """Return the field Authorization for a request; None: there is nothing to say yet."""
        return None

    def answer(self, asked: Asked, challenges: Sequence[Challenge], answered: int) -> bool:
        """Take note of a response with the code 401; tell whether to ask again.

        `authorization` is called again then. ``answered`` is how many challenges this fetch has
        answered already; there is an end to that.
        """
        return False

    def learn(self, asked: Asked, headers: HTTPHeaders) -> None:
        """Take note of the fields of a response that is no refusal."""


class _Fixed(Auth):
    """Says the same of every request, at once."""

    _field: str

    def authorization(self, asked: Asked) -> str | None:
        """Return the field."""
        return self._field

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Fixed):
            return NotImplemented
        return type(self) is type(other) and self._field == other._field

    def __hash__(self) -> int:
        return hash(self._field)


class BasicAuth(_Fixed):
    """User name and password (RFC 7617), sent at once; anybody can read them where TLS is not."""

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self.username = username
        self._field = basic(username, password)

    def __repr__(self) -> str:
        return f"<BasicAuth {self.username!r}>"


class BearerAuth(_Fixed):
    """A token (RFC 6750), sent at once. ValueError if it could not stand in a field."""

    def __init__(self, token: str) -> None:
        if _BEARER.fullmatch(token) is None:
            raise ValueError("a bearer token must be visible ASCII characters, at least one")
        self._field = f"Bearer {token}"

    def __repr__(self) -> str:
        return "<BearerAuth>"


def fixed_field(auth: object) -> str | None:
    """Return the field that ``auth`` gives for every request; None if that is not sure."""
    # A subclass may have its own mind.
    return auth._field if type(auth) is BasicAuth or type(auth) is BearerAuth else None


def basic(username: str | bytes, password: str | bytes) -> str:
    """Return the field for a user name, which can't hold a colon, and a password."""
    if (b":" in username) if isinstance(username, bytes) else (":" in username):
        raise ValueError("auth: a user name must not hold a colon (RFC 7617)")
    pair = base64.b64encode(encode_username_password(username, password))
    return f"Basic {pair.decode('ascii')}"
