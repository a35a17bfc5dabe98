"""A worker: a process that imports the application, serves it, and drains when it is told to."""

import asyncio
import signal
import socket
import sys
from functools import partial
from types import FrameType
from typing import Any

from waterspout.autoreload.sources import loaded_files
from waterspout.cli.serve.application import ApplicationError, load
from waterspout.cli.serve.channel import FOR_PARENT, TOLD, Channel, end_with_parent
from waterspout.cli.serve.logs import choose_access_log, set_up, step_back
from waterspout.cli.serve.options import server_arguments
from waterspout.cli.serve.settings import APP_KEY, settings_of
from waterspout.cli.serve.tls import context_of
from waterspout.httpserver import HTTPServer
from waterspout.ioloop import IOLoop
from waterspout.process.forking import set_task_id

__all__ = ["main"]

# How often, in seconds, it is looked for newly imported modules under --reload.
_LOOK_INTERVAL = 1.0


def main(given: dict[str, Any]) -> int:
    """Serve; return the exit status.

    ``given`` is from the parent: this worker's ``number``, its ``channel`` and the ``listeners``,
    as file descriptors, and what was on the ``command_line``. The configuration is read anew.
    """
    sys.argv[:] = ["waterspout"]  # no program that looks at its arguments is to see ours
    for number in FOR_PARENT:
        signal.signal(number, _leave_to_parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FOR_PARENT)
    # Made at once: what the program starts while it is imported must not have them.
    channel = Channel(given["channel"])
    listeners = [socket.socket(fileno=number) for number in given["listeners"]]
    for listener in listeners:
        listener.set_inheritable(False)
    loop = IOLoop()
    try:
        settings = settings_of(given["command_line"])
        set_up(settings["access_log"])
        end_with_parent(channel, settings["readiness_delay"] + settings["grace"])
        set_task_id(given["number"])
        application = load(settings[APP_KEY], loop.asyncio_loop)
        step_back()
        request_log = choose_access_log(application, settings["access_log"])
        tls = context_of(settings)
        server = HTTPServer(application, ssl_options=tls, **server_arguments(settings))
    except ApplicationError as error:
        print(f"{error.trace}waterspout serve: {error}", file=sys.stderr)
        channel.say(files=loaded_files(error.files))
        return TOLD
    except (OSError, ValueError) as error:
        print(f"waterspout serve: {error}", file=sys.stderr)
        return TOLD
    if request_log is not None:
        server.observer = request_log
    server.add_sockets(listeners)
    drain = Drain(server, settings["grace"], settings["readiness_delay"])
    channel.on_replaced = partial(loop.asyncio_loop.call_soon_threadsafe, drain.make_room)
    loop.asyncio_loop.add_signal_handler(signal.SIGTERM, drain.begin)
    loop.asyncio_loop.add_signal_handler(signal.SIGQUIT, drain.hurry)
    if settings["reload"]:
        _tell_files(loop.asyncio_loop, channel, 0)
    channel.say(ready=True)
    loop.start()
    loop.close()
    return 0


class Drain:
    """Ends the server after its requests, and then stops the event loop.

    SIGTERM may come several times, for whoever ends all of a group or container sends it to parent
    and workers alike: so it never means to hurry.
    """

    def __init__(self, server: HTTPServer, grace: float, readiness_delay: float) -> None:
        self._server = server
        self._grace = grace
        self._readiness_delay = readiness_delay
        self._task: asyncio.Task[int] | None = None

    def begin(self) -> None:
        """End after the requests; nothing more is done if this was said before."""
        self._begin(self._readiness_delay)

    def make_room(self) -> None:
        """The same for a worker that has a successor: the service is as ready as ever."""
        self._begin(0.0)

    def _begin(self, readiness_delay: float) -> None:
        if self._task is None:
            drain = self._server.drain(self._grace, readiness_delay=readiness_delay)
            self._task = asyncio.get_running_loop().create_task(drain)
            self._task.add_done_callback(_stop_loop)

    def hurry(self) -> None:
        """End now, and cut off all requests."""
        self.begin()
        self._server.cut_connections()


def _stop_loop(task: "asyncio.Task[int]") -> None:
    task.get_loop().stop()
    task.result()


def _tell_files(loop: asyncio.AbstractEventLoop, channel: Channel, known: int) -> None:
    """Tell the parent which files the program is made of, now and whenever there are more."""
    if len(sys.modules) != known:
        known = len(sys.modules)
        channel.say(files=loaded_files())
    loop.call_later(_LOOK_INTERVAL, _tell_files, loop, channel, known)


def _leave_to_parent(signum: int, frame: FrameType | None) -> None:
    """Do nothing: the terminal tells all its processes, and the parent tells what to do.

    A handler, and not SIG_IGN: programs that the application starts would ignore it too.
    """
