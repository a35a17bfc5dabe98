"""Real programs in front of our server, or asking it: found where they are, started, ended.

A test that needs one which is not there is skipped. Proxies listen on a unix socket in a directory
of their own, so no port has to be guessed.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

__all__ = ["PROXIES", "Proxy", "UnixConnection", "find", "run", "run_command"]

#: How long a program may take to start.
_PATIENCE = 30.0


def find(name: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


class UnixConnection(HTTPConnection):
    """The standard library's client, on a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("front", timeout=30)
        self._path = path

    def connect(self) -> None:
        """Connect to the path."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        try:
            sock.connect(self._path)
        except OSError:
            sock.close()
            raise
        self.sock = sock


@dataclass(frozen=True)
class Logged:
    """One request as a proxy saw it."""

    status: str
    """Of its answer to the client."""
    back: str | None
    """The status of the answer that it had from our server, if any."""
    is_sent: bool
    """Whether it sent the request to our server, or began to."""
    target: str


@dataclass
class Proxy:
    """A proxy that runs in front of our server."""

    process: subprocess.Popen[bytes]
    path: str
    log: Path

    def connect(self) -> socket.socket:
        """Return a new connection to it."""
        client = self.client()
        client.connect()
        return client.sock

    def client(self) -> UnixConnection:
        """Return a client of it that knows HTTP."""
        return UnixConnection(self.path)

    def end(self) -> list[Logged]:
        """End it; return what it logged."""
        self.process.terminate()
        self.process.wait(timeout=30)
        lines = self.log.read_text("latin-1").splitlines()
        return [_logged(line) for line in lines if line.startswith("|")]


def _logged(line: str) -> Logged:
    _, status, back, server, target = line.split("|", 4)
    is_sent = server not in ("", "-", "<NOSRV>")
    return Logged(status, back if back.isdigit() else None, is_sent, target)


_NGINX = """
daemon off;
master_process off;
pid {directory}/pid;
error_log {directory}/error.log warn;
events {{ worker_connections 1000; }}
http {{
    log_format short escape=json '|$status|$upstream_status|$upstream_addr|$request_uri';
    access_log {directory}/log short;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    upstream back {{ server 127.0.0.1:{port}; keepalive 1; }}
    server {{
        listen unix:{directory}/front;
        client_header_timeout 1s;
        client_body_timeout 1s;
        client_max_body_size 100m;
        ignore_invalid_headers off;
        underscores_in_headers on;
        merge_slashes off;
        location / {{
            proxy_pass http://back;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_next_upstream off;
            proxy_ignore_client_abort on;
            proxy_request_buffering {buffering};
        }}
    }}
}}
"""

_HAPROXY = """
global
    log stdout format raw local0
    maxconn 1000
defaults
    mode http
    log global
    log-format "|%ST|%[var(txn.back)]|%s|%HU"
    option accept-invalid-http-request
    option accept-invalid-http-response
    http-reuse always
    retries 0
    timeout connect 10s
    timeout client 1s
    timeout http-request 1s
    timeout server 20s
frontend front
    bind unix@{directory}/front
    http-request set-var(txn.back) str(-)
    http-response set-var(txn.back) status
    default_backend back
backend back
    server one 127.0.0.1:{port}
"""


def _nginx(directory: Path, port: int, buffering: str) -> list[str]:
    config = directory / "config"
    config.write_text(_NGINX.format(directory=directory, port=port, buffering=buffering))
    return [find("nginx"), "-e", str(directory / "error.log"), "-c", str(config)]


def _haproxy(directory: Path, port: int) -> list[str]:
    config = directory / "config"
    config.write_text(_HAPROXY.format(directory=directory, port=port))
    return [find("haproxy"), "-db", "-f", str(config)]


#: What may stand in front, and how it is started in a directory, for a port.
PROXIES: dict[str, Callable[[Path, int], list[str]]] = {
    "nginx": lambda directory, port: _nginx(directory, port, "on"),
    "nginx unbuffered": lambda directory, port: _nginx(directory, port, "off"),
    "haproxy": _haproxy,
}


@contextmanager
def run(name: str, directory: Path, port: int) -> Iterator[Proxy]:
    """Run one of ``PROXIES`` in front of ``port``."""
    with run_command(PROXIES[name](directory, port), directory) as proxy:
        yield proxy


@contextmanager
def run_command(command: list[str], directory: Path) -> Iterator[Proxy]:
    """Run a proxy that listens at ``front`` in the directory."""
    log, errors = directory / "log", directory / "errors"
    with log.open("ab") as output, errors.open("wb") as complaints:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=complaints
        )
    try:
        proxy = Proxy(process, str(directory / "front"), log)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                proxy.connect().close()
                break
            except OSError:
                assert process.poll() is None, errors.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)  # nobody tells when it listens
        yield proxy
    finally:
        process.kill()
        process.wait()
