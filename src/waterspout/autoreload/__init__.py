"""Restart a program when its files change, while one works on it.

An `Application` with ``autoreload=True`` or ``debug=True`` does so by itself, from when it is
served. ``python -m waterspout.autoreload`` runs any program and runs it anew after each change, and
waits for the next change where it has failed: both together are what one works with best.
``waterspout serve --reload`` watches from outside, for the workers that it starts.
"""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names

if TYPE_CHECKING:
    from waterspout.autoreload.program import main
    from waterspout.autoreload.restart import add_reload_hook
    from waterspout.autoreload.watching import start, wait, watch

__all__ = ["add_reload_hook", "main", "start", "wait", "watch"]

# `waterspout serve` needs the list of files only, and no event loop in its parent process.
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "add_reload_hook": "restart",
        "main": "program",
        "start": "watching",
        "wait": "watching",
        "watch": "watching",
    },
)
