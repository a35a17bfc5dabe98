"""Tools that know nothing of the web: names and classes from configuration, exceptions, a dict.

Nothing here imports anything else of waterspout.
"""

import datetime
from importlib import import_module
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, NoReturn, Self, cast

__all__ = [
    "Configurable",
    "ObjectDict",
    "errno_from_exception",
    "import_object",
    "raise_exc_info",
    "timedelta_to_seconds",
]


class _Configuration(NamedTuple):
    implementation: "type[Configurable] | None"
    arguments: dict[str, Any]


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
