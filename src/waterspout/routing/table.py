"""The fast way through an application's rules: a path is looked up before patterns are tried."""

from typing import Any

from waterspout.httputil.request import RequestFields
from waterspout.routing.matchers import AnyMatches, HostMatches, PathMatches
from waterspout.routing.rules import Rule

__all__ = ["Route", "RouteTable", "handler_route"]


class Route:
    """What a request leads to: a handler class with its arguments, or a delegate."""

    def __init__(
        self,
        handler_class: Any,
        settings: dict[str, Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        delegate: Any = None,
    ) -> None:
        self.handler_class = handler_class
        #: For the handler's ``initialize``.
        self.settings = settings
        #: For the handler's methods, still encoded.
        self.args = args
        self.kwargs = kwargs or {}
        #: Who takes the request where it is no handler class.
        self.delegate = delegate


def handler_route(
    handler_class: Any,
    target_kwargs: dict[str, Any] | None = None,
    path_args: Any = None,
    path_kwargs: dict[str, Any] | None = None,
) -> Route:
    """Return the route to a handler class with what a matcher has found."""
    return Route(handler_class, target_kwargs or {}, tuple(path_args or ()), path_kwargs)


class RouteTable:
    """The rules of a router, ordered for speed: finds what one after the other would find.

    Classes are taken for handler classes of ``owner``, which is the application; for whatever else
    a rule leads to, the router's ``get_target_delegate`` is asked. Where a target has a
    ``route_table`` of the same owner, that is used. Patterns without special characters are looked
    up in a dictionary; only the others that stand before the one found are tried, so the order
    holds. The table is made at the first request after ``expire``.
    """

    def __init__(self, router: Any, owner: object) -> None:
        self._router = router
        self._owner = owner
        self._is_stale = True
        self._literals: dict[str, tuple[float, Route]] = {}
        #: The rules that a path alone does not decide.
        self._others: list[tuple[int, _Entry]] = []
        #: The literals that no other rule stands before.
        self._first: dict[str, Route] = {}
        #: The table that all requests go to, where there is one.
        self._only: RouteTable | None = None

    def expire(self) -> None:
        """Take note that the rules have changed."""
        self._is_stale = True

    def find(self, request: RequestFields) -> Route | None:
        """Return where ``request`` leads, or None."""
        if self._is_stale:
            self._make()
        if self._only is not None:
            return self._only.find(request)
        path = request.path
        route = self._first.get(path)
        if route is not None:
            return route
        last, route = self._literals.get(path, _NOWHERE)
        for index, entry in self._others:
            if last < index:
                break
            found = entry.find(request)
            if found is not None:
                return found
        return route

    def _make(self) -> None:
        self._literals.clear()
        self._others.clear()
        self._first.clear()
        self._only = None
        rules: list[Rule] = self._router.rules
        for index, rule in enumerate(rules):
            matcher = rule.matcher
            is_path = type(matcher) is PathMatches and isinstance(rule.target, type)
            if is_path and matcher.literal is not None:  # type: ignore[attr-defined]
                self._add_literal(index, matcher.literal, rule)  # type: ignore[attr-defined]
            else:
                self._others.append((index, _PathEntry(rule) if is_path else self._entry(rule)))
        if len(rules) == 1 and _is_any(rules[0].matcher):
            self._only = self._table_of(rules[0].target)
        self._is_stale = False

    def _add_literal(self, index: int, path: str, rule: Rule) -> None:
        if path not in self._literals:
            route = Route(rule.target, rule.target_kwargs)
            self._literals[path] = (index, route)
            if not self._others:
                self._first[path] = route

    def _entry(self, rule: Rule) -> "_Entry":
        return _Entry(rule, self._table_of(rule.target), self._router.get_target_delegate)

    def _table_of(self, target: Any) -> "RouteTable | None":
        found = getattr(target, "route_table", None)
        if not isinstance(found, RouteTable):
            return None
        table: RouteTable = found
        is_ours = table._owner is self._owner and table is not self
        return table if is_ours else None


class _Entry:
    """A rule of any kind."""

    def __init__(self, rule: Rule, table: RouteTable | None, get_delegate: Any) -> None:
        self._match: Any = None if _is_any(rule.matcher) else rule.matcher.match
        self._target = rule.target
        self._settings = rule.target_kwargs
        self._get_delegate = get_delegate
        self._table = table

    def find(self, request: RequestFields) -> Route | None:
        """Return where this rule leads ``request``, or None."""
        params: dict[str, Any] | None = {}
        if self._match is not None:
            params = self._match(request)
        if params is None:
            return None
        if self._table is not None:
            return self._table.find(request)
        if self._settings:
            params = {**params, "target_kwargs": self._settings}
        if isinstance(self._target, type):
            return handler_route(self._target, **params)
        delegate = self._get_delegate(self._target, request, **params)
        return None if delegate is None else Route(None, {}, (), None, delegate)


class _PathEntry(_Entry):
    """A pattern that leads to a handler class."""

    def __init__(self, rule: Rule) -> None:
        _Entry.__init__(self, rule, None, None)
        matcher: Any = rule.matcher
        self._match = matcher.match_path
        self._arguments = matcher.arguments if matcher.regex.groups else None
        self._route = Route(rule.target, rule.target_kwargs)

    def find(self, request: RequestFields) -> Route | None:
        """Return the handler class, with what the groups of the pattern hold."""
        match = self._match(request.path)
        if match is None:
            return None
        if self._arguments is None:
            return self._route
        args, kwargs = self._arguments(match)
        return Route(self._target, self._settings, args, kwargs)


_NOWHERE: tuple[float, None] = (float("inf"), None)


def _is_any(matcher: Any) -> bool:
    if type(matcher) is HostMatches:
        return matcher.is_any
    return type(matcher) is AnyMatches
