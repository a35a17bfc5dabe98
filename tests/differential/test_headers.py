"""HTTPHeaders beside Tornado's: programs move over by replacing one word in their imports.

Where the two differ on purpose, a test of its own says so.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.headers import HTTPHeaders

httputil = pytest.importorskip("tornado.httputil", reason="tornado 6.6.1 is not installed")

NAMES = st.sampled_from(["a", "A", "b-c", "B-C", "b-C", "Set-Cookie", "x_y", "--", "1"])
VALUES = st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=6).map(
    lambda value: value.strip(" \t")
)
ANY_TEXT = st.text(st.sampled_from("Aab-_1: \t\r\n\x00\x0b\x7f\x85\xa0\xe9\u20ac"), max_size=14)

OPERATIONS = st.one_of(
    st.tuples(st.just("add"), NAMES, VALUES),
    st.tuples(st.just("set"), NAMES, VALUES),
    st.tuples(st.just("del"), NAMES),
    st.tuples(st.just("pop"), NAMES),
    st.tuples(st.just("setdefault"), NAMES, VALUES),
    st.tuples(st.just("update"), st.dictionaries(NAMES, VALUES, max_size=3)),
    st.tuples(st.just("clear")),
    st.tuples(st.just("copy")),
    st.tuples(st.just("popitem")),
)


def apply(headers: Any, operation: tuple[Any, ...]) -> Any:
    """Carry out an operation; return what it gave, or the kind of its error, and the mapping."""
    kind, *arguments = operation
    given: object = None
    try:
        if kind == "add":
            headers.add(*arguments)
        elif kind == "set":
            headers[arguments[0]] = arguments[1]
        elif kind == "del":
            del headers[arguments[0]]
        elif kind == "copy":
            headers = headers.copy()
        else:
            given = getattr(headers, kind)(*arguments)
    except KeyError as error:
        given = repr(error)
    return given, headers


def shown(headers: Any) -> list[Any]:
    """Return everything that can be asked of a mapping."""
    asked = ["a", "A", "b-c", "B-c", "set-cookie", "x_Y", "--", "1", "none", "no name", "", "\xe9"]
    return [
        list(headers),
        list(headers.get_all()),
        list(headers.items()),
        len(headers),
        str(headers),
        [name in headers for name in asked],
        [headers.get(name) for name in asked],
        [headers.get_list(name) for name in asked],
        dict(headers),
        headers == dict(headers),
    ]


@given(st.lists(OPERATIONS, max_size=12))
def test_the_same_operations_give_the_same(operations):
    ours, theirs = HTTPHeaders(), httputil.HTTPHeaders()
    for operation in operations:
        our_answer, ours = apply(ours, operation)
        their_answer, theirs = apply(theirs, operation)
        assert our_answer == their_answer
        assert shown(ours) == shown(theirs)


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.dictionaries(st.sampled_from("abc"), VALUES))
def test_both_are_made_of_the_same(mapping, keywords):
    for arguments in ((mapping,), (list(mapping.items()),), ()):
        assert shown(HTTPHeaders(*arguments, **keywords)) == shown(
            httputil.HTTPHeaders(*arguments, **keywords)
        )


@given(st.text("Aa1-_!~", min_size=1, max_size=12), VALUES)
def test_names_are_shown_alike(name, value):
    ours, theirs = HTTPHeaders({name: value}), httputil.HTTPHeaders({name: value})
    assert shown(ours) == shown(theirs)


@given(ANY_TEXT, ANY_TEXT)
def test_add_refuses_what_tornado_refuses(name, value):
    ours, theirs = HTTPHeaders(), httputil.HTTPHeaders()
    our_error = their_error = False
    try:
        ours.add(name, value)
    except HTTPInputError:
        our_error = True
    try:
        theirs.add(name, value)
    except httputil.HTTPInputError:
        their_error = True
    if value == value.strip(" \t"):
        assert our_error is their_error
    elif our_error:
        assert their_error
    if not our_error and not their_error:
        assert shown(ours) == shown(theirs)


@given(st.lists(ANY_TEXT, max_size=3).map("\r\n".join), st.booleans())
def test_the_same_text_parses_to_the_same(text, is_bytes):
    outcomes: list[list[Any] | None] = []
    for headers_class, error_class in (
        (HTTPHeaders, HTTPInputError),
        (httputil.HTTPHeaders, httputil.HTTPInputError),
    ):
        try:
            outcomes.append(shown(headers_class.parse(text, _chars_are_bytes=is_bytes)))
        except error_class:
            outcomes.append(None)
    assert outcomes[0] == outcomes[1]


@given(ANY_TEXT.map(lambda text: text.replace("\n", "")), st.sampled_from(["", "\n", "\r\n"]))
def test_the_same_line_parses_to_the_same(text, end):
    outcomes: list[list[Any] | None] = []
    for headers, error_class in (
        (HTTPHeaders(), HTTPInputError),
        (httputil.HTTPHeaders(), httputil.HTTPInputError),
    ):
        try:
            headers.parse_line(text + end)
            outcomes.append(shown(headers))
        except error_class:
            outcomes.append(None)
    assert outcomes[0] == outcomes[1]


# On purpose


def test_a_value_that_is_set_is_checked():
    theirs = httputil.HTTPHeaders()
    theirs["a"] = "b\r\nc: d"
    with pytest.raises(HTTPInputError):
        HTTPHeaders()["a"] = "b\r\nc: d"


def test_white_space_around_a_value_is_no_fault():
    with pytest.raises(httputil.HTTPInputError):
        httputil.HTTPHeaders().add("a", " b ")
    headers = HTTPHeaders()
    headers.add("a", " b ")
    assert headers["a"] == " b "


def test_a_list_that_was_given_is_not_the_one_inside():
    theirs, ours = httputil.HTTPHeaders({"a": "b"}), HTTPHeaders({"a": "b"})
    theirs.get_list("a").append("c")
    ours.get_list("a").append("c")
    assert len(theirs.get_list("a")) == 2
    assert len(ours.get_list("a")) == 1
