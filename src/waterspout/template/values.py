"""What values become in the output of a template: text, escaped or as it is.

Text is ``str``; bytes are UTF-8; of anything else it is what ``str()`` makes of it. Compiled, for
this is where a template that has many values spends its time.
"""

from typing import Any

from waterspout.escape import xhtml_escape

__all__ = ["as_bytes", "as_text", "checked_text", "escape"]


def escape(value: Any) -> str:
    """Return a value as text that is safe in HTML and XML, as ``xhtml_escape`` makes it."""
    text = value if type(value) is str else as_text(value)
    # Most values have nothing to escape, and to find that out here spares them a call.
    if "&" in text or "<" in text or ">" in text or '"' in text or "'" in text:
        return xhtml_escape(text)
    return text


def as_text(value: Any) -> str:
    """Return a value as text. Raises ``UnicodeDecodeError`` for bytes that are no UTF-8."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        # A member of an enumeration is its value, not its name.
        return str.__str__(value)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return str.__str__(str(value))


def checked_text(value: Any) -> str:
    """Return what a function of ``apply`` or ``autoescape`` gave. ``TypeError`` for no text."""
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"apply and autoescape need functions that return text, not {value!r:.40}")
    return as_text(value)


def as_bytes(value: Any) -> bytes:
    """Return a value as UTF-8: what functions of ``autoescape`` are called with."""
    return value if isinstance(value, bytes) else as_text(value).encode()
