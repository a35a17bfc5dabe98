"""What the body of a response says: text in its charset, or JSON. Does no I/O."""

import codecs
import io
import json
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Any

from waterspout.httputil.parameters import parse_parameters

__all__ = ["decoder_for", "json_of", "text_of"]

# A byte order mark says more than a field does (WHATWG Encoding, "decode").
_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]

# What Python has for programs, and not for texts of strangers: some take quadratic time, some read
# markup out of plain bytes.
_NO_CHARSETS = frozenset(
    {
        "idna",
        "mbcs",
        "oem",
        "punycode",
        "raw-unicode-escape",
        "undefined",
        "unicode-escape",
        "utf-7",
    }
)

_FALLBACK = "utf-8"

# Python remembers for good whatever name it was asked for. So that servers can't go on and on with
# that, it is asked for those that it is known to have, and for so many others, none of them long.
_KNOWN_NAMES = frozenset(aliases.values())
_MAX_OTHERS = 1000
_MAX_NAME = 40
_others: set[str] = set()


def text_of(body: bytes, content_type: str | None) -> str:
    """Return a body as text.

    In the charset of its byte order mark, or of its Content-Type; else it is taken for UTF-8. What
    is no text in it becomes U+FFFD.
    """
    return body.decode(_charset(body[:4], content_type), "replace")


def json_of(body: bytes, url: str) -> Any:
    """Return the value of a body that is JSON in UTF-8, 16 or 32. ValueError, which names ``url``,
    if it is none.
    """
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError(f"the JSON from {url} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"the body from {url} is no JSON: {error}") from error


def decoder_for(first: bytes, content_type: str | None) -> io.IncrementalNewlineDecoder:
    """Return what makes text of a body in pieces, as `text_of` does; every line end becomes LF.

    ``first`` is the first piece.
    """
    decoder = codecs.getincrementaldecoder(_charset(first[:4], content_type))("replace")
    return io.IncrementalNewlineDecoder(decoder, translate=True)


def _charset(start: bytes, content_type: str | None) -> str:
    for mark, charset in _MARKS:
        if start.startswith(mark):
            return charset
    if content_type is None:
        return _FALLBACK
    try:
        codec = _codec(parse_parameters(content_type)[1].get("charset", _FALLBACK))
    except (LookupError, ValueError):
        return _FALLBACK
    is_text = getattr(codec, "_is_text_encoding", True)
    return codec.name if is_text and codec.name not in _NO_CHARSETS else _FALLBACK


def _codec(charset: str) -> codecs.CodecInfo:
    """Return what Python has for a name; LookupError, ValueError."""
    if len(charset) > _MAX_NAME:
        raise LookupError
    # As Python does it: of names that mean the same it is asked for one alone.
    name = normalize_encoding(charset).lower()
    name = aliases.get(name, name)
    if name not in _KNOWN_NAMES and name not in _others:
        if len(_others) >= _MAX_OTHERS:
            raise LookupError
        _others.add(name)
    return codecs.lookup(name)
