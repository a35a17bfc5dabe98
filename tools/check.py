"""The gate: is this checkout fit to be merged?

    ./check           format, lint, types, imports, locks; the tests, compiled and interpreted (of
                      those that can't tell one form from the other only once)
    ./check --fast    under a minute: without the locks, and the tests once, without those that are
                      slow, run whole programs or compare them, and with fewer random examples
    ./check --deep    everything, and the tests marked `deep` and a minute of fuzzing with it

Every step is run, also after one has failed; the exit status is 1 where any has. The tests are cut
into parts, each a pytest of its own: tests wait half their time, so twice as many parts run at once
as there are processors, those of both forms and the types among them.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import checkout

TESTS = checkout.ROOT / "tests"

# Tests of modules that are never compiled, of whole programs and of tests: they do not tell one
# form of the hot modules from the other. What those do is tested in both forms where each of them
# is tested.
ALIKE = (
    "auth",
    "autoreload",
    "cli",
    "differential",
    "examples",
    "interop",
    "locale",
    "log",
    "options",
    "process",
    "pytest_plugin",
    "test_behaviours.py",
    "test_lazy.py",
    "testing",
)

# What the quick part leaves out: tests of whole programs, of one with others, of all ways to do one
# thing.
WHOLE = (
    "autoreload",
    "behaviour",
    "cli",
    "differential",
    "examples",
    "interop",
    "process",
    "pytest_plugin",
)


# So many bytes of tests are one part: few enough that the last ones end at about the same time, and
# enough that to start it, which takes a second, is not what it does.
PART = 200_000

# More at once would take memory, and no less time.
MOST_AT_ONCE = 8


@dataclass(frozen=True)
class Step:
    """One question that a program answers with its exit status."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    form: str = ""
    """Of tests: which form of the hot modules they try."""


@dataclass(frozen=True)
class Result:
    """What has become of a step."""

    step: Step
    is_passed: bool
    seconds: float
    output: str

    @property
    def outcome(self) -> str:
        """The word for it."""
        return "ok" if self.is_passed else "FAILED"


def main() -> int:
    """Run the steps that the command line asks for; return the exit status."""
    args = parse_arguments()
    checkout.prepare(checkout.CHECK_LOCK)
    steps = [*steps_for_sources(args), *steps_for_tests(args), *steps_for_fuzzing(args)]
    started = time.monotonic()
    results = run_all(steps)
    failed = [result.step.name for result in results if not result.is_passed]
    for form in ("compiled", "interpreted"):
        counted = totals(result for result in results if result.step.form == form)
        if counted:
            print(f"check: tests, {form}: {counted}")
    verdict = f"failed: {'; '.join(failed)}" if failed else "all passed"
    print(f"check: {verdict}, {time.monotonic() - started:.1f} s")
    return 1 if failed else 0


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--fast", action="store_true", help="the quick part")
    extent.add_argument("--deep", action="store_true", help="everything there is")
    return parser.parse_args()


def steps_for_sources(args: argparse.Namespace) -> list[Step]:
    """Return the steps that read the sources."""
    steps = [
        Step("types", python("mypy")),
        Step("format", python("ruff", "format", "--check")),
        Step("lint", python("ruff", "check")),
        Step("import contracts", [str(checkout.VENV / "bin" / "lint-imports"), "--no-logo"]),
    ]
    if not args.fast:
        steps.append(Step("lock files", [sys.executable, "tools/lock.py", "--check"]))
    return steps


def steps_for_tests(args: argparse.Namespace) -> list[Step]:
    """Return the parts of the tests: with the hot modules compiled, and with them interpreted."""
    if checkout.c_compiler() is None:
        print("check: no C compiler here, so the tests run interpreted only")
        return steps_for_form("interpreted", args, without=WHOLE if args.fast else ())
    if args.fast:
        return steps_for_form("compiled", args, without=WHOLE)
    compiled = steps_for_form("compiled", args)
    interpreted = steps_for_form("interpreted", args, without=() if args.deep else ALIKE)
    # In turn: those that wait, of which more are compiled, run beside those that compute.
    return [step for pair in zip_longest(compiled, interpreted) for step in pair if step]


