"""Forking by hand, each case in a program of its own."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from waterspout.process import task_id

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


def run(program: str, package: str = "waterspout") -> subprocess.CompletedProcess[str]:
    """Run a program that has ``fork_processes`` and ``say``."""
    return subprocess.run(
        [sys.executable, "-c", source(program, package)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def source(program: str, package: str = "waterspout") -> str:
    """Return a program; what it says is one system call, and so never torn apart."""
    return (
        "import logging, os, signal, sys\n"
        f"from {package}.process import cpu_count, fork_processes, task_id\n"
        "def say(*words): os.write(1, (' '.join(map(str, words)) + '\\n').encode())\n"
        "logging.basicConfig(format='%(message)s')\n" + textwrap.dedent(program)
    )


def test_a_process_that_nobody_has_forked_has_no_number():
    assert task_id() is None


SAME_AS_TORNADO = {
    "numbers": ("say('child', fork_processes(3), task_id())", 0),
    "as many as there are processors": ("fork_processes(0); say('x'); os._exit(0)", 0),
    "none is as many as well": ("fork_processes(None); say('x'); os._exit(0)", 0),
    "a failure is begun anew": ("say('child', fork_processes(1, max_restarts=2)); sys.exit(3)", 1),
    "never begun anew": ("say('child', fork_processes(1, max_restarts=0)); sys.exit(3)", 1),
    "killed": (
        """
        number = fork_processes(2, max_restarts=1)
        say("child", number)
        if number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        1,
    ),
    "the parent exits": ("fork_processes(1)\nsay('child goes on')", 0),
    "random numbers differ": (
        """
        import random
        random.seed(1)
        first, out = os.pipe()
        fork_processes(2)
        say(random.random() == random.Random(1).random())
        """,
        0,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAME_AS_TORNADO)
def test_what_tornado_does(name):
    pytest.importorskip("tornado")
    program, status = SAME_AS_TORNADO[name]
    ours, theirs = run(program), run(program, "tornado")
    assert ours.returncode == theirs.returncode == status
    assert sorted(ours.stdout.splitlines()) == sorted(theirs.stdout.splitlines()) != []
    last = [result.stderr.splitlines()[-1:] for result in (ours, theirs)]
    assert last[0] == last[1]


def test_an_end_that_is_no_good_is_told():
    result = run("fork_processes(1, max_restarts=1); sys.exit(3)")
    lines = [line for line in result.stderr.splitlines() if line.startswith("child")]
    assert len(lines) == 2
    assert lines[0].startswith("child 0 (pid ")
    assert lines[0].endswith(") exited with status 3, restarting")
    assert lines[1].endswith(") exited with status 3")


def test_a_child_cannot_fork_again():
    result = run("fork_processes(1, 0); fork_processes(1)")
    assert "RuntimeError: this process is a child of fork_processes already, number 0" in (
        result.stderr
    )


def test_not_while_an_event_loop_runs():
    result = run(
        """
        import asyncio
        async def main():
            fork_processes(1)
        asyncio.run(main())
        """
    )
    assert "RuntimeError: fork_processes must be called before" in result.stderr
    assert result.returncode == 1


def test_what_is_printed_before_is_printed_once():
    result = run("print('once'); fork_processes(2)")
    assert result.stdout == "once\n"


WAITING = """
number = fork_processes(2)
say(number, os.getpid())
signal.pause()
"""


def test_sigterm_ends_the_children_too():
    process = subprocess.Popen([sys.executable, "-c", source(WAITING)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().split() for _ in range(2)]
        assert sorted(int(number) for number, _ in lines) == [0, 1]
        process.terminate()
        # The children have the same standard output: it ends when they have.
        assert process.stdout.read() == b""
        assert process.wait(timeout=60) == -signal.SIGTERM
    finally:
        process.kill()
        process.wait(timeout=60)
        process.stdout.close()


def test_who_gives_up_leaves_no_child():
    result = run(
        """
        number = fork_processes(2, max_restarts=0)
        if number == 1:
            sys.exit(3)
        signal.pause()
        """
    )
    # `run` has returned: nobody has its pipes any more.
    assert "RuntimeError: Too many child restarts, giving up" in result.stderr


def test_where_no_more_can_be_forked_none_is_left():
    result = run(
        """
        fork = os.fork
        forks = []
        def bounded():
            forks.append(None)
            if len(forks) > 2:
                raise OSError(11, "Resource temporarily unavailable")
            return fork()
        os.fork = bounded
        if fork_processes(3) is not None:
            signal.pause()
        """
    )
    assert "Resource temporarily unavailable" in result.stderr
    assert result.returncode == 1


def test_a_signal_finds_a_child_that_has_been_waited_for():
    result = run(
        """
        wait = os.wait
        def wait_and_signal():
            found = wait()
            os.kill(os.getpid(), signal.SIGTERM)
            return found
        os.wait = wait_and_signal
        if fork_processes(2) == 1:
            signal.pause()
        """
    )
    assert result.stderr.count("Error") == 0
    assert result.returncode == -signal.SIGTERM
