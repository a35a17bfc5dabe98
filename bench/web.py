"""The web case: what the parts of a framework cost, beside those of other frameworks.

Each server is a small application with one page a case. All get the same requests; where a
framework has no such part, its cell is empty. Ratios are to waterspout, in the same round.
"""

from __future__ import annotations

import http.client
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import candidates
import environment
from load import Load
from options import Options
from processes import Child, Cores, ProcessError, free_port
from report import Report, Table
from rounds import Figures, Rounds, Sample, remarks

PACKAGES = ["uvloop", "tornado", "aiohttp", "starlette", "uvicorn", "httptools", "jinja2"]
PACKAGES += ["itsdangerous", "python-multipart"]

BOUNDARY = "----WebKitFormBoundaryx0rTQb6zWeYJr2yF"
FILES = {"small.bin": 4 * 1024, "large.bin": 10 * 1024 * 1024}
UPLOAD_SIZE = 1024 * 1024


@dataclass(frozen=True)
class Case:
    """One page: how to ask for it, and how often."""

    title: str
    request: Callable[[int], bytes]  # of the port
    load: Load
    absent: tuple[str, ...] = ()  # candidates that have no such part


def _get(path: str) -> Callable[[int], bytes]:
    return lambda port: f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def _with_cookie(port: int) -> bytes:
    """A request with the cookie that the server has signed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/cookie/set")
    answer = connection.getresponse()
    answer.read()
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    connection.close()
    if not cookie:
        raise ProcessError("the server set no cookie")
    return _get("/cookie")(port).replace(b"\r\n\r\n", f"\r\nCookie: {cookie}\r\n\r\n".encode())


def _upload(port: int) -> bytes:
    """A form with a field and a file, as a browser sends it."""
    pattern = bytes(range(256)) * (UPLOAD_SIZE // 256)
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nA title\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + pattern
    body += f"\r\n--{BOUNDARY}--\r\n".encode()
    head = (
        f"POST /upload HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


CASES = {
    "json": Case("JSON of a dict", _get("/json"), Load(32, 1000, 20_000, 1.5)),
    "arguments": Case(
        "five query arguments",
        _get("/arguments?name=Ada+Lovelace&city=London&year=1843&page=2&order=by%20date"),
        Load(32, 1000, 20_000, 1.5),
    ),
    "cookie": Case("signed cookie", _with_cookie, Load(32, 1000, 20_000, 1.5), ("aiohttp",)),
    "template": Case("template, 50 rows", _get("/template"), Load(32, 200, 5000, 1.5)),
    "small": Case("static file, 4 KiB", _get("/static/small.bin"), Load(32, 500, 10_000, 1.5)),
    "large": Case("static file, 10 MiB", _get("/static/large.bin"), Load(8, 8, 200, 2.5)),
    "upload": Case("upload, 1 MiB", _upload, Load(8, 8, 500, 2.5)),
}

CHOSEN = tuple(CASES)


def measure(options: Options) -> Report:
    """Run the case."""
    cores = Cores.available()
    chosen = candidates.choose(candidates.FRAMEWORKS, options.only)
    rounds = Rounds()
    with tempfile.TemporaryDirectory() as directory:
        for name, size in FILES.items():
            Path(directory, name).write_bytes(bytes(size))
        rounds.run(
            chosen,
            options.rounds,
            lambda command: _samples([*command, directory], cores, options),
        )
    base = candidates.FRAMEWORKS[0].name
    figures = {name: rounds.figures(name, base) for name in CASES}
    notes = [*rounds.notes, *(note for name in CASES for note in remarks(name, figures[name]))]
    table = Table(
        "Frameworks: CPU microseconds a request, and how many times waterspout's that is",
        ["case", "what"] + [c.name for c in chosen],
        [[name, case.title, *_cells(figures[name], chosen)] for name, case in CASES.items()],
    )
    settings = f"{options.rounds} rounds; medians; one core for the server's process tree"
    return Report("web", settings, environment.versions(PACKAGES), figures, [table], notes)


def _samples(command: list[str], cores: Cores, options: Options) -> Mapping[str, Sample]:
    port = free_port()
    found = {}
    with Child([*command, str(port)], cores.tested) as server:
        server.wait_until_listening(port)
        for name, case in CASES.items():
            if not any(f"_{absent}." in part for absent in case.absent for part in command):
                load = _shortened(case.load) if options.is_quick else case.load
                found[name] = load.put_on(server, port, case.request(port), cores.other)
    return found


def _shortened(load: Load) -> Load:
    return replace(load, requests=load.requests // 4, seconds=load.seconds / 3)


def _cells(figures: Mapping[str, Figures], chosen: list[candidates.Candidate]) -> list[str]:
    return [
        f"{figures[c.name].cpu_us:,.1f} ({figures[c.name].ratio:.1f})" if c.name in figures else "-"
        for c in chosen
    ]