def steps_for_form(form: str, args: argparse.Namespace, without: Sequence[str] = ()) -> list[Step]:
    """Return the parts of the tests in a form, ``without`` those of some names in tests/."""
    command = python("pytest", "-q")
    if args.fast:
        command += ["-m", "not slow and not deep", "--hypothesis-profile=fast"]
    elif not args.deep:
        command += ["-m", "not deep"]
    else:
        command += ["--hypothesis-profile=deep"]
    # What stands in the environment of the caller must not decide which form is tested.
    environment = (
        {"WATERSPOUT_NO_EXTENSIONS": "", "WATERSPOUT_EXPECT_COMPILED": "1"}
        if form == "compiled"
        else {"WATERSPOUT_NO_EXTENSIONS": "1", "WATERSPOUT_EXPECT_COMPILED": ""}
    )
    rooms = {path: path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}
    files = [path for path, room in rooms.items() if room not in without]
    # Whole programs first: nobody waits for them at the end.
    files.sort(key=lambda path: (rooms[path] in WHOLE, path), reverse=True)
    steps = []
    for part in parts(files):
        first, last = part[0].relative_to(TESTS), part[-1].relative_to(TESTS)
        name = f"tests, {form}, {first} to {last}"
        steps.append(Step(name, [*command, *map(str, part)], environment, form))
    return steps


def parts(files: Iterable[Path]) -> list[list[Path]]:
    """Return the files, in their order, in parts of about the same amount of text."""
    found: list[list[Path]] = []
    left = 0
    for path in files:
        size = path.stat().st_size
        if size > left or not found:
            found.append([])
            left = PART
        found[-1].append(path)
        left -= size
    return found


def steps_for_fuzzing(args: argparse.Namespace) -> list[Step]:
    """Return the search for inputs that break a promise, where its guide can be had."""
    if not args.deep:
        return []
    if importlib.util.find_spec("atheris") is None:
        print("check: no atheris for this Python, so nothing is fuzzed with a guide")
        return []
    return [Step("guided fuzzing", python("fuzz.guided", "--seconds", "60"))]


def python(*command: str) -> list[str]:
    """Return the command that runs an installed module."""
    return [sys.executable, "-m", *command]


def run_all(steps: Sequence[Step]) -> list[Result]:
    """Run the steps, some at a time, and tell of each when it has ended."""
    pool = ThreadPoolExecutor(min(2 * processors(), MOST_AT_ONCE))
    try:
        futures = [pool.submit(run, step) for step in steps]
        results = []
        for future in as_completed(futures):
            results.append(future.result())
            tell(results[-1])
        return results
    finally:
        pool.shutdown(cancel_futures=True)


def processors() -> int:
    """Return how many this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def tell(result: Result) -> None:
    """Say what has become of a step: with its last words, or with all of them where it failed."""
    print(f"check: {result.step.name}: {result.outcome}, {result.seconds:.1f} s", flush=True)
    lines = result.output.splitlines()
    for line in lines[-1:] if result.is_passed else lines:
        print(f"    {line}", flush=True)


def totals(results: Iterable[Result]) -> str:
    """Return what the closing lines of pytest come to, as they have it; "" where there is none."""
    counts: Counter[str] = Counter()
    for result in results:
        closing = result.output.rstrip().rpartition("\n")[2]
        for number, outcome in re.findall(
            r"(\d+) (passed|failed|errors?|skipped|xfailed)\b", closing
        ):
            counts[outcome.removesuffix("s") if outcome == "errors" else outcome] += int(number)
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())


def run(step: Step) -> Result:
    """Run a step to its end."""
    started = time.monotonic()
    environment = {**os.environ, **step.environment}
    # With it each of the hundreds of processes compiles anew what it imports, and each of pytest's
    # all the tests, which takes it longer than to collect them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # A file, not a pipe: a process that a step has left behind holds nobody up.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(
            step.command,
            cwd=checkout.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        seconds = time.monotonic() - started
        output.seek(0)
        return Result(step, done.returncode == 0, seconds, output.read())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
