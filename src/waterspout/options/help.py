"""What ``--help`` prints."""

import os
import textwrap
from collections.abc import Iterable, Iterator

from waterspout.options.option import Option, normalized

__all__ = ["help_lines"]

_WIDTH = 79
_COLUMN = 35  # where descriptions begin


def help_lines(program: str, options: Iterable[Option]) -> Iterator[str]:
    """Return the lines that tell what ``program`` takes: its options by group, by name."""
    yield f"Usage: {program} [OPTIONS]"
    yield ""
    yield "Options:"
    groups: dict[str, list[Option]] = {}
    for option in options:
        groups.setdefault(option.group, []).append(option)
    for group, members in sorted(groups.items()):
        yield ""
        if group:
            yield f"{os.path.normpath(group)} options:"
            yield ""
        for option in sorted(members, key=lambda option: normalized(option.name)):
            yield from _lines_of(option)
    yield ""


def _lines_of(option: Option) -> Iterator[str]:
    head = f"  --{normalized(option.name)}"
    if option.metavar:
        head += f"={option.metavar}"
    description = option.help or ""
    if option.default is not None and option.default != "":
        description += f" (default {option.default})"
    lines = textwrap.wrap(description.strip(), _WIDTH - _COLUMN)
    if len(head) < _COLUMN and lines:
        head = f"{head:<{_COLUMN}}{lines.pop(0)}"
    yield head
    for line in lines:
        yield " " * _COLUMN + line
