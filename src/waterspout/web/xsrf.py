"""Tokens against cross-site request forgery.

A random token lies in a cookie, and a form, or a script, sends it along once more: another site
can have the cookie sent, but cannot read it. Version 2 of the token is ``2|mask|masked|seconds``
with a new mask each time, so that a page compressed together with text of an attacker's does not
give it away (http://breachattack.com); version 1 is the bare token in hexadecimal.
"""

import hmac
import os
import re
import time
from typing import Any

from waterspout.escape import utf8, xhtml_escape
from waterspout.web.errors import HTTPError

__all__ = ["check_xsrf_cookie", "xsrf_form_html", "xsrf_token"]

_TOKEN_SIZE = 16
_VERSIONED = r"[1-9][0-9]*\|"
_VERSION_2 = r"2\|([0-9a-fA-F]{8})\|((?:[0-9a-fA-F]{2})++)\|([0-9]{1,18})"
_EXPIRES_DAYS = 30


class _Token:
    __slots__ = ("seconds", "token")

    def __init__(self, token: bytes, seconds: int) -> None:
        self.token = token
        self.seconds = seconds  # when it was made


def xsrf_token(handler: Any) -> bytes:
    """Return the token for the page, and set its cookie where the client has none yet."""
    settings = handler.settings
    version = settings.get("xsrf_cookie_version", 2)
    found = _decode(_cookie(handler))
    raw = found or _Token(os.urandom(_TOKEN_SIZE), int(time.time()))
    text = _encode(raw, version)
    if found is None:
        attributes = dict(settings.get("xsrf_cookie_kwargs") or {})
        if handler.current_user:
            attributes.setdefault("expires_days", _EXPIRES_DAYS)
        handler.set_cookie(_cookie_name(handler), text, **attributes)
    return text.encode("ascii")


def check_xsrf_cookie(handler: Any) -> None:
    """Raise a 403 unless the form or a header holds the token that the cookie holds."""
    headers = handler.request.headers
    given = (
        handler.get_argument("_xsrf", None)
        or headers.get("X-Xsrftoken")
        or headers.get("X-Csrftoken")
    )
    if not given:
        raise HTTPError(403, f"'_xsrf' argument missing from {handler.request.method}")
    token = _decode(given)
    if token is None:
        raise HTTPError(403, "'_xsrf' argument has invalid format")
    expected = _decode(_cookie(handler))
    if expected is None or not hmac.compare_digest(token.token, expected.token):
        raise HTTPError(403, f"XSRF cookie does not match {handler.request.method} argument")


def xsrf_form_html(handler: Any) -> str:
    """Return the hidden field of a form that holds the token."""
    return f'<input type="hidden" name="_xsrf" value="{xhtml_escape(handler.xsrf_token)}"/>'


def _cookie_name(handler: Any) -> str:
    return handler.settings.get("xsrf_cookie_name", "_xsrf")  # type: ignore[no-any-return]


def _cookie(handler: Any) -> str:
    return handler.get_cookie(_cookie_name(handler)) or ""


def _encode(token: _Token, version: int) -> str:
    if version == 1:
        return token.token.hex()
    if version != 2:
        raise ValueError(f"the setting xsrf_cookie_version is 1 or 2, not {version!r}")
    mask = os.urandom(4)
    return f"2|{mask.hex()}|{_masked(mask, token.token).hex()}|{token.seconds}"


def _decode(text: str) -> _Token | None:
    """Return the token that a text of either version holds, or None."""
    if not text:
        return None
    if re.match(_VERSIONED, text) is None:
        return _Token(_decode_version_1(text), int(time.time()))
    found = re.fullmatch(_VERSION_2, text)
    if found is None:
        return None
    mask, masked, seconds = found.groups()
    return _Token(_masked(bytes.fromhex(mask), bytes.fromhex(masked)), int(seconds))


def _decode_version_1(text: str) -> bytes:
    # Some programs choose tokens of their own, which are not in hexadecimal.
    try:
        return bytes.fromhex(text)
    except ValueError:
        return utf8(text)


def _masked(mask: bytes, token: bytes) -> bytes:
    """Return the token combined with the mask, bit by bit; to do it again undoes it."""
    size = len(token)
    repeated = (mask * (size // 4 + 1))[:size]
    joined = int.from_bytes(token, "big") ^ int.from_bytes(repeated, "big")
    return joined.to_bytes(size, "big")
