"""How a date is said: relative to now, or as a weekday, a day of a month, a full date.

Knows no clock: now is an argument. What is said goes through ``translate``, in the words that
catalogues of messages have for it.
"""

import datetime
import numbers
from typing import Protocol

__all__ = ["format_date", "format_day"]

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

#: So far ahead may a clock be whose "just now" is taken for one.
_SKEW = datetime.timedelta(seconds=60)
_DAY = datetime.timedelta(days=1)

# Until when something is so many seconds, minutes or hours ago; and how many days it has a weekday
# of its own, or a day and month.
_SECONDS = 50
_MINUTES = 50 * 60
_WEEKDAYS = 5
_MONTHS = 334


class Speaker(Protocol):
    """What is needed of a locale."""

    code: str

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Return a message in the language of the locale."""
        ...


def format_date(
    speaker: Speaker,
    date: float | datetime.datetime,
    now: datetime.datetime,
    gmt_offset: int,
    relative: bool,
    shorter: bool,
    full_format: bool,
) -> str:
    """Return ``date`` as `Locale.format_date` documents it; ``now`` has a time zone."""
    date = _in_utc(date)
    if date > now:
        # Clocks differ by some seconds; what is farther ahead is said in full.
        if relative and date - now < _SKEW:
            date = now
        else:
            full_format = True
    age = now - date
    offset = datetime.timedelta(minutes=gmt_offset)
    local = date - offset
    if full_format:
        return _say(speaker, "%(month_name)s %(day)s, %(year)s", local, shorter)
    if age.days == 0:
        return _ago(speaker, age.seconds) if relative else _say(speaker, "%(time)s", local, True)
    if age.days == 1 and relative and local.date() == (now - offset).date() - _DAY:
        return _say(speaker, "yesterday", local, shorter)
    if age.days < _WEEKDAYS:
        return _say(speaker, "%(weekday)s", local, shorter)
    if age.days < _MONTHS:  # so that the name of the month is not that of the one we have
        return _say(speaker, "%(month_name)s %(day)s", local, shorter)
    return _say(speaker, "%(month_name)s %(day)s, %(year)s", local, shorter)


def format_day(speaker: Speaker, date: datetime.datetime, gmt_offset: int, dow: bool) -> str:
    """Return the day of ``date``, with its weekday if ``dow``."""
    local = date - datetime.timedelta(minutes=gmt_offset)
    day = "%(month_name)s %(day)s"
    return _say(speaker, f"%(weekday)s, {day}" if dow else day, local, True)


def _in_utc(date: float | datetime.datetime) -> datetime.datetime:
    if isinstance(date, datetime.datetime):
        if date.tzinfo is None:
            return date.replace(tzinfo=datetime.UTC)
        return date.astimezone(datetime.UTC)
    if isinstance(date, numbers.Real):
        return datetime.datetime.fromtimestamp(float(date), datetime.UTC)
    raise TypeError(f"a date is a datetime or seconds since the epoch, not {type(date).__name__}")


def _ago(speaker: Speaker, seconds: int) -> str:
    """Return how long ago something was that is less than a day old."""
    if seconds < _SECONDS:
        message = speaker.translate("1 second ago", "%(seconds)d seconds ago", seconds)
        return message % {"seconds": seconds}
    if seconds < _MINUTES:
        minutes = round(seconds / 60)
        message = speaker.translate("1 minute ago", "%(minutes)d minutes ago", minutes)
        return message % {"minutes": minutes}
    hours = round(seconds / 3600)
    return speaker.translate("1 hour ago", "%(hours)d hours ago", hours) % {"hours": hours}


def _say(speaker: Speaker, message: str, local: datetime.datetime, shorter: bool) -> str:
    """Return ``message``, or without ``shorter`` that with the time of day, filled in."""
    message = speaker.translate(message if shorter else f"{message} at %(time)s")
    values = {"day": str(local.day), "year": str(local.year), "time": _time(speaker.code, local)}
    # Names are only asked for where they are said.
    if "%(month_name)" in message:
        values["month_name"] = speaker.translate(MONTHS[local.month - 1])
    if "%(weekday)" in message:
        values["weekday"] = speaker.translate(WEEKDAYS[local.weekday()])
    return message % values


def _time(code: str, local: datetime.datetime) -> str:
    """Return the time of day: with twelve hours in English and Chinese, else with 24."""
    if code in ("en", "en_US"):
        return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}"
    if code == "zh_CN":
        # Before noon and after noon, ahead of the figures.
        half = "\u4e0a\u5348" if local.hour < 12 else "\u4e0b\u5348"
        return f"{half}{local.hour % 12 or 12}:{local.minute:02}"
    return f"{local.hour}:{local.minute:02}"
