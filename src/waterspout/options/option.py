"""One option: its type, its value, and who is told when that changes."""

from collections.abc import Callable
from typing import Any

from waterspout.options.errors import InvalidValueError
from waterspout.options.values import parse_list, parse_value

__all__ = ["Option", "normalized"]

_UNSET = object()


def normalized(name: str) -> str:
    """Return the name by which an option is found: underscores and dashes are alike."""
    return name.replace("_", "-")


class Option:
    """An option as it was defined, and its value: the default until it is set.

    Of one with ``multiple`` the value is a list. ``file`` is where it was defined.
    """

    def __init__(
        self,
        name: str,
        default: Any,
        type: Any,
        help: str | None,
        metavar: str | None,
        multiple: bool,
        group: str,
        callback: Callable[[Any], object] | None,
        file: str,
    ) -> None:
        self.name = name
        self.default = [] if default is None and multiple else default
        self.type = type
        self.help = help
        self.metavar = metavar
        self.multiple = multiple
        self.group = group
        self.callback = callback
        self.file = file
        self._value: Any = _UNSET

    @property
    def value(self) -> Any:
        """The value, or the default."""
        return self.default if self._value is _UNSET else self._value

    def parse(self, text: str) -> None:
        """Set the value that ``text`` stands for; ``InvalidValueError`` if it is none."""
        try:
            parse = parse_list if self.multiple else parse_value
            value = parse(text, self.type)
        except ValueError as error:
            raise InvalidValueError(f"option {self.name!r} {error}") from error
        self._set(value)

    def set(self, value: Any) -> None:
        """Set the value, which is of the type or None; ``InvalidValueError`` if it is neither.

        A list is taken for one with ``multiple``, of such values.
        """
        wanted = getattr(self.type, "__name__", repr(self.type))
        if not self.multiple:
            if not self._is_value(value):
                given = type(value).__name__
                raise InvalidValueError(f"option {self.name!r} takes {wanted}, not {given}")
        elif not isinstance(value, list):
            given = type(value).__name__
            raise InvalidValueError(f"option {self.name!r} takes a list of {wanted}, not {given}")
        else:
            for number, each in enumerate(value):
                if not self._is_value(each):
                    given = type(each).__name__
                    raise InvalidValueError(
                        f"option {self.name!r} takes a list of {wanted}; item {number} is {given}"
                    )
        self._set(value)

    def _is_value(self, value: Any) -> bool:
        # A type that is just a function makes values of any class.
        return value is None or not isinstance(self.type, type) or isinstance(value, self.type)

    def _set(self, value: Any) -> None:
        self._value = value
        if self.callback is not None:
            self.callback(value)
