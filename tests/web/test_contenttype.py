"""Media types by name."""

import errno
import mimetypes
import os

import pytest

from waterspout.web.contenttype import content_type


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/a/b.txt", "text/plain"),
        ("/a/b.HTML", "text/html"),
        ("/a.b/c", "application/octet-stream"),
        ("/a/b.unknown", "application/octet-stream"),
        ("/a/b.tar.gz", "application/gzip"),
        ("/a/b.tgz", "application/gzip"),
        ("/a/b.txt.br", "application/octet-stream"),
        ("/a/b.svgz", "application/gzip"),
        ("/a/.txt", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_by_name(path, kind):
    assert content_type(path) == kind


@pytest.mark.parametrize("extension", sorted({*mimetypes.types_map, ".gz", ".br", ".Z", ".tgz"}))
def test_as_mimetypes_says(extension):
    kind, encoding = mimetypes.guess_type(f"/a/b{extension}")
    if encoding is None:
        assert content_type(f"/a/b{extension}") == kind


def test_a_type_that_a_program_adds(monkeypatch):
    monkeypatch.setitem(mimetypes.types_map, ".waterspout", "application/x-waterspout")
    assert content_type("/a.waterspout") == "application/x-waterspout"


def test_files_that_cannot_be_read_now_are_read_later(monkeypatch, tmp_path):
    """``mimetypes`` counts as ready while it still reads what the system knows."""
    types = tmp_path / "mime.types"
    types.write_text("text/x-waterspout waterspout\n")

    def refuse(*args, **kwargs):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(types))

    # What is not made anew is put back at the end.
    for name in ("inited", "_db", "types_map", "encodings_map", "suffix_map", "common_types"):
        monkeypatch.setattr(mimetypes, name, getattr(mimetypes, name))
    monkeypatch.setattr(mimetypes, "knownfiles", [str(types)])
    monkeypatch.setattr(mimetypes, "inited", False)
    monkeypatch.setattr(mimetypes, "_db", None)
    with monkeypatch.context() as patched:
        patched.setattr(mimetypes.MimeTypes, "read", refuse)
        for _ in range(2):
            with pytest.raises(OSError, match="Too many open files"):
                content_type("a.waterspout")
    assert content_type("a.waterspout") == "text/x-waterspout"
