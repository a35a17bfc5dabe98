"""What a template consists of, as its parser understood it.

Nodes are values: they never change, and one tree serves every template that includes its file.
"""

from dataclasses import dataclass

__all__ = [
    "Apply",
    "Block",
    "Clause",
    "Control",
    "Expression",
    "Extends",
    "Fragment",
    "Include",
    "Module",
    "Node",
    "Raw",
    "Source",
    "Statement",
    "Text",
]


@dataclass(frozen=True, slots=True)
class Fragment:
    """Python that stands in a template, and where: lines count from 1, columns from 0 in UTF-8."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """What is sent as it is; its white space has been dealt with."""

    text: str


@dataclass(frozen=True, slots=True)
class Expression:
    """``{{ ... }}``: a value that is escaped as its file says."""

    code: Fragment


@dataclass(frozen=True, slots=True)
class Raw:
    """``{% raw ... %}``: a value that is not escaped."""

    code: Fragment


@dataclass(frozen=True, slots=True)
class Module:
    """``{% module ... %}``: a call of a UI module, whose output is not escaped."""

    code: Fragment


@dataclass(frozen=True, slots=True)
class Statement:
    """``set``, ``import``, ``from``, ``break`` and ``continue``: Python as it stands."""

    code: Fragment


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a control structure: its head, such as ``elif a > b``, and what follows it."""

    keyword: str
    head: Fragment
    body: "list[Node]"


@dataclass(frozen=True, slots=True)
class Control:
    """``if``, ``for``, ``while`` and ``try``, each with the clauses that belong to it."""

    clauses: list[Clause]


@dataclass(frozen=True, slots=True)
class Apply:
    """``{% apply ... %}``: what a function makes of the output of the body."""

    function: Fragment
    body: "list[Node]"


@dataclass(frozen=True, slots=True)
class Block:
    """``{% block ... %}``: a part that a template which extends this one may replace."""

    name: str
    body: "list[Node]"
    line: int


@dataclass(frozen=True, slots=True)
class Include:
    """``{% include ... %}``: another file, as if it stood here."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Extends:
    """``{% extends ... %}``: the file whose blocks this one replaces."""

    name: str
    line: int


Node = Text | Expression | Raw | Module | Statement | Control | Apply | Block | Include


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its text, what it was understood to be, and the settings it gave itself."""

    name: str
    #: What a traceback calls it: the file's path, where there is one.
    filename: str
    text: str
    line_count: int
    #: The function that expressions pass through; None for none.
    autoescape: str | None
    extends: Extends | None
    body: list[Node]
