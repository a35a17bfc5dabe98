"""Make this checkout ready, and run waterspout from it.

Ready means: .venv has the pinned packages and sees src/, and the hot modules are compiled beside
their sources. What was done is recorded with a digest of what it was made from, because time stamps
tell nothing after `git checkout`. So a second start does nothing, and a step that was interrupted,
whose record is missing, is done again. There may be nothing but the standard library here yet.
"""

import contextlib
import fcntl
import hashlib
import importlib.machinery
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
RUN_LOCK = ROOT / "requirements" / "run.txt"
CHECK_LOCK = ROOT / "requirements" / "check.txt"

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / "ready.json"  # Written last: tools/python takes .venv only where it is there.

BUILD = ROOT / "build" / "checkout"
COMPILED = BUILD / "compiled.json"
COMPILE_LOG = BUILD / "compile.log"


def main() -> NoReturn:
    """Become `python -m waterspout`, so that signals reach it and its exit status is ours."""
    prepare(RUN_LOCK)
    # -P: a file in the user's directory that is named like a standard module is not taken for it.
    os.execv(PYTHON, [str(PYTHON), "-P", "-m", "waterspout", *sys.argv[1:]])


def prepare(lock: Path) -> None:
    """Return in .venv's Python, with the packages of `lock` installed and the hot modules compiled.

    A script that was not started in .venv is started anew there, and does not return from here.
    """
    if not is_installed(lock):
        with one_at_a_time():
            if not is_installed(lock):
                install(lock)
    if not is_in_venv():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    if not is_up_to_date():
        with one_at_a_time():
            if not is_up_to_date():
                compile_hot_modules()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Keep other processes out of the set-up; the system lets them in should this one die."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that sets up this checkout ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# -- .venv


def is_in_venv() -> bool:
    """Tell whether the running Python is .venv's."""
    return VENV.exists() and VENV.samefile(sys.prefix)


def is_installed(lock: Path) -> bool:
    """Tell whether .venv was made here, starts, and has the packages of `lock`."""
    record = read_record(INSTALLED)
    if record.get("place") != str(VENV) or record.get(lock.name) != digest(lock):
        return False
    if is_in_venv():
        return record.get("python") == sys.implementation.cache_tag
    return can_start(PYTHON)


def install(lock: Path) -> None:
    """Install the packages of `lock`; make .venv first where there is none that fits."""
    record = read_record(INSTALLED)
    INSTALLED.unlink(missing_ok=True)
    here = {"place": str(VENV), "python": sys.implementation.cache_tag}
    if not record.items() >= here.items() or not can_start(PYTHON):
        say("making .venv (once) ...")
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        record = here
    say(f"installing the packages of {lock.relative_to(ROOT)} (once) ...")
    pip = [str(PYTHON), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    run([*pip, "install", "--require-hashes", f"--requirement={lock}"])
    # An editable install without a build: whatever .venv's Python starts sees src/.
    major, minor = sys.version_info[:2]
    site_packages = VENV / "lib" / f"python{major}.{minor}" / "site-packages"
    (site_packages / "waterspout-checkout.pth").write_text(f"{SOURCE}\n")
    # The packages of the one lock are among those of the other.
    installed = {path.name: digest(path) for path in (RUN_LOCK, lock)}
    write_record(INSTALLED, {**record, **installed})


def can_start(python: Path) -> bool:
    """Tell whether an interpreter is there and starts."""
    try:
        return subprocess.run([python, "-S", "-c", ""], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


# -- The hot modules


def hot_modules() -> dict[str, Path]:
    """Map each `.py` with a `.pxd` beside it, relative to src/, to the file compiled from it."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    sources = [path.with_suffix(".py") for path in sorted(SOURCE.rglob("*.pxd"))]
    return {
        str(source.relative_to(SOURCE)): source.with_suffix(suffix)
        for source in sources
        if source.exists()
    }


def hot_module_digests() -> dict[str, str]:
    """Map the names of `hot_modules` to digests of what the compiled file is made from.

    A module sees the `.pxd` of others, so all of them count for each.
    """
    shared = [ROOT / "setup.py", RUN_LOCK, *sorted(SOURCE.rglob("*.pxd"))]
    made_from = digest(*shared) + str(sys.implementation.cache_tag)
    return {name: digest(SOURCE / name) + made_from for name in hot_modules()}


def is_up_to_date() -> bool:
    """Tell whether compiling would change anything."""
    record = read_record(COMPILED)
    if record.get("digests") != hot_module_digests():
        return False
    if record["is_compiled"]:
        return all(compiled.exists() for compiled in hot_modules().values())
    return bool(record["compiler"] == c_compiler())  # A compiler that came since may do better.


def compile_hot_modules() -> None:
    """Compile the hot modules that have changed; where one cannot be, none is left compiled."""
    modules, digests = hot_modules(), hot_module_digests()
    known = read_record(COMPILED).get("digests", {})
    COMPILED.unlink(missing_ok=True)
    for name in modules:
        if known.get(name) != digests[name]:
            # Cython goes by the time stamp of the C file that it made.
            (BUILD / "src" / name).with_suffix(".c").unlink(missing_ok=True)
    if modules:
        say("compiling the hot modules that have changed ...")
        build = BUILD.relative_to(ROOT)
        command = [str(PYTHON), "setup.py", "build_ext", "--inplace", f"--build-temp={build}"]
        with open(COMPILE_LOG, "w") as log:
            run([*command, f"--build-lib={build / 'lib'}"], stdout=log)
    # setup.py copies them from lib when all are there, and else leaves none there.
    built = [BUILD / "lib" / path.relative_to(SOURCE) for path in modules.values()]
    is_compiled = all(path.exists() for path in built)
    if not is_compiled:
        say(f"they could not be compiled and run interpreted ({COMPILE_LOG.relative_to(ROOT)})")
    wanted = set(modules.values()) if is_compiled else set()
    for compiled in set(SOURCE.rglob(f"*{importlib.machinery.EXTENSION_SUFFIXES[0]}")) - wanted:
        compiled.unlink()
    state = {"digests": digests, "is_compiled": is_compiled, "compiler": c_compiler()}
    write_record(COMPILED, state)


def c_compiler() -> str | None:
    """Return the path of the C compiler that setuptools calls, or None where there is none."""
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    return shutil.which(shlex.split(command)[0])


# -- Words, programs and records


def say(line: str) -> None:
    """Tell the user what takes its time; standard output is left to waterspout itself."""
    print(f"waterspout: {line}", file=sys.stderr, flush=True)


def run(command: Sequence[str], stdout: IO[str] | None = None) -> None:
    """Run a program silently; where it fails, show what it said and exit."""
    result = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode != 0:
        print(result.stdout or "", end="", file=sys.stderr)
        say(f"this failed: {shlex.join(command)}")
        sys.exit(1)


def digest(*paths: Path) -> str:
    """Return a digest of the contents of files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def read_record(path: Path) -> dict[str, Any]:
    """Return what `write_record` wrote, or nothing where there is none."""
    try:
        record: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return record


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record whole or, should we die, not at all."""
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(record, indent=1))
    unfinished.replace(path)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
