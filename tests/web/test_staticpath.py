"""Paths below a root, as they are written, by the rules of either system."""

import ntpath
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.web.staticpath import absolute_path, is_below, quoted, roots, with_slash


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a.txt", "/srv/static/a.txt"),
        ("a/b", "/srv/static/a/b"),
        ("", "/srv/static"),
        (".", "/srv/static"),
        ("a/../b", "/srv/static/b"),
        ("./a//b/", "/srv/static/a/b"),
        ("..a", "/srv/static/..a"),
        ("a\\..\\b", "/srv/static/a\\..\\b"),
        ("C:", "/srv/static/C:"),
        ("..", None),
        ("../static", None),
        ("a/../../static/a", None),
        ("../static2/a", None),
        ("../secret", None),
        ("a/../../secret", None),
        ("/etc/passwd", None),
        ("/srv/static/a", None),
        ("//etc/passwd", None),
        ("a\0", None),
        ("\0", None),
    ],
)
def test_posix(path, place):
    assert absolute_path("/srv/static", path, posixpath) == place
    assert absolute_path("/srv/static/", path, posixpath) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a.txt", "C:\\srv\\static\\a.txt"),
        ("a/b", "C:\\srv\\static\\a\\b"),
        ("a/../b", "C:\\srv\\static\\b"),
        ("console.txt", "C:\\srv\\static\\console.txt"),
        ("icon", "C:\\srv\\static\\icon"),
        ("com10", "C:\\srv\\static\\com10"),
        ("..\\secret", None),
        ("a\\..\\..\\secret", None),
        ("../secret", None),
        ("\\\\host\\share\\a", None),
        ("//host/share/a", None),
        ("\\secret", None),
        ("/secret", None),
        ("D:\\a", None),
        ("D:a", None),
        ("C:a", None),
        ("a.txt::$DATA", None),
        ("a.txt:stream", None),
        ("con", None),
        ("CON.txt", None),
        ("a\\nul", None),
        ("a/nul.tar.gz", None),
        ("aux .txt", None),
        ("lpt1", None),
        ("a/com1/b", None),
        ("conin$", None),
        ("a.txt.", None),
        ("a.txt ", None),
        (".. ", None),
        (".../a", None),
        ("a./b", None),
        (".\\a", "C:\\srv\\static\\a"),
        ("a\0", None),
    ],
)
def test_windows(path, place):
    assert absolute_path("C:\\srv\\static", path, ntpath) == place


def test_a_root_that_is_the_root_of_all():
    assert absolute_path("/", "etc/passwd", posixpath) == "/etc/passwd"
    assert absolute_path("/", "..", posixpath) is None


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b", "\\", "/", "\0", "C:", " "])))
def test_no_path_leads_outside(parts):
    for flavour, root in ((posixpath, "/srv/static"), (ntpath, "C:\\srv\\static")):
        for separator in ("/", "\\"):
            place = absolute_path(root, separator.join(parts), flavour)
            assert place is None or is_below(place, root, flavour)
            if place is not None:
                assert ".." not in place.replace("\\", "/").split("/") or flavour is posixpath


def test_below():
    assert is_below("/a/b", "/a")
    assert is_below("/a", "/a")
    assert is_below("/a", "/")
    assert not is_below("/ab", "/a")
    assert not is_below("/", "/a")
    assert is_below("c:\\A\\b", "C:\\a", ntpath)


def test_roots():
    assert roots("/a", None) == ["/a"]
    assert roots("/a/", "/b") == ["/a", "/b"]
    assert roots("/a", ["/b", "/c/../d"]) == ["/a", "/b", "/d"]


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/d", "", "/d/"),
        ("/d", "a=1", "/d/?a=1"),
        ("//host/d", "", "/host/d/"),
        ("/\\host/d", "", "/host/d/"),
        ("\\\\host", "", "/host/"),
        ("//", "", "/"),
    ],
)
def test_a_slash_is_added_and_no_other_site_named(path, query, location):
    assert with_slash(path, query) == location


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("a/b-c_d.e~f", "a/b-c_d.e~f"),
        ("a b", "a%20b"),
        ("a?b#c", "a?b#c"),
        ("a%20b", "a%20b"),
        ("é", "%C3%A9"),
        ('"<>', "%22%3C%3E"),
    ],
)
def test_what_no_url_can_hold_is_quoted(path, url):
    assert quoted(path) == url
