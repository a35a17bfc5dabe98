"""`ServerProcess`: starts the server of the demonstration, hears its report, and ends it."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from waterspout.cli.demo.records import Event, Fetch

__all__ = ["ServerProcess"]

# The child finds waterspout wherever this process has found it.
_CODE = (
    "import sys; sys.path[:] = sys.argv[2:];"
    " from waterspout.cli.demo.server import main; main(float(sys.argv[1]))"
)


class ServerProcess:
    """The server, for the time of a ``with`` statement; an answer of its takes ``delay`` seconds.

    It is in a session of its own, so Ctrl-C at the terminal does not reach it. It ends with the
    ``with`` statement, or at the end of the pipe to it when this process should be killed.

    ``on_began``, where it is set, is called for each request that a handler begins with, in a
    thread of its own. Raises OSError where the server does not start, or ends too early.
    """

    def __init__(self, delay: float) -> None:
        self.on_began: Callable[[Event], None] | None = None
        self._port = ""
        self._events: dict[tuple[str, str], Event] = {}
        self._is_over = False
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE, str(delay), *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def address(self) -> str:
        """Return the URL of the server without a path, once it listens."""
        self._wait_for(lambda: bool(self._port))
        return f"http://127.0.0.1:{self._port}"

    def held_at(self, path: str) -> str | None:
        """Return the line at which requests for ``path`` held the loop, None if they never did."""
        for (kind, uri), event in list(self._events.items()):
            if kind == "held" and uri.partition("?")[0] == path:
                return event.detail
        return None

    def complete(self, fetches: Sequence[tuple[str, Fetch]]) -> None:
        """Put into each fetch, which comes with its URI, when its handler began and ended.

        Where that is still to come it is left None.
        """
        for uri, fetch in fetches:
            began, ended = self._events.get(("began", uri)), self._events.get(("ended", uri))
            fetch.began = None if began is None else began.at
            fetch.ended = None if ended is None else ended.at

    def wait_until_ended(self, *uris: str) -> None:
        """Return when the ends of all these requests have been reported."""
        self._wait_for(lambda: all(("ended", uri) in self._events for uri in uris))

    def _wait_for(self, is_there: Callable[[], bool]) -> None:
        with self._news:
            self._news.wait_for(lambda: self._is_over or is_there())
            if not is_there():
                raise OSError("the server of the demonstration has ended unexpectedly")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = Event.from_line(line)
            if event.kind == "began" and self.on_began is not None:
                # Where nothing can be printed any more, the main thread gets to know it too.
                with contextlib.suppress(OSError):
                    self.on_began(event)
            with self._news:
                if event.kind == "listening":
                    self._port = event.detail
                self._events[event.kind, event.uri] = event
                self._news.notify_all()
        with self._news:
            self._is_over = True
            self._news.notify_all()
