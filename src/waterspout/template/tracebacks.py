"""Tracebacks that lead into templates: which file, which line, and the text of that line.

A function made from one file has that file's lines, and needs nothing of this but that its text can
be found. One made from several shows, instead of itself, the place and what included it.
"""

import ast
import linecache
from itertools import islice
from types import CodeType, FunctionType, TracebackType
from typing import Any

from waterspout.template.compiler import Unit, places
from waterspout.template.nodes import Source

__all__ = ["SourceLoader", "translated"]


class SourceLoader:
    """Stands as ``__loader__`` in a template's namespace, for `linecache` asks it for the text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, name: str) -> str:
        """Return the text of the template."""
        return self._text


def translated(
    traceback: TracebackType | None, unit: Unit, namespace: dict[str, Any]
) -> TracebackType | None:
    """Return a traceback with the frames of a template's function told in files and lines.

    ``namespace`` is what the function has as its globals. Other frames stay what they are.
    """
    for section in unit.sections:
        # Another template may have had the same name.
        linecache.cache.pop(section.source.filename, None)
    return _translated(traceback, unit, namespace) if len(unit.sections) > 1 else traceback


def _translated(
    traceback: TracebackType | None, unit: Unit, namespace: dict[str, Any]
) -> TracebackType | None:
    entries = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    following: TracebackType | None = None
    for entry in reversed(entries):
        frame, line, instruction = entry.tb_frame, entry.tb_lineno, entry.tb_lasti
        if frame.f_globals is namespace and frame.f_code.co_filename == unit.code.co_filename:
            name = frame.f_code.co_name
            columns = _columns(frame.f_code, instruction)
            for source, line_of_source in places(unit.sections, line):
                following = _entry(following, source, line_of_source, name, columns)
                columns = None  # Of what included this the whole line is shown.
        else:
            following = TracebackType(following, frame, instruction, line)
    return following


def _columns(code: CodeType, instruction: int) -> tuple[int, int] | None:
    """Return where on its line an instruction's text begins and ends, if it is one line."""
    line, end_line, begin, end = next(islice(code.co_positions(), instruction // 2, None))
    if line != end_line or begin is None or end is None:
        return None
    return begin, end


def _entry(
    following: TracebackType | None,
    source: Source,
    line: int,
    name: str,
    columns: tuple[int, int] | None,
) -> TracebackType:
    """Return an entry for a line of a file: that of a function that fails at this place."""
    begin, end = columns or (0, len(source.text.split("\n")[line - 1].rstrip().encode()))
    place: Any = {"lineno": line, "end_lineno": line, "col_offset": begin, "end_col_offset": end}
    failure = ast.Raise(
        exc=ast.Name(id="LookupError", ctx=ast.Load(), **place), cause=None, **place
    )
    module = ast.Module(body=[failure], type_ignores=[])
    code = compile(module, source.filename, "exec", dont_inherit=True)
    stub = FunctionType(
        code.replace(co_name=name, co_qualname=name),
        {"__name__": source.name, "__loader__": SourceLoader(source.text)},
    )
    entry: TracebackType | None = None
    try:
        stub()
    except LookupError as error:
        entry = error.__traceback__ and error.__traceback__.tb_next
    assert entry
    return TracebackType(following, entry.tb_frame, entry.tb_lasti, line)
