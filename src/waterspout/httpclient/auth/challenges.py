"""What a server asks for in WWW-Authenticate (RFC 9110 section 11.6.1); takes linear time."""

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Challenge", "parse_challenges", "parse_parameters"]

# Far more than servers send.
_MAX_CHALLENGES = 20
_MAX_PARAMETERS = 40

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_EMPTY = re.compile(r"[ \t,]*+")
_SCHEME = re.compile(rf"({_NAME})(?=[ \t,]|\Z)(?![ \t]*+=)[ \t]*+")
_TOKEN68 = re.compile(r"([A-Za-z0-9\-._~+/]++=*+)[ \t]*+(?:,|\Z)")
_PARAMETER = re.compile(
    rf'({_NAME})[ \t]*+=[ \t]*+(?:({_NAME})|"((?:[^"\\]|\\.)*+)")[ \t]*+(?:,|\Z)'
)
_ESCAPE = re.compile(r"\\(.)")


class Challenge(NamedTuple):
    """One way to authenticate."""

    scheme: str  #: in lower case
    parameters: dict[str, str]  #: their names in lower case
    token: str  #: what stands there instead of parameters; empty if nothing does


def parse_challenges(fields: Iterable[str]) -> list[Challenge]:
    """Return the challenges of all WWW-Authenticate fields, in their order.

    Where a field is malformed, what comes before that counts. A challenge with a parameter that
    comes twice is left out: which of the two holds is anybody's guess.
    """
    challenges: list[Challenge] = []
    for field in fields:
        at = _after_empty(field, 0)
        while at < len(field) and len(challenges) < _MAX_CHALLENGES:
            scheme = _SCHEME.match(field, at)
            if scheme is None:
                break
            at = scheme.end()
            token = _TOKEN68.match(field, at)
            if token is not None:
                challenges.append(Challenge(scheme[1].lower(), {}, token[1]))
                at = _after_empty(field, token.end())
                continue
            parameters, at = _read_parameters(field, at)
            if parameters is not None:
                challenges.append(Challenge(scheme[1].lower(), parameters, ""))
    return challenges


def parse_parameters(field: str) -> dict[str, str]:
    """Return the parameters of a field like Authentication-Info (RFC 7615), as far as they go."""
    return _read_parameters(field, _after_empty(field, 0))[0] or {}


def _read_parameters(field: str, at: int) -> tuple[dict[str, str] | None, int]:
    """Return the parameters from ``at`` on, None if they are ambiguous; and where they end."""
    parameters: dict[str, str] = {}
    is_clear = True
    at = _after_empty(field, at)
    while found := _PARAMETER.match(field, at):
        name, bare, quoted = found.groups()
        name = name.lower()
        if name in parameters or len(parameters) >= _MAX_PARAMETERS:
            is_clear = False
        parameters[name] = bare if bare is not None else _ESCAPE.sub(r"\1", quoted)
        at = _after_empty(field, found.end())
    return parameters if is_clear else None, at


def _after_empty(field: str, at: int) -> int:
    found = _EMPTY.match(field, at)
    assert found is not None
    return found.end()
