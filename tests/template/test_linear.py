"""Reading a template is work that grows with it, not with its square."""

import pytest
from tests.work import Pattern, Text, lines_run

from waterspout.template import ParseError, filter_whitespace, scanner
from waterspout.template.parser import parse

UNITS = ["{", "{{!", "{{x}}", "{{x}}\n", "{#", "{##}", "é{{x}}", "{% end", "}}", " \r", "\r", "\v"]


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_is_twice_the_work(unit, monkeypatch):
    monkeypatch.setattr(scanner, "_OPENING", Pattern(scanner._OPENING))

    def work(count):
        text = Text(unit * count)

        def read():
            try:
                parse(text, "t", "t", None, "single")
            except ParseError:
                pass

        lines = lines_run(read, "/waterspout/template/")
        assert lines
        assert text.work
        return lines + text.work

    assert work(1000) < 2.3 * work(500)


@pytest.mark.parametrize("mode", ["single", "oneline"])
@pytest.mark.parametrize("unit", [" ", "\r", "\v", " \r", "\t\v"])
def test_a_long_run_of_white_space_is_folded_in_linear_time(unit, mode):
    # At this length, what takes a square of steps would take ten minutes.
    text = unit * (500_000 // len(unit))
    assert len(filter_whitespace(mode, f"a{text}b")) <= len(text) + 2
