"""Conditional requests (RFC 9110 section 13): what the client has, against what is there.

Pure functions of field values, of an entity tag with its quotes, and of a modification time. The
precedence (section 13.2.2): ``If-Match`` or, without it, ``If-Unmodified-Since`` fails with 412;
``If-None-Match`` or, without it, ``If-Modified-Since`` ends with 304; ``If-Range`` comes last.
"""

import datetime
from functools import lru_cache

from waterspout.httputil import format_timestamp
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1.messages import RequestHead
from waterspout.web.etag import names_exactly

__all__ = [
    "is_conditional",
    "is_modified_since",
    "is_precondition_failed",
    "last_modified",
    "parse_date",
    "use_range",
]

# The longest of the three forms that a date has is shorter. Nothing longer is looked at.
_MAX_DATE_SIZE = 64
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECOND = datetime.timedelta(seconds=1)


def parse_date(value: str) -> int | None:
    """Return an HTTP-date (RFC 9110 section 5.6.7) in seconds since the epoch; None for none."""
    if len(value) > _MAX_DATE_SIZE or not value.isascii():
        return None
    # Two milliseconds to import, for those clients that send a date.
    from calendar import timegm
    from email.utils import parsedate_tz

    try:
        fields = parsedate_tz(value)
        return None if fields is None else timegm(fields[:6]) - (fields[9] or 0)
    except (IndexError, OverflowError, ValueError):
        return None


def is_conditional(head: RequestHead) -> bool:
    """Tell whether a request has a condition or a range at all; most have none."""
    return (
        head.find(b"if-none-match") is not None
        or head.find(b"if-modified-since") is not None
        or head.find(b"range") is not None
        or head.find(b"if-match") is not None
        or head.find(b"if-unmodified-since") is not None
    )


@lru_cache(maxsize=512)
def last_modified(modified: datetime.datetime) -> str:
    """Return a time as ``Last-Modified`` has it; remembered, for it is the same again and again."""
    return format_timestamp(modified)


def is_precondition_failed(
    headers: HTTPHeaders, etag: str | None, modified: datetime.datetime | None
) -> bool:
    """Tell whether the answer is 412: the client counts on what is not there."""
    if_match = headers.get("If-Match")
    if if_match is not None:
        return if_match.strip() != "*" and not (etag and names_exactly(if_match, etag))
    value = headers.get("If-Unmodified-Since")
    if value is None or modified is None:
        return False
    date = parse_date(value)
    return date is not None and _seconds(modified) > date


def is_modified_since(if_modified_since: str, modified: datetime.datetime) -> bool:
    """Tell whether something has changed since a date; also where that is no date."""
    date = parse_date(if_modified_since)
    return date is None or _seconds(modified) > date


def use_range(
    if_range: str | None, etag: str | None, modified: datetime.datetime | None, now: float
) -> bool:
    """Tell whether a part will fit to those that the client has; else it gets the whole.

    A tag must be strong and the same. A date must be exactly that of the last modification, and
    that at least a second old, for within one second there can have been two (section 8.8.2.2).
    ``now`` is in seconds since the epoch.
    """
    if if_range is None:
        return True
    if '"' in if_range:
        return etag is not None and etag[:1] == '"' and if_range.strip() == etag
    if modified is None:
        return False
    seconds = _seconds(modified)
    return parse_date(if_range) == seconds and seconds + 1 <= now


def _seconds(time: datetime.datetime) -> int:
    """Return a time in whole seconds, for HTTP knows no parts; without a time zone it is UTC."""
    aware = time.replace(tzinfo=datetime.UTC) if time.tzinfo is None else time
    return (aware - _EPOCH) // _SECOND
