"""Arguments of a request as text: which value, decoded how, stripped of what."""

import re
from typing import Any, Final

from waterspout.web.errors import HTTPError, MissingArgumentError

__all__ = ["REQUIRED", "decode_argument", "last_argument", "text_arguments"]

#: Stands for a default that was not given.
REQUIRED: Final[Any] = object()

# All control characters but those of white space.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")


def text_arguments(
    handler: Any, name: str, source: dict[str, list[bytes]], strip: bool
) -> list[str]:
    """Return all values of an argument, decoded, control characters as spaces, maybe stripped."""
    if strip is not True and strip is not False:
        raise TypeError(f"strip is True or False, not {strip!r}: only get_argument has a default")
    return [_text(handler, name, raw, strip) for raw in source.get(name, ())]


def _text(handler: Any, name: str, raw: bytes, strip: bool) -> Any:
    value = handler.decode_argument(raw, name=name)
    if isinstance(value, str) and not value.isprintable():
        value = _CONTROLS.sub(" ", value)
    return value.strip() if strip else value


def last_argument(
    handler: Any, name: str, default: Any, source: dict[str, list[bytes]], strip: bool
) -> Any:
    """Return the last value of an argument; without one ``default``, or raise a 400."""
    values = text_arguments(handler, name, source, strip)
    if values:
        return values[-1]
    if default is REQUIRED:
        raise MissingArgumentError(name)
    return default


def decode_argument(value: bytes, name: str | None) -> str:
    """Decode UTF-8; what is none is the client's fault, a 400."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPError(400, f"Invalid unicode in {name or 'url'}: {value[:40]!r}") from None
