"""The parent of the workers: starts them, watches them, ends them. It never serves.

It has no event loop and no threads, and never imports the application: it waits for signals, for
the ends of workers and for what they say, asks a `Fleet` what to do, and does that.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from waterspout.autoreload.sources import Sources
from waterspout.cli.serve.channel import FOR_PARENT, TOLD, Line
from waterspout.cli.serve.fleet import Action, Exit, Fleet, Hurry, Kill, Start, Stop, Tell
from waterspout.cli.serve.listeners import complete_no_more
from waterspout.cli.serve.memory import size_of
from waterspout.cli.serve.notification import Notification
from waterspout.cli.serve.signals import Signals, held_back
from waterspout.log import gen_log

__all__ = ["Parent"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD)

# How often, in seconds, memory is measured and source files are looked at, where that is wanted.
_MEASURE_INTERVAL = 5.0
_LOOK_INTERVAL = 0.5

# The worker finds waterspout wherever this process has found it, and leaves the environment as it
# was for the programs that it starts itself.
_CODE = """
import json, os, sys
given = json.loads(os.environ.pop("WATERSPOUT_WORKER"))
sys.path[:] = given["path"]
from waterspout.cli.serve.worker import main
sys.exit(main(given))
"""


class Parent:
    """Runs workers on ``listeners``, with what was given on the ``command_line``.

    ``name`` is what is said to be served, and ``notification`` tells a service manager of it. The
    listening sockets are this process's: as long as it lives no connection is refused or lost for
    want of a worker. Those that ``are_handed_over`` are their maker's too, who goes on listening.
    """

    def __init__(
        self,
        fleet: Fleet,
        command_line: dict[str, Any],
        listeners: Sequence[socket.socket],
        name: str,
        notification: Notification,
        *,
        watches_sources: bool = False,
        are_handed_over: bool = False,
    ) -> None:
        self._fleet = fleet
        self._command_line = command_line
        self._listeners = list(listeners)
        self._name = name
        self._notification = notification
        self._are_handed_over = are_handed_over
        self._listens_until: float | None = None  # in an end that the readiness goes before
        self._sources = Sources() if watches_sources else None
        self._measures = fleet.rules.max_memory is not None
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._lines: dict[int, Line] = {}
        self._is_announced = False
        self._is_reloading = False
        self._next_look = 0.0
        self._had_terminal = os.isatty(2)

    def run(self) -> int:
        """Serve until told to end; return the exit status."""
        with Signals(_SIGNALS) as self._signals:
            try:
                return self._run()
            finally:
                # Where this fails the lines' ends end the workers; there is no status to wait for.
                for pid in list(self._processes):
                    self._forget(pid, None)

    def _run(self) -> int:
        is_ending = False
        while True:
            now = time.monotonic()
            if not (is_ending or self._fleet.is_serving):
                is_ending = True
                self._notification.say("STOPPING=1")
            if self._listens_until is not None and now >= self._listens_until:
                self._stop_listening()
            for action in self._fleet.decide(now):
                if isinstance(action, Exit):
                    return action.status
                self._do(action)
            self._end_reload()
            self._wait(self._timeout())
            self._look()

    def _timeout(self) -> float | None:
        now = time.monotonic()
        times = [self._fleet.wake_at(now), self._listens_until]
        if self._sources is not None or self._measures:
            times.append(self._next_look)
        soonest = min((time for time in times if time is not None), default=None)
        return None if soonest is None else max(0.0, soonest - now)

    # What is decided

    def _do(self, action: Action) -> None:
        match action:
            case Start(number):
                self._start(number)
            case Stop(pid):
                if self._fleet.is_serving and pid in self._lines:
                    self._lines[pid].say_replaced()
                    return
                if not self._fleet.rules.readiness_delay:
                    self._stop_listening()
                elif self._listens_until is None:
                    self._listens_until = time.monotonic() + self._fleet.rules.readiness_delay
                self._send(pid, signal.SIGTERM)
            case Hurry(pid):
                self._stop_listening()
                self._send(pid, signal.SIGQUIT)
            case Kill(pid):
                self._send(pid, signal.SIGKILL)
            case Tell(level, text):
                gen_log.log(level, text)

    def _start(self, number: int) -> None:
        try:
            line = Line()
            try:
                process = self._launch(number, line.workers_end)
            except OSError:
                line.close()
                raise
        except OSError as error:
            self._fleet.on_not_started(number, f"cannot be started: {error}", time.monotonic())
            return
        line.workers_end.close()
        self._processes[process.pid] = process
        self._lines[process.pid] = line
        self._signals.add(line)
        self._fleet.on_started(number, process.pid, time.monotonic())

    def _launch(self, number: int, workers_end: socket.socket) -> subprocess.Popen[bytes]:
        """Start the process of a worker."""
        fds = [workers_end.fileno(), *(found.fileno() for found in self._listeners)]
        given = {
            "number": number,
            "channel": fds[0],
            "listeners": fds[1:],
            "command_line": self._command_line,
            "path": sys.path,
        }
        with held_back(FOR_PARENT):
            return subprocess.Popen(
                [sys.executable, "-c", _CODE],
                pass_fds=fds,
                env={**os.environ, "WATERSPOUT_WORKER": json.dumps(given)},
            )

    def _stop_listening(self) -> None:
        """Let the last worker that ends be the end of the listening sockets."""
        if not self._fleet.is_serving:
            self._listens_until = None
            for listener in self._listeners:
                if not self._are_handed_over:
                    complete_no_more(listener)
                listener.close()
            self._listeners.clear()

    def _send(self, pid: int, number: int) -> None:
        # It has not been waited for, so its number is still its own.
        os.kill(pid, number)

    # What happens

    def _wait(self, timeout: float | None) -> None:
        signals, lines = self._signals.wait(timeout)
        for number in signals:
            self._on_signal(number)
        for pid, line in list(self._lines.items()):
            if line in lines:
                self._hear(pid, line)
        self._reap()

    def _on_signal(self, number: int) -> None:
        now = time.monotonic()
        # Whoever has started this may have closed its terminal.
        is_hang_up = number == signal.SIGHUP and self._had_terminal and not os.isatty(2)
        if number in (signal.SIGTERM, signal.SIGINT) or is_hang_up:
            self._fleet.on_stop(signal.Signals(number).name, now)
        elif number == signal.SIGQUIT:
            self._fleet.on_quit("SIGQUIT", now)
        elif number == signal.SIGHUP:
            self._reload("SIGHUP")

    def _reload(self, why: str) -> None:
        """Replace the workers; the service manager is told, each time that this is wanted."""
        if self._is_announced and self._fleet.is_serving:
            self._is_reloading = True
            self._notification.say_reloading()
        self._fleet.on_reload(why)

    def _end_reload(self) -> None:
        """Tell the service manager when a reload has ended, also where the new code is no good."""
        if self._is_reloading and self._fleet.is_serving and self._fleet.is_up_to_date:
            self._is_reloading = False
            self._notification.say("READY=1")

    def _hear(self, pid: int, line: Line) -> None:
        said, is_open = line.read()
        for words in said:
            self._on_said(pid, words)
        if not is_open:
            self._hang_up(pid)

    def _on_said(self, pid: int, words: dict[str, Any]) -> None:
        if words.get("ready"):
            self._fleet.on_ready(pid, time.monotonic())
            if not self._is_announced:
                self._is_announced = True
                gen_log.info("%s (process %d)", self._name, os.getpid())
                self._notification.say("READY=1")
        if self._sources is not None:
            self._sources.watch(words.get("files", ()))

    def _reap(self) -> None:
        """Take note of all processes that have ended; also of orphans, where this is process 1."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid not in self._processes:
                continue
            if pid in self._lines:
                self._hear(pid, self._lines[pid])  # its last words
            code = os.waitstatus_to_exitcode(status)
            self._forget(pid, code)
            self._forget_metrics(pid)
            self._fleet.on_exit(pid, _how(code), time.monotonic(), is_told=code == TOLD)

    def _hang_up(self, pid: int) -> None:
        line = self._lines.pop(pid, None)
        if line is not None:
            self._signals.remove(line)
            line.close()

    def _forget(self, pid: int, code: int | None) -> None:
        self._hang_up(pid)
        process = self._processes.pop(pid)
        process.returncode = -signal.SIGTERM if code is None else code

    def _forget_metrics(self, pid: int) -> None:
        """Take what a worker has held open out of the metrics that all workers share, if any do."""
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            return
        try:
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(pid)  # type: ignore[no-untyped-call]
        except (ImportError, OSError) as error:
            gen_log.warning("worker (pid %d) stays in the metrics: %s", pid, error)

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        if self._sources is not None:
            changed = self._sources.changed()
            if changed:
                self._reload(f"{os.path.relpath(changed[0])} has changed")
        if self._measures:
            for pid in self._processes:
                self._fleet.on_measured(pid, size_of(pid), now)
        self._next_look = now + (_MEASURE_INTERVAL if self._sources is None else _LOOK_INTERVAL)


def _how(code: int) -> str:
    if code >= 0:
        return f"has exited with status {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
