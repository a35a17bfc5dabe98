"""The table of names beside the Tornado that is installed: it holds all of them, as they are."""

import importlib
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from tests.names import NAMES, Name, parameters

tornado = pytest.importorskip("tornado", reason="tornado is not installed")

#: What the table has from elsewhere: needs a library, or is to be had under one more name.
_NOT_COMPARED = {"curl_httpclient", "platform.caresresolver"}
_MODULES = sorted({name.module for name in NAMES} - _NOT_COMPARED)

if tornado.version_info < (6, 6):
    pytest.skip("the table is that of Tornado 6.6", allow_module_level=True)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"tornado.{name}")


def _is_public(name: str) -> bool:
    return name == "__init__" or not name.startswith("_")


def _public_names(module: ModuleType) -> Iterator[str]:
    """Classes and functions that a module defines, and what the classes define."""
    for name, value in vars(module).items():
        if not _is_public(name) or getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type):
            yield name
            for own, member in vars(value).items():
                found = (
                    member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
                )
                if _is_public(own) and (inspect.isfunction(found) or isinstance(member, property)):
                    yield f"{name}.{own}"
        elif inspect.isfunction(value):
            yield name


@pytest.mark.parametrize("module", _MODULES)
def test_nothing_is_left_out(module):
    listed = {f"{name.owner}.{name.name}".lstrip(".") for name in NAMES if name.module == module}
    assert set(_public_names(_module(module))) - listed == set()


def _is_called(name: Name) -> bool:
    return name.kind in ("", "classmethod", "staticmethod") and name.module in _MODULES


def _default(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", [name for name in NAMES if _is_called(name)], ids=str)
def test_arguments_are_those_of_tornado(name):
    place = getattr(_module(name.module), name.owner) if name.owner else _module(name.module)
    value = inspect.getattr_static(place, name.name)
    if name.kind:
        assert isinstance(value, classmethod if name.kind == "classmethod" else staticmethod)
        value = value.__func__
    theirs = inspect.signature(value).parameters
    positional, keywords, defaults = parameters(name.parameters)
    public = {key: found for key, found in theirs.items() if not key.startswith("_chars")}
    named = [key for key, found in public.items() if found.kind is found.POSITIONAL_OR_KEYWORD]
    assert positional == named
    assert keywords == [key for key, found in public.items() if found.kind is found.KEYWORD_ONLY]
    for key, default in defaults.items():
        if default is not ...:
            assert _default(public[key].default) == _default(default)
    given = {key: found for key, found in public.items() if found.default is not found.empty}
    assert set(given) == set(defaults)
