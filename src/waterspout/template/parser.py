"""From tags to a tree: which tag begins what, and what may stand where.

It knows the language of templates, not Python: what stands inside tags is read by `fragments`.
"""

from dataclasses import dataclass, field
from typing import Final

from waterspout.template.errors import ParseError
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
from waterspout.template.scanner import scan
from waterspout.template.whitespace import MODES, filter_whitespace

__all__ = ["MAX_CLAUSES", "MAX_DEPTH", "parse"]

#: How deep blocks may be nested in one file.
MAX_DEPTH: Final = 100
#: How many clauses a block may have: to Python each `elif` is one more `if` inside the others.
MAX_CLAUSES: Final = 500

# The clauses that may follow each beginning.
_CLAUSES: Final[dict[str, tuple[str, ...]]] = {
    "if": ("elif", "else"),
    "for": ("else",),
    "while": ("else",),
    "try": ("except", "else", "finally"),
}
_LAST_CLAUSES: Final = ("else", "finally")
_BODIES: Final = ("apply", "block", *_CLAUSES)
_LOOPS: Final = ("for", "while")


@dataclass(slots=True)
class _Open:
    """A structure whose ``{% end %}`` is still to come."""

    keyword: str
    head: Fragment
    argument: Fragment
    body: list[Node] = field(default_factory=list)
    #: Clauses before the one that `body` belongs to.
    clauses: list[Clause] = field(default_factory=list)
    clause: str = ""


def parse(text: str, name: str, filename: str, autoescape: str | None, whitespace: str) -> Source:
    """Return what a file means. Raises `ParseError`, naming the line, for what means nothing."""
    return _Parser(name, autoescape, whitespace).parse(text, filename)


