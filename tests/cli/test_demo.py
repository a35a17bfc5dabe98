"""The demonstration as a whole: what it shows, that it is true, and that nothing is left of it."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from waterspout.cli.demo import server
from waterspout.cli.demo.client import TEN, fetch_and_block
from waterspout.cli.demo.play import TENS, Stage, play_asynchronous, play_synchronous, play_ten
from waterspout.cli.demo.process import ServerProcess
from waterspout.cli.demo.records import Fetch, at_once, is_queue, total
from waterspout.cli.demo.screen import Screen
from waterspout.cli.main import main

BLOCKING, ASYNC, THREADED = TENS
SLEEP_LINE = server.Blocking.get.__code__.co_firstlineno + 1
COMMAND = [sys.executable, "-m", "waterspout", "demo"]


@pytest.fixture(autouse=True)
def _interruptible():
    """Let the programs that are started hear SIGINT, also where whoever started us ignores it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def start():
    """Return a function that starts the demonstration; it is killed in the end."""
    started = []

    def start(delay, command=COMMAND, **kwargs):
        # The server has the same standard error: that comes to its end when both have ended.
        process = subprocess.Popen(
            [*command, "--delay", str(delay)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **kwargs,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=60)


@pytest.fixture
def on_stage(monkeypatch):
    """Return a function that returns a stage, with a server of its own."""
    monkeypatch.setenv("COLUMNS", "100")
    processes = []

    def enter(delay):
        process = ServerProcess(delay)
        processes.append(process)
        return Stage(delay, Screen(), process)

    yield enter
    for process in processes:
        process.__exit__(None, None, None)


def read_until(process, words):
    """Return what the process prints, up to the line with ``words``."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError(f"{words!r} does not come: {''.join(lines)}{process.stderr.read()}")


def server_pid(printed):
    """Return the number of the server's process, as it was printed."""
    found = re.search(r"server: process (\d+)", printed)
    return None if found is None else int(found[1])


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def times(fetches):
    """Return what was measured, in the order in which the handlers began."""
    measured = [(fetch.asked, fetch.began, fetch.ended, fetch.answered) for fetch in fetches]
    return sorted(measured, key=lambda fetch: fetch[1])


# The parts


def test_the_synchronous_fetch_keeps_its_caller(on_stage, capsys):
    assert play_synchronous(on_stage(0.05)) >= 0.05
    lines = capsys.readouterr().out.splitlines()[3:]
    assert [line.split()[2] for line in lines] == ["client", "server", "client"]
    assert "127.0.0.1 is here" in lines[1]
    assert "fetch() returns 'Hello, world'" in lines[2]


def test_the_asynchronous_fetch_lets_its_caller_go_on(on_stage, capsys):
    stage = on_stage(0.5)
    kept = play_asynchronous(stage)
    lines = capsys.readouterr().out.splitlines()[3:]
    order = [
        "launches the fetch",
        "fetch() has returned",
        "does something else (1)",
        "handle(response) gets 'Hello, world'",
    ]
    places = [next(i for i, line in enumerate(lines) if words in line) for words in order]
    assert places == sorted(places)
    assert kept < stage.delay


def test_ten_at_a_blocking_handler_queue(on_stage, capsys):
    delay = 0.05
    fetches = play_ten(on_stage(delay), BLOCKING)
    assert len(fetches) == TEN
    assert is_queue(fetches)
    measured = times(fetches)
    for asked, began, ended, answered in measured:
        assert asked <= began <= began + delay <= ended
        assert answered >= began + delay
    for (_, _, ended, _), (_, began, _, _) in itertools.pairwise(measured):
        assert ended <= began
    assert total(fetches) >= TEN * delay
    shown = capsys.readouterr().out
    assert "GET /blocking held the loop 10 times" in shown
    assert f" at demo/server.py:{SLEEP_LINE} (time.sleep): the ten queue" in shown


@pytest.mark.slow
@pytest.mark.parametrize(("ten", "path"), [(ASYNC, "/async"), (THREADED, "/threaded")])
def test_ten_at_a_handler_that_lets_the_loop_go_overlap(ten, path, on_stage, capsys):
    stage = on_stage(0.5)
    fetches = play_ten(stage, ten)
    assert at_once(fetches) == TEN
    # Event loops count in milliseconds: a timer may fire a little early.
    assert all(ended - began >= stage.delay - 0.01 for _, began, ended, _ in times(fetches))
    assert stage.process.held_at(path) is None
    shown = " ".join(capsys.readouterr().out.split())
    assert f"GET {path} {ten.why_free}: all ten were at work at the same time" in shown


def test_the_pool_of_threads_has_one_for_each_of_ten():
    assert server.THREADS._max_workers == TEN


# The process of the server


def test_the_server_ends_with_the_block():
    with ServerProcess(0.01) as process:
        assert process.address().startswith("http://127.0.0.1:")
        assert is_alive(process.pid)
    assert not is_alive(process.pid)


@pytest.mark.slow
def test_the_server_ends_in_the_middle_of_an_answer():
    def interrupted():
        with ServerProcess(60.0) as process:
            stage.append(process.pid)
            with pytest.raises(Exception, match="imeout"):
                fetch_and_block(process.address(), "/", Fetch(1, 0.0), patience=0.1)
            raise KeyboardInterrupt

    stage: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not is_alive(stage[0])


def test_who_leaves_before_the_answer_is_no_event(capfd):
    with ServerProcess(0.01) as process:
        port = int(process.address().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /async?1 HTTP/1.1\r\nHost: a\r\n\r\n")
        # Once the second is answered the first, which was sooner, has been given up.
        fetch_and_block(process.address(), "/async", Fetch(2, 0.0), patience=10)
    assert capfd.readouterr().err == ""


def test_a_server_that_has_ended_is_noticed():
    with ServerProcess(0.01) as process:
        process.address()
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(OSError, match="has ended unexpectedly"):
            process.wait_until_ended("/?1")


# The whole


@pytest.mark.slow
def test_the_whole(start):
    process = start(0.05)
    out, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode == 0
    lines = out.splitlines()
    assert lines[0] == "What is the difference between synchronous and asynchronous?"
    assert [line[0] for line in lines if re.match(r"\d  ", line)] == list("12345")
    assert len([line for line in lines if "█" in line and re.match(r" +\d+  ", line)]) == 30
    assert out.count(f"{SLEEP_LINE}      time.sleep(self.delay)") == 1
    assert "held the loop 10 times" in out
    assert out.count("all ten were") + out.count(" of ten were") == 2
    assert lines[-1].strip()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in out
    assert not is_alive(server_pid(out))


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        (5, "What is the difference"),
        *(
            pytest.param(delay, words, marks=pytest.mark.slow)
            for delay, words in [
                (5, "server: process"),
                (5, "calls fetch()"),
                (5, "is here"),
                (0.2, "does something else (1)"),
                (0.1, "3  Ten at once"),
                (0.1, "4  The same ten"),
                (1, "5  The same ten"),
            ]
        ),
    ],
)
def test_ctrl_c_leaves_nothing_behind(delay, words, start):
    process = start(delay)
    printed = read_until(process, words)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode == 130
    pid = server_pid(printed + out)
    assert pid is None or not is_alive(pid)


