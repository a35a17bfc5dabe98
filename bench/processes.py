"""Child processes: started on one core, in a session of their own; measured; ended.

A child's session holds all its descendants (none of the candidates leaves it), so the session is
the process tree of which CPU time and memory are counted, and that is ended as a whole.
Linux only: it reads /proc and the kernel's per-process CPU clocks.
"""

from __future__ import annotations

import os
import re
import resource
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 15.0
END_SECONDS = 3.0
PORT_SECONDS = 70.0

# Nothing of the caller's shell (proxies, PYTHON* settings) may change what is measured.
ENVIRONMENT = {"PATH": os.defpath, "HOME": "/nonexistent", "LANG": "C.UTF-8"}

CLOCK_TICK = 1 / os.sysconf("SC_CLK_TCK")


class ProcessError(Exception):
    """A child did not start, ended early or did not answer; the text says what it complained of."""


@dataclass(frozen=True)
class Cores:
    """Which core runs the thing under test and which the other side of the wire."""

    tested: int
    other: int

    @classmethod
    def available(cls) -> Cores:
        """The last and the first of the cores this process may use: seldom hyperthread twins."""
        usable = sorted(os.sched_getaffinity(0))
        return cls(tested=usable[-1], other=usable[0])


class Child:
    """A running program; use it as a context manager, which ends it whatever happens."""

    def __init__(
        self,
        command: Sequence[str],
        core: int,
        *,
        is_talking: bool = False,
        cwd: Path = Path("/"),
    ) -> None:
        """Start `command` on `core`; a talking child has its stdin and stdout piped to us."""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (end() closes it)
        pipe_or_file = subprocess.PIPE if is_talking else self._complaints
        # The child inherits our affinity. Setting it here and not in a `preexec_fn` keeps vfork.
        usable = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if is_talking else subprocess.DEVNULL,
                stdout=pipe_or_file,
                stderr=self._complaints,
                bufsize=0,
                cwd=cwd,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as error:
            raise ProcessError(str(error)) from error
        finally:
            os.sched_setaffinity(0, usable)
        self._session = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def __repr__(self) -> str:
        return f"<Child session={self._session} exit={self._process.poll()}>"

    @property
    def pid(self) -> int:
        """The process that was started, the first of the tree."""
        return self._process.pid

    def say(self, line: str) -> None:
        """Write a line to the stdin of a talking child."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    def hear(self, timeout: float) -> str:
        """The next line of a talking child's stdout. Raises ProcessError if none comes in time."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            raise ProcessError(f"said nothing for {timeout:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise ProcessError(self.complaint())
        return line.decode()

    def wait_until_listening(self, port: int) -> None:
        """Return once 127.0.0.1:port accepts connections. Raises ProcessError if it never does."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ProcessError(self.complaint())
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise ProcessError(f"did not listen within {START_SECONDS:g} s")

    def wait_for_usage(self) -> resource.struct_rusage:
        """Wait for the child to end by itself; what it and its reaped descendants have used."""
        return self._reaped(os.wait4(self.pid, 0))

    def wait_for_usage_and_peak(self) -> tuple[resource.struct_rusage, float]:
        """The same, and the most memory that the child itself has had, in MB.

        That is looked at while it runs: what the kernel tells in the end is no less than what the
        process has had that started it.
        """
        peak = 0
        while True:
            peak = max(peak, _peak_kilobytes(self.pid))
            ended = os.wait4(self.pid, os.WNOHANG)
            if ended[0]:
                return self._reaped(ended), peak / 1024
            time.sleep(0.02)

    def _reaped(self, ended: tuple[int, int, resource.struct_rusage]) -> resource.struct_rusage:
        _, status, usage = ended
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.returncode:
            raise ProcessError(self.complaint())
        return usage

    def complaint(self) -> str:
        """The last line that the child wrote to stderr, or how it ended if it wrote none."""
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            pass
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"ended with exit status {self._process.poll()}"

    def cpu_seconds(self) -> float:
        """User and system time that the tree has used so far, reaped children included.

        The kernel's CPU clock of each process counts nanoseconds and the threads that have ended
        too; only the time of reaped children is known no better than to a clock tick.
        """
        return sum(_cpu_clock(pid) + _reaped_seconds(pid) for pid in self.members())

    def resident_bytes(self) -> int:
        """Resident memory of the tree; pages shared between its processes count once in each."""
        return sum(_resident_bytes(pid) for pid in self.members())

    def end(self) -> None:
        """End the tree: politely, then for sure."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream is not None:
                stream.close()

    def _signal(self, number: int) -> None:
        for pid in self.members():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def members(self) -> list[int]:
        """The processes of the tree."""
        return [pid for pid, session in _sessions() if session == self._session]


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment.

    A client that keeps no connection leaves a port in TIME_WAIT for each fetch, and may for a
    minute leave none free.
    """
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", 0))
            except OSError as error:
                if time.monotonic() > deadline:
                    raise ProcessError(f"no free port: {error}") from error
            else:
                port: int = probe.getsockname()[1]
                return port
        time.sleep(1)


def raise_descriptor_limit() -> int:
    """Let this process and its children open as many files as the system allows; the number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _sessions() -> Iterator[tuple[int, int]]:
    """Process id and session of every living process (zombies have neither CPU nor memory)."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and fields[0] != "Z":
                yield int(entry.name), int(fields[3])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third (state) on; empty if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    # The second field, the name, is in parentheses and may itself hold spaces and parentheses.
    return text.rpartition(")")[2].split()


def _peak_kilobytes(pid: int) -> int:
    """The most memory that a process has had; 0 if it has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0


def _cpu_clock(pid: int) -> float:
    # The id of another process's CPU clock, as clock_getcpuclockid(3) makes it.
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _reaped_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[13]) + int(fields[14])) * CLOCK_TICK if fields else 0.0


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
