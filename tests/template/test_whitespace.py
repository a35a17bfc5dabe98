"""White space between tags."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.template import Template, filter_whitespace
from waterspout.template.whitespace import default_mode

CASES = [
    ("a  b", "a b", "a b"),
    ("a \t b", "a b", "a b"),
    ("a\n\n\n b", "a\nb", "a b"),
    (" \n ", "\n", " "),
    ("a\r\n\r\n b", "a\nb", "a b"),
    ("\r\r", "\r\r", " "),
    ("a\x0bb", "a\x0bb", "a b"),
    ("a\u00a0\u2003b", "a\u00a0\u2003b", "a b"),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "single", "oneline"), CASES)
def test_modes(text, single, oneline):
    assert filter_whitespace("all", text) == text
    assert filter_whitespace("single", text) == single
    assert filter_whitespace("oneline", text) == oneline


@given(st.text(alphabet=" \t\n\r\x0b\u00a0ab", max_size=30))
def test_single_is_blanks_first_then_breaks(text):
    # Written as its contract says it; the time that this takes may be quadratic.
    expected = re.sub(r"\s*\n\s*", "\n", re.sub(r"[\t ]+", " ", text))
    assert filter_whitespace("single", text) == expected


def test_other_modes_are_refused():
    with pytest.raises(ValueError, match="all, single, oneline"):
        filter_whitespace("double", "")


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.html", "single"), ("a.js", "single"), ("a.txt", "all"), ("<string>", "all")],
)
def test_mode_by_name(name, mode):
    assert default_mode(name) == mode


def test_directive_holds_for_what_follows():
    text = "a  b{% whitespace all %}a  b{% whitespace oneline %}a\n b"
    assert Template(text, "x.html").generate() == b"a ba  ba b"


def test_each_text_for_itself():
    assert Template("a {# #} b {{ 1 }} c", whitespace="single").generate() == b"a  b 1 c"


def test_inside_pre_it_stays():
    text = "<pre>a  b\n\n c{{ 1 }}d  e</pre>"
    assert Template(text, "x.html").generate() == b"<pre>a  b\n\n c1d e</pre>"
