"""Making asyncio loops, and finding that of a thread."""

import asyncio
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from waterspout.ioloop.event_loop import new_event_loop, thread_event_loop


def test_a_new_loop_is_uvloops():
    uvloop = pytest.importorskip("uvloop")
    loop = new_event_loop()
    assert isinstance(loop, uvloop.Loop)
    assert thread_event_loop() is None
    loop.close()


def test_a_new_loop_is_asyncios_where_uvloop_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_event_loop()
    assert type(loop).__module__.startswith("asyncio.")
    loop.close()


def test_the_loop_of_a_thread(loop):
    assert thread_event_loop() is None
    asyncio.set_event_loop(loop)
    assert thread_event_loop() is loop
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(thread_event_loop()))
    thread.start()
    thread.join()
    assert seen == [None]


def test_the_running_loop_comes_before_the_one_that_was_set(loop, make_loop):
    other: asyncio.AbstractEventLoop = make_loop()
    asyncio.set_event_loop(other)

    async def main():
        return thread_event_loop()

    assert loop.run_until_complete(main()) is loop
    found = thread_event_loop()
    assert found is other
    other.close()


def run_program(*lines):
    """Run a program in a fresh interpreter, which finds what this one finds."""
    path = os.pathsep.join(filter(None, sys.path))
    subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(lines)],
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_none_is_made_in_a_fresh_main_thread():
    """Where asyncio.get_event_loop() would make one."""
    run_program(
        "from waterspout.ioloop.event_loop import thread_event_loop as found",
        "assert found() is None",
        "assert found() is None",
    )


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="policies are deprecated")
def test_a_policy_of_another_family(loop, monkeypatch):
    class Policy:
        loop = None

        def get_event_loop(self):
            if self.loop is None:
                raise RuntimeError("none")
            return self.loop

    policy: Any = Policy()
    monkeypatch.setattr(asyncio, "get_event_loop_policy", lambda: policy)
    assert thread_event_loop() is None
    policy.loop = loop
    assert thread_event_loop() is loop


def test_importing_the_package_imports_no_uvloop_and_makes_no_loop():
    run_program(
        "import sys, asyncio, datetime, logging, random, zlib",
        "import waterspout",
        "before = set(sys.modules)",
        "import waterspout.ioloop",
        "more = set(sys.modules) - before",
        "assert all(name.split('.')[0] == 'waterspout' for name in more), more",
        "rooms = {name.split('.')[1] for name in more if '.' in name}",
        "assert rooms <= {'ioloop', 'log', 'util', '_lazy', '_version', '_interpreted'}, rooms",
    )
