"""Make the lock files from pyproject.toml, or tell whether they are still in step with it.

    python3 tools/lock.py              make requirements/*.txt anew; pins that still fit are kept
    python3 tools/lock.py --upgrade    the same, with the newest versions
    python3 tools/lock.py --check      change nothing, and do without the network

One lock holds for every Python that the project supports, on Linux and macOS: where these need
different packages, the lines carry markers.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checkout import CHECK_LOCK, ROOT, RUN_LOCK

UV = "uv==0.13.9"

GROUPS = {RUN_LOCK: ["build"], CHECK_LOCK: ["build", "check"]}
"""The dependency groups that each lock pins, beside the dependencies and all extras."""

HEADER = """\
# Pinned by `python3 tools/lock.py` from pyproject.toml; not to be edited.
# The requirements it was made from: sha256 {digest}
"""


def main() -> int:
    """Do what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--check", action="store_true", help="only tell what is wrong")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    args = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if not args.check:
        make_locks(project, upgrade=args.upgrade)
    faults = list(find_faults(project))
    for fault in faults:
        print(fault)
    if faults:
        print("to make the lock files anew: python3 tools/lock.py")
    return 1 if faults else 0


def make_locks(project: dict[str, Any], *, upgrade: bool) -> None:
    """Write the lock files with a uv that is thrown away afterwards."""
    oldest_python = project["project"]["requires-python"].removeprefix(">=")
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        python = str(Path(directory) / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", UV], check=True)
        for lock, groups in GROUPS.items():
            command = [python, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"]
            command += ["--all-extras", *(f"--group={group}" for group in groups)]
            command += ["--universal", f"--python-version={oldest_python}", "--generate-hashes"]
            command += ["--no-header", f"--output-file={lock}"]
            if lock != RUN_LOCK:  # One .venv holds both: what they share has one version.
                command += [f"--constraint={RUN_LOCK.relative_to(ROOT)}"]
            if upgrade:
                command += ["--upgrade"]
            subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
            header = HEADER.format(digest=requirements_digest(project, lock))
            lock.write_text(header + lock.read_text())


def find_faults(project: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the lock files, in words."""
    for lock in GROUPS:
        name, text = lock.relative_to(ROOT), lock.read_text()
        if requirements_digest(project, lock) not in text:
            yield f"{name}: the requirements in pyproject.toml have changed"
        if "://" in text:
            yield f"{name}: names an index, which is each machine's own affair"
        for pin, hashes in read_pins(lock).items():
            if not hashes:
                yield f"{name}: {pin} has no hash"
    for pin in read_pins(RUN_LOCK).keys() - read_pins(CHECK_LOCK).keys():
        yield f"{CHECK_LOCK.relative_to(ROOT)}: lacks {pin} of {RUN_LOCK.relative_to(ROOT)}"


def requirements_digest(project: dict[str, Any], lock: Path) -> str:
    """Return a digest of all in pyproject.toml that decides what a lock pins."""
    metadata = project["project"]
    keys = ("requires-python", "dependencies", "optional-dependencies")
    groups = {group: project["dependency-groups"][group] for group in GROUPS[lock]}
    decisive = [{key: metadata[key] for key in keys}, groups]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def read_pins(lock: Path) -> dict[str, list[str]]:
    """Map each `name==version ; marker` of a lock to its hashes."""
    entries = re.sub(r"(?m)^ *#.*\n", "", lock.read_text()).replace("\\\n", "").splitlines()
    return {pin.strip(): hashes for pin, *hashes in (entry.split("--hash=") for entry in entries)}


if __name__ == "__main__":
    sys.exit(main())
