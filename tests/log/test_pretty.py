"""Records for people, and how logging is set up for them."""

import io
import logging
import logging.handlers
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.log import LogFormatter, enable_pretty_logging


def record(msg="hello %s", *args, level=logging.INFO, exc_info=None):
    made = logging.LogRecord("x", level, "/a/place.py", 12, msg, args, exc_info)
    made.created = 0.0
    return made


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminal(monkeypatch):
    """Make the standard error a terminal; pytest sets it anew before each phase of a test."""
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return found


@pytest.fixture
def logger():
    made = logging.Logger("made for the test")
    yield made
    for handler in made.handlers:
        handler.close()


def test_the_default_format():
    line = LogFormatter(datefmt="%H:%M:%S").format(record("hello %s", "you"))
    assert line.startswith("[I ")
    assert line.endswith(" place:12] hello you")
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("level", "begin"),
    [
        (logging.DEBUG, "\x1b[34m[D "),
        (logging.INFO, "\x1b[32m[I "),
        (logging.WARNING, "\x1b[33m[W "),
        (logging.ERROR, "\x1b[31m[E "),
        (logging.CRITICAL, "\x1b[35m[C "),
        (5, "[L "),
    ],
)
def test_colours_on_a_terminal(monkeypatch, level, begin):
    on_terminal(monkeypatch)
    line = LogFormatter().format(record("m", level=level))
    assert line.startswith(begin)
    assert line.endswith("\x1b[0m m" if level > 5 else "] m")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_they_are_not_wanted(monkeypatch, name, value):
    on_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert "\x1b" not in LogFormatter().format(record("m"))


def test_no_colours_when_told_so(monkeypatch):
    on_terminal(monkeypatch)
    assert "\x1b" not in LogFormatter(color=False).format(record("m"))


def test_no_colours_where_there_is_no_standard_error(monkeypatch):
    terminal = on_terminal(monkeypatch)
    terminal.close()
    monkeypatch.setattr(Terminal, "isatty", io.StringIO.isatty)
    assert "\x1b" not in LogFormatter().format(record("m"))
    monkeypatch.setattr(sys, "stderr", None)
    assert "\x1b" not in LogFormatter().format(record("m"))


def test_colours_of_ones_own(monkeypatch):
    on_terminal(monkeypatch)
    line = LogFormatter(fmt="%(color)s%(message)s%(end_color)s", colors={20: 200}).format(
        record("m")
    )
    assert line == "\x1b[38;5;200mm\x1b[0m"


def test_another_style_is_refused():
    with pytest.raises(ValueError, match=r"style %, not '\{'"):
        LogFormatter(style="{")


def test_lines_after_the_first_are_indented():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        made = record("first\nsecond", exc_info=sys.exc_info())
    first, *rest = LogFormatter().format(made).split("\n")
    assert first.endswith("] first")
    assert rest[0] == "    second"
    assert rest[-2:] == ["    ValueError: two", "    lines"]


def test_the_stack_is_shown_where_it_is_asked_for():
    made = record("first")
    made.stack_info = "Stack (most recent call last):\n  here"
    assert LogFormatter().format(made).split("\n")[1:] == [
        "    Stack (most recent call last):",
        "      here",
    ]


def test_a_message_that_cannot_be_made_is_shown():
    assert "Bad message (TypeError(" in LogFormatter().format(record("%d", "x"))


def test_the_record_is_left_as_it_was(monkeypatch):
    on_terminal(monkeypatch)
    made = record("m")
    LogFormatter().format(made)
    assert not hasattr(made, "color")
    assert "\x1b" not in logging.Formatter("%(levelname)s %(message)s").format(made)


@given(st.text(st.characters() | st.sampled_from("\n\r\x0b\x0c\ud800")))
def test_no_message_begins_a_line_of_its_own(text):
    formatted = LogFormatter().format(record("%s", text))
    formatted.encode("utf-8")
    first, *rest = formatted.split("\n")
    assert first.startswith("[I ")
    assert all(line.startswith("    ") for line in rest)
    assert "\r" not in formatted


# enable_pretty_logging


def test_without_options_it_is_info_to_the_standard_error(monkeypatch, logger):
    terminal = on_terminal(monkeypatch)
    enable_pretty_logging(logger=logger)
    logger.debug("not this")
    logger.info("but this")
    assert terminal.getvalue().endswith("\x1b[0m but this\n")
    assert terminal.getvalue().count("\n") == 1


@pytest.mark.parametrize("level", [None, "none", "NONE"])
def test_none_is_nothing(logger, level):
    enable_pretty_logging(SimpleNamespace(logging=level), logger)
    assert logger.handlers == []
    assert logger.level == logging.NOTSET


def test_a_level_that_is_none(logger):
    with pytest.raises(ValueError, match="'loud' is no level"):
        enable_pretty_logging(SimpleNamespace(logging="loud"), logger)


def options(path, **more):
    return SimpleNamespace(logging="error", log_file_prefix=str(path), log_to_stderr=None, **more)


def test_a_file(monkeypatch, tmp_path, logger):
    terminal = on_terminal(monkeypatch)
    enable_pretty_logging(options(tmp_path / "a.log", log_file_max_size=1000), logger)
    logger.warning("not this")
    logger.error("but this: é")
    [handler] = logger.handlers
    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    assert handler.maxBytes == 1000
    assert handler.backupCount == 10
    [line] = (tmp_path / "a.log").read_text(encoding="utf-8").splitlines()
    assert line.endswith("] but this: é")
    assert "\x1b" not in line
    assert terminal.getvalue() == ""


def test_a_file_and_the_standard_error(monkeypatch, tmp_path, logger):
    on_terminal(monkeypatch)
    chosen = options(tmp_path / "a.log", log_rotate_mode="time", log_rotate_when="H")
    chosen.log_to_stderr = True
    enable_pretty_logging(chosen, logger)
    file, stderr = logger.handlers
    assert isinstance(file, logging.handlers.TimedRotatingFileHandler)
    assert file.when == "H"
    assert isinstance(stderr, logging.StreamHandler)


def test_nothing_is_added_to_a_logger_that_has_a_handler(logger):
    handler = logging.NullHandler()
    logger.addHandler(handler)
    enable_pretty_logging(logger=logger)
    assert logger.handlers == [handler]


def test_a_mode_that_is_none(tmp_path, logger):
    with pytest.raises(ValueError, match="'size' or 'time', not 'moon'"):
        enable_pretty_logging(options(tmp_path / "a.log", log_rotate_mode="moon"), logger)
