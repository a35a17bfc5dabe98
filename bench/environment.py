"""What a candidate needs before it can run: the C programs, the peers, the checkout's own Python.

Each is made on first use. A thing that cannot be made raises MissingError with one line for the
reader; the other candidates go on without it.
"""

from __future__ import annotations

import functools
import json
import platform
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

BENCH = Path(__file__).resolve().parent
LOCK = BENCH / "peers.lock"
PEERS = BENCH / ".venv-peers"
CHECKOUT = BENCH.parent / ".venv"

_PEER_VERSIONS = """
import importlib.metadata, json, sys
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
found = {name: version(name) for name in sys.argv[1:]}
print(json.dumps({name: number for name, number in found.items() if number}))
"""

_OWN_VERSION = """
import importlib.machinery, pathlib, waterspout
suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
files = pathlib.Path(waterspout.__file__).parent.rglob("*")
compiled = sum(file.name.endswith(suffixes) for file in files)
print(f"{getattr(waterspout, '__version__', 'of this checkout')} ({compiled} modules compiled)")
"""


class MissingError(Exception):
    """A candidate cannot run here; the text says why, in one line."""


@functools.cache
def program(name: str) -> Path:
    """The C program of that name, compiled if its source is newer than it."""
    source, target = BENCH / f"{name}.c", BENCH / "build" / name
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(exist_ok=True)
        command = ["cc", "-O2", "-Wall", "-Wextra", "-o", str(target), str(source)]
        try:
            subprocess.run(command, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise MissingError(f"cannot compile {source.name}: {error}") from error
    return target


@functools.cache
def checkout_python() -> Path:
    """The Python that has this checkout's waterspout."""
    python = CHECKOUT / "bin" / "python"
    if not python.exists():
        raise MissingError("waterspout is not built here: run ./waterspout once")
    return python


@functools.cache
def peers_python() -> Path:
    """The Python that has the peers, in the versions of the lock file."""
    python, stamp = PEERS / "bin" / "python", PEERS / "installed"
    wanted = f"{sys.version}\n{LOCK.read_text()}"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing the peers of {LOCK.name} into {PEERS.name}, once.", file=sys.stderr)
        venv.create(PEERS, clear=True, symlinks=True, with_pip=True)
        _install(python)
        stamp.write_text(wanted)
    return python


def certificates(directory: Path) -> tuple[Path, Path, Path]:
    """Files in `directory`: who is to be trusted, and the certificate and the key of 127.0.0.1."""
    files = [directory / name for name in ("authority.pem", "server.pem", "server.key")]
    authority, certificate, key = map(str, files)
    make = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"]
    make += ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    signing = str(directory / "authority.key")
    root = ["-subj", "/CN=bench", "-keyout", signing, "-out", authority]
    root += ["-addext", "keyUsage=critical,keyCertSign"]
    leaf = ["-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    leaf += ["-CA", authority, "-CAkey", signing, "-addext", "subjectAltName=IP:127.0.0.1"]
    leaf += ["-addext", "basicConstraints=critical,CA:FALSE"]
    for command in ([*make, *root], [*make, *leaf]):
        try:
            subprocess.run(command, check=True, capture_output=True, cwd=directory)
        except (OSError, subprocess.CalledProcessError) as error:
            raise MissingError(f"openssl 3 is needed to make certificates: {error}") from error
    return files[0], files[1], files[2]


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Python's version, waterspout's if it is built here, and those of the named peers."""
    found = {"Python": platform.python_version()}
    try:
        found["waterspout"] = _run([str(checkout_python()), "-c", _OWN_VERSION]).strip()
    except (MissingError, subprocess.CalledProcessError):
        pass  # The candidate itself says so in a note.
    peers = [name for name in packages if name != "waterspout"]
    if peers:
        found.update(json.loads(_run([str(peers_python()), "-c", _PEER_VERSIONS, *peers])))
    return found


def _install(python: Path) -> None:
    """Install the whole lock file or, if that fails, what can be installed of it."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
    if _is_installed([*pip, "-r", str(LOCK)]):
        return
    lines = [line for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]
    for line in lines:
        if not _is_installed([*pip, line]):
            print(f"  {line} cannot be installed here", file=sys.stderr)


def _is_installed(command: Sequence[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _run(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout
