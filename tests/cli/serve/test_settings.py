"""Defaults, file and command line in one; what is wrong is told with file and key."""

import os
import re

import pytest

from waterspout.cli.main import main
from waterspout.cli.serve.settings import read_file, settings_of


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file and returns its name."""

    def write(text):
        name = tmp_path / "serve.toml"
        name.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(name)

    return write


def test_a_file(file):
    text = 'app = "m:a"\nport = 80\nlimit-body-size = "1M"\ntimeout-idle = 5\nreload = true\n'
    assert read_file(file(text)) == {
        "app": "m:a",
        "port": 80,
        "limit_body_size": 2**20,
        "timeout_idle": 5.0,
        "reload": True,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port = @", "no TOML: Invalid value (at line 1, column 8)"),
        (b"\xff", "no TOML: 'utf-8' codec"),
        ("[" * 5000, "no TOML: "),
        ("prot = 1", "no key 'prot', did you mean 'port'?"),
        ("limit_body_size = 1", "no key 'limit_body_size', did you mean 'limit-body-size'?"),
        ("config = 'other.toml'", "no key 'config'"),
        ("[server]\nport = 1", "no key 'server': options stand by themselves, in no table"),
        ("port = 'http'", "key 'port' must be a number from 0 to 65535, not 'http'"),
        ("timeout-idle = -1", "key 'timeout-idle' must be a number of seconds"),
        ("reload = 1", "key 'reload' must be true or false, not 1"),
        ("access-log = 'xml'", "key 'access-log' must be text, json or off, not 'xml'"),
        ("app = 5", "key 'app' must be a text MODULE:APP, not 5"),
        ("#" * (1 << 20) + "\n", "too large for a configuration"),
    ],
)
def test_a_bad_file(file, text, told):
    name = file(text)
    with pytest.raises(ValueError, match=re.escape(told)) as info:
        read_file(name)
    assert str(info.value).startswith(f"{name}: {told}")
    assert "\n" not in str(info.value)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_file(str(tmp_path / "none.toml"))


def test_the_command_line_wins(file):
    name = file("port = 80\nworkers = 3")
    settings = settings_of({"app": "a:b", "config": name, "port": 81})
    assert (settings["port"], settings["workers"], settings["host"]) == (81, 3, "127.0.0.1")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"keyfile": "k"}, "keyfile needs a certfile"),
        ({"unix": "u", "port": 1}, "unix is instead of host and port"),
        ({"unix": "u", "host": "h"}, "unix is instead of host and port"),
        ({"reload": True, "workers": 2}, "reload is for development, with one worker"),
        ({"trusted_downstream": ["::1"]}, "trusted-downstream is for xheaders or proxy-protocol"),
        ({"app": ""}, "which application"),
    ],
)
def test_settings_that_contradict(given, told):
    with pytest.raises(ValueError, match=told):
        settings_of({"app": "a:b"} | given)


def test_the_grace_of_development_is_short():
    assert settings_of({"app": "a:b", "reload": True})["grace"] == 1.0
    assert settings_of({"app": "a:b", "reload": True, "grace": 9.0})["grace"] == 9.0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "which application? Name it as MODULE:APP, for instance main:app"),
        (["main"], "an application is named as MODULE:APP, not 'main'"),
        (["main:app", "--keyfile", "k"], "keyfile needs a certfile"),
        (["main:app", "--certfile", "none.pem"], "certificate or key none.pem: No such file or "),
        (["main:app", "--certfile", __file__], f"certificate and key in {__file__}: no PEM file"),
        (["--config", "none.toml"], "cannot read none.toml: No such file or directory"),
        (
            ["main:app", "--limit-min-body-rate", "0"],
            "limit-min-body-rate must be a finite number above 0, not 0.0",
        ),
        (
            ["main:app", "--limit-chunks-per-turn", "0"],
            "limit-chunks-per-turn must be an integer from 1 to ",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_before_anything_is_started(arguments, told, capsys):
    assert main(["serve", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"waterspout serve: {told}")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--port", "http"], "argument --port: must be a number from 0 to 65535, not 'http'"),
        (["--limit-body-size", "1x"], "argument --limit-body-size: must be a number of bytes"),
        (["--timeout-idle", "-1"], "argument --timeout-idle: "),
        (["--access-log", "xml"], "argument --access-log: must be text, json or off, not 'xml'"),
        (
            ["--trusted-downstream", "10.0.0.1/8"],
            "argument --trusted-downstream: must be a list of",
        ),
        (["--protocol", "ftp"], "argument --protocol: must be http or https, not 'ftp'"),
        (["--loud"], "unrecognized arguments: --loud"),
    ],
)
def test_a_wrong_option(arguments, told, capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(["serve", "main:app", *arguments])
    assert exit_info.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(f"waterspout serve: {told}")
    assert error.count("\n") == 1


def test_sockets_that_make_no_sense_are_told(monkeypatch, capsys):
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "all")
    assert main(["serve", "main:app"]) == 2
    told = "LISTEN_FDS must be a number, 1024 at most, not 'all'"
    assert capsys.readouterr().err == f"waterspout serve: {told}\n"
