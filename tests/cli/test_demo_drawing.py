"""The drawings of the demonstration: records in, lines out."""

import pytest

from waterspout.cli.demo.drawing import (
    ASCII,
    BLOCKS,
    bars,
    legend,
    paragraph,
    speech,
    text,
    totals,
)
from waterspout.cli.demo.records import Fetch

# With this width a bar has ten cells.
WIDTH = 27


def drawn(*fetches: Fetch, now: float = 100.0) -> list[tuple[str, str]]:
    """Return the bars, a cell a second, and what is said beside them."""
    _, *rows = bars(fetches, now, 10.0, WIDTH, ASCII)
    return [(text(row)[7:17].rstrip(), text(row)[17:].strip()) for row in rows]


@pytest.mark.parametrize(
    ("fetch", "now", "row"),
    [
        # asked, began, ended, answered
        (Fetch(1, 0, 0, 2, 2), 9, ("##", "0.0 s")),
        (Fetch(1, 0, 2, 4, 4), 9, ("..##", "2.0 s")),
        (Fetch(1, 0, 0, 2, 5), 9, ("##...", "0.0 s")),
        (Fetch(1, 0, 9, 10, 10), 12, (".........#", "9.0 s")),
        # A cell shows what is in its middle.
        (Fetch(1, 0, 1.4, 3.4, 3.4), 9, (".##", "1.4 s")),
        (Fetch(1, 0, 1.6, 3.6, 3.6), 9, ("..##", "1.6 s")),
        # However short the work was, it is seen.
        (Fetch(1, 0, 3.1, 3.2, 3.2), 9, ("...#", "3.1 s")),
        (Fetch(1, 0, 0, 0.01, 0.01), 9, ("#", "0.0 s")),
        (Fetch(1, 0, 10.5, 10.6, 10.6), 20, (".........#", "10.5 s")),
        # Not yet over.
        (Fetch(1, 0), 4, ("....", "")),
        (Fetch(1, 0, 2), 5, ("..###", "2.0 s")),
        (Fetch(1, 0, 2), 2.1, ("..#", "2.0 s")),
        (Fetch(1, 0, 2, 4), 6, ("..##..", "2.0 s")),
        (Fetch(1, 0), 0, ("", "")),
        (Fetch(1, 0), 30, ("..........", "")),
    ],
)
def test_a_bar(fetch, now, row):
    assert drawn(fetch, now=now) == [row]


def test_rows_are_in_the_order_of_their_turns():
    third, first, second = Fetch(1, 0, 4, 6, 6), Fetch(2, 0, 0, 2, 2), Fetch(3, 0, 2, 4, 4)
    assert drawn(third, first, second) == [
        ("##", "0.0 s"),
        ("..##", "2.0 s"),
        ("....##", "4.0 s"),
    ]


def test_who_waits_comes_last():
    assert drawn(Fetch(1, 0), Fetch(2, 0, 0), now=2) == [("##", "0.0 s"), ("..", "")]


def test_zero_is_when_the_first_was_asked():
    fetches = Fetch(1, 1000, 1000, 1002, 1002), Fetch(2, 1001, 1002, 1004, 1004)
    assert drawn(*fetches, now=1009) == [("##", "0.0 s"), (" .##", "1.0 s")]


def test_rows_are_numbered_and_aligned():
    fetches = [Fetch(number, 0, 0, 1, 1) for number in range(1, 11)]
    axis, *rows = (text(line) for line in bars(fetches, 9, 10, 60, BLOCKS))
    assert axis.endswith("  waited")
    assert [row[:7] for row in rows] == [f"{number:>5}  " for number in range(1, 11)]
    assert {len(row) for row in [axis, *rows]} == {60}


def test_nothing_yet():
    assert len(bars([], 0, 10, 60, BLOCKS)) == 1


@pytest.mark.parametrize(
    ("length", "width", "axis"),
    [
        (20, 57, "0 s       5         10        15        20"),
        (20.05, 57, "0 s       5         10        15        20"),
        (0.5, 57, "0 s     0.1     0.2     0.3     0.4     0.5"),
        (10, 27, "0 s       10"),
        (
            100,
            97,
            "0 s     10      20      30      40      50      60      70      80      90      100",
        ),
    ],
)
def test_the_axis(length, width, axis):
    line = text(bars([], 0, length, width, BLOCKS)[0])
    assert line.startswith(" " * 7 + axis + " ")
    assert len(line) == width


@pytest.mark.parametrize("width", range(30, 101, 7))
@pytest.mark.parametrize("length", [0.1, 0.5, 3.7, 20, 600])
def test_no_line_is_longer_than_the_width(width, length):
    fetches = [Fetch(n, 0, n * length / 10, length, length * 1.1) for n in range(10)]
    for line in bars(fetches, length, length, width, BLOCKS):
        assert len(text(line)) <= width


def test_work_and_waiting_have_their_styles():
    _, row = bars([Fetch(1, 0, 2, 4, 4)], 9, 10, WIDTH, ASCII)
    assert row[1:] == [
        ("..", "wait"),
        ("##", "work"),
        (" " * 6, ""),
        ("     2.0 s", "wait"),
    ]


def test_a_wait_too_short_to_be_seen_is_not_stressed():
    _, row = bars([Fetch(1, 0, 0.3, 4, 4)], 9, 10, WIDTH, ASCII)
    assert row[-1] == ("     0.3 s", "dim")


def test_the_legend_shows_what_the_bars_are_made_of():
    (line,) = legend(ASCII)
    assert "## its handler works" in text(line)
    assert ".. it waits" in text(line)


def test_totals():
    lines = totals([("blocking", 20.04), ("async", 2.0), ("none", 0.001)], 43, ASCII)
    assert [text(line) for line in lines] == [
        "   blocking  " + "#" * 20 + "    20.0 s",
        "   async     " + "##" + " " * 18 + "     2.0 s",
        "   none      " + "#" + " " * 19 + "     0.0 s",
    ]


def test_a_paragraph_keeps_numbers_and_units_together():
    lines = paragraph("the last waited 18.0 s and 3.5 ms", 24)
    assert [text(line) for line in lines] == ["   the last waited", "   18.0 s and 3.5 ms"]


def test_a_paragraph_may_have_a_number():
    lines = paragraph("one two three", 10, "heading", first="1  ")
    assert lines == [
        [("1  one two", "heading")],
        [("   three", "heading")],
    ]


def test_speech_is_aligned_under_itself():
    lines = speech(1.234, "client", "goes on with something else", 34)
    assert [text(line) for line in lines] == [
        "    1.23 s  client  goes on with",
        "                    something else",
    ]
    assert lines[0][1] == ("client  ", "client")
