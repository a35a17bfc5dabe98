"""The line between the parent and a worker: what a worker says, and the end of either.

A worker says what it has to say as lines of JSON. The parent says one thing, that another worker
has taken over: whoever ends a service tells all its processes by SIGTERM, and this is not that. To
a worker the end of the line is the end of the parent, however that came. A process that is killed
closes its end.
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["FOR_PARENT", "TOLD", "Channel", "Line", "end_with_parent"]

#: The exit status of a worker that cannot start, and has said why to the user.
TOLD = 78

#: The signals that a terminal sends to all its processes, and that are the parent's alone.
FOR_PARENT = {signal.SIGINT, signal.SIGHUP}

# A worker's longest line: the names of the files of its modules.
_MAX_LINE = 8 * 1024 * 1024
# The parent's only word.
_REPLACED = b"\n"


class Channel:
    """A worker's end. It belongs to the thread that runs the event loop."""

    def __init__(self, number: int) -> None:
        self._socket = socket.socket(fileno=number)
        self._socket.set_inheritable(False)  # the program's own children don't have it
        #: Called in a thread of its own when another worker has taken over.
        self.on_replaced: Callable[[], object] = _terminate

    def say(self, **words: Any) -> None:
        """Tell the parent; nothing is done where there is none any more."""
        try:
            self._socket.sendall(json.dumps(words).encode() + b"\n")
        except OSError:
            pass  # whoever waits for the parent's end sees it

    def wait_for_end(self) -> None:
        """Block until the parent has gone."""
        try:
            while self._socket.recv(1024):
                self.on_replaced()
        except OSError:
            pass


class Line:
    """The parent's end of the line to one worker."""

    def __init__(self) -> None:
        self._socket, self.workers_end = socket.socketpair()
        self._socket.setblocking(False)
        self._received = b""

    def fileno(self) -> int:
        """Return what to wait on."""
        return self._socket.fileno()

    def read(self) -> tuple[list[dict[str, Any]], bool]:
        """Return what was said, and whether more may come; never blocks."""
        is_open = True
        while is_open and len(self._received) < _MAX_LINE:
            try:
                data = self._socket.recv(256 * 1024)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self._received += data
            is_open = bool(data)
        *lines, self._received = self._received.split(b"\n")
        return [json.loads(line) for line in lines], is_open and len(self._received) < _MAX_LINE

    def say_replaced(self) -> None:
        """Tell the worker that it is to end after its requests, for another one has taken over."""
        try:
            self._socket.send(_REPLACED)
        except OSError:
            pass  # it has ended already

    def close(self) -> None:
        """Close the parent's end, and the other one, where the worker never had it."""
        self._socket.close()
        self.workers_end.close()


def end_with_parent(channel: Channel, grace: float) -> None:
    """See to it that this process ends after its parent, when and however that ends.

    A thread waits for it, so that a handler that keeps the event loop is in nobody's way. The
    requests at work get their ``grace`` as if SIGTERM had come.
    """

    def wait() -> None:
        channel.wait_for_end()
        _terminate()
        time.sleep(grace)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="waterspout-parent", daemon=True).start()


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
