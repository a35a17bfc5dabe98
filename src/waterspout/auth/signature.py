"""The signatures of OAuth 1.0 with HMAC-SHA1 (RFC 5849 section 3.4)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlsplit

__all__ = ["authorization", "base_string", "signature"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


def signature(
    method: str,
    url: str,
    parameters: Iterable[tuple[str, str]],
    consumer_secret: str,
    token_secret: str = "",
) -> str:
    """Return ``oauth_signature`` for a request; see `base_string` for its arguments."""
    key = f"{_encoded(consumer_secret)}&{_encoded(token_secret)}"
    text = base_string(method, url, parameters)
    digest = hmac.new(key.encode("ascii"), text.encode("ascii"), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode("ascii")


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return what is signed (section 3.4.1).

    ``parameters`` are those of the protocol, without ``realm`` and ``oauth_signature``, and those
    of a form in the body; those in the query of ``url`` are taken from there.
    """
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != _DEFAULT_PORTS.get(scheme):
        host = f"{host}:{parts.port}"
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *parameters]
    encoded = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    return "&".join(
        _encoded(part)
        for part in (
            method.upper(),
            f"{scheme}://{host}{parts.path or '/'}",
            "&".join(f"{name}={value}" for name, value in encoded),
        )
    )


def authorization(parameters: Mapping[str, str]) -> str:
    """Return the value of the field Authorization that has ``parameters`` (section 3.5.1)."""
    return "OAuth " + ", ".join(
        f'{_encoded(name)}="{_encoded(value)}"' for name, value in parameters.items()
    )


def _encoded(text: str) -> str:
    """Encode all but letters, digits and ``-._~`` (section 3.6)."""
    return quote(text, safe="")
