"""Bodies made from values: JSON, forms, and forms with files (RFC 7578, WHATWG URL and HTML)."""

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from json import dumps
from typing import Any
from urllib.parse import quote_plus

from waterspout.escape import utf8
from waterspout.httpclient.bodies.source import JoinedSource, Source, source_of

__all__ = ["content_of", "encode_form", "encode_json", "encode_multipart"]


def content_of(json: Any, form: Any, files: Any) -> tuple[str, bytes | Source]:
    """Return the Content-Type and the body for what a request was given of these three."""
    if json is not None:
        if form is not None or files is not None:
            raise ValueError("json and a form are two bodies")
        return "application/json", encode_json(json)
    if files is not None:
        return encode_multipart(form, files)
    return "application/x-www-form-urlencoded", encode_form(form)


def encode_json(value: Any) -> bytes:
    """Return JSON in UTF-8. TypeError, or ValueError, for what JSON has no word for."""
    return dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def encode_form(form: Any) -> bytes:
    """Return the pairs of ``form`` as application/x-www-form-urlencoded, in their order."""
    return "&".join(
        f"{_quoted(utf8(name))}={_quoted(value)}" for name, value in _fields(form)
    ).encode("ascii")


def encode_multipart(form: Any, files: Any) -> tuple[str, bytes | Source]:
    """Return the Content-Type and the body of a form with files: fields first, then files.

    Files are not read: the body is a `Source` if there is one.
    """
    # Nobody who wrote a file could have known it.
    boundary = f"----waterspout-{secrets.token_hex(16)}"
    delimiter = f"--{boundary}\r\n".encode("ascii")
    parts: list[bytes | Source] = []
    if form is not None:
        for name, value in _fields(form):
            head = b'Content-Disposition: form-data; name="%b"\r\n\r\n' % _name(name)
            parts += [delimiter + head + value + b"\r\n"]
    for name, file in _pairs(files, "files"):
        filename, content, content_type = _file(name, file)
        head = b'Content-Disposition: form-data; name="%b"' % _name(name)
        if filename is not None:
            head += b'; filename="%b"' % _escaped(utf8(filename))
        if content_type is not None:
            head += b"\r\nContent-Type: %b" % _media_type(content_type)
        parts += [delimiter + head + b"\r\n\r\n", content, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode("ascii"))
    media_type = f"multipart/form-data; boundary={boundary}"
    if all(isinstance(part, bytes) for part in parts):
        return media_type, b"".join(parts)  # type: ignore[arg-type]
    return media_type, JoinedSource(files, parts)


def _file(name: Any, file: Any) -> tuple[str | None, bytes | Source, str | None]:
    """Return filename, content and type of an entry of ``files``."""
    filename: str | None = None
    content_type: str | None = None
    content = file
    if isinstance(file, tuple):
        if len(file) not in (2, 3):
            raise ValueError(
                f"files[{name!r}] must be a content, or (filename, content[, content_type])"
            )
        filename, content = file[:2]
        content_type = file[2] if len(file) == 3 else None
    else:
        path = getattr(content, "name", None)  # of an open file
        filename = os.path.basename(path) if isinstance(path, str) and path else str(name)
    if content_type is None and filename is not None:
        content_type = _guessed(filename)
    if isinstance(content, str | bytes):
        return filename, utf8(content), content_type
    if isinstance(content, bytearray | memoryview):
        return filename, bytes(content), content_type
    return filename, source_of(content), content_type


def _guessed(filename: str) -> str:
    import mimetypes  # reads files of the system when it is first asked

    guessed, coding = mimetypes.guess_type(filename)
    return guessed if guessed and coding is None else "application/octet-stream"


def _fields(form: Any) -> Iterator[tuple[str | bytes, bytes]]:
    """Yield the fields of a form; one whose value is a list comes several times."""
    for name, value in _pairs(form, "form"):
        for each in value if isinstance(value, list | tuple) else (value,):
            yield name, _value(name, each)


def _pairs(fields: Any, argument: str) -> Iterable[tuple[Any, Any]]:
    if isinstance(fields, Mapping):
        return fields.items()
    if isinstance(fields, str | bytes) or not isinstance(fields, Iterable):
        raise TypeError(f"{argument} must be a mapping or pairs, not {type(fields).__name__}")
    pairs = list(fields)
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise TypeError(f"{argument} must be a mapping or pairs of a name and a value")
    return pairs


def _value(name: Any, value: Any) -> bytes:
    if isinstance(value, str | bytes):
        return utf8(value)
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int | float):
        return str(value).encode("ascii")
    raise TypeError(
        f"the value of {name!r} in a form must be str, bytes, a number, a bool or a list of those,"
        f" not {type(value).__name__}"
    )


def _quoted(value: bytes) -> str:
    """Quote as the "application/x-www-form-urlencoded percent-encode set" of WHATWG URL says."""
    return quote_plus(value, safe="*").replace("~", "%7E")


def _name(name: str | bytes) -> bytes:
    """Return a name as it stands in quotes; line ends become CRLF first (WHATWG HTML)."""
    data = utf8(name).replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    return _escaped(data)


def _escaped(data: bytes) -> bytes:
    """Nothing in a name or a filename may end its quotes or its line (WHATWG HTML, multipart)."""
    return data.replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b'"', b"%22")


def _media_type(value: str) -> bytes:
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{value!r} is no content type")
    return value.encode("ascii")
