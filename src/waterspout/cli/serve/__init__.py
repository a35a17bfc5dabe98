"""``waterspout serve``: an application, in processes that are watched and replaced."""

from waterspout.cli.serve.command import add_arguments, run

__all__ = ["add_arguments", "run"]
