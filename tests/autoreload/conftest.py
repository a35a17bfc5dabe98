"""Programs that are run as processes, and edited."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest


class Edited:
    """A program in a directory of its own, and what it writes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._process: subprocess.Popen[str] | None = None

    def write(self, name: str, text: str) -> None:
        """Write a file as an editor does: it is never there by half."""
        new = self.directory / "new"
        new.write_text(textwrap.dedent(text))
        file = self.directory / name
        file.parent.mkdir(exist_ok=True)
        os.replace(new, file)

    def start(self, *arguments: str) -> int:
        """Start Python with these arguments; return the number of the process."""
        paths = [str(Path(path).resolve()) for path in filter(None, sys.path)]
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.directory,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTHONUNBUFFERED": "1",
                # What is compiled of a file counts for another of the same size and second.
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self._process.pid

    def line(self, *wanted: str) -> str:
        """Return the next line that has all of `wanted`; what comes before it is shown."""
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            print(line, end="")
            if all(each in line for each in wanted):
                return line.rstrip("\n")
        raise AssertionError(f"it ended without {wanted}")

    def status(self) -> int:
        """Wait until it ends; return its exit status, with the rest of what it wrote shown."""
        assert self._process is not None
        rest, _ = self._process.communicate()
        print(rest)
        return self._process.returncode

    def interrupt(self) -> None:
        """Send it what Ctrl-C does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """Kill it, if it was started and goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()


@pytest.fixture
def edited(tmp_path):
    edited = Edited(tmp_path)
    yield edited
    edited.end()
