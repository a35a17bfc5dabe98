"""A set of options: what is defined, given, checked, told and patched."""

import copy
import io
from datetime import timedelta
from unittest import mock

import pytest

from waterspout import options as module
from waterspout.options import Error, InvalidValueError, OptionParser


@pytest.fixture
def options():
    made = OptionParser()
    made.define("port", default=80)
    made.define("data-dir", group="files")
    made.define("ports", type=int, multiple=True, group="net")
    made.define("debug", default=False)
    made.define("wait", default=timedelta(seconds=5))
    return made


def parse(options, *args):
    return options.parse_command_line(["program", *args])


# Names


def test_defaults(options):
    assert (options.port, options["port"]) == (80, 80)
    assert options.data_dir is None
    assert options.ports == []
    assert options.debug is False


def test_underscores_and_dashes_are_alike(options):
    options.data_dir = "/a"
    assert options["data-dir"] == options["data_dir"] == "/a"
    assert "data_dir" in options
    assert "data-dir" in options
    parse(options, "--data_dir=/b")
    assert options.data_dir == "/b"
    parse(options, "-data-dir=/c")
    assert options.data_dir == "/c"


def test_names_are_told_as_they_were_defined(options):
    names = ["help", "port", "data-dir", "ports", "debug", "wait"]
    assert (
        list(options) == [name for name, _ in options.items()] == list(options.as_dict()) == names
    )


def test_groups(options):
    assert options.groups() == {"", "files", "net", __file__}
    assert options.group_dict("files") == {"data-dir": None}
    assert options.group_dict("") == options.as_dict()
    assert options.group_dict("none") == {}


def test_what_is_not_defined(options):
    for call in (
        lambda: options.nothing,
        lambda: options["nothing"],
        lambda: setattr(options, "nothing", 1),
        lambda: options.__setitem__("nothing", 1),
    ):
        with pytest.raises(AttributeError, match="Unrecognized option 'nothing'"):
            call()
    assert "nothing" not in options


@pytest.mark.parametrize("name", ["port", "data_dir"])
def test_defined_twice(options, name):
    with pytest.raises(Error, match=f"Option '{name}' already defined in {__file__}"):
        options.define(name)


def test_help_is_taken(options):
    with pytest.raises(Error, match="Option 'help' already defined in waterspout itself"):
        options.define("help")


@pytest.mark.parametrize("name", ["", "-", "__", "a=b"])
def test_a_name_that_cannot_be_given(options, name):
    with pytest.raises(Error, match="an option cannot have the name"):
        options.define(name)


def test_a_copy_and_a_repr_that_tells_no_secret(options):
    options.data_dir = "secret"
    assert copy.copy(options).data_dir == "secret"
    assert repr(options) == "<OptionParser help port data-dir ports debug wait>"


# Values


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("port", "80", "option 'port' takes int, not str"),
        ("data_dir", 1, "option 'data-dir' takes str, not int"),
        ("ports", 1, "option 'ports' takes a list of int, not int"),
        ("ports", (1,), "option 'ports' takes a list of int, not tuple"),
        ("ports", [1, None, "secret"], "option 'ports' takes a list of int; item 2 is str"),
    ],
)
def test_a_wrong_type(options, name, value, message):
    before = options.as_dict()
    with pytest.raises(InvalidValueError) as caught:
        setattr(options, name, value)
    assert str(caught.value) == message
    assert isinstance(caught.value, Error)
    assert options.as_dict() == before


def test_none_is_of_every_type(options):
    options.port = None
    assert options.port is None


def test_a_type_that_is_a_function(options):
    options.define("code", type=bytes.fromhex)
    parse(options, "--code=0aff")
    assert options.code == b"\x0a\xff"
    options.code = 3
    assert options.code == 3


def test_a_callback_is_told_each_value(options):
    told: list[object] = []
    options.define("x", default=1, callback=told.append)
    options.define("y", type=int, multiple=True, callback=told.append)
    assert told == []
    parse(options, "--x=2", "--y=1:2")
    options.x = 3
    assert told == [2, [1, 2], 3]


