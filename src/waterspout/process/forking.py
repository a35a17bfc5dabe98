"""Forking by hand: one program, several processes that go on at the same line."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from waterspout.log import gen_log
from waterspout.process.processors import cpu_count

__all__ = ["fork_processes", "set_task_id", "task_id"]

_DEFAULT_RESTARTS = 100

_task_id: int | None = None


def task_id() -> int | None:
    """Return this process's number among those of `fork_processes` or ``waterspout serve``.

    None in a process that neither of them has started. Numbers begin at 0, and one that takes
    another's place has its number; while it does, under ``serve``, both may be at work.
    """
    return _task_id


def set_task_id(number: int) -> None:
    """Give this process its number; for who starts processes."""
    global _task_id
    _task_id = number


def fork_processes(num_processes: int | None, max_restarts: int | None = None) -> int:
    """Fork this process, and return in each child its number, from 0 on; see `task_id`.

    ``num_processes`` None or below 1 stands for `cpu_count`. A child that ends by a signal or with
    another status than 0 is forked anew with the same number, up to ``max_restarts`` times in all
    (None: 100). The parent does not return: it exits with status 0 when all children have ended
    well. Told by SIGTERM to end, it tells the children, waits for them, and ends so itself.

    Call it before an event loop is made, for processes cannot share one. Raises ``RuntimeError``
    while a loop is running, in a child of `fork_processes`, and in the parent, after it has sent
    SIGTERM to the other children, where children had to be restarted too often; ``OSError``, after
    the same, where the system has no room for another process.
    """
    if _task_id is not None:
        raise RuntimeError(f"this process is a child of fork_processes already, number {_task_id}")
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("fork_processes must be called before the event loop is started")
    if num_processes is None or num_processes <= 0:
        num_processes = cpu_count()
    gen_log.info("Starting %d processes", num_processes)
    sys.stdout.flush()  # or what is in the buffers would be written once by every process
    sys.stderr.flush()
    children = _Children()
    for number in range(num_processes):
        if children.fork(number):
            return number
    return children.watch(_DEFAULT_RESTARTS if max_restarts is None else max_restarts)


class _Children:
    """The children of this process. SIGTERM ends them too, unless the program hears it itself."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._is_ending = False
        self._hears = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        if self._hears:
            signal.signal(signal.SIGTERM, self._on_term)

    def fork(self, number: int) -> bool:
        """Make a child; tell whether this is it."""
        # A signal in between would find the parent's handler in the child, or a child unknown.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            try:
                pid = os.fork()
            except OSError:
                self._end()
                raise
            if pid == 0:
                self._let_go()
                set_task_id(number)
                return True
            self._numbers[pid] = number
            return False
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def watch(self, restarts: int) -> int:
        """Wait until all have ended, and exit; return in a child that is forked meanwhile."""
        while self._numbers:
            pid, status = os.wait()
            number = self._numbers.pop(pid, None)
            if number is None or status == 0 or self._is_ending:
                continue
            code = os.waitstatus_to_exitcode(status)
            end = f"killed by signal {-code}" if code < 0 else f"exited with status {code}"
            if restarts <= 0:
                gen_log.error("child %d (pid %d) %s", number, pid, end)
                self._end()
                raise RuntimeError("Too many child restarts, giving up")
            restarts -= 1
            gen_log.warning("child %d (pid %d) %s, restarting", number, pid, end)
            if self.fork(number):
                return number
        self._let_go()
        if self._is_ending:
            os.kill(os.getpid(), signal.SIGTERM)
        sys.exit(0)

    def _on_term(self, signum: int, frame: FrameType | None) -> None:
        self._end()

    def _end(self) -> None:
        self._is_ending = True
        for pid in self._numbers:
            # It is there, if only as a zombie; but one may just have been waited for.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _let_go(self) -> None:
        if self._hears:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
