"""Which handler, or which delegate, a request belongs to: matchers, rules and routers."""

from waterspout.routing.matchers import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    Matcher,
    PathMatches,
)
from waterspout.routing.routers import (
    ReversibleRouter,
    ReversibleRuleRouter,
    Router,
    RuleRouter,
)
from waterspout.routing.rules import Rule, URLSpec

__all__ = [
    "AnyMatches",
    "DefaultHostMatches",
    "HostMatches",
    "Matcher",
    "PathMatches",
    "ReversibleRouter",
    "ReversibleRuleRouter",
    "Router",
    "Rule",
    "RuleRouter",
    "URLSpec",
]
