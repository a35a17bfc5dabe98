"""``python -m waterspout.autoreload``: run a program, and run it anew after each change."""

import os
import runpy
import sys
import traceback
from types import TracebackType
from typing import NamedTuple

from waterspout.autoreload.watching import Watch, watch

__all__ = ["main"]

_USAGE = """\
usage: python -m waterspout.autoreload [--until-success] -m MODULE [ARGUMENTS]
       python -m waterspout.autoreload [--until-success] SCRIPT [ARGUMENTS]

Run a program as Python would, wait until one of its files changes, and run it anew. What it failed
with, a syntax error for instance, is shown. A program that serves and does not end restarts itself
if it is an Application with autoreload=True or debug=True.

  --until-success  end when the program has ended without an error
"""


class _Wanted(NamedTuple):
    name: str
    arguments: list[str]
    is_module: bool
    is_until_success: bool


def main() -> None:
    """Run the program that the command line names, and again after each change of its files.

    ``python -m waterspout.autoreload [--until-success] (-m MODULE | SCRIPT) [ARGUMENTS]``. Returns
    only with ``--until-success``, when the program has ended without an error. Exits with a status
    of 2 if the command line is none.
    """
    wanted = _wanted(sys.argv[1:])
    process = os.getpid()
    try:
        status = _run(wanted)
    except KeyboardInterrupt:
        sys.exit(130)
    if os.getpid() != process:
        sys.exit(status)  # This is a child that the program has forked.
    if wanted.is_until_success and not status:
        return
    changes = Watch()  # From before it is said that they are waited for.
    outcome = "without an error" if not status else f"with status {status}"
    try:
        print(f"autoreload: ended {outcome}; waiting for a change", file=sys.stderr, flush=True)
        changes.wait()
    except KeyboardInterrupt:
        sys.exit(130)


def _wanted(arguments: list[str]) -> _Wanted:
    is_until_success = False
    rest = list(arguments)
    while rest and rest[0] == "--until-success":
        is_until_success = True
        del rest[0]
    if rest and rest[0] in ("-h", "--help"):
        print(_USAGE, end="")
        sys.exit(0)
    is_module = bool(rest) and rest[0] == "-m"
    if is_module:
        del rest[0]
    if not rest or rest[0].startswith("-"):
        print(_USAGE, end="", file=sys.stderr)
        sys.exit(2)
    return _Wanted(rest[0], rest[1:], is_module, is_until_success)


def _run(wanted: _Wanted) -> str | int | None:
    """Run the program to its end; return its exit status, and show what it fails with."""
    sys.argv[:] = [wanted.name, *wanted.arguments]
    try:
        if wanted.is_module:
            runpy.run_module(wanted.name, run_name="__main__", alter_sys=True)
        else:
            watch(wanted.name)
            if not sys.flags.safe_path:
                sys.path[0] = os.path.dirname(os.path.abspath(wanted.name))
            runpy.run_path(wanted.name, run_name="__main__")
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
            return 1
        return error.code
    except Exception as error:
        trace = _own(error.__traceback__)
        traceback.print_exception(type(error), error, trace)
        _watch_all(error, trace)
        return 1
    return 0


def _own(trace: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that is the program's."""
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    return trace


def _is_ours(trace: TracebackType) -> bool:
    name = trace.tb_frame.f_code.co_filename
    return name == __file__ or "runpy" in name


def _watch_all(error: BaseException, trace: TracebackType | None) -> None:
    """Watch the files that are in a failure: a module that failed is not among the imported."""
    for frame, _ in traceback.walk_tb(trace):
        if os.path.exists(frame.f_code.co_filename):
            watch(frame.f_code.co_filename)
    if isinstance(error, SyntaxError) and error.filename and os.path.exists(error.filename):
        watch(error.filename)
