"""From a pattern back to a path: what stands between the groups of a regular expression."""

import re
from collections.abc import Sequence
from typing import Any

from waterspout.escape import url_escape, utf8

__all__ = ["Template", "find_template"]


class Template:
    """The literal texts of a path; an argument goes between each and the next."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)

    def fill(self, args: Sequence[Any]) -> str:
        """Return the path with ``args``, in UTF-8 and quoted but for their slashes.

        Raises ``TypeError`` for a wrong number of them.
        """
        wanted = len(self.texts) - 1
        if len(args) != wanted:
            raise TypeError(f"the path has {wanted} arguments, not {len(args)}")
        pieces = [self.texts[0]]
        for arg, text in zip(args, self.texts[1:], strict=True):
            pieces.append(url_escape(arg if isinstance(arg, bytes) else utf8(str(arg)), plus=False))
            pieces.append(text)
        return "".join(pieces)


def find_template(regex: re.Pattern[str]) -> Template:
    """Return the template of a pattern: its groups are the arguments.

    A quantifier is taken for "once", and a dot without one for a dot. Raises ``ValueError`` for
    what does not tell the path: alternatives, character classes and the like outside a group, or
    a group in a group.
    """
    if regex.flags & re.VERBOSE:
        raise _unclear(regex, "white space in it has no meaning")
    return _Scanner(regex).scan()


class _Scanner:
    """Goes through a pattern once, from left to right. (It is known to compile.)"""

    def __init__(self, regex: re.Pattern[str]) -> None:
        self._regex = regex
        self._text = regex.pattern
        self._position = 0

    def scan(self) -> Template:
        texts: list[str] = []
        literal: list[str] = []
        end = len(self._text)
        while self._position < end:
            character = self._text[self._position]
            self._position += 1
            if character == "(":
                self._pass_group()
                texts.append("".join(literal))
                literal.clear()
            elif character == "\\":
                literal.append(self._escaped())
            elif (character == "^" and self._position == 1) or (
                character == "$" and self._position == end
            ):
                continue
            elif character in "|[^${":
                raise _unclear(self._regex, f"{character!r} outside a group")
            else:
                literal.append(character)
            self._pass_quantifier(character)
        texts.append("".join(literal))
        return Template(texts)

    def _escaped(self) -> str:
        character = self._text[self._position]
        self._position += 1
        if character.isalnum():
            raise _unclear(self._regex, f"'\\{character}' outside a group")
        return character

    def _pass_quantifier(self, before: str) -> None:
        start = self._position
        if self._text[start : start + 1] in ("*", "+", "?") and start < len(self._text):
            if before == ".":
                raise _unclear(self._regex, f"'.{self._text[start]}' outside a group")
            self._position += 1
            if self._text[start + 1 : start + 2] in ("?", "+"):  # lazy, possessive
                self._position += 1

    def _pass_group(self) -> None:
        """Go behind the end of a group; its parenthesis has been passed."""
        if not self._is_capturing(self._position):
            raise _unclear(self._regex, "a group that captures nothing")
        depth = 1
        while depth:
            character = self._text[self._position]
            self._position += 1
            if character == "\\":
                self._position += 1
            elif character == "[":
                self._pass_class()
            elif character == "(":
                if self._is_capturing(self._position):
                    raise _unclear(self._regex, "a group in a group")
                depth += 1
            elif character == ")":
                depth -= 1

    def _is_capturing(self, position: int) -> bool:
        return self._text[position] != "?" or self._text.startswith("?P<", position)

    def _pass_class(self) -> None:
        """Go behind the end of a character class; a ``]`` that comes first is one of them."""
        if self._text.startswith("^", self._position):
            self._position += 1
        self._position += 1 + (self._text[self._position] == "\\")
        while self._text[self._position] != "]":
            self._position += 1 + (self._text[self._position] == "\\")
        self._position += 1


def _unclear(regex: re.Pattern[str], why: str) -> ValueError:
    return ValueError(f"rule {regex.pattern!r}: no path can be made of it: {why}")
