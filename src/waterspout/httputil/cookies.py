"""Cookies on the wire: what ``Cookie`` holds, and the one encoder of ``Set-Cookie``."""

import re
from collections.abc import Mapping
from functools import lru_cache
from operator import index
from typing import Any

from waterspout.httputil.text import format_timestamp

__all__ = ["encode_cookie", "is_cookie_name", "parse_cookie"]

# What Python's http.cookies takes for a name: a token (RFC 6265bis section 4.1.1), or a colon too.
_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z:]+"
# http.cookies has no morsel of such a name, so that it could not be read back.
_RESERVED = frozenset(
    {
        "comment",
        "domain",
        "expires",
        "httponly",
        "max-age",
        "partitioned",
        "path",
        "samesite",
        "secure",
        "version",
    }
)
# A value that needs no quotes; in quotes, characters that need an escape.
_UNQUOTED = _NAME
_ESCAPED = r"[^ !#$%&'()*+\-./0-9:<=>?@A-Z\[\]^_`a-z{|}~]"
_FORBIDDEN_IN_VALUE = r"[\x00-\x20\x7f]|[^\x00-\xff]"
# RFC 6265bis section 4.1.1: av-octet, but for the space.
_FORBIDDEN_IN_ATTRIBUTE = r"[^!-:<-~]"
_WHOLE_NUMBER = r"-?[0-9]+"
_SAME_SITE = ("strict", "lax", "none")

_ESCAPE = r"(?s)\\(?:([0-3][0-7][0-7])|(.))"


def parse_cookie(cookie: str) -> dict[str, str]:
    r"""Return the names and values of a ``Cookie`` field, as browsers take them; raise nothing.

    Pairs are parted by ``;`` alone. What has no ``=`` is the value of the name ``""``; of equal
    names the last one counts. Quotes around a value go, with the escapes inside them
    (``\"``, ``\\`` and the octal ``\054``), which is how ``Set-Cookie`` carries what it may not
    hold as it is. Takes linear time.

    >>> parse_cookie('a=1; b="x\\054y"')
    {'a': '1', 'b': 'x,y'}
    """
    values = {}
    for pair in cookie.split(";"):
        name, equals, value = pair.partition("=")
        if not equals:
            name, value = "", name
        name = name.strip()
        value = value.strip()
        if name or value:
            values[name] = _unquote(value) if value[:1] == '"' else value
    return values


def encode_cookie(name: str, value: str, attributes: Mapping[str, Any]) -> str:
    """Return the value of a ``Set-Cookie`` field (RFC 6265bis section 4.1).

    ``attributes``: ``domain``, ``path``, ``samesite`` (strict, lax, none), ``comment`` and
    ``version`` are text; ``httponly``, ``secure`` and ``partitioned`` are true or false;
    ``max_age`` is whole seconds; ``expires`` is what ``format_timestamp`` takes. None is for an
    attribute that is not wanted, as empty text and False are.

    Raises ``ValueError`` for a name, a value or an attribute that could not be sent, or would
    end early and begin another, and ``TypeError`` for one of another type. The value is not in
    the message.
    """
    name = _plain("the name of a cookie", name)
    if re.fullmatch(_NAME, name) is None:
        raise ValueError(f"invalid cookie name {name[:40]!r}: it must be a token")
    if name.lower() in _RESERVED:
        raise ValueError(f"invalid cookie name {name!r}: it is that of an attribute")
    parts = [f"{name}={_quote(name, value)}"]
    unknown = attributes.keys() - _ATTRIBUTES.keys()
    if unknown:
        raise ValueError(f"cookie {name!r}: there is no attribute {min(unknown)!r:.40}")
    for attribute, (label, write) in _ATTRIBUTES.items():
        given = attributes.get(attribute)
        if given is None:
            continue
        try:
            written = write(label, given)
        except (ArithmeticError, OSError, ValueError) as error:
            raise ValueError(f"cookie {name!r}: invalid {attribute}: {error}") from None
        if written:
            parts.append(written)
    return "; ".join(parts)


# A program asks for few names, again and again.
@lru_cache(maxsize=256)
def is_cookie_name(name: str) -> bool:
    """Tell whether a cookie may have this name here."""
    return re.fullmatch(_NAME, name) is not None and name.lower() not in _RESERVED


def _unquote(value: str) -> str:
    """Take the quotes and the escapes off, if it is in quotes at both ends."""
    if len(value) < 2 or value[-1] != '"':
        return value
    inner = value[1:-1]
    return re.sub(_ESCAPE, _unescape, inner) if "\\" in inner else inner


def _unescape(found: re.Match[str]) -> str:
    octal, other = found.groups()
    return chr(int(octal, 8)) if octal else other


def _plain(what: str, given: Any) -> str:
    """Return a plain ``str``: an instance of a subclass could format itself as something else."""
    if not isinstance(given, str):
        raise TypeError(f"{what} is text, not {type(given).__name__}")
    return str.__str__(given)


def _quote(name: str, value: str) -> str:
    value = _plain("the value of a cookie", value)
    if re.fullmatch(_UNQUOTED, value) is not None:
        return value
    forbidden = re.search(_FORBIDDEN_IN_VALUE, value)
    if forbidden is not None:
        raise ValueError(
            f"cookie {name!r}: its value must not hold {forbidden[0]!r} (at index"
            f" {forbidden.start()}): encode it first, for example with url_escape"
        )
    return f'"{re.sub(_ESCAPED, _escape, value)}"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\{character}" if character in '"\\' else f"\\{ord(character):03o}"


def _text(label: str, given: Any) -> str:
    text = _plain(f"the cookie attribute {label}", given)
    forbidden = re.search(_FORBIDDEN_IN_ATTRIBUTE, text)
    if forbidden is not None:
        raise ValueError(f"it must not hold {forbidden[0]!r} (at index {forbidden.start()})")
    return f"{label}={text}" if text else ""


def _same_site(label: str, given: Any) -> str:
    written = _text(label, given)
    if written and given.lower() not in _SAME_SITE:
        raise ValueError(f"it is one of {', '.join(_SAME_SITE)}, not {given[:40]!r}")
    return written


def _version(label: str, given: Any) -> str:
    return _text(label, str(given) if type(given) is int else given)


def _flag(label: str, given: Any) -> str:
    return label if given else ""


def _seconds(label: str, given: Any) -> str:
    # Text that is not all digits could bring an attribute of its own.
    if isinstance(given, str):
        if re.fullmatch(_WHOLE_NUMBER, given) is None:
            raise ValueError(f"it is a whole number of seconds, not {given[:40]!r}")
        return f"{label}={str.__str__(given)}"
    return f"{label}={int(given) if isinstance(given, float) else index(given)}"


def _time(label: str, given: Any) -> str:
    return f"{label}={format_timestamp(given)}"


# In the order in which they are sent, which is that of Python's http.cookies.
_ATTRIBUTES = {
    "comment": ("Comment", _text),
    "domain": ("Domain", _text),
    "expires": ("expires", _time),
    "httponly": ("HttpOnly", _flag),
    "max_age": ("Max-Age", _seconds),
    "partitioned": ("Partitioned", _flag),
    "path": ("Path", _text),
    "samesite": ("SameSite", _same_site),
    "secure": ("Secure", _flag),
    "version": ("Version", _version),
}
