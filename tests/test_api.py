"""Every public name of `names.txt` is there, and takes the arguments that it takes in Tornado."""

import ast
import asyncio
import builtins
import collections.abc
import concurrent.futures
import importlib
import inspect
import logging
import unittest
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType, WrapperDescriptorType
from typing import Any, NamedTuple

import pytest

from waterspout import util

_TABLE = Path(__file__).with_name("names.txt")


class Name(NamedTuple):
    """One line of the table."""

    module: str
    owner: str  # the class, or nothing
    name: str
    kind: (
        str  # class, property, classmethod, staticmethod, attribute, or nothing for what is called
    )
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


NAMES = list(_names())


def module_of(name: Name) -> ModuleType:
    """Return the module that should have a name."""
    return importlib.import_module(f"waterspout.{name.module}")


def found(name: Name) -> Any:
    """Return what stands for a name here, as it is where it was defined."""
    if not name.owner:
        return getattr(module_of(name), name.name)
    return inspect.getattr_static(getattr(module_of(name), name.owner), name.name)


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


def base_called(base: str) -> type:
    """Return the class that the table means with a base."""
    others = (asyncio, unittest)
    own = [module_of(name) for name in NAMES if name.kind == "class" and name.name == base]
    for place in (*own, util, builtins, collections.abc, concurrent.futures, logging, *others):
        if isinstance(cls := getattr(place, base, None), type):
            return cls
    raise AssertionError(f"there is no class {base}")


@pytest.mark.parametrize("name", [name for name in NAMES if name.kind == "class"], ids=str)
def test_class(name):
    cls = found(name)
    assert isinstance(cls, type)
    for base in filter(None, name.parameters.split(", ")):
        assert issubclass(cls, base_called(base))


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.kind in ("property", "attribute")], ids=str
)
def test_attribute(name):
    value = found(name)
    if name.kind == "property":
        assert isinstance(value, property | cached_property)


def _is_called(name: Name) -> bool:
    return name.kind in ("", "classmethod", "staticmethod")


@pytest.mark.parametrize("name", [name for name in NAMES if _is_called(name)], ids=str)
def test_arguments(name):
    value = found(name)
    if name.kind:
        assert isinstance(value, classmethod if name.kind == "classmethod" else staticmethod)
        value = value.__func__
    assert callable(value)
    if isinstance(value, WrapperDescriptorType):
        pytest.skip("a compiled class does not tell what it is made of: its interpreted form does")
    signature = inspect.signature(value)
    positional, keywords, defaults = parameters(name.parameters)
    if name.owner and name.kind != "staticmethod":
        # It is called on an object or on a class, whatever that is called here.
        assert positional.pop(0) in ("self", "cls")
        own = list(signature.parameters.values())
        assert own[0].kind in (own[0].POSITIONAL_ONLY, own[0].POSITIONAL_OR_KEYWORD)
        signature = signature.replace(parameters=own[1:])
    kinds = {each.kind for each in signature.parameters.values()}
    if "*args" in name.parameters.replace("**", ""):
        assert inspect.Parameter.VAR_POSITIONAL in kinds
    if "**" in name.parameters:
        assert inspect.Parameter.VAR_KEYWORD in kinds
    required = [each for each in positional if each not in defaults]
    required_keywords = {each: each for each in keywords if each not in defaults}
    all_keywords = {each: each for each in keywords}

    signature.bind(*required, **required_keywords)
    bound = signature.bind(**{each: each for each in positional}, **all_keywords)
    # By position and by name it is the same parameter.
    assert signature.bind(*positional, **all_keywords).arguments == bound.arguments
    for each, default in defaults.items():
        parameter = signature.parameters.get(each)
        if parameter is not None and default is not ...:
            own_default = parameter.default
            assert (list(own_default) if isinstance(default, list) else own_default) == default


def test_all():
    """What a module shows by ``__all__`` is there, and holds the names of the table."""
    for module in {name.module for name in NAMES}:
        door = importlib.import_module(f"waterspout.{module}")
        assert all(hasattr(door, name) for name in door.__all__)
        listed = {name.name for name in NAMES if name.module == module and not name.owner}
        assert listed <= set(door.__all__)
