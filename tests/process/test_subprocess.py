"""Child processes: streams, and ends that are told once."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading

import pytest
from tests.wire.server_under_test import Wire, turns

from waterspout.ioloop import IOLoop
from waterspout.process import CalledProcessError, Subprocess

STREAM = Subprocess.STREAM


def python(code: str, **kwargs) -> Subprocess:
    """Start a Python that runs ``code``."""
    return Subprocess([sys.executable, "-S", "-c", code], **kwargs)


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def is_child(pid: int) -> bool:
    """Tell whether a child is there, if only as one that nobody has reaped; it stays as it is."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


@pytest.fixture(params=["descriptor", "thread"])
def way(request, monkeypatch):
    """How the end of a process is found out."""
    if request.param == "thread":

        def refused(pid: int, flags: int = 0) -> int:
            raise OSError("no such call")

        monkeypatch.setattr(os, "pidfd_open", refused, raising=False)
    elif not hasattr(os, "pidfd_open"):
        pytest.skip("the system has no descriptors of processes")
    return request.param


async def test_streams(wire: Wire, way):
    process = python(
        "import sys; print(sys.stdin.read().upper(), end=''); print('no', file=sys.stderr)",
        stdin=STREAM,
        stdout=STREAM,
        stderr=STREAM,
    )
    wire.streams.extend([process.stdin, process.stdout, process.stderr])
    await process.stdin.write(b"hello")
    assert process.returncode is None
    assert repr(process) == f"<Subprocess pid={process.pid} running>"
    process.stdin.close()
    assert await process.stdout.read_until_close() == b"HELLO"
    assert await process.stderr.read_until_close() == b"no\n"
    assert await process.wait_for_exit() == 0
    assert process.returncode == process.proc.returncode == 0
    assert repr(process) == f"<Subprocess pid={process.pid} returncode=0>"


async def test_both_outputs_in_one_stream(wire: Wire):
    process = python(
        "import os; os.write(1, b'a'); os.write(2, b'b')", stdout=STREAM, stderr=subprocess.STDOUT
    )
    wire.streams.append(process.stdout)
    assert await process.stdout.read_until_close() == b"ab"
    assert process.stdin is None
    assert process.stderr is None
    await process.wait_for_exit()


async def test_pipes_of_popen(wire: Wire):
    process = python("print(1)", stdout=subprocess.PIPE, text=True)
    assert process.proc.stdout is not None
    with process.proc.stdout as file:
        assert file is process.stdout
        assert file.read() == "1\n"
    await process.wait_for_exit()


async def test_the_callback_is_called_once(wire: Wire, way):
    process = python("import sys; sys.exit(3)")
    codes: list[int] = []
    process.set_exit_callback(codes.append)
    with pytest.raises(CalledProcessError) as caught:
        await process.wait_for_exit()
    assert caught.value.returncode == 3
    assert caught.value.cmd == process.proc.args
    await turns()
    assert codes == [3]
    later: list[int] = []
    process.set_exit_callback(later.append)
    assert later == []
    await turns()
    assert (codes, later) == ([3], [3])
    assert await process.wait_for_exit(raise_error=False) == 3


async def test_a_callback_that_fails_is_logged(wire: Wire, caplog):
    process = python("")
    process.set_exit_callback(lambda code: 1 / 0)
    await process.wait_for_exit()
    await turns()
    assert "ZeroDivisionError" in caplog.text


async def test_a_signal(wire: Wire, way):
    process = python("import signal; signal.pause()")
    process.proc.send_signal(signal.SIGKILL)
    assert await process.wait_for_exit(raise_error=False) == -signal.SIGKILL


async def test_several_wait_and_one_gives_up(wire: Wire, way):
    process = python("import sys; sys.stdin.read()", stdin=STREAM)
    wire.streams.append(process.stdin)
    first, second, third = (process.wait_for_exit(raise_error=False) for _ in range(3))
    second.cancel()
    await turns()
    assert not first.done()
    process.stdin.close()
    assert (await first, await third) == (0, 0)


