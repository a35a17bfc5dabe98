"""Text to HTML in which URLs are links."""

import re
from collections.abc import Callable, Collection

from waterspout.escape.markup import xhtml_escape
from waterspout.escape.text import to_unicode

__all__ = ["linkify"]

# Where a URL may be: the end of a scheme, or a host that people write without one.
_START = re.compile(r"://|(?<!\w)[Ww]{3}\.")
# A URL goes on over what is no space and could not end an attribute or a tag, and over pairs of
# parentheses, one inside none.
_PIECE = re.compile(r"[^\s()<>'\x00-\x20\x7f]+|\([^\s()<>'\x00-\x20\x7f]*\)")
#: What belongs to the sentence where it stands at the end of a URL.
_PUNCTUATION = '!"#$%&*+,.:;=?@[]^`{|}~'

# What `shorten` makes of a URL: this long, or a host and the beginning of the first segment.
_LONG = 30
_SEGMENT = 8
_STILL_FINE = 45


def linkify(
    text: str | bytes,
    shorten: bool = False,
    extra_params: str | Callable[[str], str] = "",
    require_protocol: bool = False,
    permitted_protocols: Collection[str] = ("http", "https"),
) -> str:
    """Return plain text as HTML, escaped, with its URLs as links.

    - ``shorten``: show long URLs cut; the whole is in the attribute ``title``.
    - ``extra_params``: attributes of the links, as HTML; or a function that takes the escaped URL
      and returns them.
    - ``require_protocol``: leave ``www.example.com`` alone.
    - ``permitted_protocols``: schemes that become links, in lower case. URLs of another one stay
      text. ``javascript`` and the like would let any writer run code in the page.

    Takes time in proportion to the length of the text.

    >>> linkify("Hello http://example.com!")
    'Hello <a href="http://example.com">http://example.com</a>!'
    """
    text = to_unicode(text)
    pieces: list[str] = []
    written = 0  # what of the text is in the pieces
    floor = 0  # where a scheme could begin at the earliest: nothing is looked at twice
    while (start := _START.search(text, floor)) is not None:
        is_bare = start[0] != "://"
        scheme = "" if is_bare else _scheme_before(text, floor, start.start())
        floor = start.end()
        if not (is_bare or scheme):
            continue
        end = floor = _end_of_url(text, floor)
        if not any(char.isalnum() for char in text[start.end() : end]):
            continue  # no host, nor anything else from here to there
        begin = start.start() - len(scheme)
        if require_protocol if is_bare else scheme.lower() not in permitted_protocols:
            continue
        pieces.append(xhtml_escape(text[written:begin]))
        pieces.append(_link(text[begin:end], start.end() - begin, is_bare, shorten, extra_params))
        written = end
    pieces.append(xhtml_escape(text[written:]))
    return "".join(pieces)


def _scheme_before(text: str, floor: int, end: int) -> str:
    """Return the scheme that ends at ``end``, and does not begin before ``floor``."""
    begin = end
    while begin > floor and (text[begin - 1].isalnum() or text[begin - 1] in "-_"):
        begin -= 1
    return text[begin:end].lstrip("-")


def _end_of_url(text: str, position: int) -> int:
    """Return where the URL ends that is at ``position``, behind its scheme."""
    end = position
    while (piece := _PIECE.match(text, end)) is not None:
        kept = piece[0] if piece[0][0] == "(" else piece[0].rstrip(_PUNCTUATION)
        end += len(kept)
        if end < piece.end():
            break
    return end


def _link(
    url: str,
    prefix: int,
    is_bare: bool,
    shorten: bool,
    extra_params: str | Callable[[str], str],
) -> str:
    """Return the link for a URL whose host begins after ``prefix`` characters."""
    target = xhtml_escape(f"http://{url}" if is_bare else url)
    extra = (extra_params(target) if callable(extra_params) else extra_params).strip()
    attributes = f" {extra}" if extra else ""
    shown = _shortened(url, 0 if is_bare else prefix) if shorten else url
    if shown != url:
        attributes += f' title="{target}"'
    return f'<a href="{target}"{attributes}>{xhtml_escape(shown)}</a>'


def _shortened(url: str, prefix: int) -> str:
    """Return a long URL cut, with an ellipsis; a short one as it is."""
    if len(url) <= _LONG:
        return url
    host, slash, path = url[prefix:].partition("/")
    # From the first segment, without an extension and a query, enough to know it again.
    segment = re.split(r"[/?.]", path, maxsplit=1)[0][:_SEGMENT]
    short = url[:prefix] + host + slash + segment
    if len(short) > _STILL_FINE:
        short = short[:_LONG]
    return f"{short}..." if len(short) + 3 < len(url) else url
