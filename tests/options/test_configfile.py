"""Config files: what they set, and their errors with file and line."""

import os
import traceback

import pytest

from waterspout.options import Error, InvalidValueError, OptionParser


@pytest.fixture
def options():
    made = OptionParser()
    made.define("port", default=80)
    made.define("data-dir", type=str)
    made.define("ports", type=int, multiple=True)
    made.define("names", multiple=True)
    made.define("place")
    return made


@pytest.fixture
def config(tmp_path):
    def write(source):
        path = tmp_path / "config.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return str(path)

    return write


def test_values(options, config):
    path = config(
        "import os\n"
        "port = 8000 + 1\n"
        "def f(): return unknown\n"
        "unknown = 'é'\n"
        "data_dir = f()\n"
        "ports = [1, 2]\n"
        "names = 'a,b'\n"
        "place = __file__\n"
    )
    options.parse_config_file(path)
    assert (options.port, options.data_dir, options.ports) == (8001, "é", [1, 2])
    assert (options.names, options.place) == (["a", "b"], path)


def test_texts_are_parsed_as_on_a_command_line(options, config):
    options.parse_config_file(config("port = '5'\nports = '1:3'\ndata_dir = '1:3'"))
    assert (options.port, options.ports, options.data_dir) == (5, [1, 2, 3], "1:3")


def test_a_path_may_be_an_object_and_is_made_absolute(options, config, tmp_path, monkeypatch):
    config("place = __file__")
    monkeypatch.chdir(tmp_path)
    options.parse_config_file("config.py")
    assert options.place == os.path.join(os.getcwd(), "config.py")
    options.parse_config_file(tmp_path / "config.py")


def test_parse_callbacks(options, config):
    called = []
    options.add_parse_callback(lambda: called.append(options.port))
    path = config("port = 1")
    options.parse_config_file(path, final=False)
    assert called == []
    options.parse_config_file(path)
    assert called == [1]


def test_an_option_that_names_a_config_file(options, config):
    options.define("config", callback=lambda path: options.parse_config_file(path, final=False))
    path = config("port = 1\nplace = 'there'")
    options.parse_command_line(["program", f"--config={path}", "--port=2"])
    assert (options.port, options.place) == (2, "there")


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("port = 1\nport = = 2\n", ", line 2", "invalid syntax"),
        ("\nif x:\n", ", line 2", "expected an indented block"),
        (b"a = '\xff'", "", ""),
        (b"a = '\0'", "", ""),
        ("(" * 10_000, "", ""),
        ("port = " + "-" * 100_000 + "1", "", "Error: "),
        ("# coding: nothing\n", "", "unknown encoding"),
        ("port = 1\nport = missing\n", ", line 2", "NameError: name 'missing' is not defined"),
        ("def f():\n  1 / 0\n\nf()\n", ", line 2", "ZeroDivisionError: division by zero"),
        ("import json\n\njson.loads('x')\n", ", line 3", "JSONDecodeError: "),
        ("\nraise ValueError('no')\n", ", line 2", "ValueError: no"),
        ("port = 5.0", ", line 1", "option 'port' takes int, not float"),
        ("\nport = '1'\nport = 'x'\n", ", line 3", "option 'port' takes a whole number, not 'x'"),
        ("a = 1\nports = 1", ", line 2", "option 'ports' takes a list of int, not int"),
        (
            "a = 1\nports = [1, 'x']",
            ", line 2",
            "option 'ports' takes a list of int; item 1 is str",
        ),
        ("globals()['port'] = ''", "", "option 'port' takes a whole number, not ''"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(options, config, source, place, message):
    path = config(source)
    called = []
    options.add_parse_callback(lambda: called.append(1))
    with pytest.raises(Error) as caught:
        options.parse_config_file(path)
    assert str(caught.value).startswith(f"config file {path}{place}")
    assert message in str(caught.value)
    assert isinstance(caught.value, InvalidValueError) is ("takes" in message)
    assert caught.value.__cause__ is not None
    assert called == []


def test_the_traceback_shows_the_line_of_the_file(options, config):
    path = config("a = 1\nb = missing  # here\n")
    with pytest.raises(Error) as caught:
        options.parse_config_file(path)
    assert caught.value.__cause__ is not None
    text = "".join(traceback.format_exception(caught.value.__cause__))
    assert "b = missing  # here" in text


@pytest.mark.parametrize("name", ["none.py", "."])
def test_a_file_that_cannot_be_read(options, tmp_path, name):
    with pytest.raises(OSError, match=str(tmp_path)):
        options.parse_config_file(tmp_path / name)


def test_who_exits_in_it_exits(options, config):
    with pytest.raises(SystemExit):
        options.parse_config_file(config("raise SystemExit(3)"))
