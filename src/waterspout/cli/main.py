"""The command line: which command is meant, and what its user gets to see when it fails.

Each command is a module of its own, imported only when it is chosen: one that is slow to import, or
lacks a package, does not hurt the others.
"""

import argparse
import difflib
import importlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn, Protocol, cast

from waterspout._version import __version__

__all__ = ["COMMANDS", "Command", "CommandModule", "main"]


class Command(NamedTuple):
    """A line of the table of commands."""

    module: str
    summary: str


class CommandModule(Protocol):
    """What the module of a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments of the command."""

    def run(self, args: argparse.Namespace) -> int:
        """Do what the command is for; return the exit status.

        An ``OSError`` is shown to the user as one line: a port in use, a file that is not there.
        """


COMMANDS = {
    "demo": Command("waterspout.cli.demo", "see what synchronous and asynchronous mean"),
    "fetch": Command("waterspout.cli.fetch", "fetch URLs, or a list of them, many at a time"),
    "serve": Command("waterspout.cli.serve", "serve an application, in any number of processes"),
    "version": Command(
        "waterspout.cli.version", "show the versions, the event loop and the form of the engine"
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that ``argv`` (or the process's arguments) names; return the exit status.

    Mistakes on the command line end in ``SystemExit``, as argparse does it: status 2 and one line.
    """
    arguments = sys.argv[1:] if argv is None else argv
    _open_what_is_closed()
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return 130  # What a shell reports for a program that SIGINT has ended.


def _open_what_is_closed() -> None:
    """Have a stream for each of the standard ones that whoever started us has closed.

    To read from it or to write to it fails, as if it were closed; but what is told on standard
    error, and must not be among the output, goes nowhere.
    """
    if sys.stdin is None:
        sys.stdin = open(os.open(os.devnull, os.O_WRONLY))  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def _run(arguments: Sequence[str]) -> int:
    own = list(itertools.takewhile(lambda argument: argument.startswith("-"), arguments))
    parser = _main_parser()
    parser.parse_args(own)
    if len(own) == len(arguments):
        parser.print_help()
        return 0
    name, *rest = arguments[len(own) :]
    if name not in COMMANDS:
        parser.error(_unknown_command(name))
    return _run_command(name, rest)


def _run_command(name: str, arguments: Sequence[str]) -> int:
    command = COMMANDS[name]
    parser = _Parser(prog=f"waterspout {name}", description=command.summary, allow_abbrev=False)
    module = cast(CommandModule, importlib.import_module(command.module))
    module.add_arguments(parser)
    args = parser.parse_args(arguments)
    try:
        return module.run(args)
    except OSError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1


def _main_parser() -> "_Parser":
    width = max(map(len, COMMANDS))
    commands = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    parser = _Parser(
        prog="waterspout",
        usage="waterspout COMMAND [ARGUMENTS]",
        description="A web server, web framework and HTTP client for Python.",
        epilog="\n".join(
            [
                "commands:",
                *commands,
                "",
                "waterspout COMMAND --help tells what a command takes.",
            ]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"waterspout {__version__}")
    return parser


def _unknown_command(name: str) -> str:
    alike = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {alike[0]!r}?" if alike else f"there are {', '.join(COMMANDS)}"
    return f"no command {name!r}, {hint}"


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, without the usage that argparse puts before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")
