"""Which requests a rule is for: matchers of paths and of hosts."""

import re
from typing import Any

from waterspout.escape import url_unescape
from waterspout.httputil import HTTPServerRequest
from waterspout.routing.reversing import Template, find_template

__all__ = ["AnyMatches", "DefaultHostMatches", "HostMatches", "Matcher", "PathMatches"]

_SPECIAL = r"[.^$*+?{}\[\]\\|()]"


class Matcher:
    """Tells whether a request is one for its rule; to be derived from."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return None for a request of somebody else's, else what the target is to be told.

        A handler class takes ``path_args``, a list, and ``path_kwargs``, a dictionary: they become
        the arguments of its methods, bytes decoded by its ``decode_argument``. A function takes
        whatever keywords it has.
        """
        raise NotImplementedError

    def reverse(self, *args: Any) -> str | None:
        """Return the path of a request that matches with ``args``; None where there is no one."""
        return None


class AnyMatches(Matcher):
    """Matches every request."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return an empty dictionary."""
        return {}


class HostMatches(Matcher):
    """Matches requests for the hosts that ``host_pattern`` describes.

    It is a regular expression for the whole name, without a port and in lower case; one that is
    compiled already is held against the name's beginning. Raises ``ValueError`` for a pattern that
    is no regular expression.
    """

    def __init__(self, host_pattern: str | re.Pattern[str]) -> None:
        self.host_pattern, self._match = _compile("host", host_pattern)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return an empty dictionary if the request's host matches."""
        return None if self._match(request.host_name) is None else {}

    @property
    def is_any(self) -> bool:
        """Whether the pattern matches every host there is."""
        return self.host_pattern.pattern in (".*", ".*$")

    def __repr__(self) -> str:
        return f"HostMatches({self.host_pattern.pattern!r})"


class DefaultHostMatches(Matcher):
    """Matches if ``host_pattern`` matches the ``default_host`` of ``application``.

    So a request for a host that no rule knows is served as one for the default host. One with the
    field ``X-Real-Ip`` never is: it comes by way of a proxy, which has chosen the host.
    """

    def __init__(self, application: Any, host_pattern: re.Pattern[str]) -> None:
        self.application = application
        self.host_pattern, self._match = _compile("host", host_pattern)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return an empty dictionary if the application's default host matches."""
        if "X-Real-Ip" in request.headers or self.application.default_host is None:
            return None
        return None if self._match(self.application.default_host) is None else {}

    def __repr__(self) -> str:
        return f"DefaultHostMatches({self.host_pattern.pattern!r})"


class PathMatches(Matcher):
    """Matches requests whose path ``path_pattern`` describes.

    It is a regular expression for the whole path, without the query; one that is compiled already
    is held against the path's beginning. What its groups hold is for the target: by position, or
    by name where they have names, unquoted, as bytes. Raises ``ValueError`` for a pattern that is
    no regular expression, or where only some of the groups have names.
    """

    def __init__(self, path_pattern: str | re.Pattern[str]) -> None:
        self.regex, self.match_path = _compile("rule", path_pattern)
        named = len(self.regex.groupindex)
        if named and named != self.regex.groups:
            raise ValueError(
                f"rule {self.regex.pattern!r}: either all groups have names or none has"
            )
        self._has_names = named > 0
        #: The one path that the pattern matches, where it matches only one.
        self.literal = _literal(self.regex)
        self._template: Template | None = None

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return ``path_args`` and ``path_kwargs`` if the request's path matches."""
        match = self.match_path(request.path)
        if match is None:
            return None
        if not self.regex.groups:
            return {}
        args, kwargs = self.arguments(match)
        return {"path_args": list(args), "path_kwargs": kwargs}

    def arguments(
        self, match: re.Match[str]
    ) -> tuple[tuple[bytes | None, ...], dict[str, bytes | None]]:
        """Return what the groups of a match hold: by position, and by name."""
        if self._has_names:
            return (), {name: _unquoted(value) for name, value in match.groupdict().items()}
        return tuple([_unquoted(value) for value in match.groups()]), {}

    def reverse(self, *args: Any) -> str | None:
        """Return the path that has ``args``, quoted, in the place of the groups.

        Raises ``ValueError`` where the pattern does not tell the path, and ``TypeError`` where it
        has more or fewer groups.
        """
        if self._template is None:
            self._template = find_template(self.regex)
        return self._template.fill(args)

    def __repr__(self) -> str:
        return f"PathMatches({self.regex.pattern!r})"


def _compile(what: str, pattern: str | re.Pattern[str]) -> tuple[re.Pattern[str], Any]:
    """Return the pattern compiled, and its way of matching."""
    if isinstance(pattern, re.Pattern):
        return pattern, pattern.match
    if not isinstance(pattern, str):
        raise TypeError(f"{what} {pattern!r}: a pattern is text or a compiled expression")
    try:
        regex = re.compile(pattern if pattern.endswith("$") else pattern + "$")
    except re.error as error:
        raise ValueError(f"{what} {pattern!r}: no regular expression: {error}") from None
    # The end holds for each alternative, not only for the last one.
    return regex, regex.fullmatch


def _literal(regex: re.Pattern[str]) -> str | None:
    path = regex.pattern.removesuffix("$")
    if regex.flags & ~re.UNICODE or re.search(_SPECIAL, path) or path == regex.pattern:
        return None
    return path


def _unquoted(value: str | None) -> bytes | None:
    return None if value is None else url_unescape(value, encoding=None, plus=False)
