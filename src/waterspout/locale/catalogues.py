"""Locales whose messages come from a catalogue: of CSV files, or of gettext."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from waterspout.locale.locales import Locale
from waterspout.log import gen_log

if TYPE_CHECKING:
    import gettext

__all__ = ["CSVLocale", "GettextLocale"]


class CSVLocale(Locale):
    """A locale with the messages of a CSV file; none at all are fine, and English.

    ``translations`` are three dictionaries from messages to translations: ``singular`` and
    ``plural`` for messages with a count, and ``unknown``.
    """

    def __init__(self, code: str, translations: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(code)
        self.translations = translations

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Return a message in this language; see `Locale.translate`."""
        kind = "unknown"
        if plural_message is not None:
            kind = "singular" if _count(message, count) == 1 else "plural"
            message = message if kind == "singular" else plural_message
        return self.translations.get(kind, {}).get(message, message)

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """Translate without the context: CSV files have none, which is logged."""
        if self.translations:
            gen_log.warning("pgettext is not supported by CSVLocale: %s", self.code)
        return self.translate(message, plural_message, count)


class GettextLocale(Locale):
    """A locale with the messages of a catalogue of `gettext`, whose rules decide on plurals."""

    def __init__(self, code: str, translations: "gettext.NullTranslations") -> None:
        super().__init__(code)
        self.translations = translations

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Return a message in this language; see `Locale.translate`."""
        if plural_message is None:
            return self.translations.gettext(message)
        return self.translations.ngettext(message, plural_message, _count(message, count))

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """Return a message in its context; as it is where the catalogue has it in others only."""
        if plural_message is None:
            return self.translations.pgettext(context, message)
        number = _count(message, count)
        return self.translations.npgettext(context, message, plural_message, number)


def _count(message: str, count: int | None) -> int:
    if count is None:
        raise TypeError(f"the message {message[:50]!r} with a plural needs a count")
    return count
