"""The language of a response: what the user has chosen, or what the browser asks for."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waterspout.locale import Locale

__all__ = ["browser_locale", "chosen_locale"]

# RFC 9110 section 12.5.4: a language range and its weight.
_RANGE = (
    r"[ \t]*(?P<code>[A-Za-z0-9\-_]{1,64})[ \t]*"
    r"(?:;[ \t]*[Qq]=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)
# Browsers send some ten.
_MAX_RANGES = 50


def chosen_locale(handler: Any) -> "Locale":
    """Return the locale of the user, or else the closest one to what the browser asks for."""
    chosen: Locale | None = handler.get_user_locale()
    return handler.get_browser_locale() if chosen is None else chosen


def browser_locale(handler: Any, default: str) -> "Locale":
    """Return the closest locale to Accept-Language; to ``default`` where that asks for none."""
    # A program in one language never comes here, and starts a millisecond sooner.
    from waterspout import locale

    field = handler.request.headers.get("Accept-Language")
    return locale.get(*(_codes(field) if field else ()) or (default,))


def _codes(field: str) -> list[str]:
    """Return the codes of the field, the best first; what is malformed or not wanted is left out.

    The first 50 of them: any reader of the field has the right to ignore it.
    """
    weighted: list[tuple[float, str]] = []
    for item in field.split(",", _MAX_RANGES)[:_MAX_RANGES]:
        found = re.fullmatch(_RANGE, item)
        if found is None:
            continue
        weight = float(found["weight"] or 1)
        if weight > 0:
            weighted.append((weight, found["code"]))
    weighted.sort(key=lambda pair: -pair[0])
    return [code for _, code in weighted]
