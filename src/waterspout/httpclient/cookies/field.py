"""The field Cookie of a request (RFC 6265bis section 4.2.1): what a program may put there."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from waterspout.httputil.cookies import is_cookie_name

__all__ = ["checked_cookies", "cookie_field"]

# Section 4.1.1 has fewer characters; but what servers read is everything up to the semicolon.
_FORBIDDEN = re.compile(r"[\x00-\x1f;\x7f]|[^\x00-\xff]|\A | \Z")


def checked_cookies(cookies: Any) -> dict[str, str]:
    """Return ``cookies``, names to values, as they can be sent.

    Raises ValueError or TypeError for what can't be; the value is not in the message.
    """
    if not isinstance(cookies, Mapping):
        raise TypeError(f"cookies must be a mapping of names to values, not {cookies!r:.40}")
    for name, value in cookies.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"cookies: name and value of {name!r:.40} must be text")
        if not is_cookie_name(name):
            raise ValueError(f"cookies: {name!r:.40} can't be the name of a cookie")
        bad = _FORBIDDEN.search(value)
        if bad is not None:
            raise ValueError(
                f"cookies: the value of {name!r} must not hold {bad[0]!r} (at index {bad.start()}):"
                " encode it first"
            )
    return dict(cookies)


def cookie_field(kept: Iterable[tuple[str, str]], given: Mapping[str, str]) -> str:
    """Return the field for cookies of a jar and those given with a request; empty if none.

    A cookie that is given takes the place of those of its name.
    """
    pairs = [pair for pair in kept if pair[0] not in given]
    pairs += given.items()
    return "; ".join(f"{name}={value}" if name else value for name, value in pairs)
