"""What a worker says, and how each end hears of the other's end."""

import os

import pytest

from waterspout.cli.serve import channel
from waterspout.cli.serve.channel import Channel, Line


@pytest.fixture
def ends():
    """The parent's end, and a worker's."""
    line = Line()
    worker = Channel(os.dup(line.workers_end.fileno()))
    line.workers_end.close()
    yield line, worker
    line.close()
    worker._socket.close()


def test_words(ends):
    line, worker = ends
    assert line.read() == ([], True)
    worker.say(files=["a"])
    worker.say(ready=True)
    assert line.read() == ([{"files": ["a"]}, {"ready": True}], True)


def test_words_in_pieces(ends):
    line, worker = ends
    worker._socket.sendall(b'{"ready"')
    assert line.read() == ([], True)
    worker._socket.sendall(b': true}\n{"a')
    assert line.read() == ([{"ready": True}], True)


def test_last_words(ends):
    line, worker = ends
    worker.say(files=[])
    worker._socket.close()
    assert line.read() == ([{"files": []}], False)


def test_a_line_has_a_bound(ends, monkeypatch):
    monkeypatch.setattr(channel, "_MAX_LINE", 100)
    line, worker = ends
    worker._socket.sendall(b"x" * 100)
    assert line.read() == ([], False)


def test_the_parents_end(ends):
    line, worker = ends
    line.close()
    worker.wait_for_end()
    worker.say(ready=True)


def test_the_workers_end_is_not_for_its_own_children(ends):
    _, worker = ends
    assert not worker._socket.get_inheritable()


def test_the_parents_only_word(ends):
    line, worker = ends
    told = []
    worker.on_replaced = lambda: told.append("replaced")
    line.say_replaced()
    line.close()
    worker.wait_for_end()
    assert told == ["replaced"]
    line.say_replaced()  # to nobody
