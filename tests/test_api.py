"""Every public name of `names.txt` is there, and takes the arguments that it takes in Tornado."""

import asyncio
import builtins
import collections.abc
import concurrent.futures
import importlib
import importlib.util
import inspect
import logging
import typing
import unittest
from functools import cached_property
from types import GetSetDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any

import pytest
from tests.names import NAMES as TABLE
from tests.names import Name, parameters

from waterspout import util
from waterspout.httpclient import HTTPRequest, HTTPResponse

#: Modules of Tornado's that are not there yet.
MISSING_MODULES = ["websocket"]

#: What has another default on purpose (see docs/differences.md), and which.
OTHER_DEFAULTS = {
    ("netutil.bind_sockets", "backlog"): 1024,
    ("netutil.bind_unix_socket", "backlog"): 1024,
    ("tcpserver.TCPServer.bind", "backlog"): 1024,
    ("tcpserver.TCPServer.listen", "backlog"): 1024,
}

#: Attributes of objects, which their class need not have.
ON_OBJECTS = {
    "httpclient.HTTPResponse.error": lambda: HTTPResponse(HTTPRequest("http://a/"), 200),
}

NAMES = [name for name in TABLE if name.module not in MISSING_MODULES]


def module_of(name: Name) -> ModuleType:
    """Return the module that should have a name."""
    return importlib.import_module(f"waterspout.{name.module}")


def found(name: Name) -> Any:
    """Return what stands for a name here, as it is where it was defined."""
    if not name.owner:
        return getattr(module_of(name), name.name)
    return inspect.getattr_static(getattr(module_of(name), name.owner), name.name)


def base_called(base: str, module: ModuleType) -> type:
    """Return the class that the table means with a base of a class in ``module``."""
    others = (asyncio, unittest, typing)
    own = [module_of(name) for name in NAMES if name.kind == "class" and name.name == base]
    for place in (
        module,
        *own,
        util,
        builtins,
        collections.abc,
        concurrent.futures,
        logging,
        *others,
    ):
        if isinstance(cls := getattr(place, base, None), type):
            return cls
    raise AssertionError(f"there is no class {base}")


@pytest.mark.parametrize("name", [name for name in NAMES if name.kind == "class"], ids=str)
def test_class(name):
    cls = found(name)
    assert isinstance(cls, type)
    for base in filter(None, name.parameters.split(", ")):
        assert issubclass(cls, base_called(base, module_of(name)))


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.kind in ("property", "attribute")], ids=str
)
def test_attribute(name):
    if (make := ON_OBJECTS.get(str(name))) is not None:
        assert hasattr(make(), name.name)
        return
    value = found(name)
    if name.kind == "property":
        assert isinstance(value, property | cached_property | GetSetDescriptorType)


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
            default = OTHER_DEFAULTS.get((str(name), each), default)
            assert (list(own_default) if isinstance(default, list) else own_default) == default


@pytest.mark.parametrize("module", MISSING_MODULES)
def test_what_is_missing_is_missing(module):
    assert importlib.util.find_spec(f"waterspout.{module}") is None, "take it from the list"


def test_what_is_other_is_in_the_table():
    listed = {str(name): name for name in NAMES}
    assert set(ON_OBJECTS) <= set(listed)
    for name, parameter in OTHER_DEFAULTS:
        _, _, defaults = parameters(listed[name].parameters)
        assert defaults[parameter] != OTHER_DEFAULTS[name, parameter]


def test_all():
    """What a module shows by ``__all__`` is there, and holds the names of the table."""
    for module in {name.module for name in NAMES}:
        door = importlib.import_module(f"waterspout.{module}")
        assert all(hasattr(door, name) for name in door.__all__)
        listed = {name.name for name in NAMES if name.module == module and not name.owner}
        assert listed <= set(door.__all__)
