"""Text and its escapes: UTF-8, HTML, URL and JSON.

What takes text takes ``str`` or UTF-8 ``bytes``; what is no text is refused with ``TypeError``.
"""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.escape.json import json_decode, json_encode
from waterspout.escape.markup import xhtml_escape, xhtml_unescape
from waterspout.escape.text import (
    native_str,
    recursive_unicode,
    squeeze,
    to_basestring,
    to_unicode,
    utf8,
)
from waterspout.escape.url import parse_qs_bytes, url_escape, url_unescape

if TYPE_CHECKING:
    from waterspout.escape.links import linkify

__all__ = [
    "json_decode",
    "json_encode",
    "linkify",
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

__getattr__, __dir__ = lazy_names(__name__, {"linkify": "links"})
