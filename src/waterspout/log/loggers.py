"""The three loggers."""

import logging

__all__ = ["access_log", "app_log", "gen_log"]

access_log = logging.getLogger("waterspout.access")
"""One line for each request that was served or refused."""

app_log = logging.getLogger("waterspout.application")
"""Exceptions that the application's own code let escape."""

gen_log = logging.getLogger("waterspout.general")
"""What waterspout itself has to say: errors, warnings, refused requests."""
