"""Tools that know nothing of the web: names and classes from configuration, arguments, gzip.

Nothing here imports anything else of waterspout.
"""

import datetime
import inspect
import re
import sys
import zlib
from builtins import TimeoutError  # One for all: gen.with_timeout, run_sync and asyncio raise it.
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, cast

if TYPE_CHECKING:
    import unittest

__all__ = [
    "ArgReplacer",
    "Configurable",
    "GzipDecompressor",
    "ObjectDict",
    "TimeoutError",
    "basestring_type",
    "bytes_type",
    "doctests",
    "errno_from_exception",
    "exec_in",
    "import_object",
    "raise_exc_info",
    "re_unescape",
    "timedelta_to_seconds",
    "unicode_type",
]

# What programs of two Pythons called them.
bytes_type = bytes
unicode_type = str
basestring_type = str


class _Configuration:
    __slots__ = ("arguments", "implementation")

    def __init__(
        self, implementation: "type[Configurable] | None", arguments: dict[str, Any]
    ) -> None:
        self.implementation = implementation
        self.arguments = arguments


class Configurable:
    """An interface whose constructor makes an instance of the subclass that was chosen for it.

    The class at the root of such a family defines the class methods `configurable_base` (itself)
    and `configurable_default` (the subclass in use until `configure` names another). Subclasses
    take their arguments in `initialize`, not in ``__init__``.

    Choose before the first instance is made, in one thread: nothing here takes a lock.
    """

    # In the __dict__ of each base that was configured.
    _configuration: ClassVar[_Configuration | None] = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make an instance of `configured_class()`, or of `cls` if that is an implementation."""
        base = cls.configurable_base()
        implementation: type[Any] = cls
        if cls is base:
            implementation = cls.configured_class()
            configured = cls.__dict__.get("_configuration")
            if configured is not None:
                kwargs = {**configured.arguments, **kwargs}
            if implementation.configurable_base() is not base:
                # The chosen one is the base of a family of its own.
                return cast("Self", implementation(*args, **kwargs))
        instance: Self = super().__new__(implementation)
        instance.initialize(*args, **kwargs)
        return instance

    @classmethod
    def configurable_base(cls) -> "type[Configurable]":
        """Return the class that is configured; commonly the one that defines this method."""
        raise NotImplementedError

    @classmethod
    def configurable_default(cls) -> "type[Configurable]":
        """Return the subclass to be used while none is configured."""
        raise NotImplementedError

    def initialize(self) -> None:
        """Take the arguments of the constructor, in the place of ``__init__``."""

    @classmethod
    def configure(cls, impl: "str | type[Configurable] | None", **kwargs: Any) -> None:
        """Choose the class, or the dotted name of the class, that `cls()` makes an instance of.

        None chooses the default. `kwargs` are passed to its `initialize`, unless the caller of the
        constructor says otherwise; not so where an implementation is instantiated by its own name.

        Raises ImportError for a name that isn't there, ValueError for what is no subclass.
        """
        base = cls.configurable_base()
        chosen = import_object(impl) if isinstance(impl, str) else impl
        if chosen is not None and not (isinstance(chosen, type) and issubclass(chosen, cls)):
            raise ValueError(f"Invalid subclass of {cls}: {chosen!r}")
        base._configuration = _Configuration(chosen, kwargs)

    @classmethod
    def configured_class(cls) -> "type[Configurable]":
        """Return the class that `cls()` makes an instance of."""
        configured = cls.configurable_base().__dict__.get("_configuration")
        if configured is None or configured.implementation is None:
            return cls.configurable_default()
        implementation: type[Configurable] = configured.implementation
        return implementation


class ObjectDict(dict[str, Any]):
    """A dict whose keys can be read and written as attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class ArgReplacer:
    """Finds one argument in calls of ``func``, given by position or by ``name``; for decorators.

    Raises ``TypeError`` for what has no signature.
    """

    def __init__(self, func: Callable[..., Any], name: str) -> None:
        self.name = name
        positional = inspect.getfullargspec(func).args
        #: Where it stands among the positional arguments; None where it is only given by name.
        self.arg_pos = positional.index(name) if name in positional else None

    def get_old_value(
        self, args: Sequence[Any], kwargs: dict[str, Any], default: Any = None
    ) -> Any:
        """Return the argument as a call with ``args`` and ``kwargs`` has it, or ``default``."""
        if self._is_positional(args):
            return args[cast("int", self.arg_pos)]
        return kwargs.get(self.name, default)

    def replace(
        self, new_value: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> tuple[Any, Sequence[Any], dict[str, Any]]:
        """Return what the argument was, or None, and ``args`` and ``kwargs`` with the new value.

        Those that were given are left as they are.
        """
        old_value = self.get_old_value(args, kwargs)
        if self._is_positional(args):
            args = list(args)
            args[cast("int", self.arg_pos)] = new_value
        else:
            kwargs = {**kwargs, self.name: new_value}
        return old_value, args, kwargs

    def _is_positional(self, args: Sequence[Any]) -> bool:
        return self.arg_pos is not None and self.arg_pos < len(args)


class GzipDecompressor:
    """Undoes gzip piece by piece: one member of RFC 1952; what stands behind it is dropped.

    Raises ``zlib.error`` for what is no gzip. One object is used by one thread at a time.
    """

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._has_begun = False

    def decompress(self, value: bytes, max_length: int = 0) -> bytes:
        """Return what ``value`` unfolds to, at most ``max_length`` bytes of it; 0 is no bound.

        What had no room is in `unconsumed_tail`: give it back with the next call. A megabyte may
        unfold to a gigabyte, so leave the bound away only for data that you trust.
        """
        self._has_begun = self._has_begun or bool(value)
        return b"" if self._engine.eof else self._engine.decompress(value, max_length)

    @property
    def unconsumed_tail(self) -> bytes:
        """The end of the last ``value``, which a ``max_length`` left no room for."""
        # Behind the end zlib leaves there what it has been given, for ever.
        return b"" if self._engine.eof else self._engine.unconsumed_tail

    def flush(self) -> bytes:
        """Return what is left, to be called last; ``zlib.error`` where the data ended too early.

        It has no bound: where there was one, call `decompress` until `unconsumed_tail` is empty.
        """
        rest = self._engine.flush()
        if self._has_begun and not self._engine.eof:
            raise zlib.error("the data ended inside its gzip member")
        return rest


def import_object(name: str) -> Any:
    """Import what a dotted name stands for: a module, or an object in one.

    Raises ImportError if there is no such module, or no such name in it.
    """
    module_name, _, attribute = name.rpartition(".")
    if not module_name:
        return import_module(name)
    # A submodule is an attribute of its package only once it was imported; `fromlist` does that.
    package = __import__(module_name, fromlist=[attribute])
    try:
        return getattr(package, attribute)
    except AttributeError:
        raise ImportError(f"No module named {attribute}") from None


def errno_from_exception(e: BaseException) -> int | None:
    """Return the errno of an exception: its attribute, where it has one, or its first argument."""
    errno: int | None = getattr(e, "errno", e.args[0] if e.args else None)
    return errno


def raise_exc_info(
    exc_info: tuple[type[BaseException] | None, BaseException | None, TracebackType | None],
) -> NoReturn:
    """Raise again what `sys.exc_info()` returned, with its traceback.

    Raises TypeError if it held no exception.
    """
    try:
        if exc_info[1] is None:
            raise TypeError("raise_exc_info called with no exception")
        raise exc_info[1].with_traceback(exc_info[2])
    finally:
        del exc_info  # The traceback has this frame.


def timedelta_to_seconds(td: datetime.timedelta) -> float:
    """Return `td.total_seconds()`."""
    return td.total_seconds()


def exec_in(
    code: str | CodeType, glob: dict[str, Any], loc: Mapping[str, Any] | None = None
) -> None:
    """Run code, or the text of some, with ``glob`` for its globals and ``loc`` for its locals.

    Text is compiled as a module of its own: it inherits no ``__future__`` of ours. It can do all
    that the program can: never run what somebody else has written.
    """
    if isinstance(code, str):
        code = compile(code, "<string>", "exec", dont_inherit=True)
    exec(code, glob, loc)  # noqa: S102 - that is what it is for


def re_unescape(s: str) -> str:
    r"""Return the text that ``re.escape`` made ``s`` of.

    >>> re_unescape(re.escape("a.b"))
    'a.b'

    Raises ``ValueError`` for what it never makes, such as ``\d``.
    """
    return re.sub(r"\\(.)", _unescaped, s, flags=re.DOTALL)


def _unescaped(match: re.Match[str]) -> str:
    if match[1].isascii() and match[1].isalnum():
        raise ValueError(f"cannot unescape {match[0]!r}")
    return match[1]


def doctests() -> "unittest.TestSuite":
    """Return the examples of this module as a suite, for a ``load_tests`` of ``unittest``."""
    import doctest

    return doctest.DocTestSuite(sys.modules[__name__])
