"""Texts to the values of options: truth, numbers, dates, lengths of time, ranges."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

__all__ = ["parse_list", "parse_value"]

# Of what was given, an error shows so many characters.
_SHOWN = 80
# Values that the ranges of one option may stand for.
_MOST_VALUES = 100_000

_TRUTH = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}

# A date with a time or without one; a time alone is one of the first day of 1900.
_DATETIMES = (
    "%a %b %d %H:%M:%S %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y-%m-%d",
    "%Y%m%d",
    "%H:%M:%S",
    "%H:%M",
)

_UNITS = {
    "": "seconds",
    "w": "weeks",
    "d": "days",
    "h": "hours",
    "m": "minutes",
    "min": "minutes",
    "s": "seconds",
    "sec": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
}
_AMOUNT = re.compile(
    r"\s*([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z]*)\s*"
)

_WANTED: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    datetime: "a date or a time, such as 2026-01-31 12:00",
    timedelta: "a length of time, such as 90s or 1h 30m",
}


def parse_value(text: str, kind: Any) -> Any:
    """Return ``text`` as a value of the type ``kind``; ``ValueError`` says what it should be."""
    try:
        return _PARSERS.get(kind, kind)(text)
    except (ValueError, TypeError, OverflowError) as error:
        wanted = _WANTED.get(kind)
        if wanted is None:
            name = getattr(kind, "__name__", repr(kind))
            raise ValueError(f"takes a value of {name}, not {_shown(text)}: {error}") from error
        raise ValueError(f"takes {wanted}, not {_shown(text)}") from error


def parse_list(text: str, kind: Any) -> list[Any]:
    """Return the values of ``kind`` that ``text`` has between commas; whole numbers in ranges too.

    The range ``1:3`` is 1, 2, 3. ``ValueError`` says what is wrong.
    """
    values: list[Any] = []
    has_ranges = isinstance(kind, type) and issubclass(kind, int) and kind is not bool
    for part in text.split(","):
        low, colon, high = part.partition(":") if has_ranges else (part, "", "")
        value = parse_value(low, kind)
        if not (colon and high):
            values.append(value)
            continue
        last = parse_value(high, kind)
        if last < value:
            raise ValueError(f"takes ranges that go up, not {_shown(part)}")
        if last - value >= _MOST_VALUES - len(values):
            raise ValueError(f"takes {_MOST_VALUES} values at most, {_shown(part)} is too many")
        values.extend(range(value, last + 1))
    return values


def _parse_bool(text: str) -> bool:
    value = _TRUTH.get(text.lower())
    if value is None:
        raise ValueError("it is neither")
    return value


def _parse_datetime(text: str) -> datetime:
    for form in _DATETIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            pass
    raise ValueError("it has none of the forms")


def _parse_timedelta(text: str) -> timedelta:
    total = timedelta()
    position = 0
    while position < len(text) or not text:
        match = _AMOUNT.match(text, position)
        if match is None:
            raise ValueError("it is no number with a unit")
        unit = _UNITS.get(match[2], match[2])
        if unit not in _UNITS.values():
            raise ValueError("there is no such unit")
        total += timedelta(**{unit: float(match[1])})
        position = match.end()
    return total


_PARSERS: dict[Any, Callable[[str], Any]] = {
    bool: _parse_bool,
    datetime: _parse_datetime,
    timedelta: _parse_timedelta,
}


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
