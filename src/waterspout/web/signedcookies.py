"""Cookies whose values are signed with the secret of the application."""

from typing import Any

from waterspout.web.settings import require_setting
from waterspout.web.signed import (
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)

__all__ = ["get_signed_cookie", "get_signed_cookie_key_version", "sign"]

_FEATURE = "signed cookies"


def sign(handler: Any, name: str, value: str | bytes, version: int | None) -> bytes:
    """Sign a value with ``cookie_secret``, where there are several with that of ``key_version``."""
    secret = require_setting(handler, "cookie_secret", _FEATURE)
    key_version = None
    if isinstance(secret, dict):
        key_version = handler.settings.get("key_version")
        if key_version not in secret:
            raise RuntimeError(
                f"{type(handler).__name__} needs the setting 'key_version' for {_FEATURE}:"
                f" it names the one of the secrets in 'cookie_secret' to sign with"
            )
    return create_signed_value(secret, name, value, version=version, key_version=key_version)


def get_signed_cookie(
    handler: Any,
    name: str,
    value: str | None,
    max_age_days: float,
    min_version: int | None,
) -> bytes | None:
    """Return what was signed: the cookie's value, or ``value``; None where it is not ours."""
    secret = require_setting(handler, "cookie_secret", _FEATURE)
    if value is None:
        value = handler.get_cookie(name)
    return decode_signed_value(
        secret, name, value, max_age_days=max_age_days, min_version=min_version
    )


def get_signed_cookie_key_version(handler: Any, name: str, value: str | None) -> int | None:
    """Return the key version that a cookie, or ``value``, says it is signed with."""
    require_setting(handler, "cookie_secret", _FEATURE)
    if value is None:
        value = handler.get_cookie(name)
    return None if value is None else get_signature_key_version(value)
