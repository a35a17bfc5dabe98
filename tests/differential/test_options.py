"""Options beside Tornado's: command lines, config files, values set by programs, help."""

import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout import options

theirs: Any = pytest.importorskip("tornado.options", reason="Tornado is not installed")


def parser(module: Any, called: list[Any] | None = None) -> Any:
    """Return a set of options of each kind."""
    made = module.OptionParser()
    made.define("word", help="a word", metavar="WORD")
    made.define("data_dir", default="/a", group="files", help="where data is " * 9)
    made.define("number", default=3, callback=None if called is None else called.append)
    made.define("amount", default=1.5)
    made.define("flag", default=False)
    made.define("moment", type=datetime)
    made.define("length", default=timedelta(seconds=1))
    made.define("numbers", type=int, multiple=True, group="lists")
    made.define("words", multiple=True, default=["x"], group="lists")
    made.define("moments", type=datetime, multiple=True)
    made.define("a-name-that-is-longer-than-the-column", help="long")
    if called is not None:
        made.add_parse_callback(lambda: called.append("parsed"))
    return made


def outcome(module: Any, act: Any) -> Any:
    """Return what an act gave, was told and left behind; errors are alike by their kind."""
    called: list[Any] = []
    made = parser(module, called)
    try:
        result = act(made)
    except AttributeError as error:
        return str(error)
    except Exception:  # Tornado's are of many kinds
        return "refused"
    return result, called, made.as_dict(), list(made)


def same(act: Any) -> None:
    found, expected = outcome(options, act), outcome(theirs, act)
    assert found == expected


LINES = [
    [],
    ["rest"],
    ["--word=a", "--number=5", "rest", "--number=6"],
    ["--word=", "--", "--number=5"],
    ["-word=a", "---number=1"],
    ["--data-dir=1", "--data_dir=2"],
    ["--flag"],
    ["--flag=true"],
    ["--flag=F"],
    ["--flag=0"],
    ["--word"],
    ["--number=x"],
    ["--number="],
    ["--amount=3"],
    ["--amount=x"],
    ["--nothing=1"],
    ["-"],
    ["--numbers=1,2"],
    ["--numbers=1:3,7:7,-2:-1"],
    ["--numbers=1:,2"],
    ["--numbers=:2"],
    ["--numbers=1:2:3"],
    ["--numbers="],
    ["--words=a,b,"],
    ["--words="],
    ["--words=1:3"],
    ["--moments=2026-01-31,12:00"],
    ["--help=false"],
    *(
        [f"--moment={text}"]
        for text in (
            "Sat Jan 31 12:00:05 2026",
            "2026-01-31 12:00:05",
            "2026-01-31 12:00",
            "2026-01-31T12:00",
            "20260131 12:00:05",
            "20260131 12:00",
            "2026-01-31",
            "20260131",
            "12:00:05",
            "12:00",
            "tomorrow",
            "2026-02-30",
            "",
        )
    ),
    *(
        [f"--length={text}"]
        for text in (
            "1h 30m",
            "1w",
            "1d 2hours 3min 4sec 5ms 6us",
            "2 weeks",
            "-5s",
            ".5",
            "1e2",
            " 3s ",
            "5H",
            "5x",
            "s",
            "9999999999w",
        )
    ),
]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_command_lines(line):
    same(lambda made: made.parse_command_line(["program", *line]))
    same(lambda made: made.parse_command_line(["program", *line], final=False))


@given(
    st.lists(
        st.sampled_from(["--word=a", "--number=1", "--number=x", "--flag", "--", "b", "--no=1"])
        | st.text(st.sampled_from("-=_fnumberslag123:,"), max_size=12).filter(
            # Truth, and ranges that go down, are told more strictly here.
            lambda text: not re.search(r"flag=|:|help", text)
        ),
        max_size=4,
    )
)
def test_any_command_line(line):
    same(lambda made: made.parse_command_line(["program", *line]))


FILES = [
    "",
    "number = 5\nword = 'é'\n",
    "number = '5'\nnumbers = '1:3'\nwords = 'a,b'\nflag = 'true'\nmoment = '12:00'\n",
    "numbers = [1, 2]\nwords = []\nlength = __import__('datetime').timedelta(2)\n",
    "def f(): return g\ng = 4\nnumber = f()\nother = 1\n",
    "data_dir = __file__",
    "number = 5.0",
    "number = 'x'",
    "numbers = 5",
    "numbers = (1, 2)",
    "numbers = ['1']",
    "words = [1]",
    "word = 1",
    "word = None\nnumber = None",
    "word = b'a'",
    "amount = 1",
    "flag = 1",
    "number = True",
]


@pytest.mark.parametrize("source", FILES)
def test_config_files(source, tmp_path):
    path = tmp_path / "config.py"
    path.write_text(source, encoding="utf-8")
    same(lambda made: made.parse_config_file(str(path)))
    same(lambda made: made.parse_config_file(str(path), final=False))


VALUES = [0, 5, 1.5, True, None, "a", b"a", [], [1], ["a"], [None], (1,), timedelta(1), "12:00"]


@pytest.mark.parametrize("name", list(parser(options)))
def test_values_that_a_program_sets(name):
    for value in VALUES:
        if name == "help" and value:
            continue  # it would exit
        same(lambda made, value=value: setattr(made, name, value))
        same(lambda made, value=value: made.__setitem__(name.replace("_", "-"), value))


ACTS = {
    "items": lambda made: list(made.items()),
    "groups": lambda made: sorted(made.groups()),
    "a group": lambda made: [made.group_dict(name) for name in ("lists", "files", "", "none")],
    "in": lambda made: ["data-dir" in made, "data_dir" in made, "none" in made],
    "an item": lambda made: (made["data-dir"], made["data_dir"], made.data_dir),
    "nothing": lambda made: made.nothing,
    "no item": lambda made: made["nothing"],
    "to set nothing": lambda made: setattr(made, "nothing", 1),
    "twice": lambda made: made.define("data-dir"),
    "mockable": lambda made: [made.mockable().__setattr__("number", 9), made.number],
}


@pytest.mark.parametrize("name", ACTS)
def test_what_a_program_asks(name):
    same(ACTS[name])


def test_help():
    texts = []
    for module in (options, theirs):
        file = io.StringIO()
        parser(module).print_help(file)
        texts.append([line.split() for line in file.getvalue().splitlines() if line.strip()])
    assert texts[0] == texts[1]


def test_the_options_of_logging():
    found = options.options.as_dict()
    assert found.items() >= theirs.OptionParser().as_dict().items()
    expected = {name: value for name, value in theirs.options.as_dict().items() if "log" in name}
    assert {name: value for name, value in found.items() if "log" in name} == expected
