"""Which coding a client takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol.headers import HTTPHeaders
from waterspout.web.contentcoding import choose_coding, vary_on_coding

ALL = ("br", "zstd", "gzip")


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip,zstd", "zstd"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br; q=0.5, gzip ; q=0.5", "br"),
        ("br;Q=0.001", "br"),
        ("gzip;q=0", None),
        ("gzip;q=0.000, br;q=1.000", "br"),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "zstd"),
        ("gzip;q=0.5, *;q=0.1", "gzip"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity, gzip", "gzip"),
        ("identity;q=0", None),
        ("deflate", None),
        # What is malformed is not heard.
        ("gzip;q=2", None),
        ("gzip;q=-1", None),
        ("gzip;q=0.1234", None),
        ("gzip;q=1.1", None),
        ("gzip;q=", None),
        ("gzip;q=\u0661", None),
        ("gzip;level=9", None),
        ("g zip", None),
        ("gzip;q=x, br", "br"),
        (",,gzip,,", "gzip"),
    ],
)
def test_the_choice(accepted, chosen):
    assert choose_coding(accepted, ALL) == chosen


def test_nothing_offered_is_nothing_chosen():
    assert choose_coding("gzip, *", ()) is None


def test_what_stands_behind_many_codings_is_not_looked_at():
    assert choose_coding("a," * 31 + "gzip", ALL) == "gzip"
    assert choose_coding("a," * 32 + "gzip", ALL) is None


@given(st.text())
def test_anything_is_answered(text):
    assert choose_coding(text, ALL) in (None, *ALL)


@pytest.mark.parametrize("start", ["", "gzip", "gzip;", "gzip;q=1"])
@pytest.mark.parametrize("unit", [" ", ",", "a", " a", ";q=", "0", "a;q=0,", '"', ", "])
def test_a_long_field_is_read_in_linear_time(start, unit):
    # At this length, what takes a square of steps would take ten minutes.
    text = start + unit * (500_000 // len(unit))
    assert choose_coding(text, ALL) in (None, *ALL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "Accept-Encoding"),
        ("Cookie", "Cookie, Accept-Encoding"),
        ("accept-encoding", "accept-encoding"),
        ("Cookie, Accept-Encoding", "Cookie, Accept-Encoding"),
        ("*", "*"),
    ],
)
def test_vary_names_the_field_once(before, after):
    headers = HTTPHeaders() if before is None else HTTPHeaders({"Vary": before})
    vary_on_coding(headers)
    vary_on_coding(headers)
    assert headers["Vary"] == after
