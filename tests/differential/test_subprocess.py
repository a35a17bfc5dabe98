"""Child processes beside Tornado's: the same program, the same words."""

import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("tornado", reason="Tornado is not installed")

PROGRAMS = {
    "streams": """
        process = start("import sys; print(sys.stdin.read().upper())", stdin=S, stdout=S)
        await process.stdin.write(b"hello")
        process.stdin.close()
        say(await process.stdout.read_until_close(), await process.wait_for_exit())
        say(process.returncode, process.stderr, process.pid == process.proc.pid)
    """,
    "lines": """
        process = start("for n in range(3): print(n)", stdout=S)
        for _ in range(3):
            say(await process.stdout.read_until(b"\\n"))
        try:
            await process.stdout.read_until(b"\\n")
        except StreamClosedError as error:
            say(error, error.real_error)
        say(await process.wait_for_exit())
    """,
    "both outputs": """
        process = start(
            "import os; os.write(1, b'a'); os.write(2, b'b')", stdout=S, stderr=subprocess.STDOUT)
        say(await process.stdout.read_until_close(), await process.wait_for_exit())
    """,
    "a status": """
        process = start("raise SystemExit(3)")
        try:
            await process.wait_for_exit()
        except CalledProcessError as error:
            say(error.returncode, process.returncode)
    """,
    "a status that is no error": """
        say(await start("raise SystemExit(3)").wait_for_exit(raise_error=False))
    """,
    "a signal": """
        process = start("import signal; signal.pause()")
        process.proc.terminate()
        say(await process.wait_for_exit(raise_error=False))
    """,
    "a callback": """
        process = start("raise SystemExit(4)")
        done = asyncio.Event()
        process.set_exit_callback(lambda code: (say(code, process.returncode), done.set()))
        await done.wait()
    """,
    "a broken pipe": """
        process = start("")
        say(await start("", stdin=S).wait_for_exit())
        process = start("", stdin=S)
        await process.wait_for_exit()
        try:
            await process.stdin.write(b"x" * 1000000)
        except StreamClosedError as error:
            say(type(error.real_error))
    """,
    "no such program": """
        try:
            Subprocess(["/nothing/there"], stdout=S)
        except FileNotFoundError as error:
            say(error)
    """,
    "a pipe of one's own": """
        reading, writing = map(PipeIOStream, os.pipe())
        await writing.write(b"abc")
        say(await reading.read_bytes(2), reading.closed(), isinstance(reading.fileno(), int))
        writing.close()
        say(await reading.read_until_close(), reading.closed())
    """,
}


def run(program: str, package: str) -> str:
    """Return what a program says."""
    source = (
        "import asyncio, os, subprocess, sys\n"
        f"from {package}.process import CalledProcessError, Subprocess\n"
        f"from {package}.iostream import PipeIOStream, StreamClosedError\n"
        "S = Subprocess.STREAM\n"
        "def say(*words): print(*words, flush=True)\n"
        "def start(code, **kwargs):\n"
        "    return Subprocess([sys.executable, '-S', '-c', code], **kwargs)\n"
        "async def main():\n"
        "    Subprocess.initialize()\n"
        f"{textwrap.indent(textwrap.dedent(program), '    ')}\n"
        "    Subprocess.uninitialize()\n"
        "asyncio.run(main())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_program(name):
    said = run(PROGRAMS[name], "waterspout")
    assert said == run(PROGRAMS[name], "tornado") != ""
