"""From the text of a template to its tags and what stands between them; one pass, linear time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from waterspout.template.errors import ParseError
from waterspout.template.nodes import Fragment

__all__ = ["Tag", "scan"]

# Of three and more braces the last two open an expression; those before are text.
_OPENING: Final = re.compile(r"\{\{(?!\{)|\{[%#]")

_CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_NAMES: Final = {"{{": "expression", "{%": "block", "{#": "comment"}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: how it opens, ``{{`` or ``{%``, and what stands in it, stripped."""

    opening: str
    content: Fragment


def scan(text: str, name: str) -> Iterator[str | Tag]:
    """Yield text as ``str`` and tags as ``Tag``; comments are left out.

    Text is never empty, and two texts may follow each other. Raises `ParseError` for a tag that
    is not closed; ``name`` is that of the file.
    """
    place = _Place(text)
    position = 0
    while found := _OPENING.search(text, position):
        if position < found.start():
            yield text[position : found.start()]
        opening = found[0]
        position = found.end()
        if text.startswith("!", position):
            position += 1
            yield opening
            continue
        closing = _CLOSING[opening]
        end = text.find(closing, position)
        if end < 0:
            line, _ = place.at(found.start())
            raise ParseError(f"Missing end {_NAMES[opening]} {closing}", name, line)
        if opening != "{#":
            content = text[position:end]
            start = position + len(content) - len(content.lstrip())
            yield Tag(opening, Fragment(content.strip(), *place.at(start)))
        position = end + 2
    if position < len(text):
        yield text[position:]


class _Place:
    """Tells line and column of a position; asked in ascending order, it looks at nothing twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line = 1
        self._column = 0

    def at(self, position: int) -> tuple[int, int]:
        """Return the line, from 1, and the column in UTF-8, from 0, as Python's compiler does."""
        passed = self._text[self._position : position]
        self._position = position
        if breaks := passed.count("\n"):
            self._line += breaks
            self._column = 0
            passed = passed[passed.rindex("\n") + 1 :]
        self._column += len(passed.encode("utf-8", "surrogatepass"))
        return self._line, self._column
