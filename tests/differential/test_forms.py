"""Forms with files beside Tornado's: where a form is well formed both find the same in it.

What is refused here and was not there is in docs/differences.md, and is held in the tests of the
room.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.httputil.form_writer import BOUNDARY, file, form, part, value

import waterspout.httputil

tornado_httputil = pytest.importorskip("tornado.httputil", reason="tornado is not installed")


def told(httputil: Any, data: bytes, boundary: bytes = BOUNDARY) -> Any:
    """Return what is found in a form; only the word "refused" where that is an error."""
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[Any]] = {}
    try:
        httputil.parse_multipart_form_data(boundary, data, arguments, files)
    except httputil.HTTPInputError:
        return "refused"
    return arguments, files


def both(data: bytes, boundary: bytes = BOUNDARY) -> list[Any]:
    return [told(httputil, data, boundary) for httputil in (waterspout.httputil, tornado_httputil)]


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8).filter(
    lambda name: '"' not in name and "\\" not in name
)
# No line that might be a boundary; those of Tornado's are found in the middle of a line too.
BODIES = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b"-", b"--", b"a", b"\x00", b"\xff", b"\r\n\r\n"]),
    max_size=10,
).map(b"".join)
PARTS = st.one_of(
    st.builds(value, NAMES, BODIES),
    st.builds(file, NAMES, NAMES, BODIES, st.sampled_from([None, "text/plain", "a/b; c=d", ""])),
    st.builds(file, NAMES, st.just(""), BODIES),
)


@given(st.lists(PARTS, max_size=6), st.sampled_from([BOUNDARY, b"B", b"'()+_,-./:=? B", b"-"]))
def test_forms_that_browsers_send(parts, boundary):
    ours, theirs = both(form(*parts, boundary=boundary), boundary)
    if boundary != b"-":  # which stands in the bodies
        assert ours != "refused"
        assert ours == theirs


@pytest.mark.parametrize(
    "head",
    [
        r'form-data; name="a"; filename="b\"c\\d.txt"',
        r'form-data; name="a"; filename="C:\dir\b.txt"',
        r'form-data; name="a"; filename="b\"',
        'form-data; name="a%22"; filename="b%22 %0D.txt"',
        "form-data; name=a; filename=b.txt",
        'form-data;name="a";filename="b;c"',
        'form-data ; name = "a" ; filename = "b"',
        'form-data; name="a";',
        'form-data; NAME="a"; Filename="b"',
        'form-data; name="a"; filename="_"; filename*=UTF-8\'\'%E2%82%AC.txt',
        'form-data; name="a"; filename*=UTF-8\'\'%E2%82%AC.txt; filename="_"',
        "form-data; name=\"a\"; filename*=iso-8859-1'en'%E9",
        "form-data; name=\"a\"; filename*=utf-8''",
        'form-data; name="a"; other="b"',
        "form-data; name='a'",
        # refused by both
        "form-data",
        'form-data; name=""',
        'form-data; filename="b"',
        'attachment; name="a"',
        'form-data; name="a\x00"',
        'form-data; name="a\x7f"',
    ],
)
def test_heads(head):
    ours, theirs = both(form(part(f"Content-Disposition: {head}", b"x")))
    assert ours == theirs


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        form(),
        form(value("a", b"1"))[:-2],
        form(value("a", b"1"))[:-4],
        form(value("a", b"1"))[:-6],
        form(value("a", b"1")).replace(b"\r\n", b"\n"),
        form(value("a", b"1")) + b"\r\nepilogue",
        b"preamble\r\n" + form(value("a", b"1")),
        form(b"\r\nx"),
        form(part("Content-Type: text/plain")),
        form(part("content-disposition: form-data; name=a", b"1")),
        form(part("Content-Disposition: form-data;\r\n name=a")),
        form(part("Content-Disposition: form-data; name=a\r\nb" + "c" * 10_240)),
        form(more=[value("a", b"1")] * 99),
        form(more=[value("a", b"1")] * 101),
    ],
)
def test_bodies(data):
    ours, theirs = both(data)
    assert ours == theirs


# On purpose


def test_a_hundred_parts_are_a_hundred():
    ours, theirs = both(form(more=[value("a", b"1")] * 100))
    assert len(ours[0]["a"]) == 100
    assert theirs == "refused"


def test_a_word_is_read_in_either_case():
    ours, theirs = both(form(part('Content-Disposition: Form-Data; name="a"', b"1")))
    assert ours == ({"a": [b"1"]}, {})
    assert theirs == "refused"


@pytest.mark.parametrize(
    "head",
    [
        'form-data; name="a"; name="b"',
        "form-data; name=a b",
        'form-data; name="a',
        "form-data; name=\"a\"; name*=utf-8''b",
        'form-data; name="a"; filename*0="b"',
        "form-data; name=\"a\"; filename*=utf-8''%FF",
        'form-data; name="a"\r\nContent-Disposition: form-data; name="b"',
        'form-data; name="a"\r\nContent-Length: 2',
    ],
)
def test_what_is_ambiguous_is_refused(head):
    ours, theirs = both(form(part(f"Content-Disposition: {head}", b"x")))
    assert ours == "refused"
    assert theirs != "refused"


def test_a_line_that_begins_like_the_boundary_is_refused():
    ours, theirs = both(form(value("a", b"\r\n--" + BOUNDARY + b"x")))
    assert ours == "refused"
    assert theirs != "refused"
