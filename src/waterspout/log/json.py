"""Log records for machines: one JSON object a line."""

import logging
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any

from waterspout.log.text import cut

__all__ = ["JSONFormatter", "encode", "timestamp"]

# Bounds of one record: characters of a text, of a traceback; members of an object; its depth.
_LONGEST_TEXT = 8192
_LONGEST_TRACEBACK = 32 * 1024
_MOST_MEMBERS = 64
_DEEPEST = 3

# What every record has; anything else was given by ``extra``.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


@cache
def _encoder() -> Callable[[Any], str]:
    # Who imports the event loop imports this, and is not to pay for JSON.
    import json

    # Everything that is not ASCII is escaped, and with it what a reader could take for a line end.
    return json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def encode(value: Any) -> str:
    """Return plain values as one line of ASCII."""
    return _encoder()(value)


def timestamp(seconds: float) -> str:
    """Return a time since the epoch as in RFC 3339, in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class JSONFormatter(logging.Formatter):
    """Formats any record as one line of JSON, which is ASCII and bounded in length.

    Its members are ``time`` (RFC 3339, UTC), ``level``, ``logger``, ``process`` (its id),
    ``place`` (module and line) and ``message``; the members of ``extra``; and ``exception`` and
    ``stack``, which are texts, where there are any. A message that is a mapping, as those of the
    access log in JSON are, gives its members in the place of ``place`` and ``message``. What JSON
    does not know is given as its ``repr``; what is too long, too deep or too many is cut.
    ``format`` raises nothing.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of ``record``, without a line end."""
        fields: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
        }
        if isinstance(record.msg, Mapping) and not record.args:
            fields.update(_plain_mapping(record.msg, 0))
        else:
            fields["place"] = f"{record.module}:{record.lineno}"
            fields["message"] = cut(_message(record), _LONGEST_TEXT)
        extras = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if extras:
            for key, value in _plain_mapping(extras, 0).items():
                fields.setdefault(key, value)
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            fields["exception"] = _cut_middle(record.exc_text)
        if record.stack_info:
            fields["stack"] = _cut_middle(self.formatStack(record.stack_info))
        return encode(fields)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        return f"Bad message ({error!r}): {_shown(record.msg)} with {_shown(record.args)}"


def _plain(value: Any, depth: int) -> Any:
    """Return what JSON can say of ``value``."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return cut(str.__str__(value), _LONGEST_TEXT)
    if isinstance(value, int):
        # Beyond 64 bits most readers lose digits, and beyond 4300 of them Python refuses.
        return int(value) if value.bit_length() <= 64 else cut(f"{value:#x}", _LONGEST_TEXT)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(float(value))
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return _plain_mapping(value, depth + 1)
        if isinstance(value, list | tuple):
            return [_plain(member, depth + 1) for member in value[:_MOST_MEMBERS]]
    return _shown(value)


def _plain_mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        cut(key if isinstance(key, str) else _shown(key), _LONGEST_TEXT): _plain(member, depth)
        for key, member in islice(value.items(), _MOST_MEMBERS)
    }


def _shown(value: Any) -> str:
    try:
        return cut(repr(value), _LONGEST_TEXT)
    except Exception as error:
        return f"<{type(value).__name__} whose repr fails: {type(error).__name__}>"


def _cut_middle(text: str) -> str:
    """Return a traceback of bounded length: where it begins, and the error at its end."""
    rest = len(text) - _LONGEST_TRACEBACK
    if rest <= 0:
        return text
    half = _LONGEST_TRACEBACK // 2
    return f"{text[:half]}\n... {rest} characters left out ...\n{text[-half:]}"
