"""Text in URLs: quoted, unquoted, and queries taken apart."""

from typing import overload
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, unquote_to_bytes

from waterspout.escape.text import to_unicode, utf8

__all__ = ["parse_qs_bytes", "url_escape", "url_unescape"]


def url_escape(value: str | bytes, plus: bool = True) -> str:
    """Quote text for a query (a space becomes ``+``) or, with ``plus=False``, for a path."""
    return (quote_plus if plus else quote)(utf8(value))


@overload
def url_unescape(value: str | bytes, encoding: str = "utf-8", plus: bool = True) -> str: ...
@overload
def url_unescape(value: str | bytes, encoding: None, plus: bool = True) -> bytes: ...
def url_unescape(
    value: str | bytes, encoding: str | None = "utf-8", plus: bool = True
) -> str | bytes:
    """Undo ``url_escape``; ``encoding=None`` gives bytes. What is no ``encoding`` is replaced."""
    text = to_unicode(value)
    if encoding is None:
        return unquote_to_bytes(text.replace("+", " ") if plus else text)
    return (unquote_plus if plus else unquote)(text, encoding=encoding)


def parse_qs_bytes(
    qs: str | bytes,
    keep_blank_values: bool = False,
    strict_parsing: bool = False,
    *,
    max_num_fields: int | None = None,
) -> dict[str, list[bytes]]:
    """Return a query as names and lists of values, the values as bytes in no known encoding.

    Raises ``ValueError`` for more than ``max_num_fields`` fields, before anything is split.
    """
    text = qs.decode("latin-1") if isinstance(qs, bytes) else qs
    pairs = parse_qsl(
        text,
        keep_blank_values,
        strict_parsing,
        encoding="latin-1",
        errors="strict",
        max_num_fields=max_num_fields,
    )
    result: dict[str, list[bytes]] = {}
    for name, value in pairs:
        result.setdefault(name, []).append(value.encode("latin-1"))
    return result
