"""`Locale`: how one language in one region says things."""

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

from waterspout.locale import dates
from waterspout.locale.names import LOCALE_NAMES

if TYPE_CHECKING:
    from waterspout.locale.registry import Registry

__all__ = ["Locale"]

# Languages that are written from right to left.
_RIGHT_TO_LEFT = frozenset(("ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"))


class Locale:
    """One language, maybe in one region; made by `load_translations` and its like.

    - ``code``: such as ``pt_BR``
    - ``name``: what it is called by those who speak it; ``Unknown`` if we do not know
    - ``rtl``: whether it is written from right to left

    Never changed, and so shared by all threads. Subclasses give `translate` and `pgettext`.
    """

    #: What has been loaded; replaced as a whole.
    _registry: "Registry[Locale]"

    def __init__(self, code: str) -> None:
        self.code = code
        self.name = LOCALE_NAMES.get(code, {}).get("name", "Unknown")
        self.rtl = code.partition("_")[0] in _RIGHT_TO_LEFT

    @classmethod
    def get_closest(cls, *locale_codes: str) -> "Locale":
        """Return the first locale there is for one of the codes, else the default one.

        Codes may be those of a browser: in any case, with ``-``, with a script or variants.
        """
        return cls.get(Locale._registry.closest(locale_codes))

    @classmethod
    def get(cls, code: str) -> "Locale":
        """Return the locale with exactly this code. ValueError if there is none."""
        return Locale._registry.get(code)

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Return a message in this language; as it is if there is no translation.

        With ``plural_message`` ``count`` decides which of the two it is, and must be given.
        """
        raise NotImplementedError

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """Return a message in this language, for one of several meanings that it may have."""
        raise NotImplementedError

    def format_date(
        self,
        date: float | datetime.datetime,
        gmt_offset: int = 0,
        relative: bool = True,
        shorter: bool = False,
        full_format: bool = False,
    ) -> str:
        """Return a date in words: "2 minutes ago", "yesterday at 3:04 pm", "July 10".

        - ``date``: a datetime, which is in UTC unless it has a time zone, or seconds since the
          epoch
        - ``gmt_offset``: minutes to subtract from UTC, as JavaScript's ``getTimezoneOffset`` tells
        - ``relative``: whether to say how long ago it was, and "yesterday"
        - ``shorter``: without the time of day, except where that is all
        - ``full_format``: always with the year

        Meant for dates in the past. One in the future is said in full, but less than a minute of it
        counts as now.
        """
        return dates.format_date(self, date, _now(), gmt_offset, relative, shorter, full_format)

    def format_day(self, date: datetime.datetime, gmt_offset: int = 0, dow: bool = True) -> str:
        """Return a day: "Monday, January 22", or without ``dow`` "January 22"."""
        return dates.format_day(self, date, gmt_offset, dow)

    def list(self, parts: Iterable[str]) -> str:
        """Return parts as an enumeration: "A, B and C", "A and B", "A", or the empty text."""
        *others, last = tuple(parts) or ("",)
        if not others:
            return last
        comma = " \u0648 " if self.code.startswith("fa") else ", "
        return self.translate("%(commas)s and %(last)s") % {
            "commas": comma.join(others),
            "last": last,
        }

    def friendly_number(self, value: int) -> str:
        """Return a whole number; in English with a comma every three digits."""
        return f"{int(value):,}" if self.code in ("en", "en_US") else str(value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code}>"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
