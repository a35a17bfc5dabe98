"""From files to one function: blocks are filled, includes put in, and all of it becomes Python.

The function appends text to a list. What lies between two statements is joined by one f-string: a
literal costs nothing but its place in it. Values pass through the functions of `values`, which the
function gets as arguments, for that is where Python finds them fastest.

Each file that is entered gets lines of its own in the one numbering of the function, so that a line
tells which file it is of, and what included that.
"""

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from inspect import CO_GENERATOR
from types import CodeType
from typing import Final

from waterspout.template import fragments
from waterspout.template.body import MODULES, PARAMETERS, Body, call
from waterspout.template.errors import ParseError
from waterspout.template.fragments import At
from waterspout.template.nodes import (
    Apply,
    Block,
    Clause,
    Control,
    Expression,
    Extends,
    Fragment,
    Include,
    Module,
    Node,
    Raw,
    Source,
    Statement,
    Text,
)

__all__ = ["DEFAULT_ESCAPE", "MAX_SIZE", "Load", "Section", "Unit", "compile_unit", "places"]

#: What a template may come to with all that it includes, over and over: characters of text, and
#: `NODE_SIZE` for anything else. Files that include each other twice grow exponentially.
MAX_SIZE: Final = 64_000_000
NODE_SIZE: Final = 256
MAX_LINES: Final = 2**30

# A function that is applied gets bytes.
_APPLIED: Final = "''.join(_tt_buffer).encode()"

#: The one escape that is looked up but once, before the function is called.
DEFAULT_ESCAPE: Final = "xhtml_escape"

#: Returns the file that `include` or `extends` in another one names.
Load = Callable[[Include | Extends, Source], Source]


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of a unit: they begin after `base` and are those of a file, entered at `parent`."""

    base: int
    source: Source
    parent: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A template with all it extends and includes: the function's code, and what its lines are."""

    code: CodeType
    sections: list[Section]


def compile_unit(ancestors: Sequence[Source], load: Load) -> Unit:
    """Compile a template: itself, what it extends, and so on up to the file that extends none.

    Raises `ParseError`.
    """
    try:
        unit = _Compiler(load, is_escape_fixed=True).compile(ancestors)
        if DEFAULT_ESCAPE in unit.code.co_varnames + unit.code.co_cellvars:
            # The template has a variable of that name.
            unit = _Compiler(load, is_escape_fixed=False).compile(ancestors)
    except RecursionError:
        message = "files, blocks or clauses are nested too deeply"
        raise ParseError(message, ancestors[0].name, 1) from None
    return unit


def places(sections: list[Section], line: int) -> Iterator[tuple[Source, int]]:
    """Yield the file and its line for a line of a unit, then the place where that was entered."""
    while line:
        section = sections[bisect_right(sections, line - 1, key=_base) - 1]
        yield section.source, line - section.base
        line = section.parent


def _base(section: Section) -> int:
    return section.base


