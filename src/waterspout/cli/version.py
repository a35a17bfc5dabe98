"""``waterspout version``: what a bug report should say about an installation."""

import argparse
import platform
from importlib import metadata

from waterspout._build import hot_modules
from waterspout._version import __version__

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: the command takes no arguments."""


def run(args: argparse.Namespace) -> int:
    """Print one line a fact."""
    print(f"waterspout  {__version__}")
    print(f"python      {platform.python_implementation()} {platform.python_version()}")
    print(f"loop        {_loop()}")
    print(f"engine      {_engine(hot_modules())}")
    return 0


def _loop() -> str:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return "asyncio"
    return f"uvloop {metadata.version('uvloop')}"


def _engine(modules: dict[str, bool]) -> str:
    compiled = [name for name, is_compiled in modules.items() if is_compiled]
    interpreted = [name for name, is_compiled in modules.items() if not is_compiled]
    if not compiled:
        return "interpreted"
    if not interpreted:
        return "compiled"
    return f"mixed (compiled: {', '.join(compiled)}; interpreted: {', '.join(interpreted)})"