async def test_the_exit_was_seen_by_the_program(wire: Wire, way):
    process = python("import sys; sys.exit(4)")
    process.proc.wait()
    assert await process.wait_for_exit(raise_error=False) == 4


async def test_many_at_once(wire: Wire, way):
    processes = [Subprocess(["/bin/sh", "-c", f"exit {number}"]) for number in range(20)]
    waiting = [process.wait_for_exit(raise_error=False) for process in processes]
    assert await asyncio.gather(*waiting) == list(range(20))
    assert not any(is_child(process.pid) for process in processes)


async def test_a_child_that_nobody_waits_for_is_reaped(wire: Wire, way):
    process = python("")
    pid = process.pid
    del process
    gc.collect()
    while is_child(pid):
        await turns(1)


async def test_no_descriptor_is_left(wire: Wire):
    before = descriptors()
    process = python("", stdin=STREAM, stdout=STREAM, stderr=STREAM)
    await process.wait_for_exit()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    await turns()
    gc.collect()
    assert descriptors() == before


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    [
        ((["/nothing/there"],), {}, FileNotFoundError),
        ((["/bin/sh"],), {"cwd": "/nothing"}, FileNotFoundError),
        ((["/bin/sh"],), {"nothing": 1}, TypeError),
        ((["a\0b"],), {}, ValueError),
        ((), {}, TypeError),
    ],
)
async def test_what_cannot_be_started_leaves_nothing(wire: Wire, args, kwargs, error):
    before = descriptors()
    with pytest.raises(error):
        Subprocess(*args, stdin=STREAM, stdout=STREAM, **kwargs)
    assert descriptors() == before


async def test_a_stranger_reaps_the_child(wire: Wire):
    process = python("import sys; sys.stdin.read()", stdin=STREAM)
    wire.streams.append(process.stdin)
    codes: list[int] = []
    process.set_exit_callback(codes.append)
    process.stdin.close()
    os.waitpid(process.pid, 0)  # noqa: ASYNC222 - it ends at once
    # What it was is not known any more, only that it is over: told once, as `Popen` tells it.
    assert await process.wait_for_exit(raise_error=False) == 0
    await turns()
    assert codes == [0]


async def test_the_handler_of_the_program_stays(wire: Wire, way):
    heard = []
    before = signal.signal(signal.SIGCHLD, lambda number, frame: heard.append(number))
    try:
        handler = signal.getsignal(signal.SIGCHLD)
        Subprocess.initialize()
        assert await python("").wait_for_exit() == 0
        Subprocess.uninitialize()
        Subprocess.uninitialize()
        assert signal.getsignal(signal.SIGCHLD) is handler
        while not heard:
            await turns(1)
    finally:
        signal.signal(signal.SIGCHLD, before)


async def test_beside_a_process_of_asyncio(wire: Wire):
    ours = python("import sys; sys.exit(5)")
    theirs = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "raise SystemExit(6)")
    assert await theirs.wait() == 6
    assert await ours.wait_for_exit(raise_error=False) == 5


def test_in_a_loop_of_another_thread(way):
    found = []

    def run() -> None:
        async def main() -> None:
            found.append(await python("raise SystemExit(7)").wait_for_exit(raise_error=False))

        asyncio.run(main())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [7]


def test_a_loop_that_ends_before_the_process(way):
    """Nobody is told, nothing fails and no descriptor is left."""
    before = descriptors()
    started: list[Subprocess] = []

    async def main() -> None:
        started.append(python("import sys; sys.stdin.read()", stdin=subprocess.PIPE))

    asyncio.run(main())
    [process] = started
    process.stdin.close()
    assert process.proc.wait() == 0
    for thread in threading.enumerate():
        if thread.name == f"waits for {process.pid}":
            thread.join()
    assert process.returncode is None
    del process
    started.clear()
    gc.collect()
    assert descriptors() == before


def test_by_the_loop_of_tornados_name():
    async def main() -> int:
        process = python("raise SystemExit(2)")
        assert process.io_loop is IOLoop.current()
        return await process.wait_for_exit(raise_error=False)

    loop = IOLoop(make_current=False)
    try:
        assert loop.run_sync(main) == 2
    finally:
        loop.close()
