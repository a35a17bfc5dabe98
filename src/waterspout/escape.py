"""Text and its escapes: UTF-8, HTML, URL and JSON.

What takes text takes ``str`` or UTF-8 ``bytes``; what is no text is refused with ``TypeError``.
"""

import html
import json
import re
from typing import Any, overload
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, unquote_to_bytes

__all__ = [
    "json_decode",
    "json_encode",
    "native_str",
    "parse_qs_bytes",
    "recursive_unicode",
    "squeeze",
    "to_basestring",
    "to_unicode",
    "url_escape",
    "url_unescape",
    "utf8",
    "xhtml_escape",
    "xhtml_unescape",
]

_SPACES = re.compile(r"[\x00-\x20]+")


@overload
def utf8(value: bytes) -> bytes: ...
@overload
def utf8(value: str) -> bytes: ...
@overload
def utf8(value: None) -> None: ...
def utf8(value: str | bytes | None) -> bytes | None:
    """Return text as UTF-8 bytes; bytes and None come back as they are."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if value is None or isinstance(value, bytes):
        return value
    raise TypeError(f"expected str, bytes or None, got {type(value).__name__}")


@overload
def to_unicode(value: str) -> str: ...
@overload
def to_unicode(value: bytes) -> str: ...
@overload
def to_unicode(value: None) -> None: ...
def to_unicode(value: str | bytes | None) -> str | None:
    """Return UTF-8 bytes as text; text and None come back as they are."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"expected str, bytes or None, got {type(value).__name__}")


native_str = to_unicode
to_basestring = to_unicode


def xhtml_escape(value: str | bytes) -> str:
    """Escape text for HTML and XML: ``& < > " '``, so it may stand in a quoted attribute too."""
    return html.escape(to_unicode(value))


def xhtml_unescape(value: str | bytes) -> str:
    """Undo the escapes of HTML and XML, named and numeric."""
    return html.unescape(to_unicode(value))


def json_encode(value: Any) -> str:
    r"""Return a value as JSON; safe inside a ``<script>`` element, for ``</`` becomes ``<\/``."""
    return json.dumps(value).replace("</", "<\\/")


def json_decode(value: str | bytes) -> Any:
    """Return the value of a JSON text; ``ValueError`` where it is none."""
    return json.loads(to_unicode(value))


def squeeze(value: str) -> str:
    """Replace each run of white space by one space, and strip the ends."""
    return _SPACES.sub(" ", value).strip()


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


def recursive_unicode(obj: Any) -> Any:
    """Decode all bytes inside lists, tuples and dicts."""
    if isinstance(obj, dict):
        return {recursive_unicode(key): recursive_unicode(value) for key, value in obj.items()}
    if isinstance(obj, list):
        return [recursive_unicode(item) for item in obj]
    if isinstance(obj, tuple):
        return tuple(recursive_unicode(item) for item in obj)
    return to_unicode(obj) if isinstance(obj, bytes) else obj
