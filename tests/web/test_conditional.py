"""Conditional requests: what the client has, against what is there."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.parser import RequestParser
from waterspout.web.conditional import (
    is_conditional,
    is_modified_since,
    is_precondition_failed,
    last_modified,
    parse_date,
    use_range,
)

# The example of RFC 9110 section 5.6.7, in its three forms.
SECONDS = 784111777
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"
LATER = "Sun, 06 Nov 1994 08:49:38 GMT"
MODIFIED = datetime.datetime.fromtimestamp(SECONDS, datetime.UTC)


@pytest.mark.parametrize(
    "value", [DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_the_three_forms_of_a_date(value):
    assert parse_date(value) == SECONDS


@pytest.mark.parametrize(
    "value",
    [
        "",
        "junk",
        "0",
        "Sun, 99 Nov 99999999999999999999 08:49:37 GMT",
        DATE + " " * 64,
        "\u0661 Nov",
    ],
)
def test_no_date(value):
    assert parse_date(value) is None


@given(st.text(max_size=70))
def test_any_text_is_a_date_or_none(text):
    found = parse_date(text)
    assert found is None or isinstance(found, int)


def head(*fields: str):
    raw = "GET / HTTP/1.1\r\nHost: a\r\n" + "".join(f"{field}\r\n" for field in fields) + "\r\n"
    return RequestParser(Limits()).parse(raw.encode(), 0)


@pytest.mark.parametrize(
    "name",
    ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Range", "RANGE"],
)
def test_every_condition_makes_a_request_conditional(name):
    assert is_conditional(head("Accept: a", f"{name}: a", "If: a"))


def test_other_fields_do_not():
    assert not is_conditional(head())
    # Without a range this one means nothing.
    assert not is_conditional(head("If-Range: a", "If: b", "X-Range: c", "Ranges: d"))


def test_last_modified():
    assert last_modified(MODIFIED) == last_modified(MODIFIED.replace(tzinfo=None)) == DATE
    zone = datetime.timezone(datetime.timedelta(hours=5))
    assert last_modified(MODIFIED.astimezone(zone)) == DATE


@pytest.mark.parametrize(
    ("fields", "etag", "modified", "is_failed"),
    [
        ({}, '"a"', MODIFIED, False),
        ({"If-Match": '"a"'}, '"a"', MODIFIED, False),
        ({"If-Match": '"b", "a"'}, '"a"', MODIFIED, False),
        ({"If-Match": "*"}, '"a"', MODIFIED, False),
        ({"If-Match": "*"}, None, None, False),
        ({"If-Match": '"b"'}, '"a"', MODIFIED, True),
        ({"If-Match": '"a"'}, None, MODIFIED, True),
        # The comparison is strong.
        ({"If-Match": 'W/"a"'}, '"a"', MODIFIED, True),
        ({"If-Match": 'W/"a"'}, 'W/"a"', MODIFIED, True),
        ({"If-Unmodified-Since": DATE}, '"a"', MODIFIED, False),
        ({"If-Unmodified-Since": LATER}, '"a"', MODIFIED, False),
        ({"If-Unmodified-Since": EARLIER}, '"a"', MODIFIED, True),
        ({"If-Unmodified-Since": EARLIER}, '"a"', None, False),
        ({"If-Unmodified-Since": "junk"}, '"a"', MODIFIED, False),
        # If-Match goes before, and alone.
        ({"If-Match": '"a"', "If-Unmodified-Since": EARLIER}, '"a"', MODIFIED, False),
        ({"If-Match": '"b"', "If-Unmodified-Since": LATER}, '"a"', MODIFIED, True),
    ],
)
def test_preconditions(fields, etag, modified, is_failed):
    assert is_precondition_failed(HTTPHeaders(fields), etag, modified) is is_failed


@pytest.mark.parametrize(
    ("value", "is_modified"), [(DATE, False), (LATER, False), (EARLIER, True), ("junk", True)]
)
def test_modified_since(value, is_modified):
    assert is_modified_since(value, MODIFIED) is is_modified
    assert is_modified_since(value, MODIFIED.replace(tzinfo=None)) is is_modified


def test_parts_of_a_second_and_other_time_zones_do_not_count():
    zone = datetime.timezone(datetime.timedelta(hours=5))
    modified = MODIFIED.replace(microsecond=999_999).astimezone(zone)
    assert not is_modified_since(DATE, modified)


@pytest.mark.parametrize(
    ("if_range", "etag", "modified", "is_used"),
    [
        (None, None, None, True),
        ('"a"', '"a"', MODIFIED, True),
        (' "a" ', '"a"', MODIFIED, True),
        ('"b"', '"a"', MODIFIED, False),
        ('"a"', None, MODIFIED, False),
        ('W/"a"', '"a"', MODIFIED, False),
        ('W/"a"', 'W/"a"', MODIFIED, False),
        ('"a", "b"', '"a"', MODIFIED, False),
        (DATE, '"a"', MODIFIED, True),
        (EARLIER, '"a"', MODIFIED, False),
        # Not a comparison, but exactly this date.
        (LATER, '"a"', MODIFIED, False),
        (DATE, '"a"', None, False),
        ("junk", '"a"', MODIFIED, False),
        ("", '"a"', MODIFIED, False),
    ],
)
def test_if_range(if_range, etag, modified, is_used):
    assert use_range(if_range, etag, modified, SECONDS + 60) is is_used


def test_a_date_of_this_very_second_is_no_strong_validator():
    assert not use_range(DATE, None, MODIFIED, SECONDS + 0.9)
    assert use_range(DATE, None, MODIFIED, SECONDS + 1)


@pytest.mark.parametrize("unit", ['"', 'W/"', ", ", "a;q=0,", "Sun, ", "9", " "])
def test_a_long_field_is_read_in_linear_time(unit):
    # At this length, what takes a square of steps would take ten minutes.
    text = unit * (500_001 // len(unit))
    assert is_precondition_failed(HTTPHeaders({"If-Match": text}), '"a"', None)
    assert not is_precondition_failed(HTTPHeaders({"If-Unmodified-Since": text}), None, MODIFIED)
    assert parse_date(text) is None
    assert not use_range(text, '"a"', MODIFIED, SECONDS)
