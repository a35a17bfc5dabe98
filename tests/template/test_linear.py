"""Reading a template takes time that grows with it, not with its square; in processor time."""

import gc
import time

import pytest

from waterspout.template import ParseError, filter_whitespace
from waterspout.template.parser import parse

UNITS = ["{", "{{!", "{{x}}", "{{x}}\n", "{#", "{##}", "é{{x}}", "{% end", "}}", " \r", "\r", "\v"]


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear(unit):
    def seconds(count):
        text = unit * count
        gc.collect()  # what other tests have left behind is not to be paid for here
        begin = time.process_time()
        try:
            parse(text, "t", "t", None, "single")
        except ParseError:
            pass
        filter_whitespace("single", text)
        filter_whitespace("oneline", text)
        return time.process_time() - begin

    short = min(seconds(5_000) for _ in range(3))
    # 16 times the length: 16 times the time, or 256 times if it were quadratic, every time.
    assert any(seconds(80_000) < 80 * max(short, 0.001) for _ in range(5))
