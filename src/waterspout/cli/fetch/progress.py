"""What is seen of the progress: with rich, on a terminal, on standard error; else nothing.

Who makes progress only counts; it is looked at a few times a second, by a thread of rich's.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

__all__ = ["Transfer", "amount", "live"]

_PER_SECOND = 4


@contextlib.contextmanager
def live(line: Callable[[], str], is_shown: bool = True) -> Iterator[None]:
    """Show what ``line`` returns, again and again while the body runs. It is called in a thread."""
    console = _console() if is_shown and sys.stderr is not None and sys.stderr.isatty() else None
    if console is None:
        yield
        return
    from rich.live import Live
    from rich.text import Text

    with Live(
        get_renderable=lambda: Text(line(), no_wrap=True, overflow="ellipsis"),
        console=console,
        refresh_per_second=_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield


def _console() -> Any:
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def amount(size: float) -> str:
    """Return a number of bytes as people say it."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def bar(share: float, width: int = 30) -> str:
    """Return a bar that is filled to ``share``, 0 to 1."""
    filled = round(max(0.0, min(1.0, share)) * width)
    return "#" * filled + "." * (width - filled)


class Transfer:
    """The progress of one URL."""

    def __init__(self, name: str, is_shown: bool) -> None:
        self._bytes = 0
        self._output: Any = None
        self._begun = time.monotonic()
        self._live = live(self._line, is_shown)

    def expect(self, output: Any) -> None:
        """Take note of who knows the ``length``, sooner or later."""
        self._output = output

    def add(self, size: int) -> None:
        """Count bytes that have come."""
        self._bytes += size

    def restart(self) -> None:
        """Forget them: it all comes once more."""
        self._bytes = 0

    def _line(self) -> str:
        seconds = max(time.monotonic() - self._begun, 1e-6)
        done = amount(self._bytes)
        speed = f"{amount(self._bytes / seconds)}/s"
        length = self._output.length if self._output is not None else None
        if not length:
            return f"{done}  {speed}"
        return f"{bar(self._bytes / length)} {done} of {amount(length)}  {speed}"

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, traceback)
