"""The file with the number of the process."""

import os
import subprocess
import sys

import pytest

from waterspout.cli.serve.pidfile import PidFile


@pytest.fixture
def file(tmp_path):
    return tmp_path / "serve.pid"


def hold(file):
    with PidFile(str(file)):
        return file.read_text()


def test_it_is_there_for_a_time(file):
    assert hold(file) == f"{os.getpid()}\n"
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("left", ["", "no number", "999999999999999999999", "-5", "0"])
def test_what_is_no_number_of_a_process_is_replaced(file, left):
    file.write_text(left)
    assert hold(file) == f"{os.getpid()}\n"


def test_that_of_a_dead_process_is_replaced(file):
    process = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    file.write_bytes(process.stdout)
    assert hold(file) == f"{os.getpid()}\n"


def test_that_of_a_process_that_runs_is_left(file):
    file.write_text(f"{os.getppid()}\n")
    with pytest.raises(OSError, match=rf"serve.pid: process {os.getppid()} is running"):
        hold(file)
    assert file.read_text() == f"{os.getppid()}\n"


def test_one_that_has_become_anothers_is_left(file):
    with PidFile(str(file)):
        file.write_text("1\n")
    assert file.read_text() == "1\n"


def test_a_directory_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match=r"cannot write pid file .*: No such file or directory"):
        hold(tmp_path / "none" / "serve.pid")
