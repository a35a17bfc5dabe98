"""What a ``Set-Cookie`` field says, as RFC 6265bis reads it; whether it is kept is not said here.

https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/ is the document; sections below are
its own. Everything takes linear time.
"""

import datetime
import re
from typing import NamedTuple

__all__ = ["SetCookie", "default_path", "parse_date", "parse_set_cookie"]

# Section 5.6: of name and value together, and of the value of an attribute.
_MAX_PAIR = 4096
_MAX_ATTRIBUTE = 1024

# Section 5.5: nobody is to be recognized for longer, in seconds.
_MAX_AGE = 400 * 24 * 3600

# Section 5.6. A tab is let through by the document, but no list of cookies could hold it.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
# Nor anything that is no byte: only a program can have made that up, and it could not be sent.
_UNFIT = re.compile(r"\t|[^\x00-\xff]")

# Section 5.1.1: what parts the tokens of a date, and what they are.
_DATE_PART = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MAX_DATE = 256


class SetCookie(NamedTuple):
    """One ``Set-Cookie`` field."""

    name: str
    value: str
    expires: float | None  #: seconds since the epoch, at most 400 days away; None: with the session
    domain: str  #: in lower case, without a dot before it; empty: of the host alone
    path: str  #: empty if there was none that counts
    is_secure: bool
    is_http_only: bool
    same_site: str  #: Strict, Lax, None; empty if there was none of these


def parse_set_cookie(field: str, now: float) -> SetCookie | None:
    """Return what a field says, or None where it is to be passed over (sections 5.6 and 5.6.1 ff.).

    ``now`` is in seconds since the epoch.
    """
    if _FORBIDDEN.search(field.replace("\t", " ")) is not None:
        return None
    pair, _, rest = field.partition(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    name = name.strip(" \t")
    value = value.strip(" \t")
    if not name and not value:
        return None
    if _UNFIT.search(f"{name}={value}") or len(name) + len(value) > _MAX_PAIR:
        return None
    expires: float | None = None
    max_age: float | None = None
    domain = path = same_site = ""
    is_secure = is_http_only = False
    for attribute in rest.split(";"):
        key, _, text = attribute.partition("=")
        key = key.strip(" \t").lower()
        text = text.strip(" \t")
        if len(text) > _MAX_ATTRIBUTE:
            continue
        if key == "expires":
            moment = parse_date(text)
            if moment is not None:
                expires = min(moment, now + _MAX_AGE)
        elif key == "max-age":
            seconds = _max_age(text)
            if seconds is not None:
                max_age = now + min(seconds, _MAX_AGE) if seconds > 0 else 0.0
        elif key == "domain":
            domain = text.removeprefix(".").lower()
        elif key == "path":
            path = text if text.startswith("/") and not _UNFIT.search(text) else ""
        elif key == "secure":
            is_secure = True
        elif key == "httponly":
            is_http_only = True
        elif key == "samesite":
            same_site = text.capitalize() if text.lower() in ("strict", "lax", "none") else ""
    # Max-Age counts before Expires, in whatever order they came.
    return SetCookie(
        name,
        value,
        expires if max_age is None else max_age,
        domain,
        path,
        is_secure,
        is_http_only,
        same_site,
    )


def parse_date(text: str) -> float | None:
    """Return a date in seconds since the epoch, None if it is none (section 5.1.1).

    That section reads what servers send in whatever form; the three forms that an HTTP-date has
    (RFC 9110 section 5.6.7) are among them.
    """
    if len(text) > _MAX_DATE:
        return None
    time = day = month = year = None
    for part in _DATE_PART.findall(text):
        if time is None and (found := _TIME.match(part)):
            time = (int(found[1]), int(found[2]), int(found[3]))
        elif day is None and (found := _DAY.match(part)):
            day = int(found[1])
        elif month is None and part[:3].lower() in _MONTHS:
            month = _MONTHS.index(part[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(part)):
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    if year < 1601:
        return None
    try:
        return datetime.datetime(year, month, day, *time, tzinfo=datetime.UTC).timestamp()
    except ValueError:
        return None


def default_path(path: str) -> str:
    """Return the path of a cookie that names none, for the path of a URL (section 5.1.4)."""
    path = path.partition("?")[0]
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _max_age(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        return None
    # More digits than these are more than 400 days, or less than none.
    seconds = int(digits[:12]) if len(digits) <= 12 else _MAX_AGE
    return -seconds if text.startswith("-") else seconds
