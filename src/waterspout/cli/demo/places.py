"""Places in source files: how one is named, and what stands there."""

import inspect
import re
import textwrap
from collections.abc import Callable
from linecache import getline
from pathlib import Path
from types import CodeType

from waterspout.cli.demo.drawing import Line

__all__ = ["listing", "place"]

_INDENT = 3


def place(code: CodeType, number: int) -> str:
    """Return the file, the line and what is called there: ``demo/server.py:31 (time.sleep)``."""
    call = re.search(r"[\w.]+(?=\()", getline(code.co_filename, number))
    where = f"{_short(code.co_filename)}:{number}"
    return where if call is None else f"{where} ({call[0]})"


def listing(function: Callable[..., object], width: int) -> list[Line]:
    """Return the source of a method, with its file and the numbers of its lines."""
    lines, first = inspect.getsourcelines(function)
    margin = len(lines[0]) - len(lines[0].lstrip())
    listed: list[Line] = [[(" " * _INDENT + _short(function.__code__.co_filename), "dim")]]
    for number, line in enumerate(lines, first):
        code = line.partition("  #")[0].rstrip()[margin:]
        deeper = " " * (len(code) - len(code.lstrip()) + 8)
        gutter = f"{number:>{_INDENT + 3}}  "
        for part in textwrap.wrap(code, width - len(gutter), subsequent_indent=deeper):
            listed.append([(gutter, "dim"), (part, "code")])
            gutter = " " * len(gutter)
    return listed


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-2:])
