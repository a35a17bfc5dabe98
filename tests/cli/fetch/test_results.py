"""The file of the results: whole lines whatever happens, and what is known from it later."""

import json
import os
import pty
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from waterspout.cli.fetch.results import ForeignFileError, Results, line_of


def line(url, **more):
    return json.dumps({"url": url, **more}, separators=(",", ":")) + "\n"


def done(url):
    return line_of(url, 200, 0, 0.0, url, None)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "results.jsonl")


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_results_are_added_to_those_that_are_there(path):
    write(path, line("http://a/"))
    results = Results(path)
    assert results.add(done("http://b/ü\ud800"))
    assert not results.add(done("http://c/"))
    assert len(read(path).splitlines()) == 1
    results.flush()
    results.flush()
    results.close()
    lines = read(path).splitlines()
    assert len(lines) == 3
    assert json.loads(lines[1])["url"].startswith("http://b/ü")
    assert json.loads(lines[2])["url"] == "http://c/"


def test_a_line():
    error = {"kind": "E", "message": 'a "quoted" ü'}
    text = line_of('http://a/"', None, 5, 0.25, None, error, {"sha256": None, "file": "f"})
    assert text.endswith("\n")
    assert json.loads(text) == {
        "url": 'http://a/"',
        "status": None,
        "bytes": 5,
        "seconds": 0.25,
        "final_url": None,
        "error": error,
        "sha256": None,
        "file": "f",
    }
    text = line_of("http://a/", 200, 5, 0.25, "http://b/", None)
    assert (json.loads(text)["status"], json.loads(text)["final_url"]) == (200, "http://b/")


def test_what_could_not_be_written_is_written_later(path, monkeypatch):
    results = Results(path)
    results.add(done("http://a/"))
    results.add(done("http://b/"))
    write = os.write
    written: list[bytes] = []

    def short(fd, data):
        if len(written) == 3:
            written.clear()
            raise OSError(28, "No space left")
        written.append(data)
        return write(fd, data[:7])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="No space"):
        results.flush()
    monkeypatch.undo()
    results.add(done("http://c/"))
    results.flush()
    results.close()
    urls = [json.loads(one)["url"] for one in read(path).splitlines()]
    assert urls == ["http://a/", "http://b/", "http://c/"]


def test_what_is_done_counts_once_for_each_result(path):
    write(path, line("http://a/") * 2 + line("http://b/"))
    results = Results(path)
    assert results.earlier == 3
    assert [results.take("http://a/") for _ in range(3)] == [True, True, False]
    assert results.take("http://b/")
    assert not results.take("http://c/")
    results.close()


def test_a_torn_line_is_cut_off_wherever_it_was_torn(path):
    whole, last = line("http://a/"), line("http://b/", status=200)
    for size in range(len(last)):
        write(path, whole + last[:size])
        results = Results(path)
        results.close()
        assert read(path) == whole
        write(path, last[:size])
        results = Results(path)
        assert results.earlier == 0
        results.close()
        assert read(path) == ""


@pytest.mark.parametrize("text", ["a letter\n", "[1]\n", '{"url": 7}\n', "{}\n"])
def test_a_file_of_something_else_is_left_alone(path, text):
    write(path, line("http://a/") + text)
    with pytest.raises(ForeignFileError, match=r"line 2 of .* is no result"):
        Results(path)
    assert read(path) == line("http://a/") + text


def test_a_file_without_a_line_end_that_is_no_result_is_left_alone(path):
    write(path, "precious")
    with pytest.raises(ForeignFileError, match=r"line 1 of .* is no result"):
        Results(path)
    assert read(path) == "precious"


def test_two_runs_do_not_write_to_one_file(path):
    pytest.importorskip("fcntl")
    results = Results(path)
    with pytest.raises(OSError, match="another run writes to it"):
        Results(path)
    results.close()
    Results(path).close()


def test_the_standard_output_is_not_read(capfd):
    results = Results(None)
    results.add(done("http://a/"))
    results.flush()
    results.close()
    assert capfd.readouterr().out == done("http://a/")
    os.fstat(1)


def test_a_pipe_is_waited_for_until_somebody_reads(tmp_path):
    """And whoever leaves it is missed."""
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(open, pipe, "rb")
        results = Results(pipe)
        with reading.result(20) as reader:
            results.add(done("http://a/"))
            results.flush()
            assert json.loads(reader.readline())["url"] == "http://a/"
        results.add(done("http://b/"))
        with pytest.raises(BrokenPipeError):
            results.flush()
        results.close()


def test_a_device_has_room_for_many():
    one, other = Results(os.devnull), Results(os.devnull)
    one.close()
    other.close()


def test_a_pipe_that_is_set_not_to_wait(monkeypatch):
    """By whoever shares it."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with ThreadPoolExecutor(1) as pool, open(read_end, "rb") as reader:
        with open(write_end, "w") as output:
            monkeypatch.setattr(sys, "stdout", output)
            results = Results(None)
            monkeypatch.undo()
        for number in range(2000):
            results.add(done(f"http://a/{number}"))
        reading = pool.submit(reader.read)
        results.flush()
        results.close()
        assert reading.result(20).count(b"\n") == 2000


def test_a_terminal_gets_nothing_to_obey():
    read_end, terminal = pty.openpty()
    try:
        results = Results(os.ttyname(terminal))
        results.add(done("http://a/\x9b31m\x7f"))
        results.flush()
        results.close()
        shown = os.read(read_end, 1000)
    finally:
        os.close(read_end)
        os.close(terminal)
    assert json.loads(shown)["url"] == "http://a/\x9b31m\x7f"
    assert b"\\u009b31m\\u007f" in shown
