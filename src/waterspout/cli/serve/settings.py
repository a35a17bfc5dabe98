"""What the user wants in all: the defaults, over them the TOML file, over it the command line."""

import difflib
import tomllib
from pathlib import Path
from typing import Any

from waterspout.cli.serve.options import OPTIONS

__all__ = ["APP_KEY", "read_file", "settings_of"]

#: What in TOML stands for the argument that is no option.
APP_KEY = "app"

# A configuration has some dozens of lines: what is longer is another file.
_MAX_FILE_SIZE = 1024 * 1024


def read_file(name: str) -> dict[str, Any]:
    """Return the settings in a TOML file, by the keys of their options.

    ``OSError`` where it cannot be read; ``ValueError``, which names the file and the key, where it
    is no TOML, has a key that is no option, or a value of the wrong kind.
    """
    try:
        with open(name, "rb") as file:
            data = file.read(_MAX_FILE_SIZE + 1)
    except OSError as error:
        raise type(error)(f"cannot read {name}: {error.strerror}") from None
    if len(data) > _MAX_FILE_SIZE:
        raise ValueError(f"{name}: too large for a configuration")
    try:
        tables = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{name}: no TOML: {error}") from None
    options = {option.name: option for option in OPTIONS}
    settings: dict[str, Any] = {}
    for key, value in tables.items():
        if key == APP_KEY and isinstance(value, str):
            settings[APP_KEY] = value
        elif key in options:
            try:
                settings[options[key].key] = options[key].kind.read(value)
            except ValueError as error:
                raise ValueError(f"{name}: key {key!r} {error}") from None
        elif key == APP_KEY:
            raise ValueError(f"{name}: key {key!r} must be a text MODULE:APP, not {value!r}")
        elif isinstance(value, dict):
            raise ValueError(f"{name}: no key {key!r}: options stand by themselves, in no table")
        else:
            raise ValueError(f"{name}: no key {key!r}{_hint(key, [*options, APP_KEY])}")
    return settings


def settings_of(command_line: dict[str, Any]) -> dict[str, Any]:
    """Return all settings by the keys of their options, and the application's name.

    ``command_line`` has what was given there, and ``config``, the name of a file, maybe. Raises as
    `read_file`, and ``ValueError`` where two settings contradict each other.
    """
    given = dict(command_line)
    file = given.pop("config", None)
    if file is not None:
        given = read_file(file) | given
    settings = {option.key: option.default for option in OPTIONS} | given
    if settings["keyfile"] and not settings["certfile"]:
        raise ValueError("keyfile needs a certfile")
    if settings["unix"] and given.keys() & {"host", "port"}:
        raise ValueError("unix is instead of host and port: give the one or the other")
    if settings["trusted_downstream"] and not (settings["xheaders"] or settings["proxy_protocol"]):
        raise ValueError("trusted-downstream is for xheaders or proxy-protocol: give one of them")
    if settings["reload"]:
        if settings["workers"] != 1:
            raise ValueError("reload is for development, with one worker")
        if "grace" not in given:
            settings["grace"] = 1.0
    if settings["max_memory"] is not None and not Path("/proc/self/statm").exists():
        raise ValueError("max-memory needs /proc, which this system has not")
    if not settings.get(APP_KEY):
        raise ValueError("which application? Name it as MODULE:APP, for instance main:app")
    return settings


def _hint(key: str, keys: list[str]) -> str:
    alike = difflib.get_close_matches(key.replace("_", "-"), keys, n=1)
    return f", did you mean {alike[0]!r}?" if alike else ""
