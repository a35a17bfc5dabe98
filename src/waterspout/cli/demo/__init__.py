"""``waterspout demo``: a server, a client, and who waits for whom, with the times."""

from waterspout.cli.demo.command import add_arguments, run

__all__ = ["add_arguments", "run"]
