"""The body of a function while it is written: text, values and statements."""

import ast
from collections.abc import Sequence
from typing import Any, Final

__all__ = ["MODULES", "PARAMETERS", "Body", "call", "name"]

#: The parameters of a template's function: a list for the output, and what makes text of values.
PARAMETERS: Final = ("_tt_buffer", "_tt_escape", "_tt_text", "_tt_utf8", "_tt_checked")
#: The name under which the function finds UI modules.
MODULES: Final = "_tt_modules"

# An f-string keeps its parts on the stack until it is whole.
_PARTS: Final = 64

# For what can't fail.
_NOWHERE: Final[dict[str, Any]] = {
    "lineno": 1,
    "col_offset": 0,
    "end_lineno": 1,
    "end_col_offset": 0,
}


class Body:
    """Takes what a template outputs and does, in order; gives the statements for it.

    In a body that ``is_guarded`` an exception may be caught, and what came before it is output all
    the same. Elsewhere output that belongs together is added at once.
    """

    def __init__(self, is_guarded: bool = False) -> None:
        self.is_guarded = is_guarded
        self._statements: list[ast.stmt] = []
        self._texts: list[str] = []
        self._parts: list[ast.expr] = []

    def add_text(self, text: str) -> None:
        """Output a literal."""
        self._texts.append(text)

    def add(self, value: ast.expr) -> None:
        """Output an expression whose value is text."""
        if self.is_guarded:
            self._flush()
        self._join_texts()
        self._parts.append(
            ast.FormattedValue(value=value, conversion=-1, format_spec=None, **_place(value))
        )
        if self.is_guarded or len(self._parts) >= _PARTS:
            self._flush()

    def add_statements(self, statements: Sequence[ast.stmt]) -> None:
        """Do something, after what was output so far."""
        self._flush()
        self._statements.extend(statements)

    def statements(self) -> list[ast.stmt]:
        """Return all there is to do, at least ``pass``."""
        self._flush()
        return self._statements or [ast.Pass(**_NOWHERE)]

    def function(
        self, function_name: str, parameters: Sequence[str], returns: str = "None"
    ) -> ast.stmt:
        """Return a function of this body, which in the end returns that expression."""
        source = f"def {function_name}({', '.join(parameters)}): return {returns}"
        (shell,) = ast.parse(source).body
        assert isinstance(shell, ast.FunctionDef)
        shell.body[:0] = self.statements()
        return shell

    def _join_texts(self) -> None:
        if text := "".join(self._texts):
            self._parts.append(ast.Constant(value=text, **_NOWHERE))
        self._texts.clear()

    def _flush(self) -> None:
        self._join_texts()
        if self._parts:
            self._statements.append(_append(self._parts))
            self._parts = []


def name(identifier: str, like: ast.expr) -> ast.Name:
    """Return a name that is read, at the place of another expression."""
    return ast.Name(id=identifier, ctx=ast.Load(), **_place(like))


def call(function: ast.expr | str, argument: ast.expr) -> ast.Call:
    """Return a call, at the place of its argument."""
    place = _place(argument)
    called = name(function, argument) if isinstance(function, str) else function
    return ast.Call(func=called, args=[argument], keywords=[], **place)


def _append(parts: list[ast.expr]) -> ast.stmt:
    first = next((part for part in parts if isinstance(part, ast.FormattedValue)), parts[0])
    place = _place(first)
    if len(parts) > 1:
        output: ast.expr = ast.JoinedStr(values=parts, **place)
    else:
        output = first.value if isinstance(first, ast.FormattedValue) else first
    # Called like this, and not through a local name, it is an instruction of its own.
    method = ast.Attribute(value=name("_tt_buffer", first), attr="append", ctx=ast.Load(), **place)
    return ast.Expr(value=call(method, output), **place)


def _place(tree: ast.expr) -> dict[str, Any]:
    return {
        "lineno": tree.lineno,
        "col_offset": tree.col_offset,
        "end_lineno": tree.end_lineno,
        "end_col_offset": tree.end_col_offset,
    }
