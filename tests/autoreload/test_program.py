"""``python -m waterspout.autoreload``."""

import pytest

pytestmark = pytest.mark.slow

WRAPPER = ("-m", "waterspout.autoreload")


def test_a_script(edited):
    edited.write("other.py", "VERSION = 1")
    edited.write(
        "program.py",
        """
        import os, sys
        from other import VERSION
        print("up", os.getpid(), VERSION, sys.argv, __name__, sys.path[0])
        """,
    )
    pid = edited.start(*WRAPPER, "program.py", "-x", "--until-success")
    end = f"['program.py', '-x', '--until-success'] __main__ {edited.directory.resolve()}"
    assert edited.line("up") == f"up {pid} 1 {end}"
    assert edited.line("waiting") == "autoreload: ended without an error; waiting for a change"
    edited.write("other.py", "VERSION = 2")
    assert edited.line("up") == f"up {pid} 2 {end}"
    edited.line("waiting")
    edited.interrupt()
    assert edited.status() == 130


def test_a_module(edited):
    edited.write("package/__init__.py", "")
    edited.write("package/other.py", "VERSION = 1")
    edited.write(
        "package/__main__.py",
        """
        import os, sys
        from .other import VERSION
        print("up", os.getpid(), VERSION, sys.argv[1:], __name__)
        """,
    )
    pid = edited.start(*WRAPPER, "-m", "package", "a")
    assert edited.line("up") == f"up {pid} 1 ['a'] __main__"
    edited.line("waiting")
    edited.write("package/other.py", "VERSION = 2")
    assert edited.line("up") == f"up {pid} 2 ['a'] __main__"
    edited.line("waiting")


def test_what_fails_is_shown_and_begun_anew(edited):
    edited.write("other.py", "VERSION = = 1")
    edited.write("program.py", "import sys, other\nprint('up', other.VERSION)\nsys.exit(3)\n")
    edited.start(*WRAPPER, "program.py")
    assert edited.line("File").endswith('program.py", line 1, in <module>')
    assert edited.line("SyntaxError") == "SyntaxError: invalid syntax"
    assert edited.line("waiting") == "autoreload: ended with status 1; waiting for a change"
    edited.write("other.py", "VERSION = 1 // 0")
    edited.line("ZeroDivisionError")
    edited.line("waiting")
    edited.write("other.py", "VERSION = 2")
    assert edited.line("up") == "up 2"
    assert edited.line("waiting") == "autoreload: ended with status 3; waiting for a change"
    edited.write("program.py", "print('up'")
    edited.line("was never closed", "goes on")
    edited.write("program.py", "import sys\nsys.exit('a reason')\n")
    edited.line("a reason")
    assert edited.line("waiting") == "autoreload: ended with status 1; waiting for a change"


def test_until_success(edited):
    edited.write("program.py", "1 // 0\n")
    edited.start(*WRAPPER, "--until-success", "program.py")
    edited.line("ZeroDivisionError")
    edited.line("waiting")
    edited.write("program.py", "print('done')\n")
    edited.line("done")
    assert edited.status() == 0


def test_a_script_that_is_not_there_yet(edited):
    edited.start(*WRAPPER, "--until-success", "program.py")
    edited.line("No such file")
    edited.line("waiting")
    edited.write("program.py", "print('done')\n")
    edited.line("done")
    assert edited.status() == 0


def test_a_program_that_serves(edited):
    # Both together: the wrapper shows what the application cannot come up with.
    edited.write(
        "program.py",
        """
        import asyncio, os
        from waterspout.web import Application

        async def main():
            Application(autoreload=True).listen(0, "127.0.0.1")
            print("up", os.getpid(), flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
        """,
    )
    pid = edited.start(*WRAPPER, "program.py")
    assert edited.line("up") == f"up {pid}"
    good = (edited.directory / "program.py").read_text()
    edited.write("program.py", "import nothing_of_this_name\n" + good)
    edited.line("ModuleNotFoundError")
    edited.line("waiting")
    edited.write("program.py", good)
    assert edited.line("up") == f"up {pid}"
    edited.interrupt()
    assert edited.status() == 130


def test_a_child_does_not_wait(edited):
    edited.write(
        "program.py",
        """
        import os, sys
        if not (child := os.fork()):
            sys.exit(7)
        print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    )
    edited.start(*WRAPPER, "--until-success", "program.py")
    assert edited.line("child") == "child 7"
    assert edited.status() == 0


@pytest.mark.parametrize(
    ("arguments", "status"), [((), 2), (("-m",), 2), (("--until", "x.py"), 2), (("--help",), 0)]
)
def test_command_lines_that_are_none(edited, arguments, status):
    edited.start(*WRAPPER, *arguments)
    edited.line("usage: python -m waterspout.autoreload")
    assert edited.status() == status
