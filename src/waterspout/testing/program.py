"""`main`: the tests of a program, with its options and its log."""

import signal
import sys
import unittest
from typing import Any

from waterspout.options import define, options, parse_command_line

__all__ = ["main"]


def main(**kwargs: Any) -> None:
    """Run tests as `unittest.main` does, after the command line was read by `waterspout.options`.

    What the command line has beside options are names of tests: modules, classes, methods. Without
    one it is what the program's function ``all()`` returns, a TestSuite. `kwargs` are those of
    `unittest.main`. There are the options ``--verbose``, ``--quiet``, ``--failfast``, ``--buffer``
    and ``--exception_on_interrupt=no``, with which Ctrl-C ends the process on the spot.

    Exits with the status of `unittest.main`.
    """
    _define("exception_on_interrupt", True, "Ctrl-C is a KeyboardInterrupt")
    _define("verbose", False, "a line for each test")
    _define("quiet", False, "no line but the last")
    _define("failfast", False, "stop at the first failure")
    _define("buffer", False, "show what a test prints only where it fails")
    names = parse_command_line()
    if not options.exception_on_interrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if options.verbose:
        kwargs["verbosity"] = 2
    if options.quiet:
        kwargs["verbosity"] = 0
    for name in ("failfast", "buffer"):
        if options[name]:
            kwargs[name] = True
    argv = [sys.argv[0], *names]
    if names:
        # Not imported by anybody else: names on the command line are whole.
        unittest.main(module=None, argv=argv, **kwargs)
    elif not hasattr(sys.modules["__main__"], "all") and "defaultTest" not in kwargs:
        sys.exit("No tests specified: name modules, classes or methods")
    else:
        unittest.main(argv=argv, **{"defaultTest": "all", **kwargs})


def _define(name: str, default: bool, text: str) -> None:
    """Define an option, unless the program has one of this name."""
    if name not in options:
        define(name, default=default, help=text, group="unittest")
