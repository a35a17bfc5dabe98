"""The options of ``waterspout serve``: one table, for the command line and for the TOML file alike.

The limits and timeouts in it are made from the fields of `Policy` and `Limits`: there is one for
each, whatever fields there are.
"""

import typing
from dataclasses import dataclass
from types import NoneType
from typing import Any

from waterspout.cli.values import (
    COUNT,
    FLAG,
    MODE,
    PATH,
    PEERS,
    PORT,
    RATE,
    SECONDS,
    SIZE,
    TEXT,
    WORKERS,
    Kind,
    choice,
    or_off,
)
from waterspout.httpserver.policy import Policy, check
from waterspout.protocol.http1 import Limits

__all__ = ["OPTIONS", "Option", "policy_of", "server_arguments"]


@dataclass(frozen=True)
class Option:
    """One option: ``--name`` on the command line, ``name`` in TOML.

    ``field`` is what it sets of ``owner``, `Policy` or `Limits`, if anything; ``is_inverted`` if
    it says the opposite of its field.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    group: str
    owner: type | None = None
    field: str = ""
    is_inverted: bool = False

    @property
    def key(self) -> str:
        """The name as an attribute."""
        return self.name.replace("-", "_")


# What the help tells of the fields; one without a line here has no words.
_WORDS = {
    "max_start_line_size": "the request line (414)",
    "max_header_size": "all fields of a head together (431)",
    "max_header_count": "fields in a head (431)",
    "max_body_size": "a request's body (413)",
    "max_chunk_line_size": "a chunk's size line with its extensions (400)",
    "max_interim_responses": "1xx heads before a final one; for clients",
    "max_chunks_per_turn": "chunks parsed before other connections have their turn",
    "header_timeout": "from a request's first byte to the end of its head",
    "idle_timeout": "a connection without a request",
    "body_grace": "at the begin of a body, while --limit-min-body-rate does not hold yet",
    "min_body_rate": "bytes of a body in a second, on the average, below which it is cut off",
    "body_timeout": "a whole body",
    "request_timeout": "a whole request, from its head to the end of its answer (503)",
    "cancel_timeout": "what was cancelled, until it is given up",
    "cancel_on_disconnect": "cancel the coroutines that answer a client when it goes",
    "allow_half_close": "let a client that sends no more wait for its answer",
    "first_request_timeout": "a new connection's first request, when a worker is to end",
    "next_request_timeout": "a connection's next request after an answer, when a worker is to end",
    "write_timeout": "a client that reads nothing of its answer",
    "max_chunk_rate": "chunks of one body in a second; one that sends more is slowed down",
    "linger_timeout": "a refused client that goes on sending, so that it can read why",
    "write_buffer_size": "unsent bytes of an answer above which flush() waits",
    "no_keep_alive": "let connections be used for several requests",
}


def _generated(owner: type) -> list[Option]:
    """Return an option for each field that is a single value."""
    usual = owner()
    return [
        _option(owner, name, hint, getattr(usual, name))
        for name, hint in typing.get_type_hints(owner).items()
        if hint is not Limits
    ]


def _option(owner: type, name: str, hint: Any, default: Any) -> Option:
    """Return the option for a field: its name and its kind follow from the field's."""
    is_time = name.endswith(("_timeout", "_grace"))
    kinds = [kind for kind in typing.get_args(hint) or (hint,) if kind is not NoneType]
    dashed = name.replace("_", "-")
    is_inverted = False
    if kinds == [bool]:
        kind, full, group = FLAG, dashed, "limits"
        if name.startswith("no_"):
            full, default, is_inverted = dashed.removeprefix("no-"), not default, True
    elif kinds in ([float], [int]):
        if is_time:
            kind, full, group = SECONDS, f"timeout-{dashed.removesuffix('-timeout')}", "timeouts"
        else:
            kind = SIZE if name.endswith("_size") else COUNT if kinds == [int] else RATE
            full, group = f"limit-{dashed.removeprefix('max-')}", "limits"
    else:
        raise TypeError(f"{owner.__name__}.{name}: no option can be made for {hint}")
    if hint is not kinds[0]:
        kind = or_off(kind)
    return Option(full, kind, default, _WORDS.get(name, ""), group, owner, name, is_inverted)


