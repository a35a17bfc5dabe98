"""A list of URLs: a result for each, once, whatever ends the run in between."""

import hashlib
import json
import os
import pty
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from io import FileIO

import pytest
from tests.httpclient.scripted_server import (
    OK,
    Peer,
    always,
    answering,
    eventually,
    response,
    serve,
)

from waterspout.cli.fetch import lists
from waterspout.cli.main import main

COMMAND = [sys.executable, "-m", "waterspout", "fetch"]


@pytest.fixture
def fetch(capfdbinary):
    """Return a function that fetches: the status, what is written, and what is told."""

    def run(*arguments):
        status = main(["fetch", *map(str, arguments)])
        output = capfdbinary.readouterr()
        return status, output.out.decode(), output.err.decode()

    return run


@pytest.fixture
def write_list(tmp_path):
    """Return a function that writes a list; its path."""

    def write(*urls):
        path = tmp_path / "list"
        path.write_text("".join(f"{url}\n" for url in urls))
        return path

    return write


def results(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("options", [[], ["--sha256"], ["--output-dir"]])
def test_what_breaks_off_is_fetched_once_more(fetch, write_list, tmp_path, options):
    if options == ["--output-dir"]:
        options = ["--output-dir", tmp_path / "bodies"]
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    with serve(answering(cut), answering(response(b"the whole"))) as server:
        status, out, err = fetch("-i", write_list(server.url), "--retries", "3", *options)
    assert (status, err.count("failed")) == (0, 0)
    result = json.loads(out)
    assert (result["status"], result["bytes"]) == (200, 9)
    if options == ["--sha256"]:
        assert result["sha256"] == hashlib.sha256(b"the whole").hexdigest()
    elif options:
        with open(result["file"], "rb") as file:
            assert file.read() == b"the whole"
        assert len(os.listdir(tmp_path / "bodies")) == 1


def test_a_result_for_each_url(fetch, write_list):
    with serve(always(response(b"body"))) as server:
        path = write_list(f"{server.url}a", "", "# comment", f"  {server.url}b\r")
        status, out, err = fetch("-i", path, "--sha256")
    assert status == 0
    found = sorted(map(json.loads, out.splitlines()), key=lambda result: result["url"])
    assert [result["url"] for result in found] == [f"{server.url}a", f"{server.url}b"]
    assert found[0].pop("seconds") > 0
    assert found[0] == {
        "url": f"{server.url}a",
        "status": 200,
        "bytes": 4,
        "final_url": f"{server.url}a",
        "error": None,
        "sha256": hashlib.sha256(b"body").hexdigest(),
    }
    assert err.startswith("waterspout fetch: 2 fetched (8 B")


def test_what_bytes_there_are_in_a_list(fetch, write_list, tmp_path):
    """Every line is a line of JSON, and is known again."""
    path, out = tmp_path / "list", tmp_path / "results"
    with serve(always()) as server:
        url = server.url.encode()
        odd = [b"\xff\x80", b"\xe2\x80\xa8\xc2\x85", b'"\\', b"\x00\x1b", b"a b", "ü€😀".encode()]
        lines = [url + piece for piece in odd] + [b"\xff\xfe"]
        path.write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
        assert fetch("-s", "-i", path, "-o", out)[0] == 3
        found = [json.loads(line) for line in out.read_bytes().splitlines()]
        assert len({result["url"] for result in found}) == len(lines)
        ok = {result["url"] for result in found if result["status"] == 200}
        assert f"{server.url}ü€😀" in ok
        assert f"{server.url}\u2028\x85" in ok
        assert "7 done before" in fetch("-i", path, "-o", out)[2]


def test_what_fails_is_a_result_too(fetch, write_list):
    with serve(always(response(b"no", "404 Not Found"))) as server:
        path = write_list("http://127.0.0.1:1/", "ftp://example.org/", server.url, "x" * 20_000)
        status, out, err = fetch("-i", path, "--concurrency", 1)
        assert fetch("-f", "-s", "-i", write_list(server.url))[0] == 22
    assert status == 7
    refused, unknown, missing, long = map(json.loads, out.splitlines())
    assert refused["error"]["kind"] == "HTTPConnectionRefusedError"
    assert refused["status"] is None
    assert unknown["error"]["kind"] == "ValueError"
    assert (missing["status"], missing["error"]) == (404, None)
    assert "more than 16384 characters" in long["error"]["message"]
    assert "3 failed" in err


def test_what_fails_at_once_does_not_hold_up_the_others(fetch, write_list, monkeypatch):
    written: list[int] = []
    write = os.write

    def count(fd: int, data: bytes) -> int:
        if data.startswith(b'{"url":'):
            written.append(data.count(b"\n"))
        return write(fd, data)

    monkeypatch.setattr(os, "write", count)
    status, out, _ = fetch("-i", write_list(*["ftp://example.org/"] * 500), "--concurrency", 10)
    assert (status, len(out.splitlines())) == (1, 500)
    assert sum(written) == 500
    assert max(written) <= 10


def test_redirects_and_the_final_url(fetch, write_list):
    with serve(answering(response(b"", "302 Found", Location="/b"), response(b"ok"))) as server:
        result = json.loads(fetch("-L", "-i", write_list(server.url))[1])
    assert result["final_url"] == f"{server.url}b"


def test_bodies_are_kept_in_files(fetch, write_list, tmp_path):
    bodies = tmp_path / "bodies"
    bodies.mkdir()
    left = bodies / f"{'0' * 32}.html.7-1.part"
    left.touch()
    (bodies / "mine.part").touch()
    with serve(always(response(b"x" * 100_000))) as server:
        path = write_list(f"{server.url}a.html?b", "http://127.0.0.1:1/c")
        found = [
            json.loads(line) for line in fetch("-i", path, "--output-dir", bodies)[1].splitlines()
        ]
    kept, failed = sorted(found, key=lambda result: result["file"] is None)
    assert kept["file"].endswith(".html")
    with open(kept["file"], "rb") as file:
        assert file.read() == b"x" * 100_000
    assert failed["file"] is None
    assert sorted(os.listdir(bodies)) == sorted([os.path.basename(kept["file"]), "mine.part"])


def test_two_runs_keep_bodies_in_one_directory(fetch, write_list, tmp_path):
    """None takes what the other has begun for a leftover."""
    bodies = tmp_path / "bodies"
    has_begun, may_end = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
        has_begun.set()
        assert may_end.wait(20)
        peer.send(b"lf")

    with serve(script, always()) as server:
        arguments = ["--output-dir", str(bodies)]
        first = subprocess.Popen([*COMMAND, "-s", "-i", str(write_list(server.url)), *arguments])
        with first:
            assert has_begun.wait(20)
            eventually(lambda: bodies.exists() and os.listdir(bodies))
            assert fetch("-s", "-i", write_list(f"{server.url}other"), *arguments)[0] == 0
            may_end.set()
            assert first.wait(20) == 0
    assert sorted(file.read_bytes() for file in bodies.iterdir()) == [b"half", b"ok"]


def test_credentials_are_in_no_result(fetch, write_list):
    with serve(always()) as server:
        url = server.url.replace("://", "://me:sesame@")
        others = url.replace("127.0.0.1", "no.invalid"), url.replace("sesame", "open/sesame")
        _, out, err = fetch("-i", write_list(url, *others))
    assert "sesame" not in out + err
    assert server.last.headers["authorization"] == "Basic bWU6c2VzYW1l"


def test_no_more_of_a_host_than_is_allowed(fetch, write_list):
    under_way: Counter[int] = Counter()
    most: Counter[int] = Counter()

    def script(peer: Peer) -> None:
        while True:
            peer.read_request()
            under_way[peer.server.port] += 1
            most[peer.server.port] = max(most[peer.server.port], under_way[peer.server.port])
            under_way[peer.server.port] -= 1
            peer.send(response(b"ok"))

    with serve(script) as one, serve(script) as other:
        urls = [f"{server.url}{n}" for n in range(30) for server in (one, other)]
        status, out, _ = fetch("-i", write_list(*urls), "--concurrency", 10, "--per-host", 1)
        assert one.connections == other.connections == 1
    assert (status, len(out.splitlines())) == (0, 60)
    assert set(most.values()) == {1}


def test_a_list_from_a_pipe_is_fetched_while_it_grows():
    with serve(always()) as server:
        process = subprocess.Popen(
            [*COMMAND, "-i", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            for number in range(3):
                process.stdin.write(f"{server.url}{number}\n")
                process.stdin.flush()
                assert json.loads(process.stdout.readline())["url"] == f"{server.url}{number}"
            process.stdin.write(f"{server.url}last")
            process.stdin.close()
            assert json.loads(process.stdout.readline())["url"] == f"{server.url}last"
            assert process.wait(60) == 0


def test_a_long_list_of_a_busy_host_does_not_hold_up_the_others(fetch, write_list):
    """The busy one answers when the others are done; the URLs have no scheme."""
    done = threading.Event()

    def wait(peer: Peer) -> None:
        while True:
            peer.read_request()
            assert done.wait(20)
            peer.send(OK)

    def last(peer: Peer) -> None:
        peer.read_request()
        done.set()
        peer.send(OK)

    with serve(wait) as busy, serve(last) as other:
        urls = [f"127.0.0.1:{busy.port}/{number:0100}" for number in range(2000)]
        path = write_list(*urls, f"127.0.0.1:{other.port}/")
        assert fetch("-s", "-i", path, "--concurrency", 2, "--per-host", 1)[0] == 0
    assert (len(busy.requests), len(other.requests)) == (2000, 1)


def test_a_line_that_is_too_long_is_no_other_url(fetch, write_list):
    """Neither what is left of it, nor nothing."""
    with serve(always()) as server:
        path = write_list(f"{server.url}{'ü' * 20_000}", f"{' ' * 200_000}{server.url}spaces")
        status, out, _ = fetch("-i", path, "--concurrency", 1)
    assert (status, [request.target for request in server.requests]) == (3, ["/spaces"])
    long, spaces = map(json.loads, out.splitlines())
    assert "more than 16384 characters" in long["error"]["message"]
    assert (spaces["url"], spaces["status"]) == (f"{server.url}spaces", 200)


def test_files_that_may_not_be_opened_fail_no_url(write_list):
    """More are allowed than at first; and if even those are too few, nothing is begun."""
    program = """
import resource, sys
from waterspout.cli.main import main
resource.setrlimit(resource.RLIMIT_NOFILE, (40, int(sys.argv[1])))
sys.exit(main(["fetch", *sys.argv[2:]]))
"""
    with serve(always()) as server:
        path = write_list(*(f"{server.url}{number}" for number in range(200)))

        def run(limit: int) -> subprocess.CompletedProcess[str]:
            arguments = [str(limit), "-f", "-i", str(path), "--concurrency", "100"]
            command = [sys.executable, "-c", program, *arguments]
            return subprocess.run(command, capture_output=True, text=True)

        found = run(150)
        assert (found.returncode, found.stdout.count('"status":200')) == (0, 200)
        found = run(100)
    assert (found.returncode, found.stdout) == (2, "")
    assert "132 open files, and 100 are allowed" in found.stderr


def test_a_terminal_is_left_as_it_was():
    """Who sets a terminal to never wait loses what it has no room for, and so does the shell."""
    read_end, terminal = pty.openpty()
    try:
        process = subprocess.Popen([*COMMAND, "-i", "-"], stdin=terminal, stdout=subprocess.PIPE)
        with process:
            os.write(read_end, b"no url\n")
            assert process.stdout is not None
            process.stdout.readline()
            assert os.get_blocking(terminal)
            os.write(read_end, b"\x04")
            assert process.wait(20) == 3
    finally:
        os.close(read_end)
        os.close(terminal)


def test_a_list_that_can_not_be_read(fetch, write_list, monkeypatch):

    class Broken(FileIO):
        def read(self, size: int | None = -1) -> bytes:
            return os.read(-1, 1)

    monkeypatch.setattr(lists, "FileIO", Broken)
    status, _, err = fetch("-i", write_list("http://127.0.0.1:1/"))
    assert status == 26
    assert "Bad file descriptor" in err


def test_a_run_goes_on_where_it_was(fetch, write_list, tmp_path):
    out = tmp_path / "results"
    with serve(always()) as server:
        urls = [f"{server.url}{n}" for n in range(5)]
        fetch("-i", write_list(*urls[:3]), "-o", out)
        with open(out, "a") as file:
            file.write('{"url":"http://torn')
        status, _, err = fetch("-i", write_list(*urls, urls[0]), "-o", out)
        assert status == 0
    assert "3 fetched" in err
    assert "3 done before" in err
    # The one that is twice in the list has two results.
    assert Counter(result["url"] for result in results(out)) == Counter([*urls, urls[0]])
    assert len(server.requests) == 6


def test_a_file_of_something_else_is_left_alone(fetch, write_list, tmp_path):
    out = tmp_path / "letter"
    out.write_text("dear\n")
    status, _, err = fetch("-i", write_list("http://127.0.0.1:1/"), "-o", out)
    assert status == 23
    assert "is no result of this command" in err
    assert out.read_text() == "dear\n"


def test_a_list_that_is_not_there(fetch):
    status, _, err = fetch("-i", "/nowhere/list")
    assert (status, err.count("\n")) == (26, 1)


def test_a_result_that_cannot_be_written_ends_the_run(fetch, write_list):
    with serve(always()) as server:
        status, _, err = fetch("-i", write_list(server.url), "-o", "/dev/full")
    assert status == 23
    assert "No space left" in err


def has_lines(path, number):
    return path.exists() and path.read_bytes().count(b"\n") >= number


@pytest.mark.slow
def test_a_run_that_is_killed_loses_nothing_and_repeats_nothing(write_list, tmp_path):
    """SIGKILL, at three random points."""
    out = tmp_path / "results"
    chance = random.Random(os.urandom(8))
    with serve(always()) as server:
        urls = [f"{server.url}{n}" for n in range(600)]
        arguments = ["-s", "-i", str(write_list(*urls)), "-o", str(out), "--concurrency", "8"]
        count = 0
        done: set[str] = set()
        for _ in range(3):
            process = subprocess.Popen([*COMMAND, *arguments])
            limit = count + chance.randrange(1, 150)
            eventually(partial(has_lines, out, limit))
            process.kill()
            process.wait()
            text = out.read_bytes()
            done = {json.loads(line)["url"] for line in text.split(b"\n")[:-1]}
            count = len(done)
            eventually(lambda: not server._open)  # The requests of the dead have been heard.
            server.requests.clear()
        assert subprocess.run([*COMMAND, *arguments]).returncode == 0
        asked = {f"http://127.0.0.1:{server.port}{request.target}" for request in server.requests}
        assert asked == set(urls) - done
    found = [result["url"] for result in results(out)]
    assert sorted(found) == sorted(urls)


@pytest.mark.slow
def test_a_long_list_takes_no_more_memory_than_a_short_one(write_list, tmp_path):
    program = """
import resource, sys
from waterspout.cli.main import main
assert main(["fetch", "-s", *sys.argv[1:]]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    most = []
    with serve(always()) as server:
        for count in (2_000, 14_000):
            arguments = ["-i", str(write_list(*(f"{server.url}{n}" for n in range(count))))]
            arguments += ["-o", str(tmp_path / f"results{count}")]
            command = [sys.executable, "-c", program, *arguments]
            most.append(int(subprocess.run(command, capture_output=True, check=True).stdout))
            server.requests.clear()
    # In KiB: not even 400 bytes for each URL more.
    assert most[1] - most[0] < 4096


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_whole_results(write_list, tmp_path, number):
    out = tmp_path / "results"
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with serve(always()) as server:
            urls = [f"{server.url}{n}" for n in range(20_000)]
            process = subprocess.Popen(
                [*COMMAND, "-i", str(write_list(*urls)), "-o", str(out)],
                stderr=subprocess.PIPE,
                text=True,
            )
            eventually(lambda: out.exists() and out.stat().st_size > 1000)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert "Traceback" not in err
    assert out.read_text().endswith("\n")
    assert all(result["status"] == 200 for result in results(out))
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert err.startswith("waterspout fetch: ")
