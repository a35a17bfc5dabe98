"""The three loggers that everything here writes to, and formatters for people and machines.

To import this sets nothing up. The loggers are children of ``waterspout``, and each can be given a
level and handlers of its own through `logging`.
"""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.log.loggers import access_log, app_log, gen_log
from waterspout.log.text import printable

if TYPE_CHECKING:
    from waterspout.log.json import JSONFormatter
    from waterspout.log.pretty import LogFormatter
    from waterspout.log.setup import define_logging_options, enable_pretty_logging

__all__ = [
    "JSONFormatter",
    "LogFormatter",
    "access_log",
    "app_log",
    "define_logging_options",
    "enable_pretty_logging",
    "gen_log",
    "printable",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "JSONFormatter": "json",
        "LogFormatter": "pretty",
        "define_logging_options": "setup",
        "enable_pretty_logging": "setup",
    },
)
