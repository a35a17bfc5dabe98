"""Cookies of a handler: what the client sent, and what goes out with the response."""

import time
import warnings
from typing import TYPE_CHECKING, Any

from waterspout.escape import to_unicode
from waterspout.httputil.cookies import encode_cookie, is_cookie_name

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

__all__ = ["clear_all_cookies", "clear_cookie", "get_cookie", "set_cookie"]

_DAY = 24 * 60 * 60


def get_cookie(handler: Any, name: str, default: str | None) -> str | None:
    """Return the value of a cookie of the request; one that has just been set is not there."""
    request = handler.request
    morsels: SimpleCookie | None = request.__dict__.get("cookies")
    if morsels is not None:
        # Somebody has looked at them, and may have changed them.
        morsel = morsels.get(name)
        return default if morsel is None else morsel.value
    value: str | None = request._cookie_values.get(name)
    return value if value is not None and is_cookie_name(name) else default


def set_cookie(
    handler: Any,
    name: str | bytes,
    value: str | bytes,
    expires_days: float | None,
    attributes: dict[str, Any],
    others: dict[str, Any],
) -> None:
    """Have a cookie go out with the response, in the place of one of the same name.

    ``others`` are keywords that ``attributes`` does not name: newer attributes, and those that
    are spelled in another way.
    """
    name = to_unicode(name)
    for spelling, given in others.items():
        attribute = spelling.lower().replace("-", "_")
        if attribute != spelling:
            warnings.warn(
                f"set_cookie: write {attribute!r}, not {spelling!r}",
                DeprecationWarning,
                stacklevel=3,
            )
        attributes[attribute] = given
    if expires_days is not None and attributes["expires"] is None:
        attributes["expires"] = time.time() + expires_days * _DAY
    line = encode_cookie(name, to_unicode(value), attributes)
    if handler._new_cookies is None:
        handler._new_cookies = {}
    # The last one set is the last one sent.
    handler._new_cookies.pop(name, None)
    handler._new_cookies[name] = line


def clear_cookie(handler: Any, name: str, attributes: dict[str, Any]) -> None:
    """Have the client forget a cookie: one that is empty, and a year too old, takes its place."""
    for attribute in attributes:
        if attribute.lower().replace("-", "_") in ("expires", "max_age"):
            raise TypeError(f"clear_cookie() takes no {attribute!r}: the cookie goes at once")
    attributes.pop("expires_days", None)
    handler.set_cookie(name, value="", expires=time.time() - 365 * _DAY, **attributes)


def clear_all_cookies(handler: Any, attributes: dict[str, Any]) -> None:
    """Have the client forget all cookies that it sent, as far as their attributes are these."""
    names: SimpleCookie = handler.request.cookies
    for name in names:
        handler.clear_cookie(name, **attributes)
