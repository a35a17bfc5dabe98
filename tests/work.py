"""Counts the work that code does, where a clock would tell of the machine.

Lines that are run know the interpreted form only, and nothing of what happens inside one line, as
the copying of bytes; `Text` knows some of that.
"""

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, SupportsIndex

__all__ = ["Pattern", "Text", "lines_run"]


def lines_run(call: Callable[[], None], room: str) -> int:
    """Return how many lines of a room, ``/waterspout/web/`` say, are run in a call."""
    count = 0

    def in_frame(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        if event == "line":
            count += 1
        return in_frame

    def at_call(frame: FrameType, event: str, argument: object) -> Any:
        return in_frame if room in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(at_call)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


class Text(str):
    """A text that counts how many of its characters are searched, counted or copied."""

    __slots__ = ("_work",)
    _work: list[int]

    def __new__(cls, text: str, work: list[int] | None = None) -> "Text":
        """Make one; its slices count with it."""
        self = super().__new__(cls, text)
        self._work = [0] if work is None else work
        return self

    @property
    def work(self) -> int:
        """How many characters have been looked at."""
        return self._work[0]

    def look(self, characters: int) -> None:
        """Count what somebody else has looked at."""
        self._work[0] += characters

    def __getitem__(self, key: SupportsIndex | slice) -> "Text":
        found = super().__getitem__(key)
        self.look(len(found))
        return Text(found, self._work)

    def find(self, *arguments: Any) -> int:
        """Find, and count what lies between."""
        found = super().find(*arguments)
        start = arguments[1] if len(arguments) > 1 else 0
        self.look((len(self) if found < 0 else found) - start)
        return found

    def count(self, *arguments: Any) -> int:
        """Count in it, and that."""
        self.look(len(self[slice(*arguments[1:3])] if len(arguments) > 1 else self))
        return super().count(*arguments)


class Pattern:
    """A pattern that counts, with a `Text`, what it has searched; it must not look back."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def search(self, text: Text, start: int = 0) -> re.Match[str] | None:
        """Search as the pattern does."""
        found = self._pattern.search(text, start)
        text.look((found.end() if found else len(text)) - start)
        return found
