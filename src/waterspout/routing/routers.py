"""Routers: they hand each request to the delegate it belongs to."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from waterspout.httputil import (
    HTTPConnection,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
)
from waterspout.log import app_log
from waterspout.routing.delegates import CallableDelegate, RoutingDelegate
from waterspout.routing.rules import Rule, Rules, as_rule

__all__ = ["ReversibleRouter", "ReversibleRuleRouter", "Router", "RuleRouter"]


class Router(HTTPServerConnectionDelegate):
    """Hands each request to a delegate; ``HTTPServer(router)`` serves it. To be derived from."""

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        """Return who takes the request, of which only the head is there yet; None for nobody.

        ``kwargs`` are what the matcher of the rule that led here has found.
        """
        raise NotImplementedError

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Return what takes a request, finds its delegate, and passes everything on to that."""
        return RoutingDelegate(self.find_handler, server_conn, request_conn)


class ReversibleRouter(Router):
    """A router that can tell the paths of its routes by their names."""

    def reverse_url(self, name: str, *args: Any) -> str | None:
        """Return the path of the route called ``name``, with ``args``; None if there is none."""
        raise NotImplementedError


class RuleRouter(Router):
    """Finds the first of its rules that matches and whose target takes the request.

    A rule is a ``Rule``, or ``(matcher, target[, kwargs[, name]])``, where a pattern for the whole
    path will do for a matcher. A target is

    - a list of rules, or another router: where they find nothing the search goes on here;
    - any other ``HTTPServerConnectionDelegate``;
    - an ``HTTPMessageDelegate``, which serves one request after the other;
    - a function that takes an ``HTTPServerRequest``, and answers through its ``connection``.

    Subclasses take other targets by overriding ``get_target_delegate``: so an ``Application``
    takes handler classes. A wrong rule is a ``TypeError`` or ``ValueError`` that names it.
    """

    def __init__(self, rules: Iterable[Any] | None = None) -> None:
        self._rules = Rules((), self._on_change)
        if rules:
            self.add_rules(rules)

    @property
    def rules(self) -> list[Rule]:
        """The rules, in order; the list may be changed."""
        return self._rules

    @rules.setter
    def rules(self, rules: Iterable[Rule]) -> None:
        self._rules = Rules(rules, self._on_change)
        self._on_change()

    def add_rules(self, rules: Iterable[Any]) -> None:
        """Add rules at the end."""
        for rule in rules:
            self.rules.append(self.process_rule(as_rule(rule)))

    def process_rule(self, rule: Rule) -> Rule:
        """Return a rule as it is to be added; to be overridden to look at it or to change it."""
        if isinstance(rule.target, list | tuple):
            rule.target = self._nested(rule.target)
        elif type(self).get_target_delegate is RuleRouter.get_target_delegate:
            _check_target(rule)
        return rule

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        """Return the delegate of the first rule that has one for the request."""
        for rule in self.rules:
            params = rule.matcher.match(request)
            if params is not None:
                if rule.target_kwargs:
                    params = {**params, "target_kwargs": rule.target_kwargs}
                delegate = self.get_target_delegate(rule.target, request, **params)
                if delegate is not None:
                    return delegate
        return None

    def get_target_delegate(
        self, target: Any, request: HTTPServerRequest, **target_params: Any
    ) -> HTTPMessageDelegate | None:
        """Return who takes the request in the name of a target; None for nobody.

        ``target_params`` are what the rule's matcher has found, and the rule's ``target_kwargs``.
        """
        if isinstance(target, Router):
            return target.find_handler(request, **target_params)
        if isinstance(target, HTTPServerConnectionDelegate):
            connection: Any = request.connection
            server = request.server_connection or getattr(connection, "server_connection", None)
            return target.start_request(server, connection)
        if isinstance(target, HTTPMessageDelegate):
            return target
        if callable(target):
            return CallableDelegate(partial(target, **target_params), request)
        return None

    def _nested(self, rules: Iterable[Any]) -> "RuleRouter":
        return RuleRouter(rules)

    def _on_change(self) -> None:
        """Take note that the rules have changed."""


class ReversibleRuleRouter(ReversibleRouter, RuleRouter):
    """A ``RuleRouter`` whose rules may have names."""

    def __init__(self, rules: Iterable[Any] | None = None) -> None:
        self.named_rules: dict[str, Rule] = {}
        super().__init__(rules)

    def process_rule(self, rule: Rule) -> Rule:
        """Take note of a rule's name; of two with the same name the later one has it."""
        rule = super().process_rule(rule)
        if rule.name:
            if rule.name in self.named_rules:
                app_log.warning("two rules are called %r: the later one has the name", rule.name)
            self.named_rules[rule.name] = rule
        return rule

    def reverse_url(self, name: str, *args: Any) -> str | None:
        """Return the path of a rule of this router, or of a router that is a target of one.

        Raises ``ValueError`` where the rule's pattern does not tell the path, and ``TypeError``
        for a wrong number of ``args``.
        """
        rule = self.named_rules.get(name)
        if rule is not None:
            try:
                return rule.reverse(*args)
            except TypeError as error:
                raise TypeError(f"reverse_url({name!r}): {error}") from None
        for rule in self.rules:
            if isinstance(rule.target, ReversibleRouter):
                found = rule.target.reverse_url(name, *args)
                if found is not None:
                    return found
        return None

    def _nested(self, rules: Iterable[Any]) -> RuleRouter:
        return ReversibleRuleRouter(rules)


def _check_target(rule: Rule) -> None:
    target = rule.target
    if isinstance(target, type):
        raise TypeError(
            f"{rule}: {target!r} is a class, and only an Application knows how to make handlers;"
            " the target of a RuleRouter is an object or a function"
        )
    kinds = (HTTPServerConnectionDelegate, HTTPMessageDelegate)
    if not isinstance(target, kinds) and not callable(target):
        raise TypeError(f"{rule}: {target!r} can take no request")
