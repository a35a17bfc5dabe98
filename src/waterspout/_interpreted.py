"""Import the package's own sources even where modules compiled from them lie beside them.

For looking into a problem, and for the tests, which run in both forms.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

_PACKAGE = __name__.partition(".")[0]


def import_sources_only() -> None:
    """Have the package's modules that are imported from now on come from their ``.py`` files."""
    sys.meta_path.insert(0, _SourceFinder())


class _SourceFinder(MetaPathFinder):
    """Finds the package's submodules as the standard finder does, but knows no compiled ones."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{_PACKAGE}."):
            return None
        for directory in path or ():
            spec = FileFinder(directory, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(fullname)
            if spec is not None and spec.loader is not None:
                return spec
        return None
