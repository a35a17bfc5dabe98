"""From the fields of -F to the ``files`` of a request, as curl writes them."""

import mimetypes
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["Field", "content_of", "fields_of"]

#: The name, and filename, content and content type.
Field = tuple[bytes, tuple[bytes | None, bytes | Path, str | None]]

_QUOTED = re.compile(r'([@<]?)"((?:[^"\\]|\\.)*)"', re.DOTALL)
_OPTION = re.compile(r";\s*(type|filename)=(\"[^\"]*\"|[^;]*)")


def fields_of(texts: Iterable[str]) -> list[Field]:
    """Return the fields, in order. ValueError for what is none, OSError for files not there.

    Files are read while they are sent, each time from their beginning.
    """
    return [_field(text) for text in texts]


def _field(text: str) -> Field:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"a field is name=value, not {text[:40]!r}")
    options: dict[str, str] = {}
    quoted = _QUOTED.match(value)
    if quoted is not None:
        # Nothing in it has a meaning but the backslash.
        value = value[quoted.end() :]
        text = re.sub(r"\\(.)", r"\1", quoted[2], flags=re.DOTALL)
        options = {key: given.strip('"') for key, given in _OPTION.findall(value)}
        if _OPTION.sub("", value).strip():
            raise ValueError(f"after the quoted value of {name[:40]!r} comes {value[:40]!r}")
        value = quoted[1] + text
        if not quoted[1]:
            return _named(name, None, _bytes(text), options)
    elif value.startswith(("@", "<")):
        options = {key: given.strip('"') for key, given in _OPTION.findall(value)}
        value = _OPTION.sub("", value)
    elif found := _OPTION.search(value):
        options = {found[1]: found[2].strip('"')} if found[1] == "type" else {}
        value = value[: found.start()] if options else value
    filename = None
    content: bytes | Path
    if value.startswith(("@", "<")):
        content = _content(value[1:])
        if value[0] == "@":
            shown = options.get("filename", os.path.basename(value[1:]))
            filename = _bytes(shown)
            kind = mimetypes.guess_type(shown)[0] or "application/octet-stream"
            options.setdefault("type", kind)
    else:
        content = _bytes(value)
    return _named(name, filename, content, options)


def _named(
    name: str, filename: bytes | None, content: bytes | Path, options: dict[str, str]
) -> Field:
    kind = options.get("type", "")
    if not (kind.isascii() and kind.isprintable()):
        raise ValueError(f"no content type: {kind!r}")
    return _bytes(name), (filename, content, options.get("type"))


def _content(path: str) -> bytes | Path:
    """Return what to read later; or the content, where that can be had but once."""
    if not os.path.isfile(path):
        return content_of(path)
    with open(path, "rb"):  # It can be, which is better known now.
        return Path(path)


def content_of(path: str) -> bytes:
    """Return what is in a file, or comes from standard input, ``-``; an OSError says of which."""
    try:
        if path == "-":
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        error.filename = path
        raise


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
