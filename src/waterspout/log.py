"""The three loggers that everything here writes to.

Each can be given its own level and handlers through `logging`; all are children of ``waterspout``.
"""

import logging

__all__ = ["access_log", "app_log", "gen_log"]

access_log = logging.getLogger("waterspout.access")
"""One line for each request that was served."""

app_log = logging.getLogger("waterspout.application")
"""Exceptions that the application's own code let escape."""

gen_log = logging.getLogger("waterspout.general")
"""What waterspout itself has to say: errors, warnings, refused requests."""
