"""`ExpectLog`: a test says which lines of the log belong to it."""

import logging
import re
from types import TracebackType
from typing import Any, Self

from waterspout.log import app_log

__all__ = ["ExpectLog", "is_expected"]

# So much is told of what a logger said instead.
_SHOWN = 5

_MARK = "_waterspout_is_expected"


class ExpectLog(logging.Filter):
    """Keeps lines of a logger out of the log, and fails where they do not come::

        with ExpectLog("waterspout.access", "404 GET"):
            self.fetch("/missing")

    `logger` is a logger or its name, "" for the root one; what its children say is not looked at.
    Messages whose beginning matches `regex` are expected. If at the end of the block there was
    none, it is an AssertionError, unless `required` is false or the block failed itself. With
    `level` messages count at that level only, and the logger lets them through for that time.

    `matched` is the number of messages that came, `logged_stack` tells whether a traceback was
    among them. Belongs to one thread.
    """

    def __init__(
        self,
        logger: logging.Logger | str,
        regex: str,
        required: bool = True,
        level: int | None = None,
    ) -> None:
        super().__init__()
        self.logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self.regex = re.compile(regex)
        self.required = required
        self.level = level
        self.matched = 0
        self.logged_stack = False
        self._others: list[str] = []
        self._level_before: int | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record goes into the log: not if it is expected."""
        if record.exc_info:
            self.logged_stack = True
        message = record.getMessage()
        if self.regex.match(message) is None:
            if len(self._others) < _SHOWN:
                self._others.append(message)
            return True
        if self.level is not None and record.levelno != self.level:
            app_log.warning(
                "Got expected log message %r at unexpected level (%s vs %s)",
                message,
                logging.getLevelName(self.level),
                record.levelname,
            )
            return True
        self.matched += 1
        if record.exc_info and record.exc_info[1] is not None:
            setattr(record.exc_info[1], _MARK, True)
        return False

    def __enter__(self) -> Self:
        if self.level is not None and self.level < self.logger.getEffectiveLevel():
            self._level_before = self.logger.level
            self.logger.setLevel(self.level)
        self.logger.addFilter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._level_before is not None:
            self.logger.setLevel(self._level_before)
            self._level_before = None
        self.logger.removeFilter(self)
        if error is None and self.required and not self.matched:
            said = "; it logged " + ", ".join(map(repr, self._others)) if self._others else ""
            raise AssertionError(
                f"did not get expected log message {self.regex.pattern!r}"
                f" from the logger {self.logger.name!r}{said}"
            )


def is_expected(error: Any) -> bool:
    """Tell whether an exception was logged where an `ExpectLog` has expected it."""
    return getattr(error, _MARK, False) is True
