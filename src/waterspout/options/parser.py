"""`OptionParser`: a set of options, and where their values come from."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO

from waterspout.options.configfile import ConfigFile
from waterspout.options.errors import Error, InvalidValueError
from waterspout.options.help import help_lines
from waterspout.options.option import Option, normalized

__all__ = ["OptionParser"]

_PACKAGE = __name__.rpartition(".")[0]


class OptionParser:
    """A set of options, each an attribute and an item of its name; see `define`.

    In a name underscores and dashes are alike. To set one checks the type. What is not defined is
    an ``AttributeError``. Most programs need but one, `waterspout.options.options`.

    Belongs to the thread that starts the program; others may read.
    """

    _options: dict[str, Option]
    _parse_callbacks: list[Callable[[], object]]

    def __init__(self) -> None:
        # Not by attributes: those are options.
        self.__dict__["_options"] = {}
        self.__dict__["_parse_callbacks"] = []
        self._define("help", type=bool, help="show this help information", callback=self._on_help)

    def _find(self, name: str) -> Option:
        # Who copies an object asks for attributes before it has any.
        option = self.__dict__.get("_options", {}).get(normalized(name))
        if not isinstance(option, Option):
            raise AttributeError(f"Unrecognized option {name!r}")
        return option

    def __getattr__(self, name: str) -> Any:
        return self._find(name).value

    def __setattr__(self, name: str, value: Any) -> None:
        self._find(name).set(value)

    def __getitem__(self, name: str) -> Any:
        return self._find(name).value

    def __setitem__(self, name: str, value: Any) -> None:
        self._find(name).set(value)

    def __contains__(self, name: str) -> bool:
        return normalized(name) in self._options

    def __iter__(self) -> Iterator[str]:
        return (option.name for option in self._options.values())

    def __repr__(self) -> str:
        # Without the values, for some are secret.
        return f"<{type(self).__name__} {' '.join(self)}>"

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return names and values, in the order of their definition."""
        return [(option.name, option.value) for option in self._options.values()]

    def as_dict(self) -> dict[str, Any]:
        """Return the values by name."""
        return dict(self.items())

    def groups(self) -> set[str]:
        """Return the names of the groups: those given to `define`, and files."""
        return {option.group for option in self._options.values()}

    def group_dict(self, group: str) -> dict[str, Any]:
        """Return the values of a group by name; of all, if ``group`` is empty."""
        options = self._options.values()
        return {each.name: each.value for each in options if not group or each.group == group}

    # Define

    def define(
        self,
        name: str,
        default: Any = None,
        type: type | None = None,
        help: str | None = None,
        metavar: str | None = None,
        multiple: bool = False,
        group: str | None = None,
        callback: Callable[[Any], object] | None = None,
    ) -> None:
        """Define the option ``name``, which is ``default`` until it is given.

        ``type`` is ``str``, ``int``, ``float``, ``bool``, ``datetime``, ``timedelta`` or whatever
        takes a text; if None, that of the default, or ``str``. The value of one with ``multiple``
        is a list: values between commas, of whole numbers ranges too, such as ``1:3``.

        A date may be ``2026-01-31 12:00:00``, ``20260131`` or ``12:00``; a length of time ``90s``
        or ``1h 30m``, with units from ``us`` to ``w``, without one in seconds.

        ``help``, ``metavar`` and ``group`` (if None, the file that defines it) are what ``--help``
        shows. ``callback`` is called with each new value. Raises ``Error`` if there is one of that
        name, or for a name that no command line could give.
        """
        file = _calling_file()
        if type is None:
            type = str if multiple or default is None else default.__class__
        self._define(
            name, default, type, help, metavar, multiple, group or file, callback, file=file
        )

    def _define(
        self,
        name: str,
        default: Any = None,
        type: Any = str,
        help: str | None = None,
        metavar: str | None = None,
        multiple: bool = False,
        group: str = "",
        callback: Callable[[Any], object] | None = None,
        file: str = "",
    ) -> None:
        key = normalized(name)
        if not key.lstrip("-") or "=" in key:
            raise Error(f"an option cannot have the name {name!r}")
        if key in self._options:
            place = self._options[key].file
            raise Error(f"Option {name!r} already defined in {place or 'waterspout itself'}")
        self._options[key] = Option(
            name, default, type, help, metavar, multiple, group, callback, file
        )

    # Parse

    def parse_command_line(
        self, args: Sequence[str] | None = None, final: bool = True
    ) -> list[str]:
        """Take the options from ``args`` (None: ``sys.argv``), and return what comes behind them.

        The first of ``args`` is the program. An option is ``--name=value``, or ``--name`` for one
        that is true; they end at ``--``, which is dropped, or at what does not begin with a dash.
        ``--help`` prints the help and exits. If ``final``, the parse callbacks are run.

        Raises ``Error`` for an option that is not defined, after printing the help, for one
        without a value, and, as ``InvalidValueError``, for a value that is none.
        """
        given = list(sys.argv if args is None else args)[1:]
        rest: list[str] = []
        for number, arg in enumerate(given):
            if not arg.startswith("-"):
                rest = given[number:]
                break
            if arg == "--":
                rest = given[number + 1 :]
                break
            self._parse_argument(arg)
        if final:
            self.run_parse_callbacks()
        return rest

    def _parse_argument(self, arg: str) -> None:
        name, equals, value = arg.lstrip("-").partition("=")
        option = self._options.get(normalized(name))
        if option is None:
            self.print_help()
            raise Error(f"Unrecognized command line option: {name!r}{self._similar(name)}")
        if not equals:
            if option.type is not bool:
                raise Error(f"Option {name!r} requires a value: --{normalized(name)}=VALUE")
            value = "true"
        option.parse(value)

    def _similar(self, name: str) -> str:
        from difflib import get_close_matches  # it is for errors alone

        found = get_close_matches(normalized(name)[:100], self._options, 1)
        return f"; did you mean --{found[0]}?" if found else ""

    def parse_config_file(self, path: str | os.PathLike[str], final: bool = True) -> None:
        """Run the Python in the file at ``path``, and take the options from its global names.

        A value has the option's type, or is a text as on a command line; for one with
        ``multiple``, a list or such a text. Other names mean nothing. ``__file__`` is the path. If
        ``final``, the parse callbacks are run.

        Raises ``OSError`` if it can't be read, and ``Error`` with file and line if it is no Python,
        fails, or has a value that is none. It can do all that the program can: never parse what
        somebody else has written.
        """
        file = ConfigFile(path)
        for name, value in list(file.values.items()):
            option = self._options.get(normalized(name))
            if option is None:
                continue
            is_text = type(value) is str and (option.multiple or option.type is not str)
            try:
                option.parse(value) if is_text else option.set(value)
            except Error as error:
                kind = InvalidValueError if isinstance(error, InvalidValueError) else Error
                raise kind(f"{file.place_of(name)}: {error}") from error
        if final:
            self.run_parse_callbacks()

    def add_parse_callback(self, callback: Callable[[], object]) -> None:
        """Have ``callback`` called when all options have been parsed, each time."""
        self._parse_callbacks.append(callback)

    def run_parse_callbacks(self) -> None:
        """Call the parse callbacks, in their order."""
        for callback in self._parse_callbacks:
            callback()

    # Help

    def print_help(self, file: TextIO | None = None) -> None:
        """Print what options there are to ``file`` (None: the standard error)."""
        program = sys.argv[0] if sys.argv else ""
        for line in help_lines(program, self._options.values()):
            print(line, file=sys.stderr if file is None else file)

    def _on_help(self, value: bool) -> None:
        if value:
            self.print_help()
            sys.exit(0)

    def mockable(self) -> "_Mockable":
        """Return an object whose attributes are the options, for ``mock.patch.object``.

        with mock.patch.object(options.mockable(), "port", 0):
            ...
        """
        return _Mockable(self)


class _Mockable:
    """The options as attributes that can be deleted: then they are what they were."""

    def __init__(self, options: OptionParser) -> None:
        self.__dict__["_options"] = options
        self.__dict__["_originals"] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._originals:
            raise AssertionError(f"{name!r} is patched already; make a mockable() for each patch")
        original = getattr(self._options, name)
        setattr(self._options, name, value)
        self._originals[name] = original

    def __delattr__(self, name: str) -> None:
        if name in self._originals:  # or the value was refused
            setattr(self._options, name, self._originals.pop(name))


def _calling_file() -> str:
    """Return the file of the first caller outside of this room."""
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    return frame.f_code.co_filename
