"""The gate: is this checkout fit to be merged?

    ./check           format, lint, types, imports, locks; the tests, compiled and interpreted (of
                      those that can't tell one form from the other only once)
    ./check --fast    under a minute: without the locks, and the tests once, without those that are
                      slow, run whole programs or compare them, and with fewer random examples
    ./check --deep    everything, and the tests marked `deep` and a minute of fuzzing with it

Every step is run, also after one has failed; the exit status is 1 where any has. The types are
checked while the tests run, and told after them.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import checkout

# Tests of modules that are never compiled, and of whole programs: they do not tell one form of the
# hot modules from the other. What these do is tested in both forms where each of them is tested.
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


@dataclass(frozen=True)
class Step:
    """One question that a program answers with its exit status."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    is_shown: bool = False
    """Whether its output is shown as it comes, and not only where the step fails."""
    is_aside: bool = False
    """Whether it runs beside those that are not, and is told after them."""


@dataclass(frozen=True)
class Result:
    """What has become of a step; ``output`` is what has not been shown yet."""

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
    print()
    for result in results:
        print(f"check: {result.step.name:<22} {result.outcome:<7} {result.seconds:6.1f} s")
    failed = [result.step.name for result in results if not result.is_passed]
    verdict = f"failed: {', '.join(failed)}" if failed else "all passed"
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
        Step("format", python("ruff", "format", "--check")),
        Step("lint", python("ruff", "check")),
        Step("types", python("mypy"), is_aside=True),
        Step("import contracts", [str(checkout.VENV / "bin" / "lint-imports"), "--no-logo"]),
    ]
    if not args.fast:
        steps.append(Step("lock files", [sys.executable, "tools/lock.py", "--check"]))
    return steps


def steps_for_tests(args: argparse.Namespace) -> list[Step]:
    """Return the runs of the tests: with the hot modules compiled, and with them interpreted."""
    command = python("pytest", "-q", "--numprocesses=auto", "--maxprocesses=4")
    if args.fast:
        command += ["-m", "not slow and not deep", "--hypothesis-profile=fast"]
        command += [f"--ignore=tests/{name}" for name in WHOLE]
    elif not args.deep:
        command += ["-m", "not deep"]
    else:
        command += ["--hypothesis-profile=deep"]
    # What stands in the environment of the caller must not decide which form is tested.
    compiled = Step(
        "tests, compiled",
        command,
        {"WATERSPOUT_NO_EXTENSIONS": "", "WATERSPOUT_EXPECT_COMPILED": "1"},
        is_shown=True,
    )
    interpreted = Step(
        "tests, interpreted",
        command,
        {"WATERSPOUT_NO_EXTENSIONS": "1", "WATERSPOUT_EXPECT_COMPILED": ""},
        is_shown=True,
    )
    if checkout.c_compiler() is None:
        print("check: no C compiler here, so the tests run interpreted only")
        return [interpreted]
    if args.fast:
        return [compiled]
    if not args.deep:
        once = [f"--ignore=tests/{name}" for name in ALIKE]
        interpreted = replace(interpreted, command=[*command, *once])
    return [compiled, interpreted]


def steps_for_fuzzing(args: argparse.Namespace) -> list[Step]:
    """Return the search for inputs that break a promise, where its guide can be had."""
    if not args.deep:
        return []
    if importlib.util.find_spec("atheris") is None:
        print("check: no atheris for this Python, so nothing is fuzzed with a guide")
        return []
    return [Step("guided fuzzing", python("fuzz.guided", "--seconds", "60"), is_shown=True)]


def python(*command: str) -> list[str]:
    """Return the command that runs an installed module."""
    return [sys.executable, "-m", *command]


def run_all(steps: Sequence[Step]) -> list[Result]:
    """Run the steps, each when the one before has ended but for those aside, and tell of each."""
    with ThreadPoolExecutor(max_workers=1) as aside:
        waiting: list[Future[Result]] = [aside.submit(run, step) for step in steps if step.is_aside]
        results = []
        for step in steps:
            if not step.is_aside:
                print(f"check: {step.name} ...", end="\n" if step.is_shown else " ", flush=True)
                results.append(run(step))
                tell(results[-1], f"check: {step.name}: " if step.is_shown else "")
        for future in waiting:
            results.append(future.result())
            tell(results[-1], f"check: {results[-1].step.name} ... ")
    return results


def tell(result: Result, start: str) -> None:
    """Say what has become of a step, on a line that begins so; and why it has failed."""
    print(f"{start}{result.outcome}, {result.seconds:.1f} s", flush=True)
    if result.output and not result.is_passed:
        print(result.output, flush=True)


def run(step: Step) -> Result:
    """Run a step to its end."""
    started = time.monotonic()
    environment = {**os.environ, **step.environment}
    # With it each of the hundreds of processes compiles anew what it imports, and each of pytest's
    # all the tests, which takes it longer than to collect them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        step.command,
        cwd=checkout.ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=None if step.is_shown else subprocess.PIPE,
        stderr=None if step.is_shown else subprocess.STDOUT,
        text=True,
    )
    return Result(step, done.returncode == 0, time.monotonic() - started, done.stdout or "")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
