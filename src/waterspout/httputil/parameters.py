"""Parameters of a field value, as in ``form-data; name="a"; filename*=UTF-8''%C3%A9.txt``.

What is ambiguous is refused, so that nobody before or behind us can read it otherwise.
"""

import re
from urllib.parse import unquote_to_bytes

from waterspout.protocol.errors import HTTPInputError

__all__ = ["decode_extended", "parse_parameters"]

# RFC 9110 section 5.6.6, a little wider: spaces around "=" and unquoted values that are no tokens
# are what many send. Browsers do not escape a backslash; where one stands before the last quote
# of all it is no escape (the third kind of value). No run is ever given back, so that a match
# takes linear time.
_PARAMETER = (
    r"[ \t]*+;[ \t]*+"
    r"(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]++)[ \t]*+=[ \t]*+"
    r'(?:"((?:[^"\\]|\\.)*+)"(?=[ \t]*+(?:;|\Z))|([^\x00-\x20\x7f";]++)|"([^"]*+)"[ \t]*+\Z))?+'
)
_PADDING = r"[ \t]*+\Z"
_ESCAPE = r'\\(["\\])'

# RFC 8187 section 3.2.1, and what RFC 5987 had beside it.
_EXTENDED = r"([A-Za-z0-9\-]++)'[A-Za-z0-9\-]*+'((?:[!#$&+.^_`|~0-9A-Za-z\-]|%[0-9A-Fa-f]{2})*+)"
_CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1"}


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    r"""Return what comes before the first semicolon, and the parameters by name.

    That and the names are in lower case. In quotes, ``\"`` and ``\\`` stand for one character;
    any other backslash stands for itself, for so browsers send it. Raises ``HTTPInputError`` for
    what is malformed and for a name that comes twice.

    >>> parse_parameters('Text/HTML; charset="utf-8"')
    ('text/html', {'charset': 'utf-8'})
    """
    main, semicolon, _ = value.partition(";")
    parameters: dict[str, str] = {}
    at = len(main)
    parameter = re.compile(_PARAMETER)  # kept by `re`
    while semicolon:
        found = parameter.match(value, at)
        if found is None:
            break
        at = found.end()
        name, quoted, bare, raw = found.groups()
        if name is None:
            continue  # an empty parameter is allowed
        name = name.lower()
        if name in parameters:
            raise HTTPInputError(f"the parameter {name[:40]!r} comes twice in a field value")
        if quoted is not None:
            parameters[name] = re.sub(_ESCAPE, r"\1", quoted) if "\\" in quoted else quoted
        else:
            parameters[name] = bare if bare is not None else raw
    if semicolon and re.compile(_PADDING).match(value, at) is None:
        raise HTTPInputError(f"malformed parameter in a field value, at index {at}")
    return main.strip(" \t").lower(), parameters


def decode_extended(value: str) -> str:
    """Decode the value of a parameter like ``filename*`` (RFC 8187 section 3.2).

    Raises ``HTTPInputError`` for what is malformed or neither UTF-8 nor ISO-8859-1.

    >>> decode_extended("UTF-8''%C3%A9.txt")
    'é.txt'
    """
    found = re.fullmatch(_EXTENDED, value)
    charset = _CHARSETS.get(found[1].lower()) if found else None
    if found is None or charset is None:
        raise HTTPInputError("an extended parameter must be UTF-8''..., percent-encoded")
    try:
        return unquote_to_bytes(found[2]).decode(charset)
    except UnicodeDecodeError:
        raise HTTPInputError("an extended parameter must hold valid UTF-8") from None
