"""`Served`: the command as a process, what it writes, its workers; and clients that count."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

__all__ = ["APP", "Load", "Served", "children", "is_alive", "wait_until"]

#: How long anything may take before it counts as hanging; nothing takes that long.
PATIENCE = 60.0

APP = """
import asyncio, os, signal, sys, time
from waterspout.process import task_id
from waterspout.web import Application, RequestHandler

VERSION = 1

class Main(RequestHandler):
    def get(self):
        self.write(f"{os.getpid()} {VERSION}")

class Number(RequestHandler):
    def get(self):
        self.write(str(task_id()))

class Held(RequestHandler):
    async def get(self):
        print("held", file=sys.stderr, flush=True)
        while not os.path.exists("let-go"):
            await asyncio.sleep(0.01)
        self.write("let go")

class Stuck(RequestHandler):
    def get(self):
        print("stuck", file=sys.stderr, flush=True)
        time.sleep(3600)

class Crash(RequestHandler):
    def get(self):
        os.kill(os.getpid(), signal.SIGKILL)

class Grow(RequestHandler):
    held = []
    def get(self):
        self.held.append(b"x" * (200 << 20))

class Post(RequestHandler):
    def post(self):
        self.write(str(len(self.request.body)))

app = Application([
    ("/", Main), ("/number", Number), ("/held", Held), ("/stuck", Stuck), ("/crash", Crash),
    ("/grow", Grow), ("/post", Post),
])

def make_app():
    return app

async def make_app_later():
    await asyncio.sleep(0)
    return app
"""


def state(pid):
    """Return the letter that a process's state has in /proc, None where there is no process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid):
    """Tell whether a process is there and no zombie."""
    return state(pid) not in (None, "Z")


def children(pid):
    """Return the pids of the processes that a process has started."""
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except (FileNotFoundError, ProcessLookupError):
        return set()


def wait_until(is_so, what):
    """Return when ``is_so()`` is; an error after a long time says ``what``, a str or a function."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {PATIENCE:g} s: {what() if callable(what) else what}")
        time.sleep(0.01)


class Served:
    """``waterspout serve`` as a process in a directory; its standard error is read at once."""

    def __init__(self, directory, *arguments, app="main:app", **kwargs):
        command = [sys.executable, "-m", "waterspout", "serve", *([app] if app else []), *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **kwargs,
        )
        self.pid = self.process.pid
        self.lines = []
        self._news = threading.Condition()
        self._is_over = False
        self._seen = set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._is_over = True
            self._news.notify_all()

    @property
    def output(self):
        return "\n".join(self.lines)

    def wait_for(self, words, count=1):
        """Return the ``count``-th line with these words, once it is there."""

        def found():
            return [line for line in list(self.lines) if words in line]

        with self._news:
            self._news.wait_for(lambda: self._is_over or len(found()) >= count, PATIENCE)
        assert len(found()) >= count, f"{words!r} does not come:\n{self.output}"
        return found()[count - 1]

    @property
    def address(self):
        """Where it listens."""
        found = re.search(r"://(127[.\d]+):(\d+)/", self.wait_for("serving "))
        assert found is not None
        return (found[1], int(found[2]))

    def workers(self):
        """Return the pids of the workers that there are."""
        found = {pid for pid in children(self.pid) if is_alive(pid)}
        self._seen |= found
        return found

    def wait_for_workers(self, count, without=()):
        """Return the pids of the workers, once so many are ready, none of them in ``without``."""
        wait_until(
            lambda: len(self.workers()) == count == len(self.ready() - set(without)),
            lambda: f"{count} workers without {without}, but {self.workers()}\n{self.output}",
        )
        return self.workers()

    def ready(self):
        """Return the pids of the workers that are ready."""
        said = re.findall(r"\(pid (\d+)\) is ready", self.output)
        return set(map(int, said)) & self.workers()

    def get(self, path="/"):
        """Return the body of one answer, with a connection of its own."""
        return ask(self.address, path)[1]

    def send(self, number):
        """Send a signal to the parent."""
        self.process.send_signal(number)

    def begin(self, path):
        """Ask for ``/held`` or ``/stuck``; return, once that is in its handler, what ends it.

        That is a function, which returns the answer, or the OSError that came instead.
        """
        before = sum(line == path[1:] for line in self.lines)
        outcome = []

        def run():
            try:
                outcome.append(ask(self.address, path))
            except OSError as error:
                outcome.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.wait_for(path[1:], before + 1)

        def answer():
            thread.join(PATIENCE)
            assert outcome, f"{path} is under way still:\n{self.output}"
            return outcome[0]

        return answer

    def send_to_group(self, *numbers):
        """Send signals to all the group, of which the parent learns at the same time."""
        self.send(signal.SIGSTOP)
        wait_until(lambda: state(self.pid) == "T", "it is stopped")
        for number in numbers:
            os.killpg(self.pid, number)
        self.send(signal.SIGCONT)

    def end(self, number=signal.SIGTERM):
        """Tell it to end; return the exit status once it and all workers have."""
        self.workers()
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        """Return the exit status, once it has ended and nobody has its standard error any more."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), f"somebody is left:\n{self.output}"
        return status

    def close(self):
        """Leave nothing behind."""
        workers = self.workers() | self._seen if self.process.poll() is None else set()
        self.process.kill()
        self.process.wait(PATIENCE)
        for pid in workers:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()


def ask(address, path, body=b""):
    """Return status and body of an answer on a connection of its own; OSError if there is none."""
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        start = f"POST {path}" if body else f"GET {path}"
        head = f"{start} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}"
        sock.sendall(head.encode() + b"\r\n\r\n" + body)
        data = b""
        while piece := sock.recv(65536):
            data += piece
    status, blank, answer = data.partition(b"\r\n\r\n")
    if not blank:
        raise ConnectionError(f"no answer to {path}: {data!r}")
    return int(status.split()[1]), answer.decode()


class Load:
    """Clients in threads, for the time of a ``with`` statement: each asks again and again.

    ``answers`` are the bodies, ``failures`` what went wrong; a connection that is refused, when
    nobody listens any more, is in ``refused``.
    """

    def __init__(self, address, path="/", clients=4):
        self._address = address
        self._path = path
        self._is_over = threading.Event()
        self.answers = []
        self.failures = []
        self.refused = 0
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(clients)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def wait_for(self, count):
        """Return when there are so many more answers."""
        before = len(self.answers)
        wait_until(lambda: len(self.answers) >= before + count, "answers")

    def _run(self, number):
        body = b"" if number % 2 else b"x" * 70_000
        while not self._is_over.is_set():
            try:
                status, answer = ask(self._address, "/post" if body else self._path, body)
            except ConnectionRefusedError:
                self.refused += 1
                return
            except OSError as error:
                self.failures.append(error)
                continue
            if status == 200:
                self.answers.append(answer)
            else:
                self.failures.append(status)
