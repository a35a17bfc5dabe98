"""The Python that stands in a template, as syntax trees that know where they stand.

Lines and columns in a tree are those of the template, plus the `base` that `compiler` gives to each
file, so that a traceback finds its way back without a table of its own.
"""

import ast
from typing import Any, Final, TypeVar

from waterspout.template.errors import ParseError
from waterspout.template.nodes import Clause, Fragment

__all__ = ["At", "clause", "expression", "module_call", "statements"]

# Heads are no statements of their own: what has to stand around each to make it one.
_HEADS: Final = {
    "elif": ("", 2),  # as `if`: the first two letters are left out
    "except": ("try: pass\n", 0),
}

_SHOWN = 60

_Tree = TypeVar("_Tree", bound=ast.AST)


class At:
    """The file in which trees stand, and the line where it begins in the numbering of its unit."""

    def __init__(self, name: str, base: int) -> None:
        self.name = name
        self.base = base

    def error(self, message: str, line: int) -> ParseError:
        """Return an error at a line of the file."""
        return ParseError(message, self.name, line)


def expression(code: Fragment, at: At) -> ast.expr:
    """Return the tree of an expression. Raises `ParseError` for what is none."""
    tree = _parse(code.text, "eval", code, at)
    assert isinstance(tree, ast.Expression)
    return _moved(tree.body, code, at)


def module_call(code: Fragment, modules: str, at: At) -> ast.expr:
    """Return the tree of an expression whose first name is an attribute of ``modules``."""
    prefix = f"{modules}."
    tree = _parse(prefix + code.text, "eval", code, at)
    assert isinstance(tree, ast.Expression)
    return _moved(tree.body, code, at, indent=-len(prefix))


def statements(code: Fragment, at: At) -> list[ast.stmt]:
    """Return the trees of statements. Raises `ParseError` for what are none."""
    # `break` and `continue` are syntax only inside a loop: that is asked by the compiler.
    tree = _parse(code.text, "exec", code, at)
    assert isinstance(tree, ast.Module)
    for statement in tree.body:
        if isinstance(statement, ast.Return):
            raise at.error("a template can't return", code.line)
        _moved(statement, code, at)
    return tree.body


def clause(part: Clause, at: At) -> ast.stmt:
    """Return the statement that has this head and a body of no use; for `except` it is a `try`."""
    prefix, skipped = _HEADS.get(part.keyword, ("", 0))
    head = part.head
    tree = _parse(f"{prefix}{head.text[skipped:]}:\n pass", "exec", head, at, prefix.count("\n"))
    assert isinstance(tree, ast.Module)
    first, *others = tree.body
    body = first.handlers[0].body if isinstance(first, ast.Try) else getattr(first, "body", [])
    # Who writes a colon and a statement of his own has written more than a head.
    if others or len(body) != 1 or not isinstance(body[0], ast.Pass):
        raise at.error(f"more than a condition in {_shown(head.text)}", head.line)
    return _moved(first, head, at, lines=-prefix.count("\n"), indent=skipped)


def _parse(text: str, mode: str, code: Fragment, at: At, lines: int = 0) -> ast.AST:
    try:
        tree: ast.AST = compile(text, at.name, mode, ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        line = code.line + max(0, (error.lineno or 1) - 1 - lines)
        message = f"{error.msg} in {_shown(code.text)}"
        if "never closed" in error.msg or "unterminated" in error.msg:
            message += ", where the tag ends at the first closing braces"
        raise at.error(message, min(line, code.line + code.text.count("\n"))) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        message = f"{str(error) or 'too deeply nested'} in {_shown(code.text)}"
        raise at.error(message, code.line) from None
    return tree


def _moved(tree: _Tree, code: Fragment, at: At, lines: int = 0, indent: int = 0) -> _Tree:
    """Move a tree from the beginning of a text of its own to where it stands."""
    down = at.base + code.line - 1 + lines
    first = 1 - lines
    shift = code.column + indent
    for node in ast.walk(tree):
        if "lineno" in node._attributes:
            place: Any = node
            if place.lineno == first:
                place.col_offset = max(0, place.col_offset + shift)
            if place.end_lineno == first:
                place.end_col_offset = max(0, place.end_col_offset + shift)
            place.lineno = max(at.base + 1, place.lineno + down)
            place.end_lineno = max(at.base + 1, place.end_lineno + down)
    return tree


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
