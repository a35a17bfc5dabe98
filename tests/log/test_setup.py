"""Logging that is set up by options."""

import logging
import logging.handlers
import subprocess
import sys
from types import SimpleNamespace

import pytest

from waterspout.log import define_logging_options, enable_pretty_logging
from waterspout.options import Error, OptionParser


@pytest.fixture
def logger():
    made = logging.Logger("made for the test")
    yield made
    for handler in made.handlers:
        handler.close()


@pytest.fixture
def options():
    made = OptionParser()
    define_logging_options(made)
    return made


def run(program: str, package: str = "waterspout") -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [sys.executable, "-c", program.replace("PACKAGE", package)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def test_options_by_the_command_line(options, logger, tmp_path):
    path = tmp_path / "a.log"
    options.parse_command_line(
        [
            "program",
            "--logging=error",
            f"--log-file-prefix={path}",
            "--log_rotate_mode=time",
            "--log-rotate-when=H",
            "--log-rotate-interval=3",
            "--log-file-num-backups=5",
        ],
        final=False,
    )
    enable_pretty_logging(options, logger)
    [handler] = logger.handlers
    assert isinstance(handler, logging.handlers.TimedRotatingFileHandler)
    assert (handler.when, handler.interval, handler.backupCount) == ("H", 3 * 3600, 5)
    assert handler.encoding == "utf-8"
    assert logger.level == logging.ERROR


def test_the_files_are_rotated(options, logger, tmp_path):
    path = tmp_path / "a.log"
    options.log_file_prefix = str(path)
    options.log_file_max_size = 100
    options.log_file_num_backups = 2
    enable_pretty_logging(options, logger)
    for number in range(10):
        logger.info("%d %s", number, "x" * 60)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2"]
    assert "] 9 x" in path.read_text()


def test_twice_is_as_good_as_once(options, logger, tmp_path):
    options.log_file_prefix = str(tmp_path / "a.log")
    options.log_to_stderr = True
    for _ in range(2):
        enable_pretty_logging(options, logger)
    assert len(logger.handlers) == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"log_rotate_mode": "moon"}, "log_rotate_mode is 'size' or 'time', not 'moon'"),
        ({"log_rotate_mode": "time", "log_rotate_when": "X"}, "log_rotate_when is S, M, H, D, W0"),
        ({"log_rotate_mode": "time", "log_rotate_when": "W9"}, "log_rotate_when is S, M, H, D, W0"),
        (
            {"log_rotate_mode": "time", "log_rotate_interval": 0},
            "log_rotate_interval is 1 or more, not 0",
        ),
        ({"logging": "loud"}, "logging: 'loud' is no level"),
    ],
)
def test_what_is_no_value(options, logger, tmp_path, values, message):
    options.log_file_prefix = str(tmp_path / "a.log")
    for name, value in values.items():
        options[name] = value
    with pytest.raises(ValueError, match=message):
        enable_pretty_logging(options, logger)
    assert logger.handlers == []


def test_a_file_that_cannot_be_opened(options, logger, tmp_path):
    options.log_file_prefix = str(tmp_path / "none" / "a.log")
    with pytest.raises(FileNotFoundError, match="none"):
        enable_pretty_logging(options, logger)


def test_defined_twice(options):
    with pytest.raises(Error, match="Option 'logging' already defined in"):
        define_logging_options(options)
    with pytest.raises(Error, match="Option 'logging' already defined in"):
        define_logging_options()


def test_the_options_of_the_program_are_looked_at(logger):
    from waterspout.options import options

    options.logging = "warning"
    try:
        enable_pretty_logging(logger=logger)
    finally:
        options.logging = "info"
    assert logger.level == logging.WARNING


def test_any_object_will_do(logger):
    enable_pretty_logging(SimpleNamespace(), logger)
    assert logger.level == logging.INFO


PROGRAM = """
import logging, sys
from PACKAGE.options import options, parse_command_line, parse_config_file
parse_command_line(["program"] + %r)
logging.info("said")
logging.warning("warned")
print(logging.getLogger().level, [type(each).__name__ for each in logging.getLogger().handlers])
"""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--logging=none"],
        ["--logging=WARNING"],
        ["--log-file-prefix=/dev/null"],
        ["--log-file-prefix=/dev/null", "--log-to-stderr"],
        ["--log-to-stderr=false"],
    ],
    ids=" ".join,
)
@pytest.mark.slow
def test_the_same_as_tornado(arguments):
    pytest.importorskip("tornado")
    ours, theirs = (run(PROGRAM % arguments, package) for package in ("waterspout", "tornado"))
    assert ours.stdout == theirs.stdout
    said = [[line.split("] ")[-1] for line in each.stderr.splitlines()] for each in (ours, theirs)]
    assert said[0] == said[1]


def test_who_logs_does_not_import_the_options():
    result = run(
        "import sys; from PACKAGE.log import enable_pretty_logging; enable_pretty_logging();"
        "print('PACKAGE.options' in sys.modules)"
    )
    assert result.stdout == "False\n"
