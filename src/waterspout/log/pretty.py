"""Log records for people: one letter for the level, the time, the place, and colours."""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = ["LogFormatter"]

_END_COLOR = "\x1b[0m"


class LogFormatter(logging.Formatter):
    """Formats records as ``[I 260131 12:00:00 module:12] message``, in colours on a terminal.

    ``fmt`` may use ``%(color)s`` and ``%(end_color)s``; ``datefmt`` is that of ``time.strftime``;
    ``colors`` are those of terminals by level (0 black, 1 red, 2 green, 3 yellow, 4 blue, 5
    magenta, 6 cyan, 7 white). There are colours where ``color`` is true and the standard error is
    a terminal that has them, unless the environment has a ``NO_COLOR``.

    Lines after the first, a traceback's or those of a message, are indented: no message looks
    like the beginning of another. A message that cannot be formatted is shown as it is, with the
    error.
    """

    DEFAULT_FORMAT = (
        "%(color)s[%(levelname)1.1s %(asctime)s %(module)s:%(lineno)d]%(end_color)s %(message)s"
    )
    DEFAULT_DATE_FORMAT = "%y%m%d %H:%M:%S"
    DEFAULT_COLORS: ClassVar[dict[int, int]] = {
        logging.DEBUG: 4,
        logging.INFO: 2,
        logging.WARNING: 3,
        logging.ERROR: 1,
        logging.CRITICAL: 5,
    }

    def __init__(
        self,
        fmt: str = DEFAULT_FORMAT,
        datefmt: str = DEFAULT_DATE_FORMAT,
        style: str = "%",
        color: bool = True,
        colors: Mapping[int, int] = DEFAULT_COLORS,
    ) -> None:
        if style != "%":
            raise ValueError(f"LogFormatter knows the style %, not {style!r}")
        super().__init__(datefmt=datefmt)
        self._fmt = fmt
        has_colors = color and _has_colors()
        self._colors = {level: _sequence(code) for level, code in colors.items() if has_colors}

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of ``record``."""
        fields: dict[str, Any] = {**record.__dict__, "message": _message(record)}
        fields["asctime"] = self.formatTime(record, self.datefmt)
        fields["color"] = self._colors.get(record.levelno, "")
        fields["end_color"] = _END_COLOR if fields["color"] else ""
        assert self._fmt is not None
        lines = [self._fmt % fields]
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            lines.append(record.exc_text.rstrip())
        if record.stack_info:
            lines.append(self.formatStack(record.stack_info))
        text = "\n".join(lines)
        # A terminal, and many a reader of logs, takes these for line ends too.
        text = text.replace("\r", "\\r").replace("\x0b", "\\x0b").replace("\x0c", "\\x0c")
        text = text.replace("\n", "\n    ")
        # A lone surrogate cannot be written to any stream.
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        return f"Bad message ({error!r}): {record.__dict__!r}"


def _has_colors() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def _sequence(code: int) -> str:
    """Return what makes a terminal write in a colour (ECMA-48, and its extension to 256)."""
    return f"\x1b[3{code}m" if 0 <= code <= 7 else f"\x1b[38;5;{code}m"
