"""The fields of a message: one mapping for what is read and for what is written.

Everything that enters is checked here, once, so that nothing a writer takes from a mapping can
break out of its line. Repeated fields are kept apart and joined only when asked for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from waterspout.protocol.errors import HTTPInputError

__all__ = ["HTTPHeaders", "check_field_value", "encode_fields", "from_lines", "normalize_name"]

# Names as they were spelled to names as they are shown. A peer chooses the names, so both the
# number and the length of those that are remembered are bounded; a full table begins anew, so
# that nobody can fill it for good.
_NAMES: dict[str, str] = {}
_RAW_NAMES: dict[bytes, str] = {}
_MAX_NAMES = 1000
_MAX_NAME_SIZE = 64

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BEYOND_LATIN_1 = re.compile(r"[^\x00-\xff]")


def normalize_name(name: str) -> str:
    """Return a field name in Http-Header-Case; ``HTTPInputError`` where it is not a token."""
    text = name if type(name) is str else _plain(name)
    known = _NAMES.get(text)
    if known is None:
        if _TOKEN.fullmatch(text) is None:
            raise HTTPInputError(f"invalid header name {text[:40]!r}")
        known = "-".join([word.capitalize() for word in text.split("-")])
        if len(text) <= _MAX_NAME_SIZE:
            if len(_NAMES) >= _MAX_NAMES:
                _NAMES.clear()
            _NAMES[text] = known
    return known


def check_field_value(value: str) -> str:
    """Refuse a value with CR, LF, NUL or another control character but tab (RFC 9110 5.5).

    Characters above U+00FF are refused as well, for a field carries bytes: encode them first
    (RFC 8187). Raises ``HTTPInputError``, which is a ``ValueError``; the message does not repeat
    the value, which may be a secret. Returns the value, as a plain ``str`` where it was an
    instance of a subclass, which could format itself as something else.
    """
    text = value if type(value) is str else _plain(value)
    if text.isascii() and text.isprintable():
        return text
    _check_controls(text)
    beyond = _BEYOND_LATIN_1.search(text)
    if beyond is not None:
        raise HTTPInputError(
            f"a header value must not hold {beyond[0]!r} (at index {beyond.start()}):"
            f" encode it first",
        )
    return text


class HTTPHeaders(MutableMapping[str, str]):
    """A mapping of field names to values; names are case-insensitive, values may repeat.

    Takes what ``dict`` takes. ``headers[name]`` joins repeated values by commas; ``get_list``
    keeps them apart, and ``add`` adds one more where ``headers[name] = value`` replaces. Names
    are shown in Http-Header-Case, in the order in which they first came. What HTTP does not
    allow in a name or a value is refused with ``HTTPInputError``. Not safe for use by several
    threads at once while one of them writes.
    """

    __slots__ = ("_values",)

    _values: dict[str, str | list[str]]

    def __init__(self, *args: Any, **kwargs: str) -> None:
        self._values = {}
        if len(args) == 1 and not kwargs and isinstance(args[0], HTTPHeaders):
            self._values = _copied(args[0]._values)
        elif len(args) == 1 and not kwargs and type(args[0]) is dict and type(self) is HTTPHeaders:
            # As below, in half the time.
            for name, value in args[0].items():
                self._values[normalize_name(name)] = check_field_value(value)
        elif args or kwargs:
            self.update(*args, **kwargs)

    # Repeated fields

    def add(self, name: str, value: str, *, _chars_are_bytes: bool = True) -> None:
        """Add a field beside those of the same name."""
        key = normalize_name(name)
        if _chars_are_bytes:
            _append(self._values, key, check_field_value(value))
        else:
            # The head of a form's part, already decoded from UTF-8: never a field on the wire.
            text = _plain(value)
            _check_controls(text)
            _append(self._values, key, text)

    def get_list(self, name: str) -> list[str]:
        """Return all values of a field, apart; an empty list where there is none."""
        found = self._values.get(_known_name(name))
        if found is None:
            return []
        return [found] if isinstance(found, str) else list(found)

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Return all ``(name, value)`` pairs, a repeated name once for each of its values."""
        pairs = []
        for name, found in self._values.items():
            if isinstance(found, str):
                pairs.append((name, found))
            else:
                pairs.extend([(name, value) for value in found])
        return pairs

    # Text

    @classmethod
    def parse(cls, headers: str, *, _chars_are_bytes: bool = True) -> "HTTPHeaders":
        r"""Make a mapping from lines that end in CRLF or LF.

        >>> HTTPHeaders.parse("Content-Type: text/html\r\nContent-Length: 42\r\n")["content-length"]
        '42'
        """
        parsed = cls()
        *lines, last = headers.split("\n")
        for line in lines:
            parsed.parse_line(f"{line}\n", _chars_are_bytes=_chars_are_bytes)
        parsed.parse_line(last, _chars_are_bytes=_chars_are_bytes)
        return parsed

    def parse_line(self, line: str, *, _chars_are_bytes: bool = True) -> None:
        """Add the field of one line; an empty line is passed over.

        A line that begins with white space would continue the one before it. That has been out
        of use since RFC 7230 and is refused.
        """
        if line.endswith("\n"):
            line = line[:-1].removesuffix("\r")
        if not line:
            return
        if line[:1] in (" ", "\t"):
            raise HTTPInputError("a header line must not begin with white space")
        name, colon, value = line.partition(":")
        if not colon:
            raise HTTPInputError("a header line must have a colon")
        self.add(name, value.strip(" \t"), _chars_are_bytes=_chars_are_bytes)

    # The mapping

    def __setitem__(self, name: str, value: str) -> None:
        key = normalize_name(name)
        self._values[key] = check_field_value(value)

    def __getitem__(self, name: str) -> str:
        found = self._values[_known_name(name)]
        return found if isinstance(found, str) else ",".join(found)

    def get(self, name: str, default: Any = None) -> Any:
        """Return what ``headers[name]`` gives, ``default`` where there is nothing."""
        found = self._values.get(_known_name(name))
        if found is None:
            return default
        return found if isinstance(found, str) else ",".join(found)

    def __delitem__(self, name: str) -> None:
        del self._values[_known_name(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _known_name(name) in self._values

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def copy(self) -> "HTTPHeaders":
        """Return a mapping of its own with the same fields."""
        return HTTPHeaders(self)

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (list(self.get_all()),)

    def __str__(self) -> str:
        return "".join([f"{name}: {value}\n" for name, value in self.get_all()])

    def __repr__(self) -> str:
        return f"<HTTPHeaders {', '.join(self._values)}>"


def encode_fields(headers: Mapping[str, str] | HTTPHeaders) -> bytes:
    """Return the field lines as they go on the wire, each with its CRLF."""
    if not isinstance(headers, HTTPHeaders):
        headers = HTTPHeaders(headers)
    lines = []
    for name, found in headers._values.items():
        if isinstance(found, str):
            lines.append(f"{name}: {found}\r\n")
        else:
            lines.extend([f"{name}: {value}\r\n" for value in found])
    return "".join(lines).encode("latin-1")


def from_lines(data: bytes, lines: list[int]) -> HTTPHeaders:
    """Make a mapping of field lines that a parser has already found legal.

    ``lines`` holds the offset in ``data`` of each line, and behind them that of the end of the
    last one.
    """
    headers = HTTPHeaders()
    if not data:
        return headers
    values = headers._values
    for index in range(len(lines) - 1):
        start = lines[index]
        colon = data.index(b":", start)
        _append(
            values,
            _normalize_raw(data[start:colon]),
            data[colon + 1 : lines[index + 1]].strip().decode("latin-1"),
        )
    return headers


def _plain(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a header name or value must be str, not {type(value).__name__}")
    return str.__str__(value)


def _check_controls(value: str) -> None:
    found = _FORBIDDEN.search(value)
    if found is not None:
        raise HTTPInputError(
            f"a header value must not hold the control character {found[0]!r}"
            f" (at index {found.start()})",
        )


def _known_name(name: str) -> str:
    # To look a name up is not to use it: one that is no token is simply not there.
    try:
        return normalize_name(name)
    except HTTPInputError:
        return _plain(name)


def _normalize_raw(name: bytes) -> str:
    known = _RAW_NAMES.get(name)
    if known is None:
        known = normalize_name(name.decode("ascii"))
        if len(name) <= _MAX_NAME_SIZE:
            if len(_RAW_NAMES) >= _MAX_NAMES:
                _RAW_NAMES.clear()
            _RAW_NAMES[name] = known
    return known


def _append(values: dict[str, str | list[str]], key: str, value: str) -> None:
    found = values.get(key)
    if found is None:
        values[key] = value
    elif isinstance(found, str):
        values[key] = [found, value]
    else:
        found.append(value)


def _copied(values: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    copy = values.copy()
    for name, found in values.items():
        if not isinstance(found, str):
            copy[name] = list(found)
    return copy


def _restored(pairs: list[tuple[str, str]]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name, value in pairs:
        headers.add(name, value)
    return headers
