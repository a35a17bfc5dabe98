"""What the demonstration makes of its records: who worked at the same time, and the sentence."""

import pytest

from waterspout.cli.demo.records import (
    Event,
    Fetch,
    at_once,
    duration,
    is_queue,
    seconds,
    total,
    verdict,
)


def fetches(*spans: tuple[float, float]) -> list[Fetch]:
    """Return fetches asked for at 0, with the beginnings and ends of their handlers."""
    return [
        Fetch(number, 0.0, began, ended, ended + 0.5)
        for number, (began, ended) in enumerate(spans, 1)
    ]


QUEUE = fetches((0, 2), (2, 4), (4, 6))
CROWD = fetches((0, 2), (0.001, 2), (0.004, 2.1))


@pytest.mark.parametrize(
    "event",
    [
        Event("listening", 1.5, detail="8888"),
        Event("began", 2.25, "/async?3", "127.0.0.1"),
        Event("ended", 0.1 + 0.2, "/ä\n?1"),
    ],
)
def test_an_event_is_one_line_and_comes_back(event):
    line = event.to_line()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert Event.from_line(line) == event


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ((), 0),
        (((0, 2),), 1),
        (((0, 2), (2, 4)), 1),
        (((2, 4), (0, 2)), 1),
        (((0, 2), (1, 3), (2.5, 4)), 2),
        (((0, 9), (1, 2), (3, 4)), 2),
        (((0, 2), (0, 2), (0, 2)), 3),
    ],
)
def test_at_once(spans, most):
    assert at_once(fetches(*spans)) == most


def test_what_has_not_ended_does_not_count():
    assert at_once([Fetch(1, 0.0, 0.0), Fetch(2, 0.0)]) == 0


@pytest.mark.parametrize(
    ("measured", "is_one"), [(QUEUE, True), (CROWD, False), (QUEUE[:1], False), ([], False)]
)
def test_is_queue(measured, is_one):
    assert is_queue(measured) is is_one


def test_total_is_from_the_first_question_to_the_last_answer():
    assert total([Fetch(1, 3.0, answered=5.0), Fetch(2, 2.5, answered=4.0)]) == 2.5


def test_waited():
    assert Fetch(1, asked=1.0).waited is None
    assert Fetch(1, asked=1.0, began=3.5).waited == 2.5


def test_the_sentence_on_a_queue_names_the_culprit():
    assert verdict("/slow", QUEUE, "demo/server.py:31 (time.sleep)", "was free") == (
        "GET /slow held the loop 3 times 2.0 s at demo/server.py:31 (time.sleep):"
        " the 3 queue, and the last waited 4.0 s. Make it async, or offload it."
    )


def test_the_sentence_on_a_queue_whose_culprit_was_not_seen():
    assert verdict("/slow", QUEUE, None, "was free").startswith(
        "GET /slow held the loop 3 times 2.0 s: the 3 queue,"
    )


def test_the_sentence_on_a_crowd():
    assert verdict("/async", CROWD, None, "gave the loop back") == (
        "GET /async gave the loop back: all 3 were at work at the same time,"
        " and none waited longer than 4.0 ms for its turn."
    )


def test_the_sentence_on_a_smaller_crowd():
    sentence = verdict("/async", fetches((0, 2), (1, 3), (2, 4)), None, "gave the loop back")
    assert ": 2 of 3 were at work at the same time, and none waited longer than 2.00 s" in sentence


def test_ten_is_a_word():
    spans = [(index, index + 1) for index in range(10)]
    assert "the ten queue" in verdict("/", fetches(*spans), None, "")
    assert "all ten were" in verdict("/", fetches(*[(0, 1)] * 10), None, "was free")


@pytest.mark.parametrize(
    ("time", "scale", "shown"),
    [(2.04, 2.0, "2.0 s"), (18.04, 2.0, "18.0 s"), (0.456, 0.05, "0.46 s"), (0.0, 0.5, "0.00 s")],
)
def test_seconds(time, scale, shown):
    assert seconds(time, scale) == shown


@pytest.mark.parametrize(
    ("time", "shown"), [(2.004, "2.00 s"), (0.1, "0.10 s"), (0.0204, "20.4 ms"), (0.0, "0.0 ms")]
)
def test_duration(time, shown):
    assert duration(time) == shown
