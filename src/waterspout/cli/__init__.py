"""The command ``waterspout``."""

from waterspout.cli.main import main

__all__ = ["main"]
