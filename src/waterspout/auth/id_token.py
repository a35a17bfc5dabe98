"""The claims of an ID token (OpenID Connect Core 1.0 sections 2 and 3.1.3.7).

Its signature is not looked at. That is right for a token that comes from the token endpoint itself
over TLS, and for no other one: section 3.1.3.7, point 6.
"""

import base64
import hmac
import json
import re
from typing import Any

from waterspout.auth.errors import AuthError

__all__ = ["check_id_token"]

# RFC 7515 section 7.1, compact: header, payload and signature in base64url without padding.
_COMPACT = re.compile(r"([A-Za-z0-9_\-]+)\.([A-Za-z0-9_\-]+)\.([A-Za-z0-9_\-]+)")
#: How far apart the clocks may be, in seconds.
_SKEW = 60
_NEVER = 2**53
#: OpenID Connect Core 1.0 section 2.
_MAX_SUBJECT = 255


def check_id_token(
    token: str, *, issuer: str, client_id: str, nonce: str, now: float
) -> dict[str, Any]:
    """Return the claims of ``token``, which has come from the token endpoint over TLS just now.

    Raises `AuthError` unless they are from ``issuer``, for ``client_id``, in answer to the request
    that had ``nonce``, and hold ``now``, in seconds since the epoch.
    """
    parts = _COMPACT.fullmatch(token)
    if parts is None:
        raise AuthError("the ID token is no signed token (JWS, compact)")
    algorithm = _decoded(parts[1], "header").get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() == "none":
        raise AuthError("the ID token is not signed")
    claims = _decoded(parts[2], "payload")
    if claims.get("iss") != issuer:
        raise AuthError(f"the ID token is not from {issuer}")
    _check_audience(claims, client_id)
    _check_times(claims, now)
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(
        told.encode("utf-8", "replace"), nonce.encode("utf-8")
    ):
        raise AuthError("the ID token answers another request: its nonce is not ours")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise AuthError("the ID token does not tell whom it is about: it has no sub")
    return claims


def _check_audience(claims: dict[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise AuthError("the ID token is for another client: its aud does not name us")
    # Who else is named might have got the token, and pass it on as ours.
    party = claims.get("azp")
    if party != client_id and (party is not None or len(audiences) > 1):
        raise AuthError("the ID token was issued to another client: its azp is not ours")


def _check_times(claims: dict[str, Any], now: float) -> None:
    if now >= _time(claims, "exp") + _SKEW:
        raise AuthError("the ID token has expired")
    if _time(claims, "iat") > now + _SKEW:
        raise AuthError("the ID token was issued in the future: the clocks differ")
    if "nbf" in claims and _time(claims, "nbf") > now + _SKEW:
        raise AuthError("the ID token does not hold yet")


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    # JSON of Python's knows NaN and Infinity, which is never over.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _NEVER:
        raise AuthError(f"the ID token has no time for {name}")
    return value


def _decoded(part: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise AuthError(f"the {what} of the ID token is no JSON object")
    return value
