"""Which files have changed: with times from a table."""

import os
import sys

from waterspout.autoreload import sources
from waterspout.autoreload.sources import Sources, loaded_files


def test_changes_are_told_once():
    times = {"a": 1, "b": 1, "c": 0}
    watched = Sources(times.__getitem__)
    watched.watch(["a", "b", "c"])
    assert watched.changed() == []
    times.update(a=2, c=5)
    assert watched.changed() == ["a", "c"]
    assert watched.changed() == []
    times.update(b=0)  # it has gone
    assert watched.changed() == ["b"]


def test_what_is_watched_already_stays_as_it_was():
    times = {"a": 1}
    watched = Sources(times.__getitem__)
    watched.watch(["a"])
    times["a"] = 2
    watched.watch(["a"])
    assert watched.changed() == ["a"]


def test_the_number_of_files_is_bounded(monkeypatch):
    monkeypatch.setattr(sources, "_MAX_FILES", 2)
    asked = []

    def time_of(file):
        asked.append(file)
        return len(asked)

    watched = Sources(time_of)
    watched.watch(["a", "b", "c", "d"])
    watched.changed()
    assert set(asked) == {"a", "b"}


def test_real_files(tmp_path):
    file = tmp_path / "a.py"
    watched = Sources()
    watched.watch([str(file)])
    assert watched.changed() == []
    file.write_text("")
    assert watched.changed() == [str(file)]


def test_loaded_files():
    files = loaded_files(["relative.py"])
    assert __file__ in files or os.path.abspath(sys.modules[__name__].__file__ or "") in files
    assert os.path.abspath("relative.py") in files
    assert os.__file__ not in files
    assert files == sorted(set(files))
