"""Locales beside Tornado's: the same catalogues, dates, lists and numbers.

Where the two differ on purpose, a test of its own says so.
"""

import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.locale.catalogues import CATALOGUE, write_catalogue
from tests.locale.conftest import _nothing_is_loaded

from waterspout import locale
from waterspout.locale import locales

theirs = pytest.importorskip("tornado.locale", reason="Tornado is not installed")

__all__ = ["_nothing_is_loaded"]

NOW = datetime.datetime(2026, 11, 25, 15, 28, 30, tzinfo=datetime.UTC)
CODES = ["en", "en_US", "en_GB", "de", "zh_CN", "fa", "xx_YY"]


class Stopped(datetime.datetime):
    """A clock that stands."""

    @classmethod
    def now(cls, tz=None):
        return NOW


@pytest.fixture
def _clocks_stand(monkeypatch):
    module = SimpleNamespace(**{**vars(datetime), "datetime": Stopped})
    monkeypatch.setattr(theirs, "datetime", module)
    monkeypatch.setattr(locales, "_now", lambda: NOW)


@pytest.fixture(autouse=True)
def _nothing_is_loaded_there(monkeypatch):
    for name in ("_translations", "_supported_locales", "_default_locale", "_use_gettext"):
        monkeypatch.setattr(theirs, name, getattr(theirs, name))
    monkeypatch.setattr(theirs.Locale, "_cache", {}, raising=False)


@pytest.mark.usefixtures("_clocks_stand")
@pytest.mark.parametrize("code", CODES)
def test_dates(code):
    ours, other = locale.CSVLocale(code, {}), theirs.CSVLocale(code, {})
    seconds = [*range(-130, 130, 7), *range(-7200, 12 * 3600, 613), *range(-90000, 500_000, 9973)]
    seconds += range(-40_000_000, 40_000_000, 777_777)
    for age in seconds:
        date = NOW - datetime.timedelta(seconds=age)
        for arguments in (
            {},
            {"shorter": True},
            {"relative": False},
            {"full_format": True, "shorter": True},
            {"full_format": True},
            {"gmt_offset": 480},
            {"gmt_offset": -630, "relative": False},
        ):
            expected = other.format_date(date, **arguments)
            assert ours.format_date(date, **arguments) == expected, (age, arguments)
        assert ours.format_date(date.timestamp()) == other.format_date(date.timestamp())
        naive = date.replace(tzinfo=None)
        assert ours.format_date(naive) == other.format_date(naive)
        for dow in (True, False):
            assert ours.format_day(naive, 90, dow) == other.format_day(naive, 90, dow)


@given(st.sampled_from(CODES), st.integers(min_value=0), st.lists(st.text(max_size=3), max_size=5))
def test_numbers_and_lists(code, number, parts):
    ours, other = locale.CSVLocale(code, {}), theirs.CSVLocale(code, {})
    assert ours.friendly_number(number) == other.friendly_number(number)
    assert ours.list(parts) == other.list(parts)
    assert (ours.name, ours.rtl) == (other.name, other.rtl)


def test_negative_numbers_differ():
    assert locale.CSVLocale("en", {}).friendly_number(-123) == "-123"
    assert theirs.CSVLocale("en", {}).friendly_number(-123) == "-,123"


def test_names():
    assert list(locale.LOCALE_NAMES) == list(theirs.LOCALE_NAMES)
    for code, names in theirs.LOCALE_NAMES.items():
        assert locale.LOCALE_NAMES[code]["name"] == names["name"]


def outcomes(module: Any) -> list[str]:
    """Return what the locales of a module make of some messages."""
    found = []
    for code in ("es", "es-MX", "ES_mx", "cs", "cs-CZ", "en", "xx", "", "pt"):
        it = module.get(code)
        found += [
            it.code,
            it.translate("Sign in"),
            it.translate("a"),
            it.translate("a", "b", 1),
            it.translate("a", "b", 2),
            it.translate("file", "files", 5),
            it.pgettext("law", "right"),
            it.pgettext("traffic", "right"),
            it.pgettext("key", "Escape"),
            it.pgettext("none", "none"),
            it.pgettext("law", "right", "rights", 5),
        ]
    assert module.get("xx", "es", "cs").code == module.get("es", "cs").code
    return [*found, *sorted(module.get_supported_locales())]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv(tmp_path, encoding):
    text = 'a,"á"\n"a","ä",plural\n"a","â",singular\nb,ß,plural\nb,"é, é",unknown\nx\n\nc,d,e\n'
    for code in ("es", "es_MX"):
        (tmp_path / f"{code}.csv").write_bytes((text + f"Sign in,{code}\n").encode(encoding))
    (tmp_path / "Ümlaut.csv").write_text("a,b")
    for module in (locale, theirs):
        module.load_translations(str(tmp_path))
    assert outcomes(locale) == outcomes(theirs)
    for module in (locale, theirs):
        module.set_default_locale("es")
    assert outcomes(locale) == outcomes(theirs)


def test_gettext(tmp_path):
    write_catalogue(tmp_path / "cs" / "LC_MESSAGES" / "site.mo", CATALOGUE)
    write_catalogue(tmp_path / "es" / "LC_MESSAGES" / "other.mo", CATALOGUE)
    for module in (locale, theirs):
        module.load_gettext_translations(str(tmp_path), "site")
    assert outcomes(locale) == outcomes(theirs)
    for module in (locale, theirs):
        module.set_default_locale("pt_BR")
    assert outcomes(locale) == outcomes(theirs)


def test_a_missing_context_differs(tmp_path):
    write_catalogue(tmp_path / "cs" / "LC_MESSAGES" / "site.mo", CATALOGUE)
    for module in (locale, theirs):
        module.load_gettext_translations(str(tmp_path), "site")
    arguments = ("traffic", "file", "files", 2)
    assert locale.get("cs").pgettext(*arguments) == "files"  # as it is without a plural
    assert theirs.get("cs").pgettext(*arguments) == "soubory"


def test_a_script_differs(tmp_path):
    (tmp_path / "zh_TW.csv").write_text("a,b\n")
    for module in (locale, theirs):
        module.load_translations(str(tmp_path))
    assert locale.get("zh-Hant-TW").code == "zh_TW"
    assert theirs.get("zh-Hant-TW").code == "en_US"
