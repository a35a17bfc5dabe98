"""What a locale says: dates, lists, numbers, its own name."""

import datetime

import pytest

from waterspout import locale
from waterspout.locale import locales
from waterspout.locale.dates import format_date

NOW = datetime.datetime(2026, 11, 25, 15, 28, 30, tzinfo=datetime.UTC)
ENGLISH = locale.CSVLocale("en_US", {})

AGO = {
    0: "0 seconds ago",
    1: "1 second ago",
    49: "49 seconds ago",
    50: "1 minute ago",
    89: "1 minute ago",
    91: "2 minutes ago",
    49 * 60: "49 minutes ago",
    50 * 60: "1 hour ago",
    23 * 3600: "23 hours ago",
    24 * 3600: "yesterday at 3:28 pm",
    39 * 3600: "yesterday at 12:28 am",
    40 * 3600: "Monday at 11:28 pm",
    4 * 86400: "Saturday at 3:28 pm",
    5 * 86400: "November 20 at 3:28 pm",
    333 * 86400: "December 27 at 3:28 pm",
    334 * 86400: "December 26, 2025 at 3:28 pm",
    # What is ahead: clocks differ, or it is said in full.
    -1: "0 seconds ago",
    -59: "0 seconds ago",
    -60: "November 25, 2026 at 3:29 pm",
    -86400: "November 26, 2026 at 3:28 pm",
}


@pytest.fixture
def _at_now(monkeypatch):
    monkeypatch.setattr(locales, "_now", lambda: NOW)


@pytest.mark.usefixtures("_at_now")
@pytest.mark.parametrize("seconds", AGO)
def test_dates_relative_to_now(seconds):
    date = NOW - datetime.timedelta(seconds=seconds)
    assert ENGLISH.format_date(date) == AGO[seconds]
    assert ENGLISH.format_date(date.timestamp()) == AGO[seconds]
    assert ENGLISH.format_date(date.replace(tzinfo=None)) == AGO[seconds]
    elsewhere = datetime.timezone(datetime.timedelta(hours=9))
    assert ENGLISH.format_date(date.astimezone(elsewhere)) == AGO[seconds]


@pytest.mark.usefixtures("_at_now")
@pytest.mark.parametrize(
    ("hours", "arguments", "text"),
    [
        (1, {"relative": False}, "2:28 pm"),
        (1, {"relative": False, "shorter": True}, "2:28 pm"),
        (1, {"full_format": True}, "November 25, 2026 at 2:28 pm"),
        (1, {"full_format": True, "shorter": True}, "November 25, 2026"),
        (24, {"relative": False}, "Tuesday at 3:28 pm"),
        (24, {"shorter": True}, "yesterday"),
        (72, {"shorter": True}, "Sunday"),
        (240, {"shorter": True}, "November 15"),
        (24, {"gmt_offset": 480}, "yesterday at 7:28 am"),
        (24, {"gmt_offset": -600}, "yesterday at 1:28 am"),
        (38, {"gmt_offset": 480}, "Monday at 5:28 pm"),
        (-0.01, {"relative": False}, "November 25, 2026 at 3:29 pm"),
    ],
)
def test_dates_said_otherwise(hours, arguments, text):
    date = NOW - datetime.timedelta(hours=hours)
    assert ENGLISH.format_date(date, **arguments) == text


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("en", ["12:05 am", "11:05 am", "12:05 pm", "11:05 pm"]),
        ("en_GB", ["0:05", "11:05", "12:05", "23:05"]),
        ("de_DE", ["0:05", "11:05", "12:05", "23:05"]),
        ("zh_CN", ["上午12:05", "上午11:05", "下午12:05", "下午11:05"]),
    ],
)
def test_times_of_day(code, texts):
    for hour, text in zip((0, 11, 12, 23), texts, strict=True):
        date = datetime.datetime(2026, 11, 25, hour, 5, tzinfo=datetime.UTC)
        now = date + datetime.timedelta(minutes=1)
        speaker = locale.CSVLocale(code, {})
        assert format_date(speaker, date, now, 0, False, False, False) == text


@pytest.mark.usefixtures("_at_now")
def test_dates_are_translated():
    german = locale.CSVLocale(
        "de",
        {
            "unknown": {
                "November": "November",
                "Monday": "Montag",
                "%(month_name)s %(day)s, %(year)s at %(time)s": "%(day)s. %(month_name)s %(year)s, "
                "%(time)s Uhr",
                "%(weekday)s, %(month_name)s %(day)s": "%(weekday)s, %(day)s. %(month_name)s",
                "yesterday": "gestern",
            },
            "singular": {"1 second ago": "vor einer Sekunde"},
            "plural": {"%(minutes)d minutes ago": "vor %(minutes)d Minuten"},
        },
    )
    assert german.format_date(NOW, full_format=True) == "25. November 2026, 15:28 Uhr"
    assert german.format_date(NOW.timestamp() - 1) == "vor einer Sekunde"
    assert german.format_date(NOW.timestamp() - 600) == "vor 10 Minuten"
    assert german.format_date(NOW.timestamp() - 86400, shorter=True) == "gestern"
    assert german.format_day(NOW - datetime.timedelta(days=2)) == "Montag, 23. November"


def test_a_date_is_a_date():
    with pytest.raises(TypeError, match="seconds since the epoch, not str"):
        ENGLISH.format_date("yesterday")  # type: ignore[arg-type]


def test_the_clock_is_that_of_the_system():
    assert ENGLISH.format_date(datetime.datetime.now(datetime.UTC)).endswith("ago")


def test_days():
    date = datetime.datetime(2018, 4, 23, 2)
    assert ENGLISH.format_day(date) == "Monday, April 23"
    assert ENGLISH.format_day(date, dow=False) == "April 23"
    assert ENGLISH.format_day(date, gmt_offset=180) == "Sunday, April 22"


@pytest.mark.parametrize(
    ("parts", "text", "persian"),
    [
        ([], "", ""),
        (["A"], "A", "A"),
        (["A", "B"], "A and B", "A and B"),
        (("A", "B", "C"), "A, B and C", "A و B and C"),
    ],
)
def test_lists(parts, text, persian):
    assert ENGLISH.list(parts) == ENGLISH.list(iter(parts)) == text
    assert locale.CSVLocale("fa_IR", {}).list(parts) == persian


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1,000"), (-999, "-999"), (-1234567, "-1,234,567")],
)
def test_numbers(number, text):
    assert ENGLISH.friendly_number(number) == text
    assert locale.CSVLocale("de", {}).friendly_number(number) == str(number)


def test_names():
    assert ENGLISH.name == "English (US)"
    assert locale.CSVLocale("de", {}).name == "Unknown"
    assert locale.CSVLocale("pt_BR", {}).name == "Português (Brasil)"
    assert locale.LOCALE_NAMES["pt_BR"]["name_en"] == "Portuguese (Brazil)"
    assert repr(ENGLISH) == "<CSVLocale en_US>"
    directions = {code: locale.CSVLocale(code, {}).rtl for code in ("ar_EG", "fa", "he_IL", "arn")}
    assert directions == {"ar_EG": True, "fa": True, "he_IL": True, "arn": False}


def test_a_locale_without_messages_has_no_words():
    with pytest.raises(NotImplementedError):
        locale.Locale("en").translate("a")
    with pytest.raises(NotImplementedError):
        locale.Locale("en").pgettext("a", "b")
    assert locale.Locale.get("en_US").code == "en_US"
    with pytest.raises(ValueError, match="no locale 'xx' is loaded"):
        locale.Locale.get("xx")