_LISTEN, _PROXIES, _WORKERS, _TLS, _LOGS, _DEVELOPMENT = (
    "where to listen",
    "behind proxies",
    "workers",
    "TLS",
    "logs and files",
    "development",
)

#: All of them, in the order of the help.
OPTIONS = (
    Option("host", TEXT, "127.0.0.1", "name or address; :: and 0.0.0.0 are all of them", _LISTEN),
    Option("port", PORT, 8888, "0 picks a free one", _LISTEN),
    Option("unix", PATH, None, "a unix socket instead of host and port", _LISTEN),
    Option("unix-mode", MODE, 0o600, "who may connect to it; 666 is everybody", _LISTEN),
    Option("backlog", COUNT, 1024, "connections that wait to be accepted", _LISTEN),
    Option(
        "xheaders",
        FLAG,
        False,
        "take the client's address and protocol from X-Real-Ip or X-Forwarded-For, and X-Scheme or"
        " X-Forwarded-Proto, where a trusted proxy sends them",
        _PROXIES,
    ),
    Option(
        "trusted-downstream",
        PEERS,
        None,
        "the proxies: addresses, networks, unix (who comes by a unix socket) or * (everybody);"
        " without it this machine, private networks and unix sockets",
        _PROXIES,
    ),
    Option(
        "proxy-protocol",
        FLAG,
        False,
        "each connection of a trusted proxy begins with a PROXY header, version 1 or 2",
        _PROXIES,
    ),
    Option(
        "protocol",
        choice("http", "https"),
        None,
        "what clients speak to a proxy that does not say it",
        _PROXIES,
    ),
    Option(
        "readiness-delay",
        SECONDS,
        0.0,
        "at the end, go on serving for so long while ReadyHandler answers 503",
        _PROXIES,
    ),
    Option(
        "decompress-request",
        FLAG,
        False,
        "decode bodies of requests in gzip and deflate",
        "requests",
    ),
    Option("certfile", PATH, None, "serve https with the certificates in this PEM file", _TLS),
    Option("keyfile", PATH, None, "the key, where it is not in the same file", _TLS),
    Option("workers", WORKERS, 1, "processes; auto is one for each processor", _WORKERS),
    Option(
        "max-age",
        or_off(SECONDS),
        None,
        "replace a worker after this time, without dropping a request",
        _WORKERS,
    ),
    Option(
        "max-memory",
        or_off(SIZE),
        None,
        "replace a worker that has grown to this, without dropping a request",
        _WORKERS,
    ),
    Option(
        "grace",
        SECONDS,
        25.0,
        "what running requests get when a worker is to end; then they are cut",
        _WORKERS,
    ),
    Option(
        "timeout-start", SECONDS, 120.0, "from a worker's start until it has imported", _WORKERS
    ),
    Option(
        "access-log",
        choice("text", "json", "off"),
        "text",
        "a line for each request, with bytes, peer and request id",
        _LOGS,
    ),
    Option("pid-file", PATH, None, "holds the parent's process number while it runs", _LOGS),
    Option(
        "reload",
        FLAG,
        False,
        "replace the worker whenever a source file has changed; grace is 1s then",
        _DEVELOPMENT,
    ),
    *_generated(Limits),
    *_generated(Policy),
)


def policy_of(settings: dict[str, Any]) -> Policy:
    """Return the policy that settings, by the keys of their options, describe.

    ``ValueError``, which names the option, where a bound could not be kept to.
    """
    chosen: dict[type | None, dict[str, Any]] = {Limits: {}, Policy: {}}
    for option in OPTIONS:
        if option.owner is not None:
            value = settings[option.key]
            chosen[option.owner][option.field] = not value if option.is_inverted else value
    try:
        return check(Policy(limits=Limits(**chosen[Limits]), **chosen[Policy]))
    except ValueError as error:
        raise ValueError(_by_option(str(error))) from None


def _by_option(mistake: str) -> str:
    """Return what is told of a field, "policy idle_timeout must be ...", by its option's name."""
    _, field, rest = mistake.split(" ", 2)
    [option] = [found for found in OPTIONS if found.field == field]
    return f"{option.name} {rest}"


def server_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """Return what `HTTPServer` is to be given by name, from the settings."""
    names = ("xheaders", "trusted_downstream", "proxy_protocol", "protocol", "decompress_request")
    return {"policy": policy_of(settings), **{name: settings[name] for name in names}}
