"""Become the same program anew: the same process, command line and working directory."""

import os
import sys
from collections.abc import Callable

from waterspout.log import app_log, gen_log

__all__ = ["add_reload_hook", "restart"]

_hooks: list[Callable[[], object]] = []

# What is relative in the command line is relative to this.
_DIRECTORY = os.getcwd()


def add_reload_hook(fn: Callable[[], object]) -> None:
    """Call `fn()` before the process is restarted, in the order in which they were added.

    To end what would outlive it. Files and sockets need none: Python closes them at a restart,
    unless they were made inheritable. What a hook fails with is logged, and the restart goes on.
    """
    _hooks.append(fn)


def restart() -> None:
    """Replace this process by the same program, begun anew.

    Returns only where the system refuses, which is logged: the program goes on as it was then.
    """
    for hook in _hooks:
        try:
            hook()
        except Exception:
            app_log.exception("Exception in reload hook %r", hook)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # There is none, or it is closed.
    try:
        os.chdir(_DIRECTORY)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    except (OSError, ValueError) as error:
        gen_log.error("cannot restart %s: %s", sys.orig_argv, error)
