"""Where a provider of OpenID Connect does what: its discovery document, kept for some minutes.

OpenID Connect Discovery 1.0 sections 3 and 4, RFC 8414.
"""

import time
from dataclasses import dataclass
from typing import Any

from waterspout.auth.errors import AuthError
from waterspout.auth.provider import ask_json, is_secure, is_text
from waterspout.httpclient import AsyncHTTPClient, HTTPRequest

__all__ = ["Provider", "discover", "forget_providers"]

#: How long a document counts, in seconds: providers change theirs once in years.
_LIFETIME = 600.0
#: Programs know some providers, not hundreds.
_MAX_PROVIDERS = 100


@dataclass(frozen=True)
class Provider:
    """What a discovery document tells."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str | None
    #: How a client may show that it is itself; see OpenID Connect Core 1.0 section 9.
    token_endpoint_auth_methods: tuple[str, ...]
    #: Whether it tells who it is when it sends a user back (RFC 9207).
    sends_issuer: bool


_known: dict[str, tuple[float, Provider]] = {}


async def discover(client: AsyncHTTPClient, issuer: str) -> Provider:
    """Return what the provider ``issuer`` tells of itself, now or some minutes ago.

    Raises ValueError for an issuer that could be impersonated, `AuthError` for a document that is
    not its own, or is not there.
    """
    if not is_secure(issuer) or "?" in issuer or "#" in issuer:
        raise ValueError(
            f"the issuer {issuer!r} must be an https URL without a query; http is for this machine"
        )
    now = _clock()
    known = _known.get(issuer)
    if known is not None and now < known[0]:
        return known[1]
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    provider = _provider(issuer, await ask_json(client, HTTPRequest(url, follow_redirects=False)))
    _known.pop(issuer, None)
    while len(_known) >= _MAX_PROVIDERS:
        del _known[next(iter(_known))]
    _known[issuer] = (now + _LIFETIME, provider)
    return provider


def forget_providers() -> None:
    """Ask all providers anew."""
    _known.clear()


def _provider(issuer: str, document: dict[str, Any]) -> Provider:
    if document.get("issuer") != issuer:
        told = str(document.get("issuer"))[:200]
        raise AuthError(f"the discovery document of {issuer} is that of another issuer: {told!r}")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Provider(
        issuer,
        _endpoint(issuer, document, "authorization_endpoint"),
        _endpoint(issuer, document, "token_endpoint"),
        _endpoint(issuer, document, "userinfo_endpoint")
        if "userinfo_endpoint" in document
        else None,
        tuple(methods) if isinstance(methods, list) else (),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(issuer: str, document: dict[str, Any], name: str) -> str:
    url = document.get(name)
    if not is_text(url) or not is_secure(url):
        raise AuthError(f"the discovery document of {issuer} has no https URL for {name}")
    return url


def _clock() -> float:
    return time.monotonic()