class _Parser:
    def __init__(self, name: str, autoescape: str | None, whitespace: str) -> None:
        self._name = name
        self._autoescape = autoescape
        self._whitespace = whitespace
        self._extends: Extends | None = None
        self._top: list[Node] = []
        self._body = self._top
        self._open: list[_Open] = []

    def parse(self, text: str, filename: str) -> Source:
        for piece in scan(text, self._name):
            if isinstance(piece, str):
                self._text(piece)
            elif piece.opening == "{{":
                self._expression(piece.content)
            else:
                self._tag(piece.content)
        if self._open:
            raise self._unended(self._open[-1])
        return Source(
            self._name,
            filename,
            text,
            text.count("\n") + 1,
            self._autoescape,
            self._extends,
            self._top,
        )

    def _text(self, text: str) -> None:
        # Inside <pre> white space is seen.
        mode = "all" if "<pre>" in text else self._whitespace
        self._body.append(Text(filter_whitespace(mode, text)))

    def _expression(self, content: Fragment) -> None:
        if not content.text:
            raise self._error("Empty expression", content.line)
        self._body.append(Expression(content))

    def _tag(self, content: Fragment) -> None:
        if not content.text:
            raise self._error("Empty block tag ({% %})", content.line)
        keyword = content.text.split(None, 1)[0]
        argument = _after(content, keyword)
        if keyword == "end":
            self._end(content.line)
        elif keyword in _BODIES:
            self._begin(keyword, content, argument)
        elif keyword in ("elif", "else", "except", "finally"):
            self._clause(keyword, content, argument)
        elif keyword != "comment":
            self._simple(keyword, content, argument)

    def _begin(self, keyword: str, head: Fragment, argument: Fragment) -> None:
        if keyword == "block":
            self._require(argument, "block missing name")
        elif keyword == "apply":
            self._require(argument, "apply missing method name")
        if len(self._open) == MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} blocks inside each other", head.line)
        self._open.append(_Open(keyword, head, argument, clause=keyword))
        self._body = self._open[-1].body

    def _clause(self, keyword: str, head: Fragment, argument: Fragment) -> None:
        if not self._open:
            owners = [owner for owner, clauses in _CLAUSES.items() if keyword in clauses]
            raise self._error(f"{keyword} outside {' or '.join(owners)} block", head.line)
        owner = self._open[-1]
        if keyword not in _CLAUSES.get(owner.keyword, ()):
            message = f"{keyword} block cannot be attached to {owner.keyword} block"
            raise self._error(message, head.line)
        if keyword in _LAST_CLAUSES and argument.text:
            raise self._error(
                f"nothing may follow {keyword}, but {argument.text!r} does", head.line
            )
        is_late = owner.clause == "finally" or (owner.clause == "else" and keyword != "finally")
        if is_late or (owner.clause == "try" and keyword == "else"):
            raise self._error(f"{keyword} cannot follow {owner.clause}", head.line)
        if len(owner.clauses) == MAX_CLAUSES:
            raise self._error(f"more than {MAX_CLAUSES} clauses of one {owner.keyword}", head.line)
        owner.clauses.append(Clause(owner.clause, owner.head, owner.body))
        owner.clause, owner.head, owner.body = keyword, head, []
        self._body = owner.body

    def _end(self, line: int) -> None:
        if not self._open:
            raise self._error("Extra {% end %} block", line)
        done = self._open.pop()
        self._body = self._open[-1].body if self._open else self._top
        if done.keyword == "block":
            self._body.append(Block(done.argument.text, done.body, done.argument.line))
        elif done.keyword == "apply":
            self._body.append(Apply(done.argument, done.body))
        elif done.clause == "try":
            raise self._error("try has neither except nor finally", done.head.line)
        else:
            clauses = [*done.clauses, Clause(done.clause, done.head, done.body)]
            self._body.append(Control(clauses))

    def _simple(self, keyword: str, content: Fragment, argument: Fragment) -> None:
        line = content.line
        match keyword:
            case "extends":
                self._extend(self._path(keyword, argument), line)
            case "include":
                self._body.append(Include(self._path(keyword, argument), line))
            case "set":
                self._body.append(Statement(self._require(argument, "set missing statement")))
            case "import" | "from":
                self._require(argument, f"{keyword} missing statement")
                self._body.append(Statement(content))
            case "break" | "continue":
                self._jump(keyword, content, argument)
            case "raw":
                self._body.append(Raw(self._require(argument, "raw missing expression")))
            case "module":
                self._body.append(Module(self._require(argument, "module missing expression")))
            case "autoescape":
                function = self._require(argument, "autoescape missing function or None").text
                self._autoescape = None if function == "None" else function
            case "whitespace":
                if argument.text not in MODES:
                    modes = ", ".join(MODES)
                    raise self._error(f"whitespace is one of {modes}, not {argument.text!r}", line)
                self._whitespace = argument.text
            case _:
                raise self._error(f"unknown operator: {keyword!r}", line)

    def _extend(self, name: str, line: int) -> None:
        if self._open:
            raise self._error(f"extends stands inside {self._open[-1].keyword}", line)
        if self._extends:
            raise self._error(f"extends {self._extends.name!r} already", line)
        self._extends = Extends(name, line)

    def _jump(self, keyword: str, content: Fragment, argument: Fragment) -> None:
        if argument.text:
            message = f"nothing may follow {keyword}, but {argument.text!r} does"
            raise self._error(message, content.line)
        for owner in reversed(self._open):
            if owner.keyword in _LOOPS:
                break
            if owner.keyword == "apply":
                # Its body is a function, which a loop around it can't be left from.
                raise self._error(f"{keyword} outside for or while block", content.line)
        else:
            raise self._error(f"{keyword} outside for or while block", content.line)
        self._body.append(Statement(content))

    def _unended(self, owner: _Open) -> ParseError:
        begin = owner.clauses[0].head if owner.clauses else owner.head
        return self._error(f"Missing {{% end %}} block for {owner.keyword}", begin.line)

    def _path(self, keyword: str, argument: Fragment) -> str:
        path = argument.text.strip('"').strip("'")
        if not path:
            raise self._error(f"{keyword} missing file path", argument.line)
        return path

    def _require(self, argument: Fragment, message: str) -> Fragment:
        if not argument.text:
            raise self._error(message, argument.line)
        return argument

    def _error(self, message: str, line: int) -> ParseError:
        return ParseError(message, self._name, line)


def _after(content: Fragment, keyword: str) -> Fragment:
    """Return what follows the keyword, and where."""
    rest = content.text[len(keyword) :]
    argument = rest.lstrip()
    spaces = rest[: len(rest) - len(argument)]
    if breaks := spaces.count("\n"):
        column = len(spaces[spaces.rindex("\n") + 1 :].encode())
        return Fragment(argument, content.line + breaks, column)
    return Fragment(argument, content.line, content.column + len(keyword) + len(spaces.encode()))
