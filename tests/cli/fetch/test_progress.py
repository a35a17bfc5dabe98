"""What is seen of the progress, and where nothing is."""

import io
import sys

import pytest
from tests.httpclient.scripted_server import always, response, serve

from waterspout.cli.fetch.progress import Transfer, amount, bar, live
from waterspout.cli.main import main


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def use_terminal(monkeypatch):
    """Return what makes standard error a terminal, when the test runs: pytest changes it too."""

    def use() -> Terminal:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        found = Terminal()
        monkeypatch.setattr(sys, "stderr", found)
        return found

    return use


def never() -> str:
    raise AssertionError("nobody looks")


def test_off_a_terminal_there_is_nothing(capfd):
    with live(never):
        pass
    assert capfd.readouterr() == ("", "")


def test_without_a_standard_error_there_is_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with live(never):
        pass


def test_without_rich_there_is_nothing(monkeypatch, use_terminal):
    terminal = use_terminal()
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with live(never):
        pass
    assert terminal.getvalue() == ""


def test_who_wants_silence_has_it(use_terminal):
    terminal = use_terminal()
    with live(never, is_shown=False):
        pass
    assert terminal.getvalue() == ""


def test_a_terminal_sees_it(use_terminal):
    terminal = use_terminal()
    pytest.importorskip("rich")
    with live(lambda: "[red] half of it"):
        pass
    # Nothing in it is markup.
    assert "[red] half of it" in terminal.getvalue()


def test_a_transfer(use_terminal):
    use_terminal()
    pytest.importorskip("rich")

    class Output:
        length: int | None = None

    output = Output()
    with Transfer("name", is_shown=True) as transfer:
        transfer.expect(output)
        transfer.add(1500)
        assert transfer._line().startswith("1.5 kB  ")
        output.length = 3000
        assert transfer._line().startswith(f"{'#' * 15}{'.' * 15} 1.5 kB of 3.0 kB  ")


@pytest.mark.parametrize("arguments", [[], ["-i"]], ids=["one", "list"])
def test_a_whole_run_on_a_terminal(use_terminal, tmp_path, arguments):
    terminal = use_terminal()
    pytest.importorskip("rich")
    out, path = tmp_path / "out", tmp_path / "list"
    with serve(always(response(b"x" * 1000))) as server:
        path.write_text(f"{server.url}1\n{server.url}2\n")
        what = ["-i", str(path)] if arguments else [server.url]
        assert main(["fetch", *what, "-o", str(out)]) == 0
    assert ("2 fetched (2.0 kB" if arguments else "1.0 kB") in terminal.getvalue()


def test_a_file_is_fetched_in_silence_off_a_terminal(capfd, tmp_path):
    with serve(always()) as server:
        assert main(["fetch", server.url, "-o", str(tmp_path / "out")]) == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (2_500_000, "2.5 MB"),
        (7e9, "7.0 GB"),
        (3e12, "3.0 TB"),
        (4e15, "4000.0 TB"),
    ],
)
def test_amounts(size, text):
    assert amount(size) == text


def test_a_bar_never_overflows():
    assert bar(-1, 4) == "...."
    assert bar(0.5, 4) == "##.."
    assert bar(7, 4) == "####"
