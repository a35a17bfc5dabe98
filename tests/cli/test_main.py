"""The command line: help, mistakes, and what a command's failure looks like."""

import argparse
import importlib
import subprocess
import sys
import types

import pytest
from tests.httpclient.scripted_server import always, response, serve

from waterspout._version import __version__
from waterspout.cli.main import COMMANDS, Command, main


@pytest.fixture
def command(monkeypatch):
    """Return a function that puts a command named `try` in the table, with the given `run`."""

    def install(run):
        module = types.ModuleType("waterspout_try")
        vars(module).update(
            add_arguments=lambda parser: parser.add_argument("--port", type=int), run=run
        )
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, "try", Command(module.__name__, "a command for tests"))

    return install


def fail(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that a user's mistake is answered with."""
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


def test_help_tells_every_command(capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(["--help"])
    assert exit_info.value.code == 0
    shown = capsys.readouterr().out
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in shown
        assert summary in shown


def test_no_arguments_show_the_help(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: waterspout COMMAND")


def test_help_of_a_command_tells_what_it_takes(command, capsys):
    command(lambda args: 0)
    with pytest.raises(SystemExit) as exit_info:
        main(["try", "--help"])
    assert exit_info.value.code == 0
    shown = capsys.readouterr().out
    assert "usage: waterspout try" in shown
    assert "--port" in shown


def test_version_option(capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(["--version"])
    assert exit_info.value.code == 0
    assert capsys.readouterr().out == f"waterspout {__version__}\n"


def test_unknown_command_suggests_one_that_is_alike(capsys):
    assert fail(capsys, "verison") == (
        "waterspout: no command 'verison', did you mean 'version'? (see waterspout --help)\n"
    )


def test_unknown_command_names_those_there_are(capsys):
    line = fail(capsys, "xyzzy")
    assert all(name in line for name in COMMANDS)


def test_unknown_option_before_the_command(capsys):
    assert "unrecognized arguments: --loud" in fail(capsys, "--loud", "version")


def test_unknown_option_of_a_command(capsys):
    assert fail(capsys, "version", "--loud") == (
        "waterspout version: unrecognized arguments: --loud (see waterspout version --help)\n"
    )


def test_bad_value_of_an_option(command, capsys):
    command(lambda args: 0)
    assert fail(capsys, "try", "--port", "http").startswith("waterspout try: argument --port: ")


def test_a_command_gets_its_arguments_and_gives_the_status(command):
    seen: list[argparse.Namespace] = []

    def run(args):
        seen.append(args)
        return 7

    command(run)
    assert main(["try", "--port", "8888"]) == 7
    assert seen[0].port == 8888


def test_what_the_system_refuses_is_told_in_one_line(command, capsys):
    def run(args):
        raise OSError(98, "Address already in use")

    command(run)
    assert main(["try"]) == 1
    assert capsys.readouterr().err == "waterspout try: [Errno 98] Address already in use\n"


def test_interrupt_is_silent(command, capsys):
    def run(args):
        raise KeyboardInterrupt

    command(run)
    assert main(["try"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_defect_keeps_its_traceback(command):
    def run(args):
        raise ZeroDivisionError

    command(run)
    with pytest.raises(ZeroDivisionError):
        main(["try"])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_imported(name):
    module = importlib.import_module(COMMANDS[name].module)
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_a_command_is_imported_only_when_it_is_chosen():
    script = "import sys; from waterspout.cli import main; main([]); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert not {command.module for command in COMMANDS.values()} & set(result.stdout.split())


def test_the_package_can_be_run():
    result = subprocess.run(
        [sys.executable, "-m", "waterspout", "--version"], capture_output=True, text=True
    )
    assert (result.stdout, result.returncode) == (f"waterspout {__version__}\n", 0)


@pytest.mark.parametrize(
    ("closed", "arguments", "status", "output"),
    [
        ("<&-", ["-d", "@-"], 26, "-d: cannot read '-': Bad file descriptor"),
        ("<&-", ["-F", "a=@-"], 26, "-F: cannot read '-': Bad file descriptor"),
        ("<&-", ["-u", "me"], 2, "no terminal to ask"),
        ("<&-", ["-i", "-"], 26, "Bad file descriptor"),
        (">&-", [], 23, "cannot write to 'standard output': Bad file descriptor"),
        ("2>&-", ["-f", "-v"], 22, ""),
    ],
)
def test_standard_streams_that_are_closed(closed, arguments, status, output):
    """What is told on standard error does not get into the output; nothing ends in a traceback."""
    with serve(always(response(b"sorry", "404 Not Found"))) as server:
        url = [] if "-i" in arguments else [server.url]
        command = [sys.executable, "-m", "waterspout", "fetch", *arguments, *url]
        found = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    assert (found.returncode, found.stdout) == (status, "")
    assert output in found.stderr
    assert "Traceback" not in found.stderr
