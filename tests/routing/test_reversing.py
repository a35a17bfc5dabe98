"""From a pattern back to a path."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.escape import url_unescape
from waterspout.routing import PathMatches


@pytest.mark.parametrize(
    ("pattern", "args", "path"),
    [
        ("/a", (), "/a"),
        ("^/a$", (), "/a"),
        ("/a/(.*)", ("x y/é?&%+",), "/a/x%20y/%C3%A9%3F%26%25%2B"),
        ("/a/([0-9]+)/b", (3,), "/a/3/b"),
        ("/a/(?P<n>.*)/z", (b"q",), "/a/q/z"),
        ("/(.)/(.)", ("a", "b"), "/a/b"),
        ("/foo.html", (), "/foo.html"),
        (r"/foo\.html", (), "/foo.html"),
        ("/foo/?", (), "/foo/"),
        ("/foo/??", (), "/foo/"),
        ("/a+b*", (), "/ab"),
        ("/a/(b|c)?", ("b",), "/a/b"),
        ("/((?:a|b)c)", ("ac",), "/ac"),
        (r"/(\))x", ("x",), "/xx"),
        (r"/a\)/(.)", ("x",), "/a)/x"),
        (r"/a([)])b", ("x",), "/axb"),
        (r"/a([^])(])b", ("x",), "/axb"),
        (r"/a([\])(])b", ("x",), "/axb"),
        ("/x%y/(.*)", ("1",), "/x%y/1"),
        ("(.*)", ("v",), "v"),
        (re.compile("/abc/(.*)"), ("x",), "/abc/x"),
        ("/(.*)", ("",), "/"),
    ],
)
def test_a_path(pattern, args, path):
    assert PathMatches(pattern).reverse(*args) == path


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("/a|/b", "'|' outside a group"),
        ("/[ab]", "'[' outside a group"),
        (r"/\d+", r"'\d' outside a group"),
        ("/.*", "'.*' outside a group"),
        ("/a{2}", "'{' outside a group"),
        ("/a$|", "'$' outside a group"),
        ("/(?:a|b)", "a group that captures nothing"),
        ("/(?=a)", "a group that captures nothing"),
        ("/(a(b)c)", "a group in a group"),
        ("/(?P<a>a(?P<b>b))", "a group in a group"),
        (re.compile("/a b", re.VERBOSE), "white space in it has no meaning"),
    ],
)
def test_a_pattern_that_does_not_tell_the_path(pattern, why):
    with pytest.raises(ValueError, match=rf"no path can be made of it: {re.escape(why)}"):
        PathMatches(pattern).reverse()


def test_the_wrong_number_of_arguments():
    with pytest.raises(TypeError, match="the path has 2 arguments, not 1"):
        PathMatches("/(.)/(.)").reverse("a")
    with pytest.raises(TypeError, match="the path has 0 arguments, not 1"):
        PathMatches("/").reverse("a")


LITERALS = st.text("ab/._-~%é", max_size=4)


@given(st.lists(LITERALS, min_size=1, max_size=4), st.data())
def test_there_and_back_again(literals, data):
    pattern = "([^/]*)".join(map(re.escape, literals))
    args = [data.draw(st.text(max_size=5)) for _ in literals[1:]]
    matcher = PathMatches(pattern)
    path = matcher.reverse(*args)
    assert path is not None
    expected = literals[0] + "".join(
        arg + text for arg, text in zip(args, literals[1:], strict=True)
    )
    if "%" not in pattern:
        assert url_unescape(path, plus=False) == expected
    if not any("/" in arg for arg in args):
        assert matcher.regex.fullmatch(path)


@given(st.text("()[]?P<a>:|*+.\\^$d{2}=", max_size=12))
def test_every_pattern_is_reversed_or_refused(pattern):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # a set in a set
            matcher = PathMatches(pattern)
    except ValueError:
        return
    try:
        path = matcher.reverse(*["a"] * matcher.regex.groups)
    except ValueError:
        return
    assert isinstance(path, str)
