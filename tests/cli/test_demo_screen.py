"""Where the lines of the demonstration go."""

import io
import sys

import pytest

from waterspout.cli.demo.drawing import ASCII, BLOCKS
from waterspout.cli.demo.screen import Screen

LINE = [("2.0 s  ", "dim"), ("server", "server")]


def test_without_a_terminal_lines_are_plain(capsys):
    Screen().show(LINE, [], LINE)
    assert capsys.readouterr().out == "2.0 s  server\n\n2.0 s  server\n"


def test_without_a_terminal_a_drawing_is_shown_once(capsys):
    drawn = iter([[LINE]])
    with Screen().drawing(lambda: next(drawn)):
        assert capsys.readouterr().out == ""
    assert capsys.readouterr().out == "2.0 s  server\n"


def test_what_was_interrupted_is_not_drawn(capsys):
    def interrupted():
        with Screen().drawing(lambda: [LINE]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("columns", "width"), [(10, 30), (60, 60), (160, 100)])
def test_width(columns, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert Screen().width == width


@pytest.mark.parametrize(
    ("encoding", "glyphs"), [("utf-8", BLOCKS), ("ascii", ASCII), ("iso-8859-1", ASCII)]
)
def test_glyphs_are_what_the_output_can_show(encoding, glyphs, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert Screen().glyphs is glyphs


def test_no_output_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OSError, match="standard output is closed"):
        Screen()
