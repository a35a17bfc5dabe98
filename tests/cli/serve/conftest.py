"""A directory with a program in it, and the command that serves it."""

import pytest
from tests.cli.serve.served import APP, Served


@pytest.fixture
def program(tmp_path):
    """The directory of a program, main.py."""
    (tmp_path / "main.py").write_text(APP)
    return tmp_path


@pytest.fixture
def serve(program):
    """Return a function that starts the command; it has ended at the end, with all workers."""
    started = []

    def serve(*arguments, **kwargs):
        served = Served(program, *arguments, **kwargs)
        started.append(served)
        return served

    yield serve
    for served in started:
        served.close()
