"""Fuzzes with coverage for a guide: atheris finds the inputs that reach what none has reached yet.

``python -m fuzz.guided --seconds 60`` in a checkout gives each target its part of the time;
``python -m fuzz.guided http1 --seconds 600`` is for one. Mutations begin at the target's ``SEEDS``
and at the files in ``fuzz/corpus``, where inputs are kept that needed a guide to be found; the
tests run all of them. What fails is printed, and kept in ``build/fuzz``.

The interpreted modules are fuzzed, for the guide sees no compiled ones. atheris is for Linux and
macOS, and some Pythons only.
"""

import argparse
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["CORPUS", "TARGETS", "main"]

_ROOT = Path(__file__).resolve().parent.parent

#: One directory a target.
CORPUS = _ROOT / "fuzz" / "corpus"
_FINDINGS = _ROOT / "build" / "fuzz"

#: The names of the targets, each a function of bytes below.
TARGETS = ("http1", "headers", "forms", "cookies")

# Longer ones only take longer: the targets' bounds are small.
_MAX_SIZE = 2000


def target(name: str) -> tuple[Callable[[bytes], None], list[bytes]]:
    """Return a function that checks bytes, and the bytes to begin with."""
    if name == "http1":
        from fuzz import http1

        return lambda data: http1.check(*_cut(data)), [bytes([0]) + seed for seed in http1.SEEDS]
    if name == "forms":
        from fuzz import forms

        types = sorted({content_type for content_type, _ in forms.SEEDS})
        seeds = [bytes([types.index(kind)]) + body for kind, body in forms.SEEDS]
        return lambda data: forms.check(types[(data or b"\0")[0] % len(types)], data[1:]), seeds
    if name == "headers":
        from fuzz import headers

        return headers.check, headers.SEEDS
    from fuzz import cookies

    return cookies.check, cookies.SEEDS


def _cut(data: bytes) -> tuple[bytes, list[int]]:
    """Return a message, and the places that its first byte cuts it at."""
    raw = data[1:]
    step = data[0] if data else 0
    return raw, list(range(step, len(raw), step)) if step else []


def _fuzz(name: str, arguments: list[str]) -> None:
    """Fuzz one target in this process, which ends with it."""
    # waterspout first: it is its own finder of sources that atheris takes them from.
    importlib.import_module("waterspout")
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["waterspout"]):
        check, seeds = target(name)
    with tempfile.TemporaryDirectory() as work:
        for index, seed in enumerate(seeds):
            Path(work, f"{index:04}").write_bytes(seed)
        atheris.Setup([sys.argv[0], work, str(CORPUS / name), *arguments], check)
        atheris.Fuzz()


def main() -> int:
    """Read the command line and run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.guided", description=__doc__)
    parser.add_argument("target", nargs="?", choices=TARGETS, help="this one only")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--here", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.here is not None:
        _fuzz(args.target, args.here)
    if importlib.util.find_spec("atheris") is None:
        print("fuzz.guided: atheris is not installed: pip install atheris", file=sys.stderr)
        return 2
    _FINDINGS.mkdir(parents=True, exist_ok=True)
    names = TARGETS if args.target is None else (args.target,)
    return max([_run(name, args.seconds / len(names)) for name in names])


def _run(name: str, seconds: float) -> int:
    """Fuzz one target in a process of its own; return 1 if it has failed."""
    print(f"fuzz.guided: {name}, {seconds:.0f} s", flush=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "fuzz.guided", name, "--here"),
            f"-max_total_time={max(1, round(seconds))}",
            *(f"-max_len={_MAX_SIZE}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"),
            f"-artifact_prefix={_FINDINGS}/{name}-",
        ],
        cwd=_ROOT,
        env={**os.environ, "WATERSPOUT_NO_EXTENSIONS": "1", "PYTHONPATH": f"{_ROOT}:{_ROOT}/src"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        print(done.stdout[-6000:])
        return 1
    lines = done.stdout.splitlines()
    print("\n".join(line for line in lines if "number_of_executed" in line or "new_units" in line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
