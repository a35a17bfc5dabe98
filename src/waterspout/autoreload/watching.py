"""Look at the files of the program again and again, and restart it when they have changed.

A change after which a file is no Python any more, or which took it away, restarts nothing: what
would come up could not even begin. It is told, and the next change waited for.
"""

import os
import sys
import time
import traceback
import weakref
from typing import NoReturn

from waterspout.autoreload.restart import restart
from waterspout.autoreload.sources import Sources, loaded_files
from waterspout.ioloop import IOLoop, PeriodicCallback
from waterspout.log import gen_log
from waterspout.process import task_id

__all__ = ["Watch", "start", "wait", "watch"]

# How often `wait` looks, in seconds.
_INTERVAL = 0.5

# What `watch` was told of.
_files: set[str] = set()

# Those that have a watch; a loop goes together with its timers.
_loops: "weakref.WeakSet[IOLoop]" = weakref.WeakSet()


def watch(filename: str) -> None:
    """Restart when this file changes, too: a template, a configuration. It need not exist yet.

    Of the modules that are imported, those that are installed are not watched (the standard library
    and site-packages); to watch such a one, name its file here.
    """
    _files.add(os.path.abspath(filename))


def start(check_time: int = 500) -> None:
    """Look at the files every `check_time` milliseconds, from now on, in the current event loop.

    Nothing is done if they are looked at in this loop already, and in the worker processes of
    `fork_processes` and of ``waterspout serve``, which their parents restart. Belongs to the thread
    of the loop. Raises ValueError if `check_time` is not positive.
    """
    io_loop = IOLoop.current()
    if io_loop in _loops:
        return
    if task_id() is not None:
        gen_log.info("autoreload: not in worker %s, which its parent restarts", task_id())
        return
    callback = PeriodicCallback(Watch().look, check_time)
    callback.start()
    _loops.add(io_loop)


def wait() -> NoReturn:
    """Block until a file changes, and restart the program then.

    For a program that has done its work, such as tests; ``python -m waterspout.autoreload`` does it
    for any program. Does not return.
    """
    Watch().wait()


class Watch:
    """The files of the program, as they were last seen."""

    def __init__(self) -> None:
        self._sources = Sources()
        # What has changed, while it is no good.
        self._changed: set[str] = set()
        self._watch()

    def __repr__(self) -> str:
        return f"<Watch changed={sorted(self._changed)}>"

    def look(self) -> None:
        """Restart if a file has changed, and say why not if it is no good."""
        self._watch()
        changed = self._sources.changed()
        if not changed:
            return
        self._changed.update(changed)
        for file in sorted(self._changed):
            if (fault := _fault_in(file)) is not None:
                gen_log.error("%s; the program goes on until that is changed", fault)
                return
        gen_log.info("%s has changed: restarting", os.path.relpath(changed[0]))
        restart()
        self._changed.clear()

    def wait(self) -> NoReturn:
        """Look again and again; block until there is a restart."""
        while True:
            time.sleep(_INTERVAL)
            self.look()

    def _watch(self) -> None:
        self._sources.watch(loaded_files())
        self._sources.watch(_files)


def _fault_in(file: str) -> str | None:
    """Return, in words, why a file cannot be what is run, or None."""
    if not file.endswith(".py"):
        return None
    try:
        with open(file, "rb") as source:
            text = source.read()
    except OSError as error:
        return f"{file}: {error.strerror}"
    try:
        compile(text, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return "".join(traceback.format_exception_only(*sys.exc_info()[:2])).strip()
    return None
