"""Texts to values: each type, ranges, and what is none."""

import contextlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.options.values import parse_list, parse_value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "", ""),
        (str, " a,b ", " a,b "),
        (int, "-5", -5),
        (float, "1e3", 1000.0),
        (bool, "True", True),
        (bool, "yes", True),
        (bool, "on", True),
        (bool, "0", False),
        (bool, "NO", False),
        (bool, "f", False),
        (datetime, "2026-01-31 12:00:05", datetime(2026, 1, 31, 12, 0, 5)),
        (datetime, "2026-01-31T12:00:05", datetime(2026, 1, 31, 12, 0, 5)),
        (datetime, "20260131", datetime(2026, 1, 31)),
        (datetime, "12:00", datetime(1900, 1, 1, 12)),
        (timedelta, "90", timedelta(seconds=90)),
        (timedelta, "1h 30m", timedelta(minutes=90)),
        (timedelta, "1h30m", timedelta(minutes=90)),
        (timedelta, " 2 weeks ", timedelta(14)),
        (timedelta, "-1.5ms", timedelta(milliseconds=-1.5)),
        (timedelta, ".5us 1us", timedelta(microseconds=1)),
        (bytes.fromhex, "ff", b"\xff"),
    ],
)
def test_a_value(kind, text, value):
    assert parse_value(text, kind) == value


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (int, "x", "takes a whole number, not 'x'"),
        (int, "", "takes a whole number, not ''"),
        (int, "9" * 5000, f"takes a whole number, not '{'9' * 80}'..."),
        (float, "1,5", "takes a number, not '1,5'"),
        (bool, "", "takes true or false, not ''"),
        (bool, "2", "takes true or false, not '2'"),
        (datetime, "2026-02-30", "takes a date or a time, such as 2026-01-31 12:00, not '2026-02"),
        (timedelta, "", "takes a length of time, such as 90s or 1h 30m, not ''"),
        (timedelta, "5x", "not '5x'"),
        (timedelta, "5 fortnights", "not '5 fortnights'"),
        (timedelta, "1h,", "not '1h,'"),
        (timedelta, "1e400", "not '1e400'"),
        (timedelta, "9999999999w", "not '9999999999w'"),
        (bytes.fromhex, "f", "takes a value of fromhex, not 'f': "),
    ],
)
def test_what_is_no_value(kind, text, message):
    with pytest.raises(ValueError, match="takes") as caught:
        parse_value(text, kind)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        (int, "1:3,7", [1, 2, 3, 7]),
        (int, "-2:-1,5:5,6:", [-2, -1, 5, 6]),
        (str, "a,1:3,", ["a", "1:3", ""]),
        (bool, "true,no", [True, False]),
        (datetime, "12:00,13:00", [datetime(1900, 1, 1, 12), datetime(1900, 1, 1, 13)]),
    ],
)
def test_a_list(kind, text, values):
    found = parse_list(text, kind)
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "takes a whole number, not ''"),
        ("1,x:2", "takes a whole number, not 'x'"),
        ("1:2:3", "takes a whole number, not '2:3'"),
        ("3:1", "takes ranges that go up, not '3:1'"),
        ("1:100001", "takes 100000 values at most, '1:100001' is too many"),
        ("1:60000,1:60000", "takes 100000 values at most"),
        ("0:" + "9" * 4000, "takes 100000 values at most"),
    ],
)
def test_what_is_no_list(text, message):
    with pytest.raises(ValueError, match="takes") as caught:
        parse_list(text, int)
    assert message in str(caught.value)


@given(
    st.text(st.sampled_from("0123456789.eE+- hmsx:")),
    st.sampled_from([int, float, bool, datetime, timedelta]),
)
def test_any_text_is_a_value_or_a_value_error(text, kind):
    for parse in (parse_value, parse_list):
        with contextlib.suppress(ValueError):
            parse(text, kind)


@given(st.timedeltas(timedelta(days=-1000), timedelta(days=1000)))
def test_a_length_of_time_in_all_units(value):
    text = f"{value.days}d {value.seconds}s{value.microseconds}us"
    assert parse_value(text, timedelta) == value
