"""Writes forms with files, the way browsers do; what a test wants otherwise it writes itself."""

from collections.abc import Iterable

__all__ = ["BOUNDARY", "file", "form", "part", "value"]

BOUNDARY = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"


def part(head: str | bytes, body: bytes = b"") -> bytes:
    """Return one part with the given field lines, without its delimiters."""
    lines = head.encode() if isinstance(head, str) else head
    return lines + b"\r\n\r\n" + body


def value(name: str, body: bytes) -> bytes:
    """Return the part of a field."""
    return part(f'Content-Disposition: form-data; name="{name}"', body)


def file(name: str, filename: str, body: bytes, content_type: str | None = None) -> bytes:
    """Return the part of a file."""
    head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
    if content_type is not None:
        head += f"\r\nContent-Type: {content_type}"
    return part(head, body)


def form(*parts: bytes, boundary: bytes = BOUNDARY, more: Iterable[bytes] = ()) -> bytes:
    """Return the body that the parts make."""
    delimiter = b"--" + boundary
    pieces = [b"%b\r\n%b\r\n" % (delimiter, piece) for piece in (*parts, *more)]
    return b"".join([*pieces, delimiter, b"--\r\n"])
