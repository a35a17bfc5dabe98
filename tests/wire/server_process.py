"""Starts ``serving.py``, a server in a process of its own, and ends it."""

import importlib.util
import json
import os
import queue
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import IO, Any

import pytest

__all__ = ["LOOPS", "ServerProcess", "start"]

_SCRIPT = Path(__file__).with_name("serving.py")
_SOURCES = _SCRIPT.parents[2] / "src"

_HAS_UVLOOP = importlib.util.find_spec("uvloop") is not None

#: The event loops that a server may run on, as values of a parameter; the default one in a hurry.
LOOPS = [
    pytest.param("asyncio", marks=[pytest.mark.slow] if _HAS_UVLOOP else []),
    pytest.param(
        "uvloop",
        marks=pytest.mark.skipif(not _HAS_UVLOOP, reason="uvloop is not installed"),
    ),
]


@dataclass
class ServerProcess:
    """One that runs."""

    process: subprocess.Popen[str]
    port: int
    address: str
    log: queue.SimpleQueue[str]
    """The lines that it has logged; they are read at once, or the pipe would hold it up."""
    context: ssl.SSLContext | None = None
    """What ``get`` trusts, where the server speaks TLS."""

    def connect(self, timeout: float = 30.0, source: str = "") -> socket.socket:
        """Return a new connection to it, from any port, of ``source`` if that is given."""
        # Who binds takes a port for himself, and tests that came before may have left few of them.
        bound = (source, 0) if source else None
        return socket.create_connection(
            (self.address, self.port), timeout=timeout, source_address=bound
        )

    def get(self, path: str) -> bytes:
        """Return the page at ``path``, on a connection of its own."""
        if self.context is None:
            connection = HTTPConnection(self.address, self.port, timeout=30)
        else:
            connection = HTTPSConnection("localhost", self.port, timeout=30, context=self.context)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            return body
        finally:
            connection.close()

    def descriptors(self) -> int:
        """Return how many it has open, without asking it."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self) -> int:
        """Return how many bytes of memory it has, without asking it."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def usage(self) -> dict[str, Any]:
        """Return what it has used and done.

        CPU ``seconds``, open ``descriptors``, ``resident`` bytes, Python ``objects`` in use,
        requests ``answered`` and ``refused``.
        """
        return json.loads(self.get("/usage"))  # type: ignore[no-any-return]


@contextmanager
def start(
    loop: str = "uvloop",
    *,
    address: str = "127.0.0.1",
    certfile: str | None = None,
    files: str | None = None,
    descriptors: int | None = None,
    compress: bool = False,
    port: int = 0,
    reuse_port: bool = False,
    **server: Any,
) -> Iterator[ServerProcess]:
    """Run a server on ``loop``; more arguments are those of ``HTTPServer``.

    ``descriptors`` bounds how many it may have open, ``files`` is a directory to serve. With
    ``reuse_port`` others that do the same may have the same ``port``.
    """
    if loop == "uvloop" and not _HAS_UVLOOP:
        loop = "asyncio"
    options = {
        "loop": loop,
        "address": address,
        "certfile": certfile,
        "files": files,
        "descriptors": descriptors,
        "compress": compress,
        "port": port,
        "reuse_port": reuse_port,
        "server": server,
    }
    process = subprocess.Popen(
        [sys.executable, str(_SCRIPT), json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_SOURCES)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    log: queue.SimpleQueue[str] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stderr, log), daemon=True)
    reader.start()
    try:
        line = process.stdout.readline()
        assert line, log.get(timeout=30)
        yield ServerProcess(process, int(line), address, log)
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        reader.join()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def _read(stream: IO[str], log: queue.SimpleQueue[str]) -> None:
    for line in stream:
        log.put(line)
