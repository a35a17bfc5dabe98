"""Catalogues from files, and the locales that are made of them.

What is loaded replaces what was: once, when the program starts, or again while it runs. Handlers
that have a locale already keep it.
"""

import codecs
import io
import os
import re
from collections.abc import Mapping

from waterspout.locale.catalogues import CSVLocale, GettextLocale
from waterspout.locale.locales import Locale
from waterspout.locale.registry import Registry
from waterspout.log import gen_log

__all__ = [
    "get",
    "get_supported_locales",
    "load_gettext_translations",
    "load_translations",
    "set_default_locale",
]

_CODE = re.compile(r"[a-z]{2,8}(_[A-Z][a-z]{3})?(_([A-Z]{2,8}|[0-9]{3}))?")
_KINDS = ("plural", "singular", "unknown")
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def get(*locale_codes: str) -> Locale:
    """Return the closest locale to the first code that any serves; see `Locale.get_closest`."""
    return Locale.get_closest(*locale_codes)


def get_supported_locales() -> frozenset[str]:
    """Return the codes of all locales that are loaded, and of the default one."""
    return Locale._registry.codes


def set_default_locale(code: str) -> None:
    """Set the locale for those who ask for none that there is; ``en_US`` unless this is called.

    It is the language that the messages in the program are written in, and needs no catalogue.
    """
    _register(_loaded, code)


def load_translations(directory: str, encoding: str | None = None) -> None:
    """Load the CSV files of ``directory``, each named after its locale, such as ``es_MX.csv``.

    A row has a message, its translation, and maybe ``plural`` or ``singular``:

        "I love you","Te amo"
        "%(name)s liked this","A %(name)s les gustó esto","plural"
        "%(name)s liked this","A %(name)s le gustó esto","singular"

    A file is in ``encoding``; without it in what its byte order mark says, UTF-8 or UTF-16, or in
    UTF-8. Rows that are wrong, and files of other names, are logged and left out.

    Raises OSError for what can't be read, UnicodeDecodeError for what is in another encoding.
    """
    locales: dict[str, Locale] = {}
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        code, extension = os.path.splitext(name)
        if extension != ".csv":
            continue
        if not _CODE.fullmatch(code):
            gen_log.error("Unrecognized locale %r (path: %s)", code, path)
            continue
        locales[code] = CSVLocale(code, _translations(path, encoding))
    _register(locales, Locale._registry.default)
    gen_log.debug("Supported locales: %s", sorted(get_supported_locales()))


def load_gettext_translations(directory: str, domain: str) -> None:
    """Load the catalogues ``directory/{locale}/LC_MESSAGES/{domain}.mo``, made by ``msgfmt``.

    A directory without one, or with a broken one, is logged and left out. Raises OSError if
    ``directory`` can't be read.
    """
    import gettext  # as csv below: not for every program that has a framework

    locales: dict[str, Locale] = {}
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if name.startswith(".") or not os.path.isdir(path):
            continue
        try:
            with open(os.path.join(path, "LC_MESSAGES", f"{domain}.mo"), "rb") as file:
                translations = gettext.GNUTranslations(file)
        except Exception as error:  # whatever a broken catalogue leads to
            gen_log.error("Cannot load translation for %r: %s", name, error)
            continue
        locales[name] = GettextLocale(name, translations)
    _register(locales, Locale._registry.default)
    gen_log.debug("Supported locales: %s", sorted(get_supported_locales()))


#: What has a catalogue: without the default locale if that has none.
_loaded: dict[str, Locale] = {}


def _register(locales: dict[str, Locale], default: str) -> None:
    global _loaded
    _loaded = locales
    Locale._registry = Registry({default: CSVLocale(default, {}), **locales}, default)


def _translations(path: str, encoding: str | None) -> Mapping[str, Mapping[str, str]]:
    """Return the messages of a CSV file for a `CSVLocale`."""
    import csv

    translations: dict[str, dict[str, str]] = {}
    reader = csv.reader(io.StringIO(_text(path, encoding), newline=""), skipinitialspace=True)
    try:
        for row in reader:
            where = f"{path} line {reader.line_num}"
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if len(cells) not in (2, 3):
                gen_log.error(
                    "%d columns in %s: a message, its translation and maybe 'plural' or 'singular' "
                    "are expected, in quotes where they have commas",
                    len(cells),
                    where,
                )
                continue
            kind = (cells[2] if len(cells) == 3 else "") or "unknown"
            if kind not in _KINDS:
                gen_log.error("Unrecognized plural indicator %r in %s", kind, where)
                continue
            translations.setdefault(kind, {})[cells[0]] = cells[1]
    except csv.Error as error:
        gen_log.error(
            "%s in %s: what follows is not loaded", error, f"{path} line {reader.line_num}"
        )
    return translations


def _text(path: str, encoding: str | None) -> str:
    with open(path, "rb") as file:
        data = file.read()
    if encoding is None:
        encoding = "utf-16" if data.startswith(_BYTE_ORDER_MARKS) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        error.reason += f"; in the file {path}"
        raise


_register({}, "en_US")
