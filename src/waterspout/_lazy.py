"""Names of a package, and modules, that are imported when they are first asked for (PEP 562).

What most programs do without must not make them start later. A package says in one table where such
names are::

    __getattr__, __dir__ = lazy_names(__name__, {"linkify": "links"})

and where a module is used under its own name it is a `LazyModule`, but for type checkers.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["LazyModule", "lazy_names"]


def lazy_names(
    package: str, places: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for ``package``.

    ``places`` has for each name the module of the package, by its last name, where it is.
    """

    def get(name: str) -> Any:
        place = places.get(name)
        if place is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{place}"), name)
        # From now on it is found without asking here.
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return get, names


class LazyModule:
    """Stands for the module called ``name``; what was asked for once is found here at once."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value

    def __repr__(self) -> str:
        return f"<LazyModule {self.__name__}>"
