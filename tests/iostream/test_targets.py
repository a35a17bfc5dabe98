"""What a read waits for, as a function of the bytes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.iostream import UnsatisfiableReadError
from waterspout.iostream.targets import Count, Delimiter, Pattern, Whole


@pytest.mark.parametrize(
    ("size", "is_partial", "data", "found"),
    [
        (0, False, b"", 0),
        (0, True, b"", 0),
        (2, False, b"a", -1),
        (2, False, b"ab", 2),
        (2, False, b"abc", 2),
        (2, True, b"", -1),
        (2, True, b"a", 1),
        (2, True, b"abc", 2),
    ],
)
def test_a_number_of_bytes(size, is_partial, data, found):
    assert Count(size, is_partial).size_in(bytearray(data)) == found


def test_the_whole_is_known_at_the_end_only():
    assert Whole().size_in(bytearray(b"abc")) == -1


@given(
    st.lists(st.sampled_from([b"a", b"ab", b"\r", b"\n", b"\r\n", b"\r\r\n", b"ba"]), max_size=30),
    st.sampled_from([b"\n", b"\r\n", b"\r\r\n", b"abab", b"aa"]),
    st.one_of(st.none(), st.integers(1, 20)),
)
def test_a_delimiter_is_found_in_pieces_where_it_is_in_the_whole(pieces, delimiter, most):
    whole = b"".join(pieces)
    at = whole.find(delimiter)
    size = at + len(delimiter)
    target = Delimiter(delimiter, most)
    buffer = bytearray()
    found = -1
    try:
        for piece in pieces:
            buffer += piece
            found = target.size_in(buffer)
            if found >= 0:
                break
    except UnsatisfiableReadError:
        assert most is not None
        assert len(whole) >= most
        assert at < 0 or size > most
        return
    if at >= 0 and (most is None or size <= most):
        assert found == size
    else:
        assert found == -1
        assert most is None or len(whole) < most


class Counted(bytearray):
    """A buffer that knows how many bytes were searched in it."""

    searched = 0

    def find(self, delimiter, start, end):  # type: ignore[override]
        self.searched += end - start
        return super().find(delimiter, start, end)


def test_the_search_for_a_delimiter_is_linear():
    buffer = Counted()
    target = Delimiter(b"\r\n\r\n", None)
    for _ in range(10_000):
        buffer += b"x"
        assert target.size_in(buffer) == -1
    assert buffer.searched <= 10_000 * 4


@pytest.mark.parametrize(
    ("data", "most", "found"),
    [
        (b"ab12", None, 4),
        (b"ab", None, -1),
        (b"ab1c", 3, 3),
        (b"abc", 3, -1),
    ],
)
def test_a_pattern(data, most, found):
    assert Pattern(re.compile(rb"\d+"), most).size_in(bytearray(data)) == found


@pytest.mark.parametrize("data", [b"abcd", b"abc1", b"abcde1"])
def test_a_pattern_that_does_not_come_in_time(data):
    with pytest.raises(UnsatisfiableReadError, match="within 3 bytes"):
        Pattern(re.compile(rb"\d"), 3).size_in(bytearray(data))


def test_a_pattern_is_searched_in_few_bytes_each_time_and_in_many_when_they_have_doubled():
    target = Pattern(re.compile(rb"\n"), None)
    buffer = bytearray(b"x" * 100)
    assert target.size_in(buffer) == -1
    assert not target.is_waiting
    buffer += b"x" * 5000
    assert target.size_in(buffer) == -1
    buffer += b"\n"
    assert target.size_in(buffer) == -1
    assert target.is_waiting
    target.is_due = True
    assert target.size_in(buffer) == 5101
    again = Pattern(re.compile(rb"\n"), None)
    assert again.size_in(bytearray(b"x" * 5000)) == -1
    assert again.size_in(bytearray(b"x" * 10_000 + b"\n")) == 10_001
