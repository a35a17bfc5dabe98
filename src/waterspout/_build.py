"""Which of the hot modules run compiled, and which interpreted, in this installation."""

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = Path(__file__).parent


def hot_modules() -> dict[str, bool]:
    """Map the name of each hot module to whether importing it gives the compiled form.

    A module is hot where a ``.pxd`` of its name lies beside it. None is imported to tell, only the
    packages that they are in.
    """
    sources = [path.with_suffix(".py") for path in sorted(_PACKAGE.rglob("*.pxd"))]
    return {name: _is_compiled(name) for name in map(_module_name, filter(Path.exists, sources))}


def _module_name(source: Path) -> str:
    return ".".join(source.relative_to(_PACKAGE.parent).with_suffix("").parts)


def _is_compiled(module: str) -> bool:
    spec = find_spec(module)
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
