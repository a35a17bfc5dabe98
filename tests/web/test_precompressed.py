"""Compressed neighbours of files."""

import os

import pytest

from waterspout.web import Application, StaticFileHandler
from waterspout.web.openfile import open_file
from waterspout.web.precompressed import find_precompressed, offered_codings

ALL = ("br", "zstd", "gzip")


@pytest.mark.parametrize(
    ("value", "codings"),
    [
        (True, ALL),
        (False, ()),
        ((), ()),
        ("gzip", ("gzip",)),
        (["gzip", "br"], ("gzip", "br")),
    ],
)
def test_the_keyword(value, codings):
    assert offered_codings(value) == codings


def test_another_coding_is_told():
    with pytest.raises(ValueError, match="precompressed: 'deflate' is none of br, zstd, gzip"):
        offered_codings(["br", "deflate"])


def test_another_coding_is_told_when_the_rule_is_made():
    keywords = {"path": "/srv", "precompressed": ["deflate"]}
    expected = r"rule '/\(\.\*\)\$': precompressed: 'deflate' is none of br, zstd, gzip"
    with pytest.raises(ValueError, match=expected):
        Application([("/(.*)", StaticFileHandler, keywords)])
    with pytest.raises(ValueError, match="'deflate' is none of"):
        Application(static_path="/srv", static_handler_args={"precompressed": "deflate"})


class Own(StaticFileHandler):
    """Has a meaning of its own for the keyword."""

    def initialize(self, path, precompressed):  # type: ignore[override]
        super().initialize(path)


def test_a_keyword_of_ones_own_is_not_judged():
    Application([("/(.*)", Own, {"path": "/srv", "precompressed": "deflate"})])


@pytest.fixture
def root(tmp_path):
    """A directory with a file, its neighbours, and a link that leads outside."""
    root = tmp_path / "root"
    root.mkdir()
    for name in ("a.js", "a.js.br", "a.js.zst", "a.js.gz", "b.js", "b.js.gz", "c.js"):
        (root / name).write_text(name)
        os.utime(root / name, (1000, 1000))
    (tmp_path / "secret").write_text("secret")
    (root / "c.js.br").symlink_to("../secret")
    (root / "c.js.gz").mkdir()
    return root


def chosen(root, name, accepted, offered=ALL):
    original = open_file(str(root / name))
    found = find_precompressed(original, accepted, offered, [str(root)])
    original.close()
    if found is None:
        return None
    found[0].close()
    return os.path.basename(found[0].path), found[1]


@pytest.mark.parametrize(
    ("name", "accepted", "found"),
    [
        ("a.js", "gzip, br, zstd", ("a.js.br", "br")),
        ("a.js", "gzip, zstd;q=0.5", ("a.js.gz", "gzip")),
        ("a.js", "zstd", ("a.js.zst", "zstd")),
        ("a.js", "deflate", None),
        ("a.js", None, None),
        ("a.js", "identity, br;q=0.5", None),
        ("b.js", "br, gzip;q=0.5", ("b.js.gz", "gzip")),
        ("b.js", "br", None),
        # What leads outside or is no file is not there.
        ("c.js", "br, gzip", None),
    ],
)
def test_the_choice(root, name, accepted, found):
    assert chosen(root, name, accepted) == found


def test_only_what_is_offered(root):
    assert chosen(root, "a.js", "br, gzip", ("gzip",)) == ("a.js.gz", "gzip")
    assert chosen(root, "a.js", "br, gzip", ("gzip", "br")) == ("a.js.gz", "gzip")


def test_what_is_older_than_its_file_is_not_used(root):
    os.utime(root / "a.js.br", (999, 999))
    assert chosen(root, "a.js", "br, gzip") == ("a.js.gz", "gzip")
    # Tools that copy files keep no more than the second.
    os.utime(root / "a.js", (1000.9, 1000.9))
    assert chosen(root, "a.js", "br, gzip") == ("a.js.gz", "gzip")
