"""Rules: which requests go where."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from waterspout.routing.matchers import Matcher, PathMatches
from waterspout.util import import_object

__all__ = ["Rule", "Rules", "URLSpec", "as_rule"]


class Rule:
    """Requests that ``matcher`` matches go to ``target``.

    ``RuleRouter`` says what a target may be; text is the dotted name of one. ``target_kwargs`` are
    what it is made with: for a handler class, the keywords of ``initialize``. ``name`` names the
    rule for ``reverse_url``. Raises ``TypeError`` for what is no matcher, no keywords or no name,
    and ``ImportError`` for a dotted name of nothing.
    """

    def __init__(
        self,
        matcher: Matcher,
        target: Any,
        target_kwargs: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.matcher = matcher
        if not callable(getattr(matcher, "match", None)):
            raise TypeError(f"{self}: {matcher!r} is no Matcher, and no pattern for a path")
        if not _is_keywords(target_kwargs):
            raise TypeError(f"{self}: {target_kwargs!r} are no keyword arguments")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"{self}: {name!r} is no name")
        self.target = self._imported(target) if isinstance(target, str) else target
        self.target_kwargs = target_kwargs or {}
        self.name = name

    def reverse(self, *args: Any) -> str | None:
        """Return the path of a request that matches with ``args``; None where there is no one."""
        return self.matcher.reverse(*args)

    def _imported(self, name: str) -> Any:
        try:
            return import_object(name)
        except ImportError as error:
            raise ImportError(f"{self}: its target {name!r} cannot be imported: {error}") from error

    def __str__(self) -> str:
        matcher = self.matcher
        found = matcher.regex.pattern if isinstance(matcher, PathMatches) else matcher
        return f"rule {found!r}"

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.matcher!r}, {self.target!r},"
            f" kwargs={self.target_kwargs!r}, name={self.name!r})"
        )


class URLSpec(Rule):
    """A rule for paths; ``pattern`` is as in ``PathMatches``, the rest as in ``Rule``."""

    def __init__(
        self,
        pattern: str | re.Pattern[str],
        handler: Any,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        matcher = PathMatches(pattern)
        super().__init__(matcher, handler, kwargs, name)
        self.regex = matcher.regex
        self.handler_class = self.target
        self.kwargs = kwargs

    def __repr__(self) -> str:
        return (
            f"URLSpec({self.regex.pattern!r}, {self.handler_class!r},"
            f" kwargs={self.kwargs!r}, name={self.name!r})"
        )


class Rules(list[Rule]):
    """The rules of a router, in order: a list that calls ``on_change`` when it has changed."""

    def __init__(self, rules: Iterable[Rule], on_change: Callable[[], None]) -> None:
        super().__init__(rules)
        self._on_change = on_change


def _telling(name: str) -> Callable[..., Any]:
    change = getattr(list, name)

    def method(self: Rules, *args: Any, **kwargs: Any) -> Any:
        try:
            return change(self, *args, **kwargs)
        finally:
            self._on_change()

    method.__name__ = name
    return method


for _name in (
    *("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"),
    *("__delitem__", "__iadd__", "__imul__", "__setitem__"),
):
    setattr(Rules, _name, _telling(_name))


def as_rule(rule: Any) -> Rule:
    """Return a rule of ``(matcher or pattern, target[, kwargs[, name]])``, or of a rule."""
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, tuple | list) and 2 <= len(rule) <= 4:
        matcher, *rest = rule
        if isinstance(matcher, str | re.Pattern):
            matcher = PathMatches(matcher)
        return Rule(matcher, *rest)
    raise TypeError(f"no rule: {rule!r} (expected (pattern, handler[, kwargs[, name]]))")


def _is_keywords(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value)
    return value is None
