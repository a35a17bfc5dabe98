"""Text and bytes: UTF-8, and white space."""

import re
from typing import Any, overload

__all__ = ["native_str", "recursive_unicode", "squeeze", "to_basestring", "to_unicode", "utf8"]

_SPACES = r"[\x00-\x20]+"


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


def recursive_unicode(obj: Any) -> Any:
    """Decode all bytes inside lists, tuples and dicts."""
    if isinstance(obj, dict):
        return {recursive_unicode(key): recursive_unicode(value) for key, value in obj.items()}
    if isinstance(obj, list):
        return [recursive_unicode(item) for item in obj]
    if isinstance(obj, tuple):
        return tuple(recursive_unicode(item) for item in obj)
    return to_unicode(obj) if isinstance(obj, bytes) else obj


def squeeze(value: str) -> str:
    """Replace each run of white space by one space, and strip the ends."""
    return re.sub(_SPACES, " ", value).strip()
