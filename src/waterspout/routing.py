"""Which handler a path belongs to: rules by regular expression, in order."""

import re
from collections.abc import Iterable
from typing import Any

from waterspout.escape import url_unescape

__all__ = ["PathRouter", "Route", "URLSpec"]

_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")


class URLSpec:
    r"""A rule: paths that match ``pattern`` go to ``handler``.

    ``pattern`` is a regular expression for the whole path; one that is compiled already is held
    against the path's beginning. Its groups become arguments of the handler's methods: by
    position, or by name where they have names. ``kwargs`` go to the handler's ``initialize``;
    ``name`` names the rule. Raises ``ValueError`` for a pattern that is no regular expression and
    ``TypeError`` for a handler that is no class.
    """

    def __init__(
        self,
        pattern: str | re.Pattern[str],
        handler: Any,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(pattern, re.Pattern):
            self.regex = pattern
            self.match = pattern.match
        elif isinstance(pattern, str):
            try:
                self.regex = re.compile(pattern if pattern.endswith("$") else pattern + "$")
            except re.error as error:
                raise ValueError(f"rule {pattern!r}: no regular expression: {error}") from None
            # The end holds for each alternative, not only for the last one.
            self.match = self.regex.fullmatch
        else:
            raise TypeError(f"rule {pattern!r}: a pattern is text or a compiled expression")
        if not isinstance(handler, type):
            raise TypeError(f"rule {self.regex.pattern!r}: {handler!r} is no handler class")
        if not _is_keywords(kwargs):
            raise TypeError(f"rule {self.regex.pattern!r}: {kwargs!r} are no keyword arguments")
        self.handler_class = handler
        self.kwargs = kwargs or {}
        self.name = name
        #: The one path that the pattern matches, where it matches only one.
        self.literal = _literal(self.regex)
        self._has_names = bool(self.regex.groupindex)

    def route(self, match: re.Match[str]) -> "Route":
        """Return the route with what the groups of a match hold, unquoted."""
        if self._has_names:
            named = {name: _unquoted(value) for name, value in match.groupdict().items()}
            return Route(self.handler_class, self.kwargs, (), named)
        args = tuple([_unquoted(value) for value in match.groups()])
        return Route(self.handler_class, self.kwargs, args)

    def __repr__(self) -> str:
        return f"URLSpec({self.regex.pattern!r}, {self.handler_class.__name__})"


class Route:
    """What a path leads to: a rule, and the arguments that its groups found."""

    def __init__(
        self,
        handler_class: Any,
        settings: dict[str, Any],
        args: tuple[bytes | None, ...] = (),
        kwargs: dict[str, bytes | None] | None = None,
    ) -> None:
        self.handler_class = handler_class
        #: For the handler's ``initialize``.
        self.settings = settings
        #: For the handler's methods, still encoded.
        self.args = args
        self.kwargs = kwargs or {}


class PathRouter:
    """Finds the first rule, in their order, whose pattern matches the whole path.

    Patterns without special characters are looked up in a dictionary; only the others that stand
    before the one found are tried, so the order holds.
    """

    def __init__(self, rules: Iterable[Any]) -> None:
        self.specs = [_as_spec(rule) for rule in rules]
        self._literals: dict[str, tuple[int, Route]] = {}
        self._patterns: list[tuple[int, URLSpec]] = []
        #: The literals that no pattern stands before.
        self._first: dict[str, Route] = {}
        for index, spec in enumerate(self.specs):
            if spec.literal is None:
                self._patterns.append((index, spec))
            elif spec.literal not in self._literals:
                route = Route(spec.handler_class, spec.kwargs)
                self._literals[spec.literal] = (index, route)
                if not self._patterns:
                    self._first[spec.literal] = route

    def find(self, path: str) -> Route | None:
        """Return where ``path`` leads, or None."""
        route = self._first.get(path)
        if route is not None:
            return route
        last, route = self._literals.get(path, _NOWHERE)
        for index, spec in self._patterns:
            if last < index:
                break
            match = spec.match(path)
            if match is not None:
                return spec.route(match)
        return route


_NOWHERE: tuple[float, None] = (float("inf"), None)


def _as_spec(rule: Any) -> URLSpec:
    if isinstance(rule, URLSpec):
        return rule
    if isinstance(rule, tuple | list) and 2 <= len(rule) <= 4:
        return URLSpec(*rule)
    raise TypeError(f"no rule: {rule!r} (expected (pattern, handler[, kwargs[, name]]))")


def _is_keywords(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value)
    return value is None


def _literal(regex: re.Pattern[str]) -> str | None:
    path = regex.pattern.removesuffix("$")
    if regex.flags & ~re.UNICODE or _SPECIAL.search(path) or path == regex.pattern:
        return None
    return path


def _unquoted(value: str | None) -> bytes | None:
    return None if value is None else url_unescape(value, encoding=None, plus=False)
