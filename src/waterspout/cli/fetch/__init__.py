"""``waterspout fetch``: URLs from the command line, in turn; or a list, many at once."""

from waterspout.cli.fetch.command import add_arguments, run

__all__ = ["add_arguments", "run"]
