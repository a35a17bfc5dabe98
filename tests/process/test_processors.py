"""How many processors a process may use."""

import os

import pytest

from waterspout.process import cpu_count
from waterspout.process.processors import _quota


def test_the_processors_of_this_process():
    assert 1 <= cpu_count() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("text", "processors"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("1000 100000\n", 1),
        ("max 100000\n", None),
        ("", None),
        ("1 0", None),
        ("many", None),
    ],
)
def test_a_quota(text, processors, tmp_path):
    file = tmp_path / "cpu.max"
    file.write_text(text)
    found = _quota(file)
    assert found == processors if processors else found > 1000


def test_no_quota(tmp_path):
    assert _quota(tmp_path / "none") > 1000


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are tied to nothing")
def test_a_process_that_is_tied_to_one_processor():
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert cpu_count() == 1
    finally:
        os.sched_setaffinity(0, mine)
