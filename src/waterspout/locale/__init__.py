"""Languages and regions: translated messages, dates, numbers and lists.

    locale.load_translations("translations")      # once, when the program starts
    locale.get("pt-BR", "es").translate("Sign in")

In a handler ``self.locale`` is the one of the user.
"""

from waterspout.locale.catalogues import CSVLocale, GettextLocale
from waterspout.locale.loading import (
    get,
    get_supported_locales,
    load_gettext_translations,
    load_translations,
    set_default_locale,
)
from waterspout.locale.locales import Locale
from waterspout.locale.names import LOCALE_NAMES

__all__ = [
    "LOCALE_NAMES",
    "CSVLocale",
    "GettextLocale",
    "Locale",
    "get",
    "get_supported_locales",
    "load_gettext_translations",
    "load_translations",
    "set_default_locale",
]
