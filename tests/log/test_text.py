"""Text from strangers: one line, printable, bounded."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.log.text import cut, printable

# Everything that ends a line for somebody.
ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain, with spaces", "plain, with spaces"),
        ("é ü 漢", "é ü 漢"),
        ("a\nb", "a\\nb"),
        ("a\r\nb", "a\\r\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("\0", "\\x00"),
        ("a\\nb", "a\\nb"),
    ],
)
def test_what_is_not_printable_is_escaped(text, shown):
    assert printable(text) == shown


@given(st.text(st.characters() | st.sampled_from(ENDS + "\x1b\x9b\ud800")))
def test_it_is_always_one_printable_line(text):
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    if "\\" not in text and '"' not in text:
        assert ast.literal_eval(f'"{shown}"') == text


@given(st.text(), st.integers(0, 20))
def test_it_is_bounded(text, longest):
    shown = cut(text, longest)
    if len(text) <= longest:
        assert shown == text
    else:
        assert shown == f"{text[:longest]}... and {len(text) - longest} more"


def test_a_long_text_is_cut():
    assert printable("a" * 10_000) == "a" * 8192 + "... and 1808 more"
