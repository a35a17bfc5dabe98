"""The table `names.txt`: the public names that programs written for Tornado count on."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["NAMES", "Name", "parameters"]

_TABLE = Path(__file__).with_name("names.txt")


class Name(NamedTuple):
    """One line of the table."""

    module: str
    owner: str  # the class, or nothing
    name: str
    kind: str
    """class, property, classmethod, staticmethod, attribute, or nothing for what is called."""
    parameters: str  # or the bases of a class

    def __str__(self) -> str:
        return ".".join(filter(None, (self.module, self.owner, self.name)))


def _names() -> Iterator[Name]:
    module = owner = ""
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        text, _, kind = line.partition(" [")
        if line.startswith(".. "):
            module = line[3:]
            owner = ""
        elif line.startswith("class "):
            owner, _, bases = text[6:].rstrip(")").partition("(")
            yield Name(module, "", owner, "class", bases)
        elif line and line[0] != "#":
            if line[0] != " ":
                owner = ""
            name, _, rest = text.strip().partition("(")
            yield Name(module, owner, name, kind.rstrip("]"), rest.removesuffix(")"))


#: All lines of it.
NAMES = list(_names())


def parameters(text: str) -> tuple[list[str], list[str], dict[str, Any]]:
    """Return the positional parameters, the keyword-only ones, and the defaults of either."""
    parsed = ast.parse(f"def f({text}): pass").body[0]
    assert isinstance(parsed, ast.FunctionDef)
    spec = parsed.args
    positional = [arg.arg for arg in spec.args]
    keywords = [arg.arg for arg in spec.kwonlyargs]
    defaults = [None] * (len(positional) - len(spec.defaults)) + spec.defaults
    pairs = [*zip(positional, defaults, strict=True), *zip(keywords, spec.kw_defaults, strict=True)]
    values = {name: ast.literal_eval(node) for name, node in pairs if node is not None}
    return positional, keywords, values
