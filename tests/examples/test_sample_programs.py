"""The two programs of the tutorial, run as a reader runs them: each in a process of its own."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(autouse=True)
def _interruptible():
    """Let the programs that are started hear SIGINT, also where whoever started us ignores it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def start():
    """Return a function that starts an example; it is killed in the end."""
    started = []

    def start(name, *arguments):
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / name), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=60)


@pytest.fixture
def serve(start):
    """Return a function that starts the server; it returns its process and its port."""

    def serve(delay):
        process = start("sample_server.py", "--port", "0", "--delay", str(delay))
        line = process.stdout.readline()
        found = re.fullmatch(r"Listening on http://localhost:(\d+)/ until Ctrl-C\n", line)
        assert found is not None
        return process, int(found[1])

    return serve


@pytest.fixture
def taken_port():
    """Return a port where something listens, but answers nobody."""
    with socket.create_server(("0.0.0.0", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def silent_port():
    """Return a port that belongs to somebody who does not listen."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def test_the_fetcher_fetches_both_ways(serve, start):
    server, port = serve(0.1)
    out, err = start("sample_fetcher.py", f"http://localhost:{port}/").communicate(timeout=60)
    assert err == ""
    expected = [
        r" +(\d+\.\d\d) s  synchronous: .* is called",
        r" +(\d+\.\d\d) s  it returns 'Hello, world'",
        r" +It blocked: for (\d+\.\d\d) s nothing else was done\.",
        r"()",
        r" +(\d+\.\d\d) s  asynchronous: .* is called",
        r" +(\d+\.\d\d) s  it has returned already, and the program goes on",
        r" +(\d+\.\d\d) s  .* waits in the event loop",
        r" +(\d+\.\d\d) s  the callback gets 'Hello, world'",
    ]
    lines = out.splitlines()
    assert len(lines) == len(expected)
    times = []
    for line, pattern in zip(lines, expected, strict=True):
        found = re.fullmatch(pattern, line)
        assert found is not None, line
        times.append(float(found[1] or "0"))
    called, returned, blocked = times[:3]
    assert returned - called >= 0.1 - 0.011  # both are rounded
    assert blocked >= 0.1 - 0.006
    assert times[4] <= times[5] <= times[6] <= times[7]
    assert times[7] - times[4] >= 0.1 - 0.011
    for _ in range(2):
        assert re.fullmatch(r"\d\d:\d\d:\d\d \S+ is here\n", server.stdout.readline())


def test_a_server_that_is_not_there(silent_port, start):
    fetcher = start("sample_fetcher.py", f"http://127.0.0.1:{silent_port}/")
    _, err = fetcher.communicate(timeout=60)
    assert err.startswith("sample_fetcher: ")
    assert "refused" in err
    assert err.count("\n") == 1
    assert fetcher.returncode == 1


@pytest.mark.slow
def test_a_server_that_goes_between_the_two_fetches(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fetcher = start("sample_fetcher.py", f"http://127.0.0.1:{listener.getsockname()[1]}/")
        connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
    out, err = fetcher.communicate(timeout=60)
    assert "it returns 'OK'" in out
    assert err.startswith("sample_fetcher: ")
    assert err.count("\n") == 1
    assert fetcher.returncode == 1


@pytest.mark.slow
def test_a_url_that_is_none(start):
    fetcher = start("sample_fetcher.py", "nonsense")
    _, err = fetcher.communicate(timeout=60)
    assert err.startswith("sample_fetcher: ")
    assert err.count("\n") == 1
    assert fetcher.returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize("port", ["taken", "65536"])
def test_a_port_that_cannot_be_had(port, taken_port, start):
    server = start("sample_server.py", "--port", str(taken_port) if port == "taken" else port)
    out, err = server.communicate(timeout=60)
    assert out == ""
    assert err.startswith("sample_server: ")
    assert err.count("\n") == 1
    assert server.returncode == 1


@pytest.mark.slow
def test_ctrl_c_ends_an_idle_server(serve):
    server, _ = serve(0.1)
    server.send_signal(signal.SIGINT)
    assert server.communicate(timeout=60) == ("", "")
    assert server.returncode == 130


@pytest.mark.slow
def test_ctrl_c_ends_a_server_that_is_at_work(serve):
    server, port = serve(600)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert "is here" in server.stdout.readline()
        server.send_signal(signal.SIGINT)
        assert server.communicate(timeout=60) == ("", "")
    assert server.returncode == 130


@pytest.mark.slow
def test_ctrl_c_ends_a_fetcher_that_waits(serve, start):
    server, port = serve(600)
    fetcher = start("sample_fetcher.py", f"http://localhost:{port}/")
    assert "is here" in server.stdout.readline()
    fetcher.send_signal(signal.SIGINT)
    _, err = fetcher.communicate(timeout=60)
    assert err == ""
    assert fetcher.returncode == 130


@pytest.mark.slow
def test_the_defaults_are_those_of_the_tutorial(start):
    for name in ("sample_server.py", "sample_fetcher.py"):
        assert "8888" in (EXAMPLES / name).read_text()
    out, _ = start("sample_server.py", "--help").communicate(timeout=60)
    assert "--port" in out
