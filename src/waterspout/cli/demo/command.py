"""The command line of the demonstration, and how it ends when something is in the way."""

import argparse
import math
import os
import sys

from waterspout.cli.demo.play import TOTAL_DELAYS, play
from waterspout.cli.demo.screen import Screen
from waterspout.httpclient import HTTPClientError

__all__ = ["add_arguments", "run"]

_SHORTEST, _LONGEST = 0.01, 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--delay``."""
    parser.add_argument(
        "--delay",
        type=_delay,
        default=2.0,
        metavar="SECONDS",
        help=f"how long one answer takes (default: 2); all of it takes {TOTAL_DELAYS} times that",
    )


def run(args: argparse.Namespace) -> int:
    """Play it all; return the exit status."""
    try:
        play(args.delay, Screen())
    except HTTPClientError as error:
        print(f"waterspout demo: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Nobody reads any more; what is still in the buffer must not be written at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # What a shell reports for a program that SIGPIPE has ended.
    return 0


def _delay(value: str) -> float:
    try:
        delay = float(value)
    except ValueError:
        delay = math.nan
    if not _SHORTEST <= delay <= _LONGEST:  # Nor is nan.
        raise argparse.ArgumentTypeError(
            f"must be a number of seconds from {_SHORTEST:g} to {_LONGEST:g}, not {value!r}"
        )
    return delay