class _Compiler:
    def __init__(self, load: Load, is_escape_fixed: bool) -> None:
        self._load = load
        self._is_escape_fixed = is_escape_fixed
        self._blocks: dict[str, tuple[Block, Source]] = {}
        self._sections: list[Section] = []
        self._lines = 0
        self._size = 0

    def compile(self, ancestors: Sequence[Source]) -> Unit:
        """Compile what `compile_unit` was given; once only."""
        for source in reversed(ancestors):
            self._find_blocks(source.body, source)
        top = ancestors[-1]
        body = Body()
        self._fill(body, top.body, self._enter(top, 0), top)
        return Unit(
            self._code(body.function("_tt_render", PARAMETERS), ancestors[0]), self._sections
        )

    def _find_blocks(self, nodes: list[Node], source: Source) -> None:
        """Note the last block of each name, also inside others and in included files."""
        for node in nodes:
            self._spend(node, source)
            match node:
                case Block():
                    self._blocks[node.name] = (node, source)
                    self._find_blocks(node.body, source)
                case Apply():
                    self._find_blocks(node.body, source)
                case Control():
                    for clause in node.clauses:
                        self._find_blocks(clause.body, source)
                case Include():
                    included = self._load(node, source)
                    self._find_blocks(included.body, included)

    def _enter(self, source: Source, parent: int) -> At:
        at = At(source.name, self._lines)
        self._sections.append(Section(self._lines, source, parent))
        self._lines += source.line_count
        if self._lines > MAX_LINES:
            raise _too_large(source)
        return at

    def _spend(self, node: Node, source: Source) -> None:
        self._size += len(node.text) if isinstance(node, Text) else NODE_SIZE
        if self._size > MAX_SIZE:
            raise _too_large(source)

    def _fill(self, body: Body, nodes: list[Node], at: At, source: Source) -> None:
        for node in nodes:
            self._spend(node, source)
            match node:
                case Text():
                    body.add_text(node.text)
                case Expression():
                    body.add(self._escaped(node.code, at, source.autoescape))
                case Raw():
                    body.add(call("_tt_text", fragments.expression(node.code, at)))
                case Module():
                    body.add(call("_tt_text", fragments.module_call(node.code, MODULES, at)))
                case Statement():
                    body.add_statements(fragments.statements(node.code, at))
                case Control():
                    body.add_statements([self._control(node, body, at, source)])
                case Apply():
                    self._apply(body, node, at, source)
                case Block():
                    block, owner = self._blocks[node.name]
                    inside = at if owner is source else self._enter(owner, at.base + node.line)
                    self._fill(body, block.body, inside, owner)
                case Include():
                    included = self._load(node, source)
                    inside = self._enter(included, at.base + node.line)
                    self._fill(body, included.body, inside, included)

    def _escaped(self, code: Fragment, at: At, autoescape: str | None) -> ast.expr:
        value = fragments.expression(code, at)
        if autoescape is None:
            return call("_tt_text", value)
        if autoescape == DEFAULT_ESCAPE and self._is_escape_fixed:
            return call("_tt_escape", value)
        function = fragments.expression(Fragment(autoescape, code.line, code.column), at)
        return call("_tt_checked", call(function, call("_tt_utf8", value)))

    def _apply(self, body: Body, node: Apply, at: At, source: Source) -> None:
        inside = Body()
        self._fill(inside, node.body, at, source)
        body.add_statements([inside.function("_tt_apply", PARAMETERS[:1], returns=_APPLIED)])
        function = fragments.expression(node.function, at)
        buffer = ast.copy_location(ast.List(elts=[], ctx=ast.Load()), function)
        body.add(call("_tt_checked", call(function, call("_tt_apply", buffer))))

    def _control(self, node: Control, body: Body, at: At, source: Source) -> ast.stmt:
        is_try = node.clauses[0].keyword == "try"
        parts: list[tuple[Clause, list[ast.stmt]]] = []
        for clause in node.clauses:
            # What was written before an exception stays written.
            inside = Body(is_guarded=body.is_guarded or is_try)
            self._fill(inside, clause.body, at, source)
            parts.append((clause, inside.statements()))
        return _try(parts, at) if is_try else _branches(parts, at)

    def _code(self, function: ast.stmt, main: Source) -> CodeType:
        module = ast.Module(body=[function], type_ignores=[])
        try:
            code = compile(module, main.filename, "exec", dont_inherit=True)
        except SyntaxError as error:
            source, line = next(places(self._sections, error.lineno or 1))
            raise ParseError(error.msg, source.name, line) from None
        (code,) = (constant for constant in code.co_consts if isinstance(constant, CodeType))
        if code.co_flags & CO_GENERATOR:
            raise ParseError("a template can't yield", main.name, 1)
        return code.replace(co_name="<template>", co_qualname="<template>")


def _branches(parts: list[tuple[Clause, list[ast.stmt]]], at: At) -> ast.stmt:
    otherwise: list[ast.stmt] = []
    for part, body in reversed(parts):
        if part.keyword == "else":
            otherwise = body
        else:
            head = fragments.clause(part, at)
            assert isinstance(head, (ast.If, ast.For, ast.While))
            head.body, head.orelse = body, otherwise
            otherwise = [head]
    return otherwise[0]


def _try(parts: list[tuple[Clause, list[ast.stmt]]], at: At) -> ast.stmt:
    head = parts[0][0].head
    line = at.base + head.line
    result = ast.Try(
        body=parts[0][1],
        handlers=[],
        orelse=[],
        finalbody=[],
        lineno=line,
        col_offset=head.column,
        end_lineno=line,
        end_col_offset=head.column,
    )
    for part, body in parts[1:]:
        if part.keyword == "except":
            shell = fragments.clause(part, at)
            assert isinstance(shell, ast.Try)
            shell.handlers[0].body = body
            result.handlers += shell.handlers
        elif part.keyword == "else":
            result.orelse = body
        else:
            result.finalbody = body
    return result


def _too_large(source: Source) -> ParseError:
    return ParseError("with all that it includes the template is too large", source.name, 1)