# The command line


def test_what_comes_behind_is_returned(options):
    assert parse(options, "--port=1", "a", "--port=2") == ["a", "--port=2"]
    assert options.port == 1
    assert parse(options, "--port=3", "--", "--port=4") == ["--port=4"]
    assert options.port == 3
    assert parse(options) == []
    assert options.parse_command_line([]) == []


def test_the_arguments_of_the_program(options, monkeypatch):
    monkeypatch.setattr("sys.argv", ["program", "--debug", "--port=5", "x"])
    assert options.parse_command_line() == ["x"]
    assert (options.debug, options.port) == (True, 5)


def test_a_value_may_have_an_equals_sign(options):
    parse(options, "--data-dir=a=b", "--wait=1m")
    assert (options.data_dir, options.wait) == ("a=b", timedelta(minutes=1))


@pytest.mark.parametrize(
    ("arg", "message"),
    [
        ("--port", "Option 'port' requires a value: --port=VALUE"),
        ("--port=x", "option 'port' takes a whole number, not 'x'"),
        ("--ports=1:x", "option 'ports' takes a whole number, not 'x'"),
        ("--debug=maybe", "option 'debug' takes true or false, not 'maybe'"),
        ("--datadir=1", "Unrecognized command line option: 'datadir'; did you mean --data-dir?"),
        ("--zzz", "Unrecognized command line option: 'zzz'"),
        ("-", "Unrecognized command line option: ''"),
        ("--" + "p" * 5000, "Unrecognized command line option: 'ppp"),
    ],
)
def test_what_cannot_be_parsed(options, arg, message, capsys):
    called = []
    options.add_parse_callback(lambda: called.append(1))
    with pytest.raises(Error) as caught:
        parse(options, arg)
    assert str(caught.value).startswith(message)
    assert ("Usage:" in capsys.readouterr().err) is ("Unrecognized" in message)
    assert called == []


def test_parse_callbacks(options):
    called = []
    options.add_parse_callback(lambda: called.append(options.port))
    options.add_parse_callback(lambda: called.append("second"))
    options.parse_command_line(["program", "--port=1"], final=False)
    assert called == []
    parse(options, "--port=2")
    assert called == [2, "second"]
    options.run_parse_callbacks()
    assert len(called) == 4


def test_help_exits(options, capsys):
    with pytest.raises(SystemExit) as caught:
        parse(options, "--help")
    assert caught.value.code == 0
    assert "  --data-dir\n" in capsys.readouterr().err
    parse(options, "--help=false")


def test_help(options):
    file = io.StringIO()
    options.define("a_b", help="word " * 20, metavar="N", group="net", default="")
    options.print_help(file)
    text = file.getvalue()
    assert "\nfiles options:\n\n  --data-dir\n" in text
    assert f"\n  --a-b=N{'word '.rjust(31)}" in text
    assert "(default 80)" in text
    assert all(len(line) < 80 for line in text.splitlines() if line.startswith(" "))
    assert text == text.replace(" \n", "\n")


# Patching


def test_mockable(options):
    with mock.patch.object(options.mockable(), "port", 1):
        assert options.port == 1
    assert options.port == 80
    with (
        pytest.raises(InvalidValueError, match="takes int"),
        mock.patch.object(options.mockable(), "port", "x"),
    ):
        pass
    assert options.port == 80


def test_one_mockable_for_each_patch(options):
    mockable = options.mockable()
    mockable.port = 1
    with pytest.raises(AssertionError, match="'port' is patched already"):
        mockable.port = 2
    with pytest.raises(AttributeError):
        _ = mockable.nothing


# The options of the program


def test_the_options_of_the_program_are_one_set():
    assert module.define == module.options.define
    names = {
        "help",
        "logging",
        "log_to_stderr",
        "log_file_prefix",
        "log_file_max_size",
        "log_file_num_backups",
        "log_rotate_when",
        "log_rotate_interval",
        "log_rotate_mode",
    }
    assert names <= set(module.options)
