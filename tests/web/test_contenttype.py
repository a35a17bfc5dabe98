"""Media types by name."""

import mimetypes

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
