"""Ranges of bytes: which part is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.web.ranges import UNSATISFIABLE, ByteRange, content_range, find_range

WHOLE = None


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("bytes=0-4", (0, 5)),
        ("bytes=5-", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=9-", (9, 10)),
        ("bytes=0-0", (0, 1)),
        ("bytes=3-100", (3, 10)),
        ("bytes=007-008", (7, 9)),
        ("BYTES=0-1", (0, 2)),
        ("bytes= 0-1 ", (0, 2)),
        # The whole is answered as the whole.
        ("bytes=0-", WHOLE),
        ("bytes=0-9", WHOLE),
        ("bytes=0-100", WHOLE),
        ("bytes=-10", WHOLE),
        ("bytes=-100", WHOLE),
        # Nothing is there.
        ("bytes=10-", UNSATISFIABLE),
        ("bytes=10-20", UNSATISFIABLE),
        ("bytes=999999999999999999-", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        ("bytes=5-4", UNSATISFIABLE),
        # Several ranges, other units, and what is no range.
        ("bytes=0-1,3-4", WHOLE),
        ("bytes=0-1,", WHOLE),
        ("lines=0-1", WHOLE),
        ("bytes", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=+1-2", WHOLE),
        ("bytes=1--2", WHOLE),
        ("bytes=--2", WHOLE),
        ("bytes=1_0-2_0", WHOLE),
        ("bytes=0x1-0x2", WHOLE),
        ("bytes=1 - 2", WHOLE),
        ("bytes=1.0-2", WHOLE),
        ("bytes=\u0661-\u0662", WHOLE),
        ("bytes=\uff11-\uff12", WHOLE),
        ("bytes =1-2", WHOLE),
        ("bytes=0-1\n", WHOLE),
        ("bytes=1000000000000000000-", WHOLE),
        ("", WHOLE),
    ],
)
def test_the_part(value, part):
    assert find_range(value, 10) == part


@pytest.mark.parametrize("value", ["bytes=0-", "bytes=0-0", "bytes=1-2"])
def test_nothing_has_no_part(value):
    assert find_range(value, 0) is UNSATISFIABLE


def test_the_last_bytes_of_nothing_are_the_whole():
    # A suffix that is not zero can be satisfied (RFC 9110 section 14.1.2).
    assert find_range("bytes=-5", 0) is WHOLE


@pytest.mark.parametrize("unit", ["0-1,", "1-1,", "9", "-9", " ", "0-1 ", "0-1\t", ",", "bytes="])
@pytest.mark.parametrize("end", ["", "-", ",", "x"])
def test_a_long_field_is_read_in_linear_time(unit, end):
    # At this length, what takes a square of steps would take ten minutes.
    text = f"bytes={unit * (500_000 // len(unit))}{end}"
    assert find_range(text, 10) is WHOLE


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20))
def test_a_range_is_what_a_slice_would_be(first, last, size):
    content = bytes(range(size))
    part = find_range(f"bytes={first}-{last}", size)
    expected = content[first : last + 1]
    if part is WHOLE:
        assert expected == content
    elif part is UNSATISFIABLE:
        assert expected == b""
    else:
        assert content[part.start : part.end] == expected


@given(st.integers(0, 20), st.integers(1, 20))
def test_a_suffix_is_what_a_slice_would_be(length, size):
    content = bytes(range(size))
    part = find_range(f"bytes=-{length}", size)
    if part is WHOLE:
        assert length >= size
    elif part is UNSATISFIABLE:
        assert length == 0
    else:
        assert content[part.start : part.end] == content[-length:]


@given(st.text(), st.integers(0, 100))
def test_anything_is_answered_with_what_is_there(text, size):
    part = find_range(f"bytes={text}", size)
    if part is not None and part is not UNSATISFIABLE:
        assert 0 <= part.start < part.end <= size


def test_content_range():
    assert content_range(ByteRange(0, 5), 10) == "bytes 0-4/10"
    assert content_range(UNSATISFIABLE, 10) == "bytes */10"
