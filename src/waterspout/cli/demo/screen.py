"""`Screen`: where the lines of the demonstration go, with rich or without.

In a terminal, and where rich is installed, there are colours, and a drawing grows while it is
watched. Anywhere else lines are plain text, and a drawing is shown once it is done.
"""

import contextlib
import errno
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from waterspout.cli.demo.drawing import ASCII, BLOCKS, Glyphs, Line, text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["Screen"]

_WIDEST = 100
_NARROWEST = 30

_STYLES = {
    "": "",
    "bad": "bold red",
    "client": "cyan",
    "code": "yellow",
    "dim": "dim",
    "good": "bold green",
    "heading": "bold",
    "server": "magenta",
    "wait": "red",
    "work": "green",
}


class Screen:
    """Standard output. Lines may be shown by any thread. Raises OSError where there is none."""

    def __init__(self) -> None:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")
        self._console = _console() if sys.stdout.isatty() else None
        #: What bars can be made of here.
        self.glyphs = _glyphs(sys.stdout.encoding)
        self._lock = threading.Lock()

    @property
    def width(self) -> int:
        """How long a line may be, now."""
        columns = shutil.get_terminal_size().columns
        return max(_NARROWEST, min(columns, _WIDEST))

    def show(self, *lines: Line) -> None:
        """Show lines, at once."""
        with self._lock:
            if self._console is None:
                for line in lines:
                    print(text(line))
                sys.stdout.flush()
            else:
                self._console.print(_rich_text(lines))

    @contextlib.contextmanager
    def drawing(self, draw: Callable[[], list[Line]]) -> Iterator[None]:
        """Show what ``draw`` returns, over and over while the body runs, and finally.

        ``draw`` is called in a thread of its own.
        """
        if self._console is None:
            yield
            self.show(*draw())
            return
        from rich.live import Live

        with Live(
            get_renderable=lambda: _rich_text(draw()),
            console=self._console,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        ):
            yield


def _glyphs(encoding: str) -> Glyphs:
    try:
        "".join(BLOCKS).encode(encoding)
    except UnicodeEncodeError:
        return ASCII
    return BLOCKS


def _console() -> "Console | None":
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def _rich_text(lines: "tuple[Line, ...] | list[Line]") -> "Text":
    from rich.text import Text

    pieces = [(piece, _STYLES[style]) for line in lines for piece, style in [*line, ("\n", "")]]
    return Text.assemble(*pieces[:-1], no_wrap=True, overflow="ignore")
