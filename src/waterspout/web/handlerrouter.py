"""The router of an application: its targets may be handler classes too."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from waterspout.httputil import HTTPMessageDelegate, HTTPServerConnectionDelegate, HTTPServerRequest
from waterspout.routing import ReversibleRuleRouter, Rule, RuleRouter
from waterspout.routing.table import RouteTable
from waterspout.web.handler import RequestHandler

if TYPE_CHECKING:
    from waterspout.web.application import Application

__all__ = ["HandlerRouter"]


class HandlerRouter(ReversibleRuleRouter):
    """Finds handlers for the requests to ``application`` by ``rules``."""

    def __init__(self, application: "Application", rules: Iterable[Any] | None = None) -> None:
        self.application = application
        #: The same rules, for the fast way through them.
        self.route_table = RouteTable(self, application)
        super().__init__(rules)

    def process_rule(self, rule: Rule) -> Rule:
        """Take a rule whose target can take requests; ``TypeError`` for any other.

        Raises ``ValueError`` for keywords that the handler class knows to be wrong.
        """
        rule = super().process_rule(rule)
        target = rule.target
        if isinstance(target, type):
            if not issubclass(target, RequestHandler):
                raise TypeError(f"{rule}: {target!r} is no RequestHandler class")
            try:
                target._check_keywords(rule.target_kwargs)
            except ValueError as error:
                raise ValueError(f"{rule}: {error}") from None
        elif not (
            isinstance(target, HTTPServerConnectionDelegate | HTTPMessageDelegate)
            or callable(target)
        ):
            raise TypeError(f"{rule}: {target!r} is no handler class, and can take no request")
        return rule

    def get_target_delegate(
        self, target: Any, request: HTTPServerRequest, **target_params: Any
    ) -> HTTPMessageDelegate | None:
        """Return who takes the request in the name of a target, be it a handler class."""
        if isinstance(target, type):
            return self.application.get_handler_delegate(request, target, **target_params)
        return super().get_target_delegate(target, request, **target_params)

    def _nested(self, rules: Iterable[Any]) -> RuleRouter:
        return HandlerRouter(self.application, rules)

    def _on_change(self) -> None:
        self.route_table.expire()
