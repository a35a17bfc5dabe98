"""Small texts of HTTP: dates, URLs with queries, hosts with ports, credentials."""

import datetime
import time
import unicodedata
from collections.abc import Iterable
from typing import AnyStr
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from waterspout.escape import utf8

__all__ = [
    "encode_username_password",
    "format_timestamp",
    "qs_to_qsl",
    "split_host_and_port",
    "url_concat",
]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def format_timestamp(
    ts: float | tuple[int, ...] | time.struct_time | datetime.datetime,
) -> str:
    """Return a time as HTTP writes it (RFC 9110 section 5.6.7).

    ``ts`` is seconds since the epoch, a time tuple in UTC, or a ``datetime``; one without a
    time zone is in UTC.

    >>> format_timestamp(1359312200)
    'Sun, 27 Jan 2013 18:43:20 GMT'
    """
    if isinstance(ts, datetime.datetime):
        day = ts.utctimetuple()
    elif hasattr(ts, "__float__"):
        day = time.gmtime(float(ts))
    elif isinstance(ts, tuple):
        from calendar import timegm  # a tuple is seldom, and does not know its day of the week

        day = time.gmtime(timegm(ts))
    else:
        raise TypeError(f"no timestamp: {type(ts).__name__}")
    if not 1 <= day.tm_year <= 9999:
        raise ValueError(f"the year {day.tm_year} has no HTTP date")
    # Not strftime, whose names are in the language of the process.
    return (
        f"{_DAYS[day.tm_wday]}, {day.tm_mday:02} {_MONTHS[day.tm_mon - 1]} {day.tm_year:04}"
        f" {day.tm_hour:02}:{day.tm_min:02}:{day.tm_sec:02} GMT"
    )


def url_concat(
    url: str,
    args: dict[str, str] | list[tuple[str, str]] | tuple[tuple[str, str], ...] | None,
) -> str:
    """Add arguments to the query of a URL, whatever it has already.

    >>> url_concat("http://example.com/foo?a=b", [("c", "d d")])
    'http://example.com/foo?a=b&c=d+d'
    """
    if args is None:
        return url
    if not isinstance(args, dict | list | tuple):
        raise TypeError(f"args must be a dict, list, tuple or None, not {type(args).__name__}")
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    query.extend(args.items() if isinstance(args, dict) else args)
    return urlunsplit(parts._replace(query=urlencode(query)))


def qs_to_qsl(qs: dict[str, list[AnyStr]]) -> Iterable[tuple[str, AnyStr]]:
    """Yield ``(name, value)`` pairs of what ``parse_qs`` gives."""
    for name, values in qs.items():
        for value in values:
            yield name, value


def split_host_and_port(netloc: str) -> tuple[str, int | None]:
    """Split ``host:port``; the port is None where there is none. Brackets of IPv6 stay.

    >>> split_host_and_port("[::1]:80")
    ('[::1]', 80)
    """
    host, colon, port = netloc.rpartition(":")
    is_port = port.isascii() and port.isdigit() and len(port) < 10
    if colon and host and is_port and not (":" in host and host[-1:] != "]"):
        return host, int(port)
    return netloc, None


def encode_username_password(username: str | bytes, password: str | bytes) -> bytes:
    """Return ``username:password`` as Basic authentication wants it (RFC 7617 section 2.1).

    Text is composed (Unicode's form C), so that one name is the same bytes from every keyboard,
    and encoded as UTF-8; bytes stay as they are.
    """
    return _composed(username) + b":" + _composed(password)


def _composed(value: str | bytes) -> bytes:
    return utf8(unicodedata.normalize("NFC", value) if isinstance(value, str) else value)