@pytest.mark.slow
@pytest.mark.parametrize("words", ["calls fetch()", "3  Ten at once"])
def test_the_server_does_not_outlive_who_started_it(words, start):
    process = start(0.2)
    read_until(process, words)
    process.kill()
    _, err = process.communicate(timeout=60)
    assert err == ""


@pytest.mark.slow
def test_a_server_that_dies_is_told_in_one_line(start):
    process = start(5)
    printed = read_until(process, "is here")
    os.kill(server_pid(printed), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert err.startswith("waterspout demo: ")
    assert err.count("\n") == 1
    assert process.returncode == 1


@pytest.mark.slow
def test_who_reads_no_further_gets_no_complaint(start):
    process = start(0.05)
    read_until(process, "server: process")
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""
    process.stdout = None


@pytest.mark.parametrize("value", ["-1", "0", "0.001", "60.1", "nan", "inf", "1e999", "soon", ""])
def test_a_bad_delay_is_told_in_one_line(value, capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(["demo", "--delay", value])
    assert exit_info.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "waterspout demo: argument --delay: must be a number of seconds from 0.01 to 60,"
        f" not {value!r} (see waterspout demo --help)\n"
    )


# In a terminal


def shown_in_terminal(command, environment):
    """Return what a program writes to a terminal of 80 columns."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    # A terminal as people have it, whatever the tests run in.
    unwanted = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.STDOUT,
        env={**inherited, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
    )
    os.close(theirs)
    output = b""
    try:
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:  # Linux says so when nobody has the terminal open any more.
                break
            if not read:
                break
            output += read
    finally:
        process.kill()
        status = process.wait()
        os.close(ours)
    assert status == 0
    return output.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m|\x1b\[[0-9;]*[34]8;")


@pytest.mark.slow
def test_a_terminal_gets_colours():
    pytest.importorskip("rich")
    shown = shown_in_terminal([*COMMAND, "--delay", "0.03"], {})
    assert COLOUR.search(shown)
    assert "held the loop 10 times" in shown
    assert "Traceback" not in shown


@pytest.mark.slow
def test_no_colour_where_they_are_not_wanted():
    shown = shown_in_terminal([*COMMAND, "--delay", "0.03"], {"NO_COLOR": "1"})
    assert not COLOUR.search(shown)
    assert "held the loop 10 times" in shown


@pytest.mark.slow
def test_without_rich_it_is_plain_text():
    script = (
        "import sys; sys.modules['rich'] = None; from waterspout.cli import main; sys.exit(main())"
    )
    shown = shown_in_terminal([sys.executable, "-c", script, "demo", "--delay", "0.03"], {})
    assert "\x1b" not in shown
    assert "held the loop 10 times" in shown
